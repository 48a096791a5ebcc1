import type { Pooling } from './protocol.ts'
import type { Sequence } from './sequences.ts'

/** Sequences of like length that are read together. */
export interface Batch {
  /** Their places among all. */
  readonly places: readonly number[]
  readonly rows: number
  /** The longest of them: the others are filled up. */
  readonly length: number
  readonly ids: BigInt64Array
  /** 1 for a token, 0 for what fills up. */
  readonly mask: BigInt64Array
  readonly types: BigInt64Array
  readonly positions: BigInt64Array
}

/** Tokens of one batch, filling included: what a model holds for it grows with them. */
const batchTokensMax = 8_192
const batchRowsMax = 64

/** Shortest first, so that little is filled up. */
export function toBatches(sequences: readonly Sequence[]): readonly Batch[] {
  const order = [...sequences.keys()].toSorted((a, b) => lengthAt(sequences, a) - lengthAt(sequences, b) || a - b)
  const groups: number[][] = []
  for (const place of order) {
    const open = groups.at(-1)
    const isFull =
      open === undefined ||
      open.length === batchRowsMax ||
      (open.length + 1) * lengthAt(sequences, place) > batchTokensMax
    if (isFull) groups.push([place])
    else open.push(place)
  }
  return groups.map((places) => toBatch(sequences, places))
}

function lengthAt(sequences: readonly Sequence[], place: number): number {
  return sequences[place]?.ids.length ?? 0
}

function toBatch(sequences: readonly Sequence[], places: readonly number[]): Batch {
  const length = Math.max(1, ...places.map((place) => lengthAt(sequences, place)))
  const make = (): BigInt64Array => new BigInt64Array(places.length * length)
  const batch = { places, rows: places.length, length, ids: make(), mask: make(), types: make(), positions: make() }
  for (const [row, place] of places.entries()) {
    const { ids = [], types = [] } = sequences[place] ?? {}
    for (const [column, id] of ids.entries()) {
      const at = row * length + column
      batch.ids[at] = BigInt(id)
      batch.mask[at] = 1n
      batch.types[at] = BigInt(types[column] ?? 0)
      batch.positions[at] = BigInt(column)
    }
  }
  return batch
}

/** One vector for each row of `rows × length × dimensions`. */
export function pool(
  values: ArrayLike<number>,
  batch: Pick<Batch, 'rows' | 'length' | 'mask'>,
  pooling: Pooling,
): readonly (readonly number[])[] {
  const { rows, length, mask } = batch
  const dimensions = values.length / (rows * length)
  return Array.from({ length: rows }, (_, row) => {
    const count = countTokens(mask, row * length, length)
    const [from, to] = pooling === 'mean' ? [0, count] : pooling === 'cls' ? [0, 1] : [count - 1, count]
    const vector = Array.from({ length: dimensions }, () => 0)
    for (let column = from; column < to; column++) {
      const at = (row * length + column) * dimensions
      for (let index = 0; index < dimensions; index++) {
        vector[index] = (vector[index] ?? 0) + (values[at + index] ?? 0) / (to - from)
      }
    }
    return vector
  })
}

function countTokens(mask: BigInt64Array, from: number, length: number): number {
  let count = 0
  while (count < length && mask[from + count] === 1n) count++
  return Math.max(1, count)
}

/** A vector of length 1; zeros stay zeros. */
function normalise(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

/** Vectors of the parts of a text as one, each by its tokens. */
export function merge(
  parts: readonly { readonly vector: readonly number[]; readonly tokens: number }[],
): readonly number[] {
  const [first] = parts
  if (first === undefined || parts.length === 1) return normalise(first?.vector ?? [])
  const sum = first.vector.map(() => 0)
  for (const { vector, tokens } of parts) {
    for (const [index, value] of normalise(vector).entries()) sum[index] = (sum[index] ?? 0) + value * tokens
  }
  return normalise(sum)
}
