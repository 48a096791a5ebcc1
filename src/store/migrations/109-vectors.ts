import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Vectors of passages, by generation: what one embedding model made of a collection. */
export const vectors: Migration = {
  id: 109,
  name: 'vectors',
  async up(database, engine) {
    const id = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
    const blob = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
    await sql`create table embedding_generation (
      collection integer not null references collection on delete cascade, number integer not null, tenant ${id} not null,
      model ${id} not null, dimensions integer, state text not null, principal text not null, vector_next integer not null,
      refused integer not null, fault text, created_at_ms bigint not null, primary key (collection, number)
    )`.execute(database)
    await sql`create table chunk_vector (
      collection integer not null, generation integer not null, number integer not null, tenant ${id} not null,
      chunk integer not null, vector ${blob} not null, primary key (collection, generation, number),
      foreign key (collection, generation) references embedding_generation on delete cascade,
      foreign key (tenant, collection, chunk) references chunk on delete cascade
    )${sql.raw(engine === 'sqlite' ? ' without rowid' : '')}`.execute(database)
    await sql`create unique index chunk_vector_chunk
      on chunk_vector (tenant, collection, chunk, generation)`.execute(database)
  },
}
