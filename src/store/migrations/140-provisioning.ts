import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** People and groups that an identity provider brings in. */
export const provisioning: Migration = {
  id: 140,
  name: 'provisioning',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table provisioned_person (
      id ${id} primary key, tenant ${id} not null references tenant (id), user_name text not null, user_key ${id} not null,
      external_id ${id}, active integer not null, attributes text not null, version integer not null,
      created_at_ms bigint not null, changed_at_ms bigint not null, removed_at_ms bigint
    )`.execute(database)
    await sql`create unique index provisioned_person_key on provisioned_person (tenant, user_key)`.execute(database)
    await sql`create index provisioned_person_external on provisioned_person (tenant, external_id)`.execute(database)
    await sql`create table provisioned_name (
      tenant ${id} not null, name ${id} not null, person ${id} not null, primary key (tenant, name, person)
    )`.execute(database)
    await sql`create index provisioned_name_person on provisioned_name (person)`.execute(database)
    await sql`create table provisioned_group (
      id ${id} primary key, tenant ${id} not null references tenant (id), display_name text not null,
      display_key ${id} not null, external_id ${id}, version integer not null,
      created_at_ms bigint not null, changed_at_ms bigint not null
    )`.execute(database)
    await sql`create unique index provisioned_group_key on provisioned_group (tenant, display_key)`.execute(database)
    await sql`create table provisioned_member (
      tenant ${id} not null, group_id ${id} not null, person ${id} not null, primary key (tenant, group_id, person)
    )`.execute(database)
    await sql`create index provisioned_member_person on provisioned_member (tenant, person)`.execute(database)
  },
}
