import { decodeTerms, type Postings } from '../postings/codec.ts'
import { readPostings } from '../postings/segments.ts'
import { createPostingRows, type SegmentRow } from '../postings/store.ts'
import type { CollectionRow } from '../store.ts'
import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import type { EntryFacts, SearchRows } from './store.ts'

/** Postings kept in memory for each collection, at 6 bytes each. */
const postingsKeptMax = 4_000_000
/** Entries that are read again one by one; more of them, and all is read anew. */
const entriesReadMax = 2_000

export interface Entry extends EntryFacts {
  /** Its chunks, ascending and without gaps. */
  readonly firstChunk: number
  readonly chunkCount: number
  readonly termCount: number
}

/**
 * What a reader keeps in memory of the index of one collection: numbers of each chunk, no text. It follows the
 * collection by its revisions, so that a search sees every change that was committed before it began.
 */
export class CollectionView {
  readonly number: number
  readonly entries = new Map<number, Entry>()
  /** By number of chunk: the entry it belongs to, 0 for none; its terms; the names it defines. */
  chunkEntry = new Int32Array(1_024)
  chunkTerms = new Uint16Array(1_024)
  chunkSymbols = new Uint8Array(1_024)
  #revision = -1
  #foldedTo = 0
  #freshTo = 0
  #fresh = new Map<string, { chunks: number[]; packed: number[] }>()
  #segments: readonly SegmentRow[] | undefined
  readonly #lists = new Map<string, { readonly postings: Postings; readonly foldedTo: number }>()
  #postingsKept = 0

  constructor(number: number) {
    this.number = number
  }

  get revision(): number {
    return this.#revision
  }

  /** Numbers of chunks are below this. */
  get chunkEnd(): number {
    return this.chunkEntry.length
  }

  async sync(rows: SearchRows, collection: CollectionRow): Promise<void> {
    if (collection.revision === this.#revision) return
    const revisions = { after: this.#revision, to: collection.revision }
    const changed = this.#revision < 0 ? undefined : await rows.listChanged(this.number, revisions)
    if (changed === undefined || changed.length > entriesReadMax) await this.#readAll(rows, collection)
    else await this.#readChanged(rows, collection, changed)
    this.#revision = collection.revision
    if (this.#foldedTo !== collection.folded_to) this.#segments = undefined
    this.#foldedTo = collection.folded_to
  }

  async #readAll(rows: SearchRows, collection: CollectionRow): Promise<void> {
    this.entries.clear()
    this.#forgetLists()
    this.#reserve(collection.chunk_next)
    this.chunkEntry.fill(0)
    this.#take(await rows.listEntries(this.number), await rows.listChunkFacts(this.number))
    await this.#readFresh(rows, collection, true)
  }

  async #readChanged(rows: SearchRows, collection: CollectionRow, changed: readonly number[]): Promise<void> {
    this.#reserve(collection.chunk_next)
    let staleFresh = collection.folded_to !== this.#foldedTo
    const numbers = changed.filter((number) => number > 0)
    for (const number of numbers) {
      const entry = this.entries.get(number)
      if (entry === undefined) continue
      this.entries.delete(number)
      this.chunkEntry.fill(0, entry.firstChunk, entry.firstChunk + entry.chunkCount)
    }
    const before = new Set(numbers)
    const entries = await rows.listEntries(this.number, numbers)
    this.#take(entries, await rows.listChunkFacts(this.number, numbers))
    for (const { number } of entries) before.delete(number)
    if (before.size > 0) {
      staleFresh = true
      this.#forgetLists()
    }
    await this.#readFresh(rows, collection, staleFresh)
  }

  /** Takes in entries with the facts of their chunks, which are in the order of entry and number. */
  #take(entries: readonly EntryFacts[], facts: Awaited<ReturnType<SearchRows['listChunkFacts']>>): void {
    const spans = new Map<number, { first: number; count: number; terms: number }>()
    for (const { entry, number, termCount, symbolCount } of facts) {
      this.chunkEntry[number] = entry
      this.chunkTerms[number] = Math.min(65_535, termCount)
      this.chunkSymbols[number] = Math.min(255, symbolCount)
      const span = spans.get(entry)
      if (span === undefined) spans.set(entry, { first: number, count: 1, terms: termCount })
      else {
        span.count++
        span.terms += termCount
      }
    }
    for (const entry of entries) {
      const span = spans.get(entry.number) ?? { first: 0, count: 0, terms: 0 }
      this.entries.set(entry.number, {
        ...entry,
        firstChunk: span.first,
        chunkCount: span.count,
        termCount: span.terms,
      })
    }
  }

