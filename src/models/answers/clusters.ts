import type { CompleteAnswer } from '../../core/answer.ts'
import { toAnswerKey, type KeyKind } from './answer-key.ts'

/** Answers that say the same, in the order in which the first of each came. */
export interface Cluster<Item> {
  readonly items: readonly Item[]
  /** What they were found the same by, for the record; `undefined` for semantic ones. */
  readonly key: string | undefined
}

export interface Ballot<Item> {
  /** Counts one more. Answers that say nothing are kept out. */
  add(item: Item): Promise<void>
  /** Largest first; of two as large the one whose first answer came first. */
  clusters(): readonly Cluster<Item>[]
  /** Answers that said nothing. */
  readonly empty: readonly Item[]
}

export interface BallotOptions<Item> {
  readonly kind: KeyKind
  readonly answerOf: (item: Item) => CompleteAnswer
  /** The vector of a text; given when `kind` is semantic. */
  readonly embed?: ((text: string) => Promise<readonly number[]>) | undefined
}

/** Least cosine of two answers that mean the same. */
const cosineMin = 0.9

/** Groups answers as they come. */
export function createBallot<Item>({ kind, answerOf, embed }: BallotOptions<Item>): Ballot<Item> {
  const groups: { items: Item[]; key: string | undefined; vector: readonly number[] | undefined }[] = []
  const empty: Item[] = []

  async function place(item: Item): Promise<void> {
    const answer = answerOf(item)
    // Calls and refusals have no meaning of their own to compare.
    const isText = answer.toolCalls.length === 0 && answer.text.trim() !== ''
    if (kind === 'semantic' && embed !== undefined && isText) {
      const vector = await embed(answer.text)
      const near = groups.find((group) => group.vector !== undefined && cosine(group.vector, vector) >= cosineMin)
      if (near === undefined) groups.push({ items: [item], key: undefined, vector })
      else near.items.push(item)
      return
    }
    const key = toAnswerKey(answer, kind === 'semantic' ? 'exact' : kind)
    if (key === undefined) {
      empty.push(item)
      return
    }
    const same = groups.find((group) => group.key === key)
    if (same === undefined) groups.push({ items: [item], key, vector: undefined })
    else same.items.push(item)
  }

  return {
    add: place,
    empty,
    clusters: () => groups.toSorted((left, right) => right.items.length - left.items.length),
  }
}

/** Of two vectors of one length, in -1…1; 0 when one of them is nothing. */
export function cosine(left: readonly number[], right: readonly number[]): number {
  let product = 0
  let leftSquares = 0
  let rightSquares = 0
  for (let index = 0; index < left.length; index++) {
    const a = left[index] ?? 0
    const b = right[index] ?? 0
    product += a * b
    leftSquares += a * a
    rightSquares += b * b
  }
  const lengths = Math.sqrt(leftSquares * rightSquares)
  return lengths === 0 ? 0 : product / lengths
}
