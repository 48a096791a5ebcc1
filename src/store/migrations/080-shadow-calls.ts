import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** In which calls a shadow's prompt and answers were made: the client's own, and the shadow's. JSON array of roots. */
export const shadowCalls: Migration = {
  id: 80,
  name: 'shadow-calls',
  async up(database) {
    await sql`alter table feedback add column made_in text`.execute(database)
  },
}
