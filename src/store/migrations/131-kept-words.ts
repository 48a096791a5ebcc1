import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Words kept with feedback, by shadows and by evaluations are found by whether they are still there. */
export const keptWords: Migration = {
  id: 131,
  name: 'kept-words',
  async up(database) {
    await sql`create index feedback_words on feedback (tenant, id)
      where prompt is not null or answer is not null or comment is not null`.execute(database)
    await sql`alter table evaluation add column words_gone_at_ms bigint`.execute(database)
  },
}
