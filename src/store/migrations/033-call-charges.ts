import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Which accounts a call tree was charged to, and how much: what a corrected price has to reach. */
export const callCharges: Migration = {
  id: 33,
  name: 'call-charges',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table call_charge (
      root_id ${id} not null, account integer not null, amount text not null, primary key (root_id, account)
    )`.execute(database)
  },
}
