import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../src/store/index.ts'
import { silentLog, startPostgres, type PostgresServer } from '../src/store/testing.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'

const adminKey = 'sk-strata-of-servers-that-share-what-waits-0123456789'
const folders: string[] = []
const servers: ServerProcess[] = []
let database: PostgresServer
let url = ''

beforeAll(async () => {
  database = await startPostgres()
  url = await database.createUrl()
})

afterAll(async () => {
  for (const server of servers) await server.kill()
  await database.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function start(workers: number): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-ingestion-'))
  folders.push(folder)
  const config = { store: { folder: '.', url }, knowledge: { ingestion: { workers } } }
  const server = await startServerProcess({ folder, config, adminKey })
  servers.push(server)
  return server
}

async function ask(server: ServerProcess, path: string, body?: object): Promise<{ status: number; json: unknown }> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', prefer: 'respond-async' }
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(`${server.url}${path}`, { headers, ...init })
  return { status: response.status, json: await response.json() }
}

test('two servers on one database share what waits; one is killed at work, and each document is there once', async () => {
  const first = await start(2)
  await ask(first, '/v1/collections', { name: 'notes' })
  const second = await start(1)
  const text = Array.from({ length: 400 }, (_, line) => `Line ${line} of a rule that takes some time to be read.`).join(
    '\n',
  )
  const names = Array.from({ length: 60 }, (_, index) => `rule-${String(index).padStart(2, '0')}`)
  for (const name of names) {
    const { status } = await ask(first, '/v1/collections/notes/documents', {
      external_id: name,
      text: `${name}\n${text}`,
    })
    expect(status).toBe(202)
  }
  await first.kill()
  await expect
    .poll(async () => (await ask(second, '/v1/ingestion')).json, { timeout: 120_000, interval: 500 })
    .toEqual({ object: 'ingestion', jobs: { done: 60 } })
  const { json } = await ask(second, '/v1/collections/notes/documents?limit=100')
  expect((json as { data: { external_id: string }[] }).data.map((each) => each.external_id)).toEqual(names)
  const opened = await openDatabase({ engine: 'postgres', url, connectionsMax: 1 }, silentLog)
  try {
    const versions = await opened.selectFrom('document_version').select('id').execute()
    expect(versions).toHaveLength(60)
  } finally {
    await opened.destroy()
  }
}, 300_000)
