import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** By what passages are known to say the same, beside the other numbers that ranking asks of them. */
export const likeness: Migration = {
  id: 107,
  name: 'likeness',
  async up(database, engine) {
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await sql`alter table chunk add column likeness ${blob}`.execute(database)
    await sql`drop index chunk_entry`.execute(database)
    // Everything that ranking asks of each chunk, so that the texts are not read for it.
    await sql`create index chunk_entry
      on chunk (collection, entry, number, term_count, symbol_count, likeness)`.execute(database)
  },
}
