import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/**
 * How far the vectors of a generation stand in an index of the database; none when `null`. The table of the index itself needs an
 * extension that not every database has, and is made with the first index.
 */
export const vectorIndex: Migration = {
  id: 120,
  name: 'vector-index',
  async up(database) {
    await sql`alter table embedding_generation add column indexed_next integer`.execute(database)
  },
}
