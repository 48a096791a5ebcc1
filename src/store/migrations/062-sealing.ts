import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Entries of one row of the outbox. */
const pageRows = 500

/** From now on the outbox names what is not in the audit log yet, and nothing else; what is sealed leaves it. */
export const sealing: Migration = {
  id: 62,
  name: 'sealing',
  async up(database, engine) {
    const pair = (id: string): ReturnType<typeof sql.raw> =>
      sql.raw(
        engine === 'sqlite'
          ? `json_group_array(json_array(tenant, ${id}))`
          : `json_agg(json_build_array(tenant, ${id}))::text`,
      )
    await sql`delete from outbox`.execute(database)
    await sql`insert into outbox (journal_id, at_ms, calls) select '', 0, ${pair('id')} from (
      select tenant, id, (row_number() over (order by at_ms, id) - 1) / ${sql.lit(pageRows)} as page from audit_act
      where not exists (select 1 from audit_leaf where subject = audit_act.id)
    ) as act group by page order by page`.execute(database)
    await sql`insert into outbox (journal_id, at_ms, calls) select '', 0, ${pair('root_id')} from (
      select tenant, root_id, (row_number() over (order by root_id) - 1) / ${sql.lit(pageRows)} as page from call
      where id = root_id and not exists (select 1 from audit_leaf where subject = call.root_id)
    ) as tree group by page order by page`.execute(database)
  },
}
