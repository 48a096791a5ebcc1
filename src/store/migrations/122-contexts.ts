import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/**
 * What a model has written of where passages stand in their document: the plan of a collection, every context that a document has, and the
 * one that a passage is found by.
 */
export const contexts: Migration = {
  id: 122,
  name: 'contexts',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table context_plan (
      collection integer primary key references collection on delete cascade, tenant ${id} not null, model ${id} not null,
      principal text not null, state text not null, fault text, asked integer not null, unpriced integer not null,
      cost bigint not null, input_tokens bigint not null, cached_tokens bigint not null, output_tokens bigint not null,
      held_by ${id}, held_until_ms bigint not null, created_at_ms bigint not null
    )`.execute(database)
    await sql`create table chunk_context (
      tenant ${id} not null, document_id ${id} not null, key ${id} not null, context text not null, cost bigint,
      primary key (tenant, document_id, key), foreign key (tenant, document_id) references document on delete cascade
    )`.execute(database)
    await sql`alter table chunk add column context text`.execute(database)
    await sql`alter table chunk add column context_fault text`.execute(database)
    await sql`alter table index_entry add column context_key text`.execute(database)
    await sql`alter table collection add column context_count integer not null default 0`.execute(database)
    await sql`alter table embedding_generation add column with_context integer not null default 1`.execute(database)
  },
}
