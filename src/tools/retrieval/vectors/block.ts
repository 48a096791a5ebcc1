import { createKernel, reserveBytes } from './kernel.ts'
import type { GenerationPlace, VectorRows } from './store.ts'

/** A passage as its vector sees it. */
export interface Near {
  readonly chunk: number
  /** Cosine, -1…1. */
  readonly similarity: number
}

/** Where vectors begin: before them lies the one that is looked for. */
const queryBytes = 65_536
const rowsPerRead = 2_000
/** A page of the kernel's results. */
const rowsPerScan = 4_096

/**
 * The vectors of one generation in memory, four bytes for each dimension of a passage. Follows the table by its numbers; what
 * has gone is passed over, and left out when that is half.
 */
export class VectorBlock {
  readonly #kernel = createKernel()
  readonly #dimensions: number
  #chunks = new Int32Array(1_024)
  #count = 0
  #next: number

  /** Of the vectors from a number on; of all when absent. */
  constructor(dimensions: number, from = 1) {
    this.#dimensions = dimensions
    this.#next = from
  }

  /** Of a vector, filled up with zeros to the next sixteen bytes. */
  get #vectorBytes(): number {
    return Math.ceil(this.#dimensions / 4) * 16
  }

  get bytes(): number {
    return this.#count * this.#vectorBytes
  }

  async sync(rows: Pick<VectorRows, 'listVectors'>, place: GenerationPlace, next: number): Promise<void> {
    while (this.#next < next) {
      const read = await rows.listVectors(place, { from: this.#next, limit: rowsPerRead })
      for (const { chunk, vector } of read) this.#add(chunk, vector)
      this.#next = read.length < rowsPerRead ? next : (read.at(-1)?.number ?? next) + 1
    }
  }

  #add(chunk: number, vector: Uint8Array): void {
    if (vector.length !== this.#dimensions * 4) return // of other dimensions: nothing to compare with
    if (this.#count === this.#chunks.length) {
      const chunks = new Int32Array(this.#count * 2)
      chunks.set(this.#chunks)
      this.#chunks = chunks
    }
    const at = queryBytes + this.#count * this.#vectorBytes
    reserveBytes(this.#kernel, at + 2 * this.#vectorBytes + rowsPerScan * 4 + this.#count * 2)
    new Uint8Array(this.#kernel.memory.buffer, at, this.#vectorBytes).fill(0).set(vector)
    this.#chunks[this.#count++] = chunk
  }

  /** The nearest of the passages that may be seen, best first; of equal ones the lower number. Every one of them is compared. */
  search(query: Float32Array, maySee: (chunk: number) => boolean, countMax: number): readonly Near[] {
    const resultsAt = queryBytes + this.#count * this.#vectorBytes
    reserveBytes(this.#kernel, resultsAt + rowsPerScan * 4)
    const { memory, scan } = this.#kernel
    new Float32Array(memory.buffer, 0, queryBytes / 4).fill(0, 0, this.#vectorBytes / 4).set(query)
    const best = new Nearest(countMax)
    for (let from = 0; from < this.#count; from += rowsPerScan) {
      const count = Math.min(rowsPerScan, this.#count - from)
      scan(queryBytes + from * this.#vectorBytes, count, 0, this.#vectorBytes, resultsAt)
      const products = new Float32Array(memory.buffer, resultsAt, count)
      for (let row = 0; row < count; row++) {
        const product = products[row] ?? 0
        const chunk = this.#chunks[from + row] ?? 0
        if (product >= best.least && maySee(chunk)) best.add(chunk, product)
      }
    }
    return best.list()
  }

  /** Leaves out what is no longer there, once that is half of it. */
  compact(isThere: (chunk: number) => boolean): void {
    let there = 0
    for (let row = 0; row < this.#count; row++) if (isThere(this.#chunks[row] ?? 0)) there++
    if (there * 2 > this.#count) return
    const bytes = new Uint8Array(this.#kernel.memory.buffer)
    const size = this.#vectorBytes
    let kept = 0
    for (let row = 0; row < this.#count; row++) {
      const chunk = this.#chunks[row] ?? 0
      if (!isThere(chunk)) continue
      bytes.copyWithin(queryBytes + kept * size, queryBytes + row * size, queryBytes + (row + 1) * size)
      this.#chunks[kept++] = chunk
    }
    this.#count = kept
  }
}

/** The nearest so far: twice as many as wanted at most, cut down when they are that many. */
class Nearest {
  readonly #countMax: number
  #found: Near[] = []
  /** Below this nothing is among the nearest. */
  least = Number.NEGATIVE_INFINITY

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  add(chunk: number, similarity: number): void {
    this.#found.push({ chunk, similarity })
    if (this.#found.length < this.#countMax * 2) return
    this.#found = [...this.list()]
    this.least = this.#found.at(-1)?.similarity ?? this.least
  }

  list(): readonly Near[] {
    return this.#found.toSorted((a, b) => b.similarity - a.similarity || a.chunk - b.chunk).slice(0, this.#countMax)
  }
}

/** A vector of length 1 as it is stored: 32-bit floats, little-endian. `undefined` for one that has no direction. */
export function toUnitBytes(vector: readonly number[]): Uint8Array | undefined {
  const length = Math.hypot(...vector)
  if (!Number.isFinite(length) || length === 0) return undefined
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value / length, index * 4)
  return bytes
}

/** The same as floats. */
export function toUnitVector(vector: readonly number[]): Float32Array | undefined {
  const bytes = toUnitBytes(vector)
  return bytes === undefined
    ? undefined
    : Float32Array.from({ length: vector.length }, (_, index) =>
        new DataView(bytes.buffer, bytes.byteOffset).getFloat32(index * 4, true),
      )
}
