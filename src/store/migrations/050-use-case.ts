import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** The use case a key stands for: what governance decides by. */
export const useCase: Migration = {
  id: 50,
  name: 'use-case',
  async up(database) {
    await sql`alter table api_key add column use_case text`.execute(database)
  },
}
