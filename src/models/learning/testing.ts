import { createSeededRandom } from '../../core/random.ts'
import type { TrainingPair } from './index.ts'

const easy = ['capital', 'colour', 'animal', 'river', 'kitchen', 'music']
const hard = ['integral', 'topology', 'theorem', 'eigenvalue', 'manifold', 'lemma']

/** Pairs of two models of which the small one fails on half of the words; nothing but the words tells. Repeatable. */
export function createPairs(count: number, seed: number): readonly TrainingPair[] {
  const random = createSeededRandom(seed)
  const pick = (words: readonly string[]): string => words[Math.floor(random.next() * words.length)] ?? ''
  return Array.from({ length: count }, (_, index) => {
    const isHard = random.next() < 0.5
    const words = isHard ? hard : easy
    const isRight = random.next() < (isHard ? 0.2 : 0.9)
    return {
      prompt: `What does the ${pick(words)} say of the ${pick(words)} number ${index}?`,
      scores: { small: Number(isRight), large: Number(random.next() < 0.9) },
      answers: { small: isRight ? 'It is 3 + 4 = 7.' : 'It is 3 + 4 = 9, I am not sure' },
    }
  })
}

/**
 * Pairs of which no word tells how hard they are, but where the vector lies: the small model fails on one side of the space. Repeatable.
 */
export function createEmbeddedPairs(count: number, seed: number): readonly (TrainingPair & { embedding: number[] })[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const isHard = random.next() < 0.5
    const centre = isHard ? 1 : -1
    return {
      prompt: `Question ${index} of ${seed}`,
      embedding: Array.from({ length: 16 }, (__, place) => (place < 8 ? centre : 1) * 0.5 + (random.next() - 0.5) * 3),
      scores: { small: Number(random.next() < (isHard ? 0.15 : 0.95)), large: Number(random.next() < 0.95) },
    }
  })
}
