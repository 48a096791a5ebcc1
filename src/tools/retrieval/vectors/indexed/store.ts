import { sql, type Kysely, type Transaction } from 'kysely'
import { assert } from '../../../../core/assert.ts'
import type { Tables } from '../../../../store/index.ts'
import type { Near } from '../block.ts'
import type { GenerationPlace, NewVector } from '../store.ts'

/** Dimensions up to which an index takes 32-bit floats, and up to which it takes halves (pgvector 0.8). */
const floatDimensionsMax = 2_000
export const indexedDimensionsMax = 4_000

/** The SQL of vectors in PostgreSQL's pgvector: one table, and a partial HNSW index for each generation. */
export interface IndexRows {
  /** Whether the database has pgvector 0.8 or later, or lets us have it. */
  prepare(): Promise<boolean>
  createIndex(place: IndexedGeneration): Promise<void>
  /** Within a transaction: those that still stand in the table of vectors. */
  insert(place: GenerationPlace, vectors: readonly (NewVector & { readonly number: number })[]): Promise<void>
  /** With the index of it. */
  drop(place: GenerationPlace): Promise<void>
}

export interface IndexedGeneration extends GenerationPlace {
  readonly dimensions: number
}

export function createIndexRows(database: Kysely<Tables>): IndexRows {
  return {
    async prepare() {
      const { rows } = await sql<{ readonly version: string }>`
        select default_version as version from pg_available_extensions where name = 'vector'`.execute(database)
      if (!isIterative(rows[0]?.version)) return false
      await sql`create extension if not exists vector`.execute(database)
      const installed = await sql<{ readonly version: string }>`
        select extversion as version from pg_extension where extname = 'vector'`.execute(database)
      if (!isIterative(installed.rows[0]?.version)) return false
      await sql`create table if not exists chunk_embedding (
        collection integer not null, generation integer not null, number integer not null, chunk integer not null,
        embedding vector not null, primary key (collection, generation, number),
        foreign key (collection, generation, number) references chunk_vector on delete cascade)`.execute(database)
      return true
    },
    async createIndex(place) {
      const { column, operators } = toColumn(place)
      await sql`create index if not exists ${sql.raw(nameOf(place))} on chunk_embedding
        using hnsw (${column} ${operators}) where ${own(place)}`.execute(database)
    },
    async insert({ collection, number }, vectors) {
      if (vectors.length === 0) return
      const numbers = vectors.map((vector) => vector.number)
      const texts = vectors.map(({ vector }) => toVectorText(toFloats(vector)))
      await sql`insert into chunk_embedding (collection, generation, number, chunk, embedding)
        select known.collection, known.generation, known.number, known.chunk, given.embedding::vector
        from unnest(${numbers}::int[], ${texts}::text[]) as given (number, embedding)
        join chunk_vector known on known.number = given.number
        where known.collection = ${collection} and known.generation = ${number}
        for key share of known on conflict do nothing`.execute(database)
    },
    async drop(place) {
      const { rows } = await sql<{ readonly there: string | null }>`
        select to_regclass('chunk_embedding')::text as there`.execute(database)
      if (typeof rows[0]?.there !== 'string') return
      await sql`drop index if exists ${sql.raw(nameOf(place))}`.execute(database)
      await sql`delete from chunk_embedding where ${own(place)}`.execute(database)
    },
  }
}

export interface IndexSearch {
  readonly place: IndexedGeneration
  readonly vector: Float32Array
  readonly countMax: number
  readonly maySee: (chunk: number) => boolean
}

/** Rows fetched at once while those that may be seen are looked for. */
const fetchedRows = 500
/** Width of the walk: a filter that favours what is far away needs more than the nearest few. */
const candidatesAtOnce = 400
/** Of those that may be seen, so many times as are wanted are gathered before the best are taken: the order is not strict. */
const gatheredTimes = 2
/** Most rows that the index is walked for; what is missing then is found without it. */
const scannedMax = 100_000