  async #readFresh(rows: SearchRows, collection: CollectionRow, isStale: boolean): Promise<void> {
    if (isStale) this.#fresh = new Map()
    const from = isStale ? collection.folded_to + 1 : Math.max(this.#freshTo, collection.folded_to) + 1
    for (const { number, terms } of await rows.listFresh(this.number, from)) {
      const decoded = decodeTerms(terms)
      for (const [index, term] of decoded.terms.entries()) {
        let list = this.#fresh.get(term)
        if (list === undefined) this.#fresh.set(term, (list = { chunks: [], packed: [] }))
        list.chunks.push(number)
        list.packed.push(decoded.packed[index] ?? 0)
      }
    }
    this.#freshTo = collection.chunk_next - 1
  }

  /** The postings of each term, in the order of the terms. */
  async listPostings(database: Kysely<Tables>, terms: readonly string[]): Promise<readonly Postings[]> {
    if (this.#foldedTo > 0) await this.#readLists(database, terms)
    return terms.map((term) => {
      const folded = this.#lists.get(term)?.postings ?? nothing
      const fresh = this.#fresh.get(term)
      return fresh === undefined ? folded : join(folded, fresh)
    })
  }

  /** What is in memory stays good when more is folded: only the segments behind it are read. */
  async #readLists(database: Kysely<Tables>, terms: readonly string[]): Promise<void> {
    if (this.#postingsKept > postingsKeptMax) this.#forgetLists()
    const segments = (this.#segments ??= await createPostingRows(database).listSegments(this.number))
    const behind = new Map<number, string[]>()
    for (const term of terms) {
      const foldedTo = this.#lists.get(term)?.foldedTo ?? 0
      if (foldedTo < this.#foldedTo) behind.set(foldedTo, [...(behind.get(foldedTo) ?? []), term])
    }
    for (const [foldedTo, missing] of behind) {
      const later = segments.filter((segment) => segment.last_chunk > foldedTo)
      const found = await readPostings(database, { collection: this.number, segments: later, terms: missing })
      for (const [term, postings] of found) this.#keep(term, after(postings, foldedTo))
    }
  }

  #keep(term: string, postings: Postings): void {
    const known = this.#lists.get(term)?.postings
    this.#postingsKept += postings.chunks.length + 16
    this.#lists.set(term, {
      postings: known === undefined ? postings : join(known, postings),
      foldedTo: this.#foldedTo,
    })
  }

  #forgetLists(): void {
    this.#lists.clear()
    this.#postingsKept = 0
  }

  #reserve(chunks: number): void {
    if (chunks < this.chunkEntry.length) return
    const length = 2 ** Math.ceil(Math.log2(chunks + 2))
    const [entry, terms, symbols] = [new Int32Array(length), new Uint16Array(length), new Uint8Array(length)]
    entry.set(this.chunkEntry)
    terms.set(this.chunkTerms)
    symbols.set(this.chunkSymbols)
    this.chunkEntry = entry
    this.chunkTerms = terms
    this.chunkSymbols = symbols
  }
}

const nothing: Postings = Object.freeze({ chunks: new Int32Array(0), packed: new Uint16Array(0) })

/** A segment may have been joined with earlier ones since. */
function after({ chunks, packed }: Postings, last: number): Postings {
  let first = 0
  while (first < chunks.length && (chunks[first] ?? 0) <= last) first++
  return first === 0 ? { chunks, packed } : { chunks: chunks.subarray(first), packed: packed.subarray(first) }
}

interface List {
  readonly chunks: ArrayLike<number>
  readonly packed: ArrayLike<number>
}

function join(folded: Postings, fresh: List): Postings {
  const length = folded.chunks.length + fresh.chunks.length
  const chunks = new Int32Array(length)
  const packed = new Uint16Array(length)
  chunks.set(folded.chunks)
  packed.set(folded.packed)
  chunks.set(fresh.chunks, folded.chunks.length)
  packed.set(fresh.packed, folded.chunks.length)
  return { chunks, packed }
}
