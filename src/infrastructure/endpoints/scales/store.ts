import type { Selectable } from 'kysely'
import type { Store, Tables } from '../../../store/index.ts'

export type ScaleRow = Selectable<Tables['token_scale']>

/** The SQL of learned scales. */
export interface ScaleStore {
  /** The newest first. */
  list(max: number): Promise<readonly ScaleRow[]>
  /**
   * Takes the place of what another process has written, unless that learned more, or is of a newer version: one row is one
   * process's scale, whole, and never a mixture.
   */
  save(row: ScaleRow): Promise<void>
  /** One that nobody can read. */
  remove(row: Pick<ScaleRow, 'endpoint' | 'model' | 'body'>): Promise<void>
  /** Lets go of all but the newest. */
  prune(kept: number): Promise<void>
}

export function createScaleStore({ sql }: Pick<Store, 'sql'>): ScaleStore {
  return {
    list: (max) => sql.selectFrom('token_scale').selectAll().orderBy('saved_at_ms', 'desc').limit(max).execute(),
    async save(row) {
      const { version, learned, body, saved_at_ms } = row
      await sql
        .insertInto('token_scale')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['endpoint', 'model'])
            .doUpdateSet({ version, learned, body, saved_at_ms })
            .where((where) =>
              where.or([
                where('token_scale.version', '<', version),
                where.and([where('token_scale.version', '=', version), where('token_scale.learned', '<=', learned)]),
              ]),
            ),
        )
        .execute()
    },
    async remove({ endpoint, model, body }) {
      await sql
        .deleteFrom('token_scale')
        .where('endpoint', '=', endpoint)
        .where('model', '=', model)
        .where('body', '=', body)
        .execute()
    },
    async prune(kept) {
      const last = await sql
        .selectFrom('token_scale')
        .select('saved_at_ms')
        .orderBy('saved_at_ms', 'desc')
        .offset(kept - 1)
        .limit(1)
        .executeTakeFirst()
      if (last !== undefined) await sql.deleteFrom('token_scale').where('saved_at_ms', '<', last.saved_at_ms).execute()
    },
  }
}
