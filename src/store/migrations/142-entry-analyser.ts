import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** What made the terms of each entry: where a collection has had one analyser alone, that one; else it is not known and stays empty. */
export const entryAnalyser: Migration = {
  id: 142,
  name: 'entry-analyser',
  async up(database) {
    await sql`alter table index_entry add column analyser text not null default ''`.execute(database)
    await sql`update index_entry set analyser = (select analyser from collection where collection.number = index_entry.collection)
      where collection in (select number from collection where analyser not like '% %')`.execute(database)
  },
}
