import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgresProcess, type PostgresProcess } from '../../test/kit/postgres-server.ts'

/** What the work finds on a real server on loopback; `undefined` where it cannot be started. */
export async function withPostgres<T>(work: (server: PostgresProcess) => Promise<T>): Promise<T | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-postgres-'))
  chmodSync(folder, 0o755) // run by root, the server is another user's process
  try {
    const server = await startPostgresProcess({ folder }).catch(() => undefined)
    if (server === undefined) return undefined
    try {
      return await work(server)
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
