import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** How far a sync has come, in the words of its source: what is still so the next time need not be listed again. */
export const sourceCursor: Migration = {
  id: 115,
  name: 'source-cursor',
  async up(database) {
    await sql`alter table source_sync add column cursor text`.execute(database)
  },
}
