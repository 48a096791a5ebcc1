import { createHash } from 'node:crypto'
import { createSeededRandom } from '../../../core/random.ts'

const countMax = 8
const lengths = { text: 24, han: 12, word: 8 }

/** Pieces of texts by which they would be known again wherever something of them is left. */
export interface Shingles {
  /** Stretches of running text. */
  readonly texts: readonly string[]
  /** Long words, which the index holds by themselves. */
  readonly words: readonly string[]
}

/** Up to eight of each, at places that depend on the seed alone. */
export function chooseShingles(texts: readonly string[], seed: string): Shingles {
  const random = createSeededRandom(createHash('sha256').update(seed).digest().readUInt32LE(0))
  const lines = texts.flatMap((text) => text.split(/["\\\p{Cc}]+/u)).filter((line) => line.trim().length >= lengths.han)
  const chosen = new Set<string>()
  const words = new Set<string>()
  for (let attempt = 0; attempt < countMax * 4 && lines.length > 0; attempt++) {
    const line = lines[Math.floor(random.next() * lines.length)] ?? ''
    const length = /[\u3400-\u9fff]{4}/.test(line) ? lengths.han : lengths.text
    const start = Math.floor(random.next() * Math.max(1, line.length - length))
    const piece = line.slice(start, start + length).trim()
    if (chosen.size < countMax && piece.length >= lengths.han && piece.isWellFormed()) chosen.add(piece)
    const found = [...line.matchAll(/[A-Za-z][A-Za-z0-9]+/g)].map(([word]) => word)
    const word = found.filter((each) => each.length >= lengths.word)[Math.floor(random.next() * found.length)]
    if (words.size < countMax && word !== undefined) words.add(word)
  }
  return { texts: [...chosen], words: [...words] }
}
