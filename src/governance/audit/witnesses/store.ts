import type { Store } from '../../../store/index.ts'

export interface Cosignature {
  /** Records that the checkpoint covers. */
  readonly size: number
  readonly witness: string
  readonly line: string
}

export interface StoredTimestamp {
  readonly size: number
  readonly atMs: number
  readonly token: Buffer
}

/** The SQL of what others have said of the log. */
export interface WitnessStore {
  addCosignature(cosignature: Cosignature): Promise<void>
  /** The most records of which the witness has signed; 0 before the first. */
  findWitnessed(witness: string): Promise<number>
  listCosignatures(): Promise<readonly Cosignature[]>
  addTimestamp(timestamp: StoredTimestamp): Promise<void>
  findLastTimestamp(): Promise<StoredTimestamp | undefined>
  listTimestamps(): Promise<readonly StoredTimestamp[]>
}

export function createWitnessStore({ sql }: Pick<Store, 'sql'>): WitnessStore {
  return {
    async addCosignature(cosignature) {
      await sql
        .insertInto('audit_cosignature')
        .values(cosignature)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async findWitnessed(witness) {
      const row = await sql
        .selectFrom('audit_cosignature')
        .select(({ fn }) => fn.max('size').as('size'))
        .where('witness', '=', witness)
        .executeTakeFirst()
      return Number(row?.size ?? 0)
    },
    async listCosignatures() {
      const rows = await sql.selectFrom('audit_cosignature').selectAll().orderBy('size').orderBy('witness').execute()
      return rows.map(({ size, witness, line }) => ({ size: Number(size), witness, line }))
    },
    async addTimestamp({ size, atMs, token }) {
      await sql
        .insertInto('audit_timestamp')
        .values({ size, at_ms: atMs, token: token.toString('base64') })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async findLastTimestamp() {
      const row = await sql
        .selectFrom('audit_timestamp')
        .selectAll()
        .orderBy('size', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row === undefined ? undefined : toTimestamp(row)
    },
    async listTimestamps() {
      return (await sql.selectFrom('audit_timestamp').selectAll().orderBy('size').execute()).map(toTimestamp)
    },
  }
}

function toTimestamp(row: { readonly size: number; readonly at_ms: number; readonly token: string }): StoredTimestamp {
  return { size: Number(row.size), atMs: Number(row.at_ms), token: Buffer.from(row.token, 'base64') }
}
