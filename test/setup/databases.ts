import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { listenOnLoopback } from '../../src/core/testing.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createStore } from '../../src/store/index.ts'
import { startPostgresProcess, type PostgresProcess } from '../kit/postgres-server.ts'
import { silentLog } from '../kit/silent-log.ts'

/**
 * What all test files share: an embedded database with the schema of today and nothing in it, to be copied, and a real PostgreSQL
 * server on loopback with another one, which is started when the first test asks for its URL.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-databases-'))
  await bringUp(folder, 'sqlite:')
  let started: Promise<PostgresProcess> | undefined
  const lobby = createServer((socket) => {
    socket.on('error', () => undefined) // who asked has gone
    started ??= startPostgres(folder)
    started.then(
      ({ url }) => socket.end(url),
      () => socket.destroy(),
    )
  })
  project.provide('databases', { sqlitePath: join(folder, 'strata.db'), postgresPort: await listenOnLoopback(lobby) })
  return async () => {
    lobby.close()
    await (await started)?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A store brings the schema up when it is opened. */
async function bringUp(folder: string, url: string): Promise<void> {
  const config = { folder, url, foldMs: 50, foldRowsMax: 1, journalBytesMax: 1_048_576, connectionsMax: 1 }
  const store = await createStore({ config, clock: createSystemClock(), log: silentLog })
  await store.close()
}

async function startPostgres(folder: string): Promise<PostgresProcess> {
  const server = await startPostgresProcess({ settings })
  await server.createDatabase('template_strata')
  await bringUp(folder, `${server.url}/template_strata`)
  return server
}

/** It syncs nothing, because what it holds need not outlive the tests. */
const settings = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'wal_level=minimal',
  'max_wal_senders=0',
]
