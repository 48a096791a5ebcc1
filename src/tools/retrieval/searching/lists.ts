import type { Postings } from '../postings/codec.ts'

/** What is kept of one term of a collection. */
export interface KeptList {
  readonly postings: Postings
  /** The list is whole up to this chunk. */
  readonly foldedTo: number
  /** How often chunks had gone from the collection when it was made. */
  readonly removals: number
}

/** Beside its postings a list takes about as much as this, bytes. */
const overheadBytes = 300
const postingBytes = 6

/** Lists of postings in memory, of all collections of a searcher; the one used least lately goes first. */
export class ListCache {
  readonly #bytesMax: number
  readonly #lists = new Map<string, KeptList>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(view: number, term: string): KeptList | undefined {
    const key = toKey(view, term)
    const list = this.#lists.get(key)
    if (list === undefined) return undefined
    this.#lists.delete(key)
    this.#lists.set(key, list)
    return list
  }

  set(view: number, term: string, list: KeptList): void {
    const key = toKey(view, term)
    const former = this.#lists.get(key)
    if (former !== undefined) this.#lists.delete(key)
    this.#lists.set(key, list)
    this.#bytes += sizeOf(list) - (former === undefined ? 0 : sizeOf(former))
    for (const [oldest, kept] of this.#lists) {
      if (this.#bytes <= this.#bytesMax || oldest === key) break
      this.#lists.delete(oldest)
      this.#bytes -= sizeOf(kept)
    }
  }
}

function toKey(view: number, term: string): string {
  return `${view} ${term}`
}

function sizeOf({ postings }: KeptList): number {
  return postings.chunks.length * postingBytes + overheadBytes
}

export const noPostings: Postings = Object.freeze({ chunks: new Int32Array(0), packed: new Uint16Array(0) })

/** The first list with what the second has of later chunks than `after`. */
export function extend(first: Postings, second: Postings, after: number): Postings {
  const from = findFirst(second.chunks, after + 1, 0)
  if (from === second.chunks.length) return first
  const later = { chunks: second.chunks.subarray(from), packed: second.packed.subarray(from) }
  if (first.chunks.length === 0) return { chunks: later.chunks.slice(), packed: later.packed.slice() }
  const length = first.chunks.length + later.chunks.length
  const chunks = new Int32Array(length)
  const packed = new Uint16Array(length)
  chunks.set(first.chunks)
  packed.set(first.packed)
  chunks.set(later.chunks, first.chunks.length)
  packed.set(later.packed, first.chunks.length)
  return { chunks, packed }
}

/** The list without the chunks that belong to no entry any more. */
export function withoutGone({ chunks, packed }: Postings, chunkEntry: Int32Array): Postings {
  let kept = 0
  while (kept < chunks.length && chunkEntry[chunks[kept] ?? 0] !== 0) kept++
  if (kept === chunks.length) return { chunks, packed }
  const [chunksKept, packedKept] = [chunks.slice(), packed.slice()]
  for (let index = kept; index < chunks.length; index++) {
    const chunk = chunks[index] ?? 0
    if (chunkEntry[chunk] === 0) continue
    chunksKept[kept] = chunk
    packedKept[kept++] = packed[index] ?? 0
  }
  return { chunks: chunksKept.slice(0, kept), packed: packedKept.slice(0, kept) }
}

/** The place of the first chunk that is not below `chunk`, from a place on where all before are. */
export function findFirst(chunks: Int32Array, chunk: number, from: number): number {
  let low = from
  // First in growing strides, since what is looked for is often near.
  let stride = 1
  while (low + stride < chunks.length && (chunks[low + stride] ?? 0) < chunk) {
    low += stride
    stride *= 2
  }
  let high = Math.min(chunks.length, low + stride)
  while (low < high) {
    const middle = (low + high) >> 1
    if ((chunks[middle] ?? 0) < chunk) low = middle + 1
    else high = middle
  }
  return low
}
