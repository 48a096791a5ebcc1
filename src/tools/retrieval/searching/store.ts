import { sql, type Kysely } from 'kysely'
import type { Engine, Tables } from '../../../store/index.ts'
import { createAccessReads, type AccessReads } from '../access/store.ts'
import type { CollectionRow } from '../store.ts'

/** What a search reads. All of one search comes from one state of the database. */
export interface SearchRows extends AccessReads {
  findCollection(tenant: string, name: string): Promise<CollectionRow | undefined>
  /** Entries that changed after a revision; `undefined` when that is not known any more. */
  listChanged(
    collection: number,
    revisions: { readonly after: number; readonly to: number },
  ): Promise<readonly number[] | undefined>
  /** Every entry, or some. */
  listEntries(collection: number, numbers?: readonly number[]): Promise<readonly EntryFacts[]>
  /** What ranking asks of the chunks of every entry, or of some; in order of entry and number. */
  listChunkFacts(collection: number, entries?: readonly number[]): Promise<readonly ChunkFacts[]>
  /** Terms beside the chunks from that number on, ascending. */
  listFresh(
    collection: number,
    from: number,
  ): Promise<readonly { readonly number: number; readonly terms: Uint8Array }[]>
  listPassages(place: PlaceOfChunks, chunks: readonly number[]): Promise<readonly PassageRow[]>
}

interface PlaceOfChunks {
  readonly tenant: string
  readonly collection: number
}

export interface EntryFacts {
  readonly number: number
  readonly document: string
  readonly fromMs: number
  readonly toMs: number | null
  readonly region: string | null
  readonly acl: string | null
}

export interface ChunkFacts {
  readonly entry: number
  readonly number: number
  readonly termCount: number
  readonly symbolCount: number
  readonly likeness: Uint8Array | null
}

export interface PassageRow {
  readonly number: number
  readonly document: string
  readonly version: string
  readonly source: string
  readonly title: string | null
  readonly start: number
  readonly end: number
  readonly headings: string
  readonly symbols: string
  readonly text: string
  /** Of its document. */
  readonly region: string | null
}

const numbersPerStatementMax = 500

function createSearchRows(database: Kysely<Tables>): SearchRows {
  return { ...createIndexRows(database), ...createPassageReads(database), ...createAccessReads(database) }
}

type IndexPart = Pick<SearchRows, 'findCollection' | 'listChanged' | 'listEntries' | 'listChunkFacts' | 'listFresh'>

function createIndexRows(database: Kysely<Tables>): IndexPart {
  return {
    findCollection: (tenant, name) =>
      database
        .selectFrom('collection')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .executeTakeFirst(),
    async listChanged(collection, { after, to }) {
      const rows = await database
        .selectFrom('collection_change')
        .select('entry')
        .where('collection', '=', collection)
        .where('revision', '>', after)
        .execute()
      return rows.length === to - after ? [...new Set(rows.map((row) => row.entry))] : undefined
    },
    async listEntries(collection, numbers) {
      const query = database
        .selectFrom('index_entry as entry')
        .innerJoin('document', (join) =>
          join.onRef('document.tenant', '=', 'entry.tenant').onRef('document.id', '=', 'entry.document_id'),
        )
        .select([
          'entry.number',
          'entry.document_id as document',
          'entry.from_ms as fromMs',
          'entry.to_ms as toMs',
          'document.region',
          'document.acl',
        ])
        .where('entry.collection', '=', collection)
      return numbers === undefined
        ? query.execute()
        : inParts(numbers, (part) => query.where('entry.number', 'in', part).execute())
    },
    async listChunkFacts(collection, entries) {
      const query = database
        .selectFrom('chunk')
        .select(['entry', 'number', 'term_count as termCount', 'symbol_count as symbolCount', 'likeness'])
        .where('collection', '=', collection)
        .orderBy('entry')
        .orderBy('number')
      return entries === undefined
        ? query.execute()
        : inParts(entries, (part) => query.where('entry', 'in', part).execute())
    },
    async listFresh(collection, from) {
      const rows = await database
        .selectFrom('chunk')
        .select(['number', 'terms'])
        .where('collection', '=', collection)
        .where('number', '>=', from)
        .where('terms', 'is not', null)
        .orderBy('number')
        .execute()
      return rows.flatMap(({ number, terms }) => (terms === null ? [] : [{ number, terms }]))
    },
  }
}

function createPassageReads(database: Kysely<Tables>): Pick<SearchRows, 'listPassages'> {
  return {
    listPassages: ({ tenant, collection }, chunks) =>
      inParts(chunks, (part) =>
        database
          .selectFrom('chunk')
          .innerJoin('index_entry as entry', (join) =>
            join.onRef('entry.collection', '=', 'chunk.collection').onRef('entry.number', '=', 'chunk.entry'),
          )
          .innerJoin('document_version as version', (join) =>
            join.onRef('version.tenant', '=', 'entry.tenant').onRef('version.id', '=', 'entry.version_id'),
          )
          .innerJoin('document', (join) =>
            join.onRef('document.tenant', '=', 'entry.tenant').onRef('document.id', '=', 'entry.document_id'),
          )
          .select([
            'chunk.number',
            'entry.document_id as document',
            'entry.version_id as version',
            'version.name as source',
            'version.title',
            'chunk.start_at as start',
            'chunk.end_at as end',
            'chunk.headings',
            'chunk.symbols',
            'chunk.text',
            'document.region',
          ])
          .where('chunk.tenant', '=', tenant)
          .where('chunk.collection', '=', collection)
          .where('chunk.number', 'in', part)
          .execute(),
      ),
  }
}

/** Reads from one state of the database; nothing is written. */
export function readConsistently<T>(
  { database, engine }: { readonly database: Kysely<Tables>; readonly engine: Engine },
  work: (rows: SearchRows, sql: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return database.connection().execute(async (connection) => {
    const begin = engine === 'sqlite' ? sql`begin deferred` : sql`begin isolation level repeatable read read only`
    await begin.execute(connection)
    try {
      return await work(createSearchRows(connection), connection)
    } finally {
      await sql`rollback`.execute(connection)
    }
  })
}

async function inParts<Row>(
  numbers: readonly number[],
  ask: (part: readonly number[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let from = 0; from < numbers.length; from += numbersPerStatementMax) {
    rows.push(...(await ask(numbers.slice(from, from + numbersPerStatementMax))))
  }
  return rows
}
