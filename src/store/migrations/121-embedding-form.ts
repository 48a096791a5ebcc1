import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/**
 * How the model of a generation tells questions from passages; `null` before its first vector. Texts of the generations of before were
 * embedded as they stand, and so they stay.
 */
export const embeddingForm: Migration = {
  id: 121,
  name: 'embedding-form',
  async up(database) {
    await sql`alter table embedding_generation add column form text`.execute(database)
    await sql`update embedding_generation set form = ''`.execute(database)
  },
}
