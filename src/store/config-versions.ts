import type { Store } from './store.ts'

/** A configuration that came into force. */
export interface ConfigRecord {
  readonly hash: string
  /** Canonical JSON with secrets masked. */
  readonly text: string
  /** Milliseconds UTC. */
  readonly appliedAtMs: number
}

/**
 * Gives a configuration its number: that of the newest when nothing has changed, else the next. Replicas that apply the
 * same change get the same number.
 */
export async function recordConfigVersion(store: Pick<Store, 'transaction'>, record: ConfigRecord): Promise<number> {
  return store.transaction(async (sql) => {
    const newest = await sql
      .selectFrom('config_version')
      .select(['version', 'hash'])
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (newest?.hash === record.hash) return Number(newest.version)
    const version = Number(newest?.version ?? 0) + 1
    const row = { version, hash: record.hash, text: record.text, applied_at_ms: record.appliedAtMs }
    await sql.insertInto('config_version').values(row).execute()
    return version
  })
}