/** The nearest that may be seen, by the index: nearly always the very nearest. Fewer than wanted when the walk has ended. */
export function walkIndex(transaction: Transaction<Tables>, search: IndexSearch): Promise<readonly Near[]> {
  const settings = [
    // In strict order an index leaves out what it meets too late; we put in order what it gives.
    sql`set local hnsw.iterative_scan = relaxed_order`,
    sql`set local hnsw.ef_search = ${sql.raw(String(candidatesAtOnce))}`,
    sql`set local hnsw.max_scan_tuples = ${sql.raw(String(scannedMax))}`,
    sql`set local enable_seqscan = off`,
    sql`set local enable_bitmapscan = off`,
  ]
  return walk(transaction, search, { settings, enough: gatheredTimes * search.countMax })
}

/** The nearest that may be seen: every vector is compared. */
export function walkAll(transaction: Transaction<Tables>, search: IndexSearch): Promise<readonly Near[]> {
  return walk(transaction, search, { settings: [sql`set local enable_indexscan = off`], enough: search.countMax })
}

/** The nearest of some passages: every one of them is compared. */
export async function compareSome(
  transaction: Transaction<Tables>,
  { place, vector, countMax }: Omit<IndexSearch, 'maySee'>,
  chunks: readonly number[],
): Promise<readonly Near[]> {
  const { rows } = await sql<Near>`select chunk, ${toSimilarity(place, vector)} as similarity from chunk_embedding
    where ${own(place)} and chunk = any(${chunks}::int[]) order by similarity desc, chunk limit ${countMax}`.execute(
    transaction,
  )
  return rows
}

async function walk(
  transaction: Transaction<Tables>,
  { place, vector, countMax, maySee }: IndexSearch,
  { settings, enough }: { readonly settings: readonly ReturnType<typeof sql>[]; readonly enough: number },
): Promise<readonly Near[]> {
  for (const setting of settings) await setting.execute(transaction)
  const { column } = toColumn(place)
  await sql`declare nearest no scroll cursor for select chunk, ${toSimilarity(place, vector)} as similarity
    from chunk_embedding where ${own(place)}
    order by ${column} <#> ${toLiteral(place, vector)}`.execute(transaction)
  const found: Near[] = []
  for (;;) {
    const { rows } = await sql<Near>`fetch ${sql.raw(String(fetchedRows))} from nearest`.execute(transaction)
    for (const near of rows) if (maySee(near.chunk)) found.push(near)
    if (rows.length < fetchedRows || found.length >= enough) break
  }
  await sql`close nearest`.execute(transaction)
  return found.toSorted((a, b) => b.similarity - a.similarity || a.chunk - b.chunk).slice(0, countMax)
}

/** The cosine: vectors have the length 1. */
function toSimilarity(place: IndexedGeneration, vector: Float32Array) {
  return sql`-(${toColumn(place).column} <#> ${toLiteral(place, vector)})`
}

/** What is indexed: pgvector indexes vectors of one number of dimensions. */
function toColumn({ dimensions }: IndexedGeneration) {
  const kind = dimensions <= floatDimensionsMax ? 'vector' : 'halfvec'
  return {
    column: sql.raw(`(embedding::${kind}(${whole(dimensions)}))`),
    operators: sql.raw(`${kind}_ip_ops`),
    kind: sql.raw(`${kind}(${whole(dimensions)})`),
  }
}

/** In the words of the statement: a cursor takes no parameters everywhere, and floats are nothing but digits. */
function toLiteral(place: IndexedGeneration, vector: Float32Array) {
  return sql`${sql.raw(`'${toVectorText(vector)}'`)}::${toColumn(place).kind}`
}

/** The rows of a generation, in words that a partial index can be recognised by. */
function own({ collection, number }: GenerationPlace) {
  return sql.raw(`collection = ${whole(collection)} and generation = ${whole(number)}`)
}

function nameOf({ collection, number }: GenerationPlace): string {
  return `chunk_embedding_${whole(collection)}_${whole(number)}`
}

function whole(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, 'numbers of collections and generations are ours')
  return String(value)
}

function toVectorText(floats: Iterable<number>): string {
  const values = [...floats]
  assert(values.every(Number.isFinite), 'vectors are checked before they are kept')
  return `[${values.join(',')}]`
}

function toFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true))
}

/** From 0.8 on an index goes on when what it gave was filtered away. */
function isIterative(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return major > 0 || minor >= 8
}
