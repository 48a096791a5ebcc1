import { sql, type RawBuilder } from 'kysely'
import type { Hit, IndexEntry, TermIndex } from '../term-index.ts'

const entriesPerStatementMax = 200

/**
 * One FTS5 table for each collection, without content: it is given our terms, parted by blanks, and keeps them as they
 * are. A table of its own gives a collection its own statistics, which FTS5 keeps by table.
 */
export function createSqliteIndex(options: { readonly headWeight: number }): TermIndex {
  return {
    async create(database, collection) {
      await sql`create virtual table ${sql.table(toTable(collection))} using fts5(
        head, body, content='', contentless_delete=1, tokenize='ascii')`.execute(database)
    },
    async drop(database, collection) {
      await sql`drop table ${sql.table(toTable(collection))}`.execute(database)
    },
    async add(database, collection, entries) {
      for (let from = 0; from < entries.length; from += entriesPerStatementMax) {
        const rows = entries.slice(from, from + entriesPerStatementMax).map(toRow)
        await sql`insert into ${sql.table(toTable(collection))} (rowid, head, body)
          values ${sql.join(rows)}`.execute(database)
      }
    },
    async remove(database, collection, chunks) {
      for (const chunk of chunks) {
        await sql`delete from ${sql.table(toTable(collection))} where rowid = ${chunk}`.execute(database)
      }
    },
    async search(database, { collection, terms, hitsMax }) {
      const table = toTable(collection)
      const match = terms.map((term) => `"${term}"`).join(' OR ')
      const { rows } = await sql<Hit>`
        select rowid as chunk, -bm25(${sql.ref(table)}, ${options.headWeight}, 1.0) as score
        from ${sql.table(table)} where ${sql.ref(table)} match ${match}
        order by round(score, 9) desc, rowid limit ${hitsMax}`.execute(database)
      return rows
    },
  }
}

function toTable(collection: number): string {
  return `terms_${collection}`
}

function toRow(entry: IndexEntry): RawBuilder<unknown> {
  return sql`(${entry.chunk}, ${entry.head.join(' ')}, ${entry.body.join(' ')})`
}
