import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** How many tokens endpoints count for what is sent and seen, as learned from what they reported. */
export const tokenScales: Migration = {
  id: 34,
  name: 'token-scales',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table token_scale (
      endpoint ${id} not null, model ${id} not null, version integer not null, learned bigint not null, body text not null,
      saved_at_ms bigint not null, primary key (endpoint, model)
    )`.execute(database)
  },
}
