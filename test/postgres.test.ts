import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startPostgres, type PostgresServer } from '../src/store/testing.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const otherKey = 'sk-strata-of-the-other-process-0123456789abcdef'
const closers: (() => Promise<unknown>)[] = []
let postgres: PostgresServer
let mock: MockUpstream

beforeAll(async () => {
  postgres = await startPostgres()
  mock = await startMockUpstream()
})
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
  mock.reset()
})
afterAll(async () => {
  await mock.close()
  await postgres.stop()
})

function toConfig(url: string): JsonObject {
  const price = { input: '0.15', output: '0.60' }
  return {
    endpoints: { here: toEndpoint(mock, 'openai', { price }) },
    models: { everyday: { endpoint: 'here' }, handbook: { ground: { in: 'handbook', with: 'everyday' } } },
    store: { folder: '.', url },
  }
}

async function start(url: string): Promise<RunningStrata> {
  const strata = await startStrata({ config: toConfig(url) })
  closers.push(() => strata.close())
  return strata
}

async function startOther(url: string, folder = createFolder()): Promise<ServerProcess> {
  const other = await startServerProcess({ folder, config: toConfig(url), adminKey: otherKey })
  closers.push(() => other.kill())
  return other
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'strata-other-'))
  closers.push(async () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const question = (text: string, more: JsonObject = {}): JsonObject => ({
  model: 'everyday',
  messages: [{ role: 'user', content: text }],
  ...more,
})

test('answers whole and streamed, and gives back the call tree with usage and cost', async () => {
  const strata = await start(await postgres.createUrl())
  mock.script({ text: '你好，世界', usage: { inputTotal: 1_000, outputTotal: 200 } })
  for (const stream of [false, true]) {
    const answer = await strata.request('/v1/chat/completions', question('Hello', { stream }))
    expect(answer.status).toBe(200)
    const id = answer.headers.get('x-strata-call') ?? ''
    expect(await answer.text()).toContain(stream ? '[DONE]' : '你好，世界')
    const tree = await (await strata.request(`/v1/calls/${id}`)).json()
    const cost = { usd: '0.00027', picodollars: '270000000' }
    const usage = { input_total: 1_000, output_total: 200, source: 'reported' }
    const dispatch = { kind: 'dispatch', name: 'here', status: 'ok', usage, cost }
    expect(tree).toMatchObject({ id, kind: 'request', status: 'ok', cost, children: [dispatch] })
  }
  const { data } = (await (await strata.request('/v1/calls?limit=10')).json()) as { readonly data: readonly unknown[] }
  expect(data).toHaveLength(2)
  const health = await (await strata.request('/healthz')).text()
  expect(health).not.toContain('strata:strata') // the password of the database
})

test('takes in documents, finds them in both languages and answers from them', async () => {
  const strata = await start(await postgres.createUrl())
  expect((await strata.request('/v1/collections', { name: 'handbook' })).status).toBe(201)
  const texts = {
    'hours.md': '# Hours\n\nThe office is open from nine to five on working days.\n',
    'leave.md': '# 休假\n\n員工每年有十四天的特別休假，須於三日前提出申請。\n',
  }
  for (const [id, text] of Object.entries(texts)) {
    const taken = await strata.request('/v1/collections/handbook/documents', { external_id: id, text })
    expect(taken.status).toBe(201)
  }
  for (const [query, source] of [
    ['When is the office open?', 'hours.md'],
    ['特別休假有幾天', 'leave.md'],
  ] as const) {
    const found = (await (await strata.request('/v1/search', { query })).json()) as {
      readonly data: readonly { readonly text: string; readonly source: string; readonly start: number }[]
    }
    expect(found.data[0]?.source).toBe(source)
    const passage = found.data[0]
    expect(texts[source].includes(passage?.text ?? 'nothing')).toBe(true)
  }
  mock.script({ text: 'From nine to five. [1]' })
  const answer = await strata.request(
    '/v1/chat/completions',
    question('When is the office open?', { model: 'handbook' }),
  )
  expect(answer.status).toBe(200)
  expect((await mock.requestAt(0)).text).toContain('The office is open from nine to five')
})

test('a key revoked in one process stops working in another', async () => {
  const url = await postgres.createUrl()
  const strata = await start(url)
  const other = await startOther(url)
  const made = await strata.request('/v1/keys', { name: 'shared' })
  const { id, key } = (await made.json()) as { readonly id: string; readonly key: string }
  const ask = async (): Promise<number> =>
    (await fetch(`${other.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status
  expect(await until(ask, 200)).toBe(200)
  expect((await strata.request(`/v1/keys/${id}`, undefined, { method: 'DELETE' })).status).toBe(200)
  expect(await until(ask, 401)).toBe(401)
})

test('what one process records another reads, and kill -9 takes nothing of it', async () => {
  const url = await postgres.createUrl()
  const strata = await start(url)
  const folder = createFolder()
  const doomed = await startOther(url, folder)
  const headers = { authorization: `Bearer ${otherKey}`, 'content-type': 'application/json' }
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, number) => {
      const body = JSON.stringify(question(`request ${number}`, { stream: number % 2 === 0 }))
      const answer = await fetch(`${doomed.url}/v1/chat/completions`, { method: 'POST', headers, body })
      await answer.text()
      return answer.headers.get('x-strata-call') ?? ''
    }),
  )
  await doomed.kill()
  const heir = await startOther(url, folder)
  expect(await heir.stop()).toBe(0) // all that its predecessor left has been folded
  const rows = await strata.platform.store.sql.selectFrom('call').select(['root_id', 'kind', 'status']).execute()
  expect(rows.toSorted((a, b) => compare(`${a.root_id} ${a.kind}`, `${b.root_id} ${b.kind}`))).toEqual(
    ids.toSorted(compare).flatMap((id) => [
      { root_id: id, kind: 'dispatch', status: 'ok' },
      { root_id: id, kind: 'request', status: 'ok' },
    ]),
  )
  expect((await strata.request(`/v1/calls/${ids[0]}`)).status).toBe(200)
})

/** The status once it is the one hoped for, or the last one seen; other processes are asked every two seconds. */
async function until(ask: () => Promise<number>, hoped: number): Promise<number> {
  let status = await ask()
  for (let tries = 0; status !== hoped && tries < 100; tries++) {
    await sleep(100)
    status = await ask()
  }
  return status
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
