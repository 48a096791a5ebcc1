import { sql, type Kysely } from 'kysely'
import type { Picodollars } from '../../../core/money.ts'
import type { Store, Tables } from '../../../store/index.ts'

/** What is told apart in a history of spend. */
export type SpendBy = 'all' | 'model' | 'endpoint' | 'key'

/** What one step of time saw, of one group. */
export interface SpendBucket {
  readonly group: string
  /** Steps since 1970. */
  readonly bucket: number
  readonly calls: number
  /** Of the calls whose cost is known. */
  readonly cost: Picodollars
  readonly costUnknown: number
  readonly tokens: number
}

export interface SpendQuery {
  readonly tenant: string
  readonly by: SpendBy
  readonly stepMs: number
  /** Whole steps, milliseconds UTC. */
  readonly fromMs: number
  readonly untilMs: number
}

/** The SQL of spend over time, from the record of calls. Everything recorded before the call is seen. */
export function createSpendStore(store: Pick<Store, 'sql' | 'flush'>): {
  read(query: SpendQuery): Promise<readonly SpendBucket[]>
} {
  return {
    async read(query) {
      await store.flush()
      const rows = await select(store.sql, query).execute()
      return rows.map((row) => ({
        group: row.name,
        bucket: Number(row.bucket),
        calls: Number(row.calls),
        cost: BigInt(row.cost ?? 0),
        costUnknown: Number(row.cost_unknown),
        tokens: Number(row.tokens ?? 0),
      }))
    },
  }
}

function select(database: Kysely<Tables>, { tenant, by, stepMs, fromMs, untilMs }: SpendQuery) {
  const name = {
    all: sql<string>`cast('all' as text)`, // PostgreSQL groups by no bare constant
    model: sql<string>`root.name`,
    endpoint: sql<string>`part.name`,
    key: sql<string>`part.key_id`,
  }[by]
  const bucket = sql<number>`part.started_at_ms / ${sql.lit(stepMs)}`
  return database
    .selectFrom('call as part')
    .innerJoin('call as root', (join) =>
      join
        .onRef('root.tenant', '=', 'part.tenant')
        .onRef('root.root_id', '=', 'part.root_id')
        .onRef('root.id', '=', 'part.root_id'),
    )
    .select([
      name.as('name'),
      bucket.as('bucket'),
      sql<number>`count(*)`.as('calls'),
      sql<number | bigint | string | null>`sum(part.cost)`.as('cost'),
      sql<number>`sum(case when part.cost is null then 1 else 0 end)`.as('cost_unknown'),
      sql<number | null>`sum(coalesce(part.input_total, 0) + coalesce(part.output_total, 0))`.as('tokens'),
    ])
    .where('part.tenant', '=', tenant)
    .where('part.kind', '=', 'dispatch')
    .where('part.started_at_ms', '>=', fromMs)
    .where('part.started_at_ms', '<', untilMs)
    .groupBy([name, bucket])
}
