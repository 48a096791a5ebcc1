import { numberTerms } from '../postings/building.ts'
import type { Postings } from '../postings/codec.ts'
import { TermTable } from '../postings/term-table.ts'
import { noPostings } from './lists.ts'

/** The terms of chunks that have not been folded into a segment yet. */
export class FreshIndex {
  readonly #table = new TermTable()
  /** By number of term: its latest posting and one; by number of posting: the one before of the same term and one. */
  #latest = new Int32Array(4_096)
  #before = new Int32Array(16_384)
  #chunks = new Int32Array(16_384)
  #packed = new Uint16Array(16_384)
  #length = 0

  /** Chunks come in ascending order. */
  add(chunk: number, terms: Uint8Array): void {
    const view = new DataView(terms.buffer, terms.byteOffset, terms.byteLength)
    const numbers = new Int32Array(view.getUint32(0, true))
    numberTerms(this.#table, terms, { numbers, next: 0 })
    this.#reserve(numbers.length)
    for (let index = 0; index < numbers.length; index++) {
      const number = numbers[index] ?? 0
      const posting = this.#length++
      this.#before[posting] = this.#latest[number] ?? 0
      this.#chunks[posting] = chunk
      this.#packed[posting] = view.getUint16(4 + index * 2, true)
      this.#latest[number] = posting + 1
    }
  }

  /** The postings of a term in chunks after one, but for those that belong to no entry. */
  list(term: string, after: number, chunkEntry: Int32Array): Postings {
    const number = this.#table.find(term)
    if (number < 0) return noPostings
    let count = 0
    const latest = this.#latest[number] ?? 0
    for (let next = latest; next > 0; next = this.#before[next - 1] ?? 0) {
      const chunk = this.#chunks[next - 1] ?? 0
      if (chunk <= after) break
      if (chunkEntry[chunk] !== 0) count++
    }
    if (count === 0) return noPostings
    const [chunks, packed] = [new Int32Array(count), new Uint16Array(count)]
    for (let next = latest; count > 0; next = this.#before[next - 1] ?? 0) {
      const chunk = this.#chunks[next - 1] ?? 0
      if (chunkEntry[chunk] === 0) continue
      chunks[--count] = chunk
      packed[count] = this.#packed[next - 1] ?? 0
    }
    return { chunks, packed }
  }

  #reserve(postings: number): void {
    const length = this.#length + postings
    if (length > this.#chunks.length) {
      const grown = 2 ** Math.ceil(Math.log2(length))
      this.#before = copyInto(new Int32Array(grown), this.#before)
      this.#chunks = copyInto(new Int32Array(grown), this.#chunks)
      this.#packed = copyInto(new Uint16Array(grown), this.#packed)
    }
    if (this.#table.size > this.#latest.length) {
      this.#latest = copyInto(new Int32Array(2 ** Math.ceil(Math.log2(this.#table.size))), this.#latest)
    }
  }
}

function copyInto<T extends Int32Array | Uint16Array>(larger: T, from: T): T {
  larger.set(from)
  return larger
}
