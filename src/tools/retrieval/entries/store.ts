import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import type { KnowledgeRows, VersionRow } from '../store.ts'

const rowsPerStatementMax = 200
/** Changes of a collection that are kept for readers; who is further behind reads it anew. */
const changesMax = 5_000

type EntryPart = Pick<
  KnowledgeRows,
  | 'listEntries'
  | 'listAllEntries'
  | 'listVersionTexts'
  | 'findEntries'
  | 'listFormer'
  | 'insertEntries'
  | 'closeEntries'
  | 'deleteEntries'
  | 'listNames'
  | 'recordChanges'
>

export function createEntryRows(sql: Kysely<Tables>): EntryPart {
  return {
    ...createEntrySearches(sql),
    listEntries: (tenant, document) =>
      sql
        .selectFrom('index_entry as entry')
        .innerJoin('document_version as version', (join) =>
          join.onRef('version.tenant', '=', 'entry.tenant').onRef('version.id', '=', 'entry.version_id'),
        )
        .selectAll('entry')
        .where('entry.tenant', '=', tenant)
        .where('entry.document_id', '=', document)
        // Not by their own numbers: an entry that is indexed anew gets another.
        .orderBy('version.number')
        .execute(),
    listAllEntries: (collection) =>
      sql.selectFrom('index_entry').selectAll().where('collection', '=', collection).orderBy('number').execute(),
    async listVersionTexts(tenant, entries) {
      const numbers = new Map(entries.map((entry) => [entry.version_id, entry.number]))
      const found = await inParts([...numbers.keys()], (part) =>
        sql.selectFrom('document_version').selectAll().where('tenant', '=', tenant).where('id', 'in', part).execute(),
      )
      return new Map(found.map((row) => [numbers.get(row.id) ?? 0, row]))
    },
    async insertEntries(rows) {
      await inParts(rows, async (part) => {
        await sql.insertInto('index_entry').values(part).execute()
        return []
      })
    },
    async closeEntries(collection, entries, atMs) {
      if (entries.length === 0) return
      const changed = sql.updateTable('index_entry').set({ to_ms: atMs }).where('collection', '=', collection)
      await changed.where('number', 'in', entries).execute()
    },
    async deleteEntries(collection, entries) {
      if (entries.length === 0) return
      // Their chunks go with them.
      await sql.deleteFrom('index_entry').where('collection', '=', collection).where('number', 'in', entries).execute()
    },
    async listNames(tenant, entries) {
      const names = new Map<number, Pick<VersionRow, 'name' | 'title'>>()
      const versions = new Map(entries.map((entry) => [entry.version_id, entry.number]))
      const found = await inParts([...versions.keys()], (part) =>
        sql
          .selectFrom('document_version')
          .select(['id', 'name', 'title'])
          .where('tenant', '=', tenant)
          .where('id', 'in', part)
          .execute(),
      )
      for (const { id, name, title } of found) names.set(versions.get(id) ?? 0, { name, title })
      return names
    },
    async recordChanges(collection, revision, entries) {
      const rows = entries.map((entry, index) => ({ collection, revision: revision + 1 + index, entry }))
      await inParts(rows, async (part) => {
        await sql.insertInto('collection_change').values(part).execute()
        return []
      })
      const last = revision + entries.length
      const old = sql.deleteFrom('collection_change').where('collection', '=', collection)
      await old.where('revision', '<=', last - changesMax).execute()
      return last
    },
  }
}

function createEntrySearches(sql: Kysely<Tables>): Pick<EntryPart, 'findEntries' | 'listFormer'> {
  return {
    findEntries: (collection, numbers) =>
      inParts(numbers, (part) =>
        sql
          .selectFrom('index_entry')
          .selectAll()
          .where('collection', '=', collection)
          .where('number', 'in', part)
          .execute(),
      ),
    listFormer: (collection, { analyser, after, limit }) =>
      sql
        .selectFrom('index_entry')
        .selectAll()
        .where('collection', '=', collection)
        .where('analyser', '!=', analyser)
        .where('number', '>', after)
        .orderBy('number')
        .limit(limit)
        .execute(),
  }
}

type ChunkPart = Pick<KnowledgeRows, 'insertChunks' | 'listChunks' | 'listFresh' | 'clearFresh'>

export function createChunkRows(sql: Kysely<Tables>): ChunkPart {
  return {
    async insertChunks(rows) {
      await inParts(rows, async (part) => {
        await sql.insertInto('chunk').values(part).execute()
        return []
      })
    },
    listChunks: (collection, entries) =>
      inParts(entries, (part) =>
        sql
          .selectFrom('chunk')
          .selectAll()
          .where('collection', '=', collection)
          .where('entry', 'in', part)
          .orderBy('number')
          .execute(),
      ),
    async listFresh(collection, limit) {
      const rows = await sql
        .selectFrom('chunk')
        .select(['number', 'terms'])
        .where('collection', '=', collection)
        .where('terms', 'is not', null)
        .orderBy('number')
        .limit(limit)
        .execute()
      return rows.flatMap(({ number, terms }) => (terms === null ? [] : [{ number, terms }]))
    },
    async clearFresh({ tenant, collection }, last) {
      await sql
        .updateTable('chunk')
        .set({ terms: null })
        .where('tenant', '=', tenant)
        .where('collection', '=', collection)
        .where('number', '<=', last)
        .where('terms', 'is not', null)
        .execute()
    },
  }
}

/** Statements have a bound on their parameters, so long lists go in parts. */
export async function inParts<Item, Row>(
  items: readonly Item[],
  act: (part: readonly Item[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let from = 0; from < items.length; from += rowsPerStatementMax) {
    rows.push(...(await act(items.slice(from, from + rowsPerStatementMax))))
  }
  return rows
}
