import { createHash } from 'node:crypto'
import { answerFigureCount, readAnswer } from './answers.ts'
import { createFeaturiser, shapeCount, type Features } from './features.ts'
import { predict, type Case, type HeadGroup } from './heads.ts'
import { askNeighbours, blend, type Neighbours } from './neighbours.ts'

/** What is known of a router beside its weights. */
export interface RouterAbout {
  /** Of its content, SHA-256, hex: two routers with the same hash decide the same. */
  readonly hash: string
  /** Milliseconds UTC. */
  readonly trainedAtMs: number
  readonly seed: number
  readonly pairs: number
  /** Hash of what it was trained on. */
  readonly dataHash: string
  /** The range that scores were given in; quality is (score − least) / (most − least). */
  readonly scale: { readonly least: number; readonly most: number }
  readonly models: readonly ModelAbout[]
  /** The model that costs least, or scored least where costs were not given. */
  readonly weak: string
  /** The model of the highest mean score. */
  readonly strong: string
  /** Gains that part what the router was trained on into equal parts, ascending: fixed before any label certifies them. */
  readonly thresholds: { readonly question: readonly number[]; readonly answer: readonly number[] }
}

export interface ModelAbout {
  readonly id: string
  readonly labels: number
  /** Mean quality in training, 0…1. */
  readonly meanQuality: number
  /** Mean cost in training, in the unit of the data; `undefined` where it was not given. */
  readonly meanCost: number | undefined
}

/** Predicts how good each model's answer to a prompt will be. Pure: the same prompt gives the same scores. */
export interface Router extends RouterAbout {
  /** The embedding model whose vectors `score` takes; `undefined` for a router that reads words alone. */
  readonly embedder: string | undefined
  /**
   * Predicted quality of each model's answer, 0…1: P(right) where scores were right or wrong. With the vector of the prompt also by what
   * the prompts nearest to it came to. Throws INVALID_REQUEST for a vector of another length. Cost: about 0.1 ms, and one pass over the
   * neighbours with a vector.
   */
  score(prompt: string, vector?: readonly number[]): RouterScores
  /** The models whose answers can be judged once they are there. */
  readonly judges: readonly string[]
  /**
   * Predicted quality after a model has answered: of that answer, and of what the strong model would say. `undefined`
   * when the router has not learnt to read that model's answers.
   */
  scoreAnswer(prompt: string, given: { readonly model: string; readonly answer: string }): AnswerScores | undefined
  /**
   * Predicted quality of the strong model's answer minus that of the weak one's; after the weak answer where it is given, else with the
   * prompt's vector where that is.
   */
  gain(prompt: string, weakAnswer?: string, vector?: readonly number[]): number
  /** Whether the router was trained on this prompt: then its scores say nothing of how good it is. */
  hasSeen(prompt: string): boolean
}

export type RouterScores = Readonly<Record<string, number>>

export interface AnswerScores {
  /** P(the answer is right), or its predicted quality, 0…1. */
  readonly answer: number
  /** Predicted quality of the strong model's answer to the same prompt. */
  readonly strong: number
}

/** What a router file holds. */
export interface RouterContent extends Omit<RouterAbout, 'hash'> {
  readonly questions: HeadGroup
  /** By the model whose answer is read: heads for it and for the strong model. */
  readonly answers: ReadonlyMap<string, HeadGroup>
  /** Hashes of the prompts it was trained on, ascending, each once. */
  readonly seen: Uint32Array
  readonly neighbours: Neighbours | undefined
}

export function createRouter(content: RouterContent, hash: string): Router {
  const { questions, answers, seen, neighbours, ...about } = content
  const read = createFeaturiser()
  const score = (prompt: string, vector?: readonly number[]): RouterScores => {
    const given = toQuestionCase(read(prompt))
    const near = vector === undefined || neighbours === undefined ? undefined : askNeighbours(neighbours, vector)
    const scores: Record<string, number> = {}
    for (const [model, each] of questions.heads) {
      const head = predict(each, questions.scaling, given)
      const isAlone = near === undefined || neighbours === undefined
      scores[model] = isAlone ? head : blend(neighbours, model, { head, near: near.of(model) })
    }
    return scores
  }
  const scoreAnswer: Router['scoreAnswer'] = (prompt, { model, answer }) => {
    const group = answers.get(model)
    const own = group?.heads.get(model)
    const strong = group?.heads.get(content.strong)
    if (group === undefined || own === undefined || strong === undefined) return undefined
    const given = toAnswerCase({ question: read(prompt), answer: read(answer) }, readAnswer(prompt, answer))
    return { answer: predict(own, group.scaling, given), strong: predict(strong, group.scaling, given) }
  }
  return {
    ...about,
    hash,
    embedder: neighbours?.embedder,
    judges: [...answers.keys()],
    score,
    scoreAnswer,
    gain(prompt, weakAnswer, vector) {
      const model = content.weak
      const after = weakAnswer === undefined ? undefined : scoreAnswer(prompt, { model, answer: weakAnswer })
      if (after !== undefined) return after.strong - after.answer
      const scores = score(prompt, vector)
      return (scores[content.strong] ?? 0) - (scores[content.weak] ?? 0)
    },
    hasSeen: (prompt) => hasSorted(seen, hashPrompt(prompt)),
  }
}

/** 32 bits of a prompt: two different prompts share them once in four thousand million. */
export function hashPrompt(prompt: string): number {
  return createHash('sha256').update(prompt).digest().readUInt32LE(0)
}

function hasSorted(sorted: Uint32Array, wanted: number): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

export function toQuestionCase(question: Features): Case {
  return { blocks: [question.terms], figures: question.shape }
}

export function toAnswerCase(
  texts: { readonly question: Features; readonly answer: Features },
  signs: Float64Array,
): Case {
  const figures = new Float64Array(answerCaseFigureCount)
  figures.set(texts.question.shape)
  figures.set(texts.answer.shape, shapeCount)
  figures.set(signs, 2 * shapeCount)
  return { blocks: [texts.question.terms, texts.answer.terms], figures }
}

export const answerCaseFigureCount = 2 * shapeCount + answerFigureCount
