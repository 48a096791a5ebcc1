import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** The history of documents, and the receipts of deleted ones. */
export const receipts: Migration = {
  id: 106,
  name: 'receipts',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    await sql`create table knowledge_event (
      tenant ${id} not null, number integer not null, event text not null, collection integer not null,
      document_id ${id} not null, detail text not null, at_ms bigint not null, hash text not null,
      primary key (collection, number)
    )`.execute(database)
    await sql`create index knowledge_event_document on knowledge_event (tenant, document_id)`.execute(database)
    await sql`create table deletion_receipt (
      tenant ${id} not null, document_id ${id} not null, deleted_at_ms bigint not null, statement text,
      public_key text, signature text, primary key (tenant, document_id)
    )`.execute(database)
  },
}
