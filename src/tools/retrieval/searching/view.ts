import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import type { Postings } from '../postings/codec.ts'
import { readPostings } from '../postings/segments.ts'
import { createPostingRows, type SegmentRow } from '../postings/store.ts'
import { LikenessTable } from '../likeness.ts'
import type { CollectionRow } from '../store.ts'
import { FreshIndex } from './fresh.ts'
import { extend, noPostings, withoutGone, type ListCache } from './lists.ts'
import type { EntryFacts, SearchRows } from './store.ts'

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
  readonly likeness = new LikenessTable()
  /** By number of entry: how many terms its chunks have. */
  entryTerms = new Int32Array(1_024)
  /** Numbers of entries are below this. */
  entryEnd = 1
  #revision = -1
  #foldedTo = 0
  #freshTo = 0
  #freshFrom = 0
  #fresh = new FreshIndex()
  #segments: readonly SegmentRow[] | undefined
  readonly #id: number
  readonly #lists: ListCache
  /** How often entries have gone: lists that were made before may hold chunks of theirs. */
  #removals = 0

  /** `id` is of this view alone among those that share the lists. */
  constructor(number: number, { id, lists }: { readonly id: number; readonly lists: ListCache }) {
    this.number = number
    this.#id = id
    this.#lists = lists
  }

  get revision(): number {
    return this.#revision
  }

  async sync(rows: SearchRows, collection: CollectionRow): Promise<void> {
    if (collection.revision === this.#revision) return
    this.#reserve(collection)
    const revisions = { after: this.#revision, to: collection.revision }
    const changed = this.#revision < 0 ? undefined : await rows.listChanged(this.number, revisions)
    if (changed === undefined || changed.length > entriesReadMax) await this.#readAll(rows, collection)
    else await this.#readChanged(rows, collection, changed)
    this.#revision = collection.revision
    this.#segments = undefined
    this.#foldedTo = collection.folded_to
  }

  async #readAll(rows: SearchRows, collection: CollectionRow): Promise<void> {
    this.entries.clear()
    this.chunkEntry.fill(0)
    this.#removals++
    this.#take(await rows.listEntries(this.number), await rows.listChunkFacts(this.number))
    await this.#readFresh(rows, collection)
  }

  async #readChanged(rows: SearchRows, collection: CollectionRow, changed: readonly number[]): Promise<void> {
    const numbers = changed.filter((number) => number > 0)
    const before = new Set<number>()
    for (const number of numbers) {
      const entry = this.entries.get(number)
      if (entry === undefined) continue
      before.add(number)
      this.entries.delete(number)
      this.chunkEntry.fill(0, entry.firstChunk, entry.firstChunk + entry.chunkCount)
    }
    const entries = await rows.listEntries(this.number, numbers)
    this.#take(entries, await rows.listChunkFacts(this.number, numbers))
    for (const { number } of entries) before.delete(number)
    if (before.size > 0) this.#removals++
    await this.#readFresh(rows, collection)
  }

  /** Takes in entries with the facts of their chunks, which are in the order of entry and number. */
  #take(entries: readonly EntryFacts[], facts: Awaited<ReturnType<SearchRows['listChunkFacts']>>): void {
    const spans = new Map<number, { first: number; count: number; terms: number }>()
    for (const { entry, number, termCount, symbolCount, likeness } of facts) {
      if (likeness !== null) this.likeness.set(number, likeness)
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
      this.entryTerms[entry.number] = span.terms
    }
  }

  /** Chunks that were folded meanwhile are passed over, until they are most of what is here. */
  async #readFresh(rows: SearchRows, collection: CollectionRow): Promise<void> {
    const folded = collection.folded_to
    if (folded - this.#freshFrom > this.#freshTo - folded) {
      this.#fresh = new FreshIndex()
      this.#freshFrom = folded
      this.#freshTo = folded
    }
    for (const { number, terms } of await rows.listFresh(this.number, Math.max(this.#freshTo, folded) + 1)) {
      this.#fresh.add(number, terms)
    }
    this.#freshTo = collection.chunk_next - 1
  }

  /** The postings of each term, in the order of the terms: each in parts, in the order of their chunks. */
  async listPostings(database: Kysely<Tables>, terms: readonly string[]): Promise<readonly (readonly Postings[])[]> {
    const folded = this.#foldedTo > 0 ? await this.#readLists(database, terms) : undefined
    return terms.map((term) =>
      [folded?.get(term) ?? noPostings, this.#fresh.list(term, this.#foldedTo, this.chunkEntry)].filter(
        ({ chunks }) => chunks.length > 0,
      ),
    )
  }

  /** What is in memory stays good when more is folded: only the segments behind it are read. */
  async #readLists(database: Kysely<Tables>, terms: readonly string[]): Promise<ReadonlyMap<string, Postings>> {
    const found = new Map<string, Postings>()
    const behind = new Map<number, string[]>()
    for (const term of terms) {
      const list = this.#lists.get(this.#id, term)
      const foldedTo = list?.foldedTo ?? 0
      if (list !== undefined && list.removals === this.#removals) found.set(term, list.postings)
      else if (list !== undefined)
        found.set(term, this.#keep(term, withoutGone(list.postings, this.chunkEntry), foldedTo))
      if (foldedTo < this.#foldedTo) behind.set(foldedTo, [...(behind.get(foldedTo) ?? []), term])
    }
    if (behind.size === 0) return found
    const segments = (this.#segments ??= await createPostingRows(database).listSegments(this.number))
    for (const [foldedTo, missing] of behind) {
      const later = segments.filter((segment) => segment.last_chunk > foldedTo)
      const read = await readPostings(database, { collection: this.number, segments: later, terms: missing })
      for (const [term, postings] of read) {
        // A segment may have been joined with earlier ones since.
        const whole = extend(found.get(term) ?? noPostings, postings, foldedTo)
        found.set(term, this.#keep(term, whole, this.#foldedTo))
      }
    }
    return found
  }

  #keep(term: string, postings: Postings, foldedTo: number): Postings {
    this.#lists.set(this.#id, term, { postings, foldedTo, removals: this.#removals })
    return postings
  }

  #reserve({ chunk_next: chunkEnd, entry_next: entryEnd }: CollectionRow): void {
    this.entryEnd = entryEnd
    if (entryEnd > this.entryTerms.length) {
      const entryTerms = new Int32Array(2 ** Math.ceil(Math.log2(entryEnd)))
      entryTerms.set(this.entryTerms)
      this.entryTerms = entryTerms
    }
    if (chunkEnd < this.chunkEntry.length) return
    const length = 2 ** Math.ceil(Math.log2(chunkEnd + 2))
    const [entry, terms, symbols] = [new Int32Array(length), new Uint16Array(length), new Uint8Array(length)]
    entry.set(this.chunkEntry)
    terms.set(this.chunkTerms)
    symbols.set(this.chunkSymbols)
    this.chunkEntry = entry
    this.chunkTerms = terms
    this.chunkSymbols = symbols
    this.likeness.reserve(length)
  }
}
