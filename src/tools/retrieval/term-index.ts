import type { Kysely } from 'kysely'
import type { Engine, Tables } from '../../store/index.ts'
import { createPostgresIndex } from './postgres/store.ts'
import { createSqliteIndex } from './sqlite/store.ts'

/** Okapi BM25 with the constants of SQLite's FTS5 (k1 1.2, b 0.75); a term in the headings counts `headWeight` times. */
const ranking = { k1: 1.2, b: 0.75, idfMin: 1e-6, headWeight: 2 } as const

/**
 * The terms of the chunks of each collection, ranked by BM25 over that collection alone, so that what others keep
 * changes nobody's ranking. Both engines rank alike. Writes belong into the transaction that writes the rows.
 */
export interface TermIndex {
  create(sql: Kysely<Tables>, collection: number): Promise<void>
  drop(sql: Kysely<Tables>, collection: number): Promise<void>
  add(sql: Kysely<Tables>, collection: number, entries: readonly IndexEntry[]): Promise<void>
  remove(sql: Kysely<Tables>, collection: number, chunks: readonly number[]): Promise<void>
  /** The best chunks that hold any of the terms, best first; equal ones in the order they were taken in. */
  search(sql: Kysely<Tables>, query: IndexQuery): Promise<readonly Hit[]>
}

export interface IndexEntry {
  readonly chunk: number
  /** Terms of the name, the title and the headings; terms of the text. With repetitions. */
  readonly head: readonly string[]
  readonly body: readonly string[]
}

export interface IndexQuery {
  readonly collection: number
  /** How many chunks and terms the collection's index holds. */
  readonly chunkCount: number
  readonly termCount: number
  readonly terms: readonly string[]
  readonly hitsMax: number
}

export interface Hit {
  readonly chunk: number
  readonly score: number
}

export function createTermIndex(engine: Engine): TermIndex {
  return engine === 'sqlite' ? createSqliteIndex(ranking) : createPostgresIndex(ranking)
}
