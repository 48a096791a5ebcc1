import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import { inParts } from '../entries/store.ts'

export type GenerationRow = Tables['embedding_generation']
type State = GenerationRow['state']

/** A passage that has no vector yet. */
export interface Unembedded {
  readonly chunk: number
  readonly text: string
  /** JSON array. */
  readonly headings: string
  /** What a model has written of where it stands; `null` where it has not. */
  readonly context: string | null
  readonly source: string
  readonly title: string | null
  readonly region: string | null
}

export interface NewVector {
  readonly chunk: number
  readonly vector: Uint8Array
}

/** The SQL of generations and their vectors. */
export interface VectorRows {
  listGenerations(collection: number): Promise<readonly GenerationRow[]>
  /** Those that are kept up with their collections, of every tenant. */
  listKept(): Promise<readonly GenerationRow[]>
  /** The live ones of some collections of a tenant, with the names of those. */
  listLive(
    tenant: string,
    collections: readonly string[],
  ): Promise<readonly (GenerationRow & { readonly name: string })[]>
  insertGeneration(row: GenerationRow): Promise<void>
  /** From now on its vectors go into the index of the database, from the first on; one that has begun goes on. */
  startIndex(place: GenerationPlace): Promise<void>
  /** Within a transaction of PostgreSQL: how far it is numbered and indexed, and nobody changes that until the end. */
  lockIndexed(place: GenerationPlace): Promise<Pick<GenerationRow, 'vector_next' | 'indexed_next'> | undefined>
  updateGeneration(place: GenerationPlace, changes: Partial<Omit<GenerationRow, keyof GenerationPlace>>): Promise<void>
  /** With its vectors. */
  deleteGeneration(place: GenerationPlace): Promise<void>
  /** Vectors there are, and passages in force that have none. */
  countVectors(place: GenerationPlace): Promise<{ readonly vectors: number; readonly missing: number }>
  /** Passages in force after a number that have no vector, ascending. */
  listUnembedded(
    place: GenerationPlace,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly Unembedded[]>
  /** Within a transaction: vectors of passages that are still there, numbered on; those there already are passed over. */
  insertVectors(generation: GenerationRow, vectors: readonly NewVector[]): Promise<void>
  /** Of some passages, in every generation. */
  listVectorsOf(
    collection: number,
    chunks: readonly number[],
  ): Promise<readonly (NewVector & { readonly generation: number })[]>
  /** In the order of their numbers, from one on. */
  listVectors(
    place: GenerationPlace,
    page: { readonly from: number; readonly limit: number },
  ): Promise<readonly (NewVector & { readonly number: number })[]>
}

export interface GenerationPlace {
  readonly collection: number
  readonly number: number
}

const rowsPerStatementMax = 150

export function createVectorRows(database: Kysely<Tables>): VectorRows {
  return { ...createGenerationRows(database), ...createRowsOfVectors(database) }
}

type GenerationPart = Pick<
  VectorRows,
  | 'listGenerations'
  | 'listKept'
  | 'listLive'
  | 'insertGeneration'
  | 'startIndex'
  | 'lockIndexed'
  | 'updateGeneration'
  | 'deleteGeneration'
>

function createGenerationRows(database: Kysely<Tables>): GenerationPart {
  const generations = database.selectFrom('embedding_generation').selectAll()
  const kept: readonly State[] = ['building', 'live']
  return {
    listGenerations: (collection) => generations.where('collection', '=', collection).orderBy('number').execute(),
    listKept: () => generations.where('state', 'in', kept).orderBy('collection').orderBy('number').execute(),
    listLive: (tenant, collections) =>
      collections.length === 0
        ? Promise.resolve([])
        : database
            .selectFrom('embedding_generation as generation')
            .innerJoin('collection', 'collection.number', 'generation.collection')
            .selectAll('generation')
            .select('collection.name')
            .where('generation.tenant', '=', tenant)
            .where('generation.state', '=', 'live')
            .where('collection.name', 'in', collections)
            .execute(),
    async insertGeneration(row) {
      await database.insertInto('embedding_generation').values(row).execute()
    },
    async startIndex({ collection, number }) {
      const begun = database
        .updateTable('embedding_generation')
        .set({ indexed_next: 1 })
        .where('indexed_next', 'is', null)
      await begun.where('collection', '=', collection).where('number', '=', number).execute()
    },
    lockIndexed: ({ collection, number }) =>
      database
        .selectFrom('embedding_generation')
        .select(['vector_next', 'indexed_next'])
        .where('collection', '=', collection)
        .where('number', '=', number)
        .forUpdate()
        .executeTakeFirst(),
    async updateGeneration({ collection, number }, changes) {
      const changed = database.updateTable('embedding_generation').set(changes).where('collection', '=', collection)
      await changed.where('number', '=', number).execute()
    },
    async deleteGeneration({ collection, number }) {
      const gone = database.deleteFrom('embedding_generation').where('collection', '=', collection)
      await gone.where('number', '=', number).execute()
    },
  }
}

function createRowsOfVectors(
  database: Kysely<Tables>,
): Pick<VectorRows, 'countVectors' | 'listUnembedded' | 'insertVectors' | 'listVectorsOf' | 'listVectors'> {
  return {
    async countVectors({ collection, number }) {
      const { rows } = await sql<{ readonly vectors: number; readonly missing: number }>`
        select (select count(*) from chunk_vector where collection = ${collection} and generation = ${number}) as vectors,
          (select count(*) ${missing(collection, number)}) as missing`.execute(database)
      return { vectors: Number(rows[0]?.vectors ?? 0), missing: Number(rows[0]?.missing ?? 0) }
    },
    async listUnembedded({ collection, number }, { after, limit }) {
      const { rows } = await sql<Unembedded>`select chunk.number as chunk, chunk.text, chunk.headings, chunk.context,
          version.name as source, version.title, document.region
        ${missing(collection, number)} and chunk.number > ${after} order by chunk.number limit ${limit}`.execute(
        database,
      )
      return rows
    },
    async insertVectors({ tenant, collection, number: generation }, vectors) {
      for (let from = 0; from < vectors.length; from += rowsPerStatementMax) {
        await insertSome(database, { tenant, collection, generation }, vectors.slice(from, from + rowsPerStatementMax))
      }
    },
    listVectorsOf: (collection, chunks) =>
      inParts(chunks, (part) =>
        database
          .selectFrom('chunk_vector')
          .select(['generation', 'chunk', 'vector'])
          .where('collection', '=', collection)
          .where('chunk', 'in', part)
          .execute(),
      ),
    listVectors: ({ collection, number: generation }, { from, limit }) =>
      database
        .selectFrom('chunk_vector')
        .select(['number', 'chunk', 'vector'])
        .where('collection', '=', collection)
        .where('generation', '=', generation)
        .where('number', '>=', from)
        .orderBy('number')
        .limit(limit)
        .execute(),
  }
}

/** Passages of versions in force without a vector of the generation. */
function missing(collection: number, generation: number) {
  return sql`from chunk
    join index_entry entry on entry.collection = chunk.collection and entry.number = chunk.entry
    join document on document.tenant = entry.tenant and document.id = entry.document_id
    join document_version version on version.tenant = entry.tenant and version.id = entry.version_id
    where chunk.collection = ${collection} and entry.to_ms is null and not exists (
      select 1 from chunk_vector known where known.tenant = chunk.tenant and known.collection = chunk.collection
        and known.chunk = chunk.number and known.generation = ${generation})`
}

interface PlaceOfVectors {
  readonly tenant: string
  readonly collection: number
  readonly generation: number
}

async function insertSome(
  database: Kysely<Tables>,
  place: PlaceOfVectors,
  vectors: readonly NewVector[],
): Promise<void> {
  const { tenant, collection, generation } = place
  // The row of the generation is held until the transaction ends, so that numbers are committed in their order.
  const held = await database
    .updateTable('embedding_generation')
    .set((build) => ({ vector_next: build('vector_next', '+', vectors.length) }))
    .where('collection', '=', collection)
    .where('number', '=', generation)
    .returning('vector_next')
    .executeTakeFirst()
  if (held === undefined) return
  const chunks = vectors.map(({ chunk }) => chunk)
  const there = await database
    .selectFrom('chunk')
    .select('number')
    .where('tenant', '=', tenant)
    .where('collection', '=', collection)
    .where('number', 'in', chunks)
    .execute()
  const kept = new Set(there.map((row) => row.number))
  const first = held.vector_next - vectors.length
  const rows = vectors.flatMap(({ chunk, vector }, index) =>
    kept.has(chunk) ? [{ tenant, collection, generation, number: first + index, chunk, vector }] : [],
  )
  if (rows.length === 0) return
  await database
    .insertInto('chunk_vector')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['tenant', 'collection', 'chunk', 'generation']).doNothing())
    .execute()
}
