import { sql, type Kysely } from 'kysely'
import type { Engine } from '../engine.ts'
import type { Migration } from './migration.ts'

/**
 * The index of a collection becomes our own on both engines: terms lie beside each chunk until they are folded into
 * segments. Documents get who may see them, where they belong and when each version was in force. What was
 * indexed before is taken in anew when it is next put.
 */
export const index: Migration = {
  id: 105,
  name: 'index',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await dropFormer(database, engine)
    for (const column of ['revision', 'entry_next', 'folded_to']) {
      await sql`alter table collection add column ${sql.ref(column)} integer not null default 0`.execute(database)
    }
    await sql`alter table collection add column analyser text not null default ''`.execute(database)
    await sql`update collection set chunk_count = 0, term_count = 0`.execute(database)
    await sql`update document set fingerprint = ''`.execute(database)
    await sql`alter table document add column region ${id}`.execute(database)
    await sql`alter table document add column acl ${id}`.execute(database)
    await createEntry(database, id)
    await createChunk(database, id, blob)
    await createAccess(database, id)
    await createSegment(database, engine, blob)
  },
}

async function dropFormer(database: Kysely<unknown>, engine: Engine): Promise<void> {
  if (engine === 'postgres') await sql`drop table posting`.execute(database)
  else {
    const { rows } = await sql<{ number: number }>`select number from collection`.execute(database)
    for (const { number } of rows) await sql`drop table if exists ${sql.table(`terms_${number}`)}`.execute(database)
  }
  await sql`drop table chunk`.execute(database)
}

/** A version as the index knows it: its number in the collection, and when it was the one in force. */
async function createEntry(database: Kysely<unknown>, id: ReturnType<typeof sql.raw>): Promise<void> {
  await sql`create table index_entry (
    tenant ${id} not null, collection integer not null references collection on delete cascade, number integer not null,
    document_id ${id} not null, version_id ${id} not null, from_ms bigint not null, to_ms bigint, term_count bigint not null,
    primary key (collection, number), foreign key (tenant, document_id) references document on delete cascade
  )`.execute(database)
  await sql`create index index_entry_document on index_entry (tenant, document_id)`.execute(database)
  await sql`create table collection_change (
    collection integer not null references collection on delete cascade, revision integer not null,
    entry integer not null, primary key (collection, revision)
  )`.execute(database)
}

async function createChunk(
  database: Kysely<unknown>,
  id: ReturnType<typeof sql.raw>,
  blob: ReturnType<typeof sql.raw>,
): Promise<void> {
  await sql`create table chunk (
    tenant ${id} not null, collection integer not null, number integer not null, entry integer not null,
    start_at integer not null, end_at integer not null, term_count integer not null, symbol_count integer not null,
    headings text not null, symbols text not null, text text not null, terms ${blob}, primary key (tenant, collection, number),
    foreign key (collection, entry) references index_entry on delete cascade
  )`.execute(database)
  // Everything that ranking asks of each chunk, so that the texts are not read for it.
  await sql`create index chunk_entry on chunk (collection, entry, number, term_count, symbol_count)`.execute(database)
  await sql`create index chunk_fresh on chunk (collection, number) where terms is not null`.execute(database)
}

/** The postings of neighbouring chunks, in buckets by the hash of their term. */
async function createSegment(
  database: Kysely<unknown>,
  engine: Engine,
  blob: ReturnType<typeof sql.raw>,
): Promise<void> {
  await sql`create table index_segment (
    collection integer not null references collection on delete cascade, number integer not null,
    first_chunk integer not null, last_chunk integer not null, bucket_count integer not null,
    primary key (collection, number)
  )`.execute(database)
  await sql`create table posting_bucket (
    collection integer not null references collection on delete cascade, segment integer not null,
    bucket integer not null, payload ${blob} not null, primary key (collection, segment, bucket)
  )${sql.raw(engine === 'sqlite' ? ' without rowid' : '')}`.execute(database)
}

/** Who may see documents, and who belongs to which group; one row each, numbered as they change. */
async function createAccess(database: Kysely<unknown>, id: ReturnType<typeof sql.raw>): Promise<void> {
  await sql`create table access_list (
    tenant ${id} not null, id ${id} not null, allow text not null, deny text not null, version integer not null,
    primary key (tenant, id)
  )`.execute(database)
  await sql`create index access_list_version on access_list (tenant, version)`.execute(database)
  await sql`create table access_member (
    tenant ${id} not null, group_name ${id} not null, member ${id} not null, is_member integer not null,
    version integer not null, primary key (tenant, group_name, member)
  )`.execute(database)
  await sql`create index access_member_version on access_member (tenant, version)`.execute(database)
  await sql`create table access_version (tenant ${id} primary key, version integer not null)`.execute(database)
}
