import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What documents can be filtered by: folded title, folded name and external id, format, language. */
export const documentFacts: Migration = {
  id: 108,
  name: 'document-facts',
  async up(database) {
    for (const column of ['title', 'source', 'type', 'language']) {
      await sql`alter table index_entry add column ${sql.ref(column)} text`.execute(database)
    }
  },
}
