import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Whether a key may send networks of models with its requests. */
export const composes: Migration = {
  id: 76,
  name: 'composes',
  async up(database) {
    await sql`alter table api_key add column composes integer`.execute(database)
  },
}
