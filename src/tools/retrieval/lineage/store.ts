import type { Kysely } from 'kysely'
import type { Tables } from '../../../store/index.ts'
import { inParts } from '../entries/store.ts'

export type StageRow = Tables['version_stage']

/** The SQL of what was done with versions on their way in. */
export interface StageRows {
  insertStages(rows: readonly StageRow[]): Promise<void>
  /** What the same file came to under the same readers; `undefined` when it is not kept. */
  findParsed(tenant: string, parseKey: string): Promise<Uint8Array | undefined>
  /** Of versions that are past: they are not read again. */
  forgetParsed(tenant: string, versions: readonly string[]): Promise<void>
  /** Of the versions of a document, in the order of their ids. */
  listStages(tenant: string, document: string): Promise<readonly VersionStageRow[]>
  /** Passages of a version, and how many of them each generation of vectors has. */
  countVectors(tenant: string, version: string): Promise<readonly EmbeddedCount[]>
  /** Passages of a version that a model has written of, and why others are without although it was asked. */
  countContexts(tenant: string, version: string): Promise<readonly ContextCount[]>
}

export interface ContextCount {
  readonly fault: string | null
  readonly written: number
  readonly passages: number
}

export interface VersionStageRow {
  readonly version_id: string
  readonly stages: string
  readonly from_ms: number | null
  readonly to_ms: number | null
  readonly passages: number
}

export interface EmbeddedCount {
  readonly model: string
  readonly generation: number
  readonly state: string
  readonly vectors: number
}

export function createStageRows(sql: Kysely<Tables>): StageRows {
  return {
    async insertStages(rows) {
      await inParts(rows, async (part) => {
        await sql.insertInto('version_stage').values(part).execute()
        return []
      })
    },
    async findParsed(tenant, parseKey) {
      const kept = sql.selectFrom('version_stage').select('parsed').where('tenant', '=', tenant)
      const found = kept.where('parse_key', '=', parseKey).where('parsed', 'is not', null).limit(1)
      return (await found.executeTakeFirst())?.parsed ?? undefined
    },
    async forgetParsed(tenant, versions) {
      await inParts(versions, async (part) => {
        const past = sql.updateTable('version_stage').set({ parsed: null }).where('tenant', '=', tenant)
        await past.where('version_id', 'in', part).execute()
        return []
      })
    },
    async listStages(tenant, document) {
      return sql
        .selectFrom('version_stage')
        .innerJoin('document_version', (join) =>
          join
            .onRef('document_version.tenant', '=', 'version_stage.tenant')
            .onRef('document_version.id', '=', 'version_stage.version_id'),
        )
        .leftJoin('index_entry', (join) =>
          join
            .onRef('index_entry.tenant', '=', 'version_stage.tenant')
            .onRef('index_entry.version_id', '=', 'version_stage.version_id'),
        )
        .select(['version_stage.version_id', 'stages', 'index_entry.from_ms', 'index_entry.to_ms'])
        .select((build) =>
          build
            .selectFrom('chunk')
            .whereRef('chunk.tenant', '=', 'index_entry.tenant')
            .whereRef('chunk.collection', '=', 'index_entry.collection')
            .whereRef('chunk.entry', '=', 'index_entry.number')
            .select((inner) => inner.fn.countAll<number>().as('count'))
            .as('passages'),
        )
        .where('version_stage.tenant', '=', tenant)
        .where('document_version.document_id', '=', document)
        .orderBy('document_version.number')
        .execute()
        .then((rows) => rows.map((row) => ({ ...row, passages: Number(row.passages ?? 0) })))
    },
    countVectors: (tenant, version) => countVectors(sql, tenant, version),
    countContexts: (tenant, version) => countContexts(sql, tenant, version),
  }
}

async function countVectors(sql: Kysely<Tables>, tenant: string, version: string): Promise<readonly EmbeddedCount[]> {
  const rows = await sql
    .selectFrom('index_entry')
    .innerJoin('chunk', (join) =>
      join
        .onRef('chunk.tenant', '=', 'index_entry.tenant')
        .onRef('chunk.collection', '=', 'index_entry.collection')
        .onRef('chunk.entry', '=', 'index_entry.number'),
    )
    .innerJoin('chunk_vector', (join) =>
      join
        .onRef('chunk_vector.tenant', '=', 'chunk.tenant')
        .onRef('chunk_vector.collection', '=', 'chunk.collection')
        .onRef('chunk_vector.chunk', '=', 'chunk.number'),
    )
    .innerJoin('embedding_generation', (join) =>
      join
        .onRef('embedding_generation.collection', '=', 'chunk_vector.collection')
        .onRef('embedding_generation.number', '=', 'chunk_vector.generation'),
    )
    .where('index_entry.tenant', '=', tenant)
    .where('index_entry.version_id', '=', version)
    .groupBy(['embedding_generation.number', 'model', 'state'])
    .orderBy('embedding_generation.number')
    .select(['embedding_generation.number as generation', 'model', 'state'])
    .select((build) => build.fn.countAll<number>().as('vectors'))
    .execute()
  return rows.map((row) => ({ ...row, vectors: Number(row.vectors) }))
}

async function countContexts(sql: Kysely<Tables>, tenant: string, version: string): Promise<readonly ContextCount[]> {
  const rows = await sql
    .selectFrom('index_entry')
    .innerJoin('chunk', (join) =>
      join
        .onRef('chunk.tenant', '=', 'index_entry.tenant')
        .onRef('chunk.collection', '=', 'index_entry.collection')
        .onRef('chunk.entry', '=', 'index_entry.number'),
    )
    .where('index_entry.tenant', '=', tenant)
    .where('index_entry.version_id', '=', version)
    .groupBy('chunk.context_fault')
    .orderBy('chunk.context_fault')
    .select('chunk.context_fault as fault')
    .select((build) => [
      build.fn.count<number>('chunk.context').as('written'),
      build.fn.countAll<number>().as('passages'),
    ])
    .execute()
  return rows.map(({ fault, written, passages }) => ({ fault, written: Number(written), passages: Number(passages) }))
}
