import { startPostgresProcess, type PostgresProcess } from '../../test/kit/postgres-server.ts'

/** What the work finds on a real server on loopback; `undefined` where it cannot be started. */
export async function withPostgres<T>(work: (server: PostgresProcess) => Promise<T>): Promise<T | undefined> {
  const server = await startPostgresProcess().catch(() => undefined)
  if (server === undefined) return undefined
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}
