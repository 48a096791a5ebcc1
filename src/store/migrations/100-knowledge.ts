import { sql, type Kysely } from 'kysely'
import type { Migration } from './migration.ts'

/**
 * Collections, documents, their versions and chunks. The terms of a collection lie in a table of their own kind: on
 * SQLite one full-text table for each collection, made with it; on PostgreSQL the table `posting`.
 */
export const knowledge: Migration = {
  id: 100,
  name: 'knowledge',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const numbered = sql.raw(
      engine === 'sqlite' ? 'integer primary key autoincrement' : 'integer generated always as identity primary key',
    )
    await sql`create table collection (
      number ${numbered}, tenant ${id} not null, id ${id} not null, name ${id} not null, created_at_ms bigint not null,
      chunk_next integer not null, chunk_count integer not null, term_count bigint not null,
      unique (tenant, id), unique (tenant, name)
    )`.execute(database)
    await sql`create table document (
      tenant ${id} not null, id ${id} not null, collection integer not null references collection on delete cascade,
      external_id ${id} not null, name text not null, version_id ${id} not null, version_number integer not null,
      fingerprint text not null, chunk_count integer not null, created_at_ms bigint not null,
      updated_at_ms bigint not null, primary key (tenant, id), unique (tenant, collection, external_id)
    )`.execute(database)
    await sql`create index document_collection on document (collection)`.execute(database)
    await createVersionAndChunk(database, id)
    if (engine === 'postgres') await createPosting(database)
  },
}

async function createVersionAndChunk(database: Kysely<unknown>, id: ReturnType<typeof sql.raw>): Promise<void> {
  await sql`create table document_version (
    tenant ${id} not null, id ${id} not null, document_id ${id} not null, number integer not null, name text not null,
    title text, parser text not null, text text not null, created_at_ms bigint not null, primary key (tenant, id),
    unique (tenant, document_id, number),
    foreign key (tenant, document_id) references document on delete cascade
  )`.execute(database)
  await sql`create table chunk (
    tenant ${id} not null, collection integer not null, number integer not null, document_id ${id} not null,
    version_id ${id} not null, start_at integer not null, end_at integer not null, term_count integer not null,
    headings text not null, text text not null, primary key (tenant, collection, number),
    foreign key (tenant, version_id) references document_version on delete cascade
  )`.execute(database)
  await sql`create index chunk_document on chunk (tenant, document_id)`.execute(database)
  await sql`create index chunk_version on chunk (tenant, version_id)`.execute(database)
}

async function createPosting(database: Kysely<unknown>): Promise<void> {
  await sql`create table posting (
    collection integer not null references collection on delete cascade, term text collate "C" not null,
    chunk integer not null, in_head integer not null, in_body integer not null, chunk_terms integer not null,
    primary key (collection, term, chunk)
  )`.execute(database)
  await sql`create index posting_chunk on posting (collection, chunk)`.execute(database)
}
