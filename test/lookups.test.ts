import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type Behaviour, type MockRequest, type MockUpstream } from './kit/index.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

const adminKey = 'sk-strata-of-a-server-that-is-killed-0123456789'
const used = { native_tokens_prompt: 1_234, native_tokens_completion: 77, native_tokens_cached: 0 }
/** The same at the price of the endpoints: a dollar a million in, ten out. */
const [usedTokens, usedDollars] = ['1311', '0.002004']

const head = (name: string): Behaviour => ({ headers: { 'x-generation-id': `gen-${name}` } })
const endless: Behaviour = { deltaRepeats: Infinity, eventDelayMs: 20 }

/** What the vendor does with a request for each model, by the model's name. */
const streams: Readonly<Record<string, Behaviour>> = {
  // Before the head of its answer nobody knows an id.
  unheard: { headDelayMs: Infinity },
  headed: { ...head('headed'), firstEventDelayMs: Infinity },
  begun: { ...head('begun'), ...endless },
  late: { ...head('late'), ...endless },
  garbage: { ...head('garbage'), ...endless },
  moved: { ...head('moved'), ...endless },
}
const names = Object.keys(streams)

let folder: string
let mock: MockUpstream
let server: ServerProcess | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'strata-lookups-'))
  mock = await startMockUpstream()
})

afterEach(async () => {
  await server?.kill()
  server = undefined
  await mock.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a server that is killed asks the vendors what the answers under way used, once, and every book says so to the picodollar', async () => {
  await start({})
  await request('/v1/budgets', { name: 'money', limit: '1', each: ['model'] })
  await request('/v1/budgets', { name: 'tokens', counts: 'tokens', limit: '100000', each: ['model'], period: 'total' })
  mock.respondWith(({ model = '' }) => streams[model])
  const readers = names.map((name) => begin(name))
  await until(async () => names.every((name) => name === 'unheard' || readJournal().includes(`gen-${name}`)))
  await until(async () => mock.requests.length === names.length)
  await server?.kill()
  for (const stop of readers) stop()

  const asked: string[] = []
  mock.reset()
  mock.respondWith((received) => answerLookup(received, asked))
  await start({ moved: { processing: ['us'] } })
  await until(async () => (await correctionOf('garbage'))?.['lookup'] === 'none')
  await until(async () => (await correctionOf('moved'))?.['lookup'] === 'none')
  for (const name of ['headed', 'begun', 'late']) {
    await until(async () => (await correctionOf(name))?.['lookup'] === 'told')
    expect(await correctionOf(name)).toMatchObject({
      cost: { usd: usedDollars },
      usage: { input_total: 1_234, output_total: 77, cache_read: 0, source: 'reported' },
    })
    await until(async () => (await posted('money', name)) === usedDollars)
    expect(await posted('tokens', name)).toBe(usedTokens)
    expect(await usageOf(name)).toEqual({ input_tokens: '1234', output_tokens: '77', usd: usedDollars })
  }
  expect(await correctionOf('garbage')).toMatchObject({ cost: null, reason: 'no usage stands in it' })
  expect(await correctionOf('moved')).toMatchObject({ cost: null, reason: 'REGION_REFUSED' })
  expect(await correctionOf('unheard')).toBe(undefined)
  const estimates = new Map<string, unknown>()
  for (const name of ['garbage', 'moved', 'unheard']) {
    expect(await usageOf(name)).toEqual({ input_tokens: '0', output_tokens: '0', usd: '0' })
    // What was held for the worst case: 500 tokens of output at least.
    expect(Number(await posted('money', name))).toBeGreaterThanOrEqual(0.005)
    expect(Number(await posted('tokens', name))).toBeGreaterThanOrEqual(500)
    estimates.set(name, await posted('money', name))
  }

  await server?.stop()
  await start({})
  await sleep(500)
  expect(asked.toSorted()).toEqual(['begun', 'garbage', 'garbage', 'garbage', 'headed', 'late', 'late'])
  for (const name of ['headed', 'begun', 'late']) expect(await posted('money', name)).toBe(usedDollars)
  for (const [name, estimate] of estimates) expect(await posted('money', name)).toBe(estimate)
}, 180_000)

/** The ways of OpenAI: what a body must say for the vendor to keep the answer, and where it is asked. */
const ways = [
  {
    dialect: 'openai',
    face: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: 'tell me' }], store: true },
    path: '/v1/chat/completions/',
    told: { usage: { prompt_tokens: 1_234, completion_tokens: 77, total_tokens: 1_311 } },
  },
  {
    dialect: 'openai-responses',
    face: '/v1/responses',
    body: { input: 'tell me' },
    path: '/v1/responses/',
    told: { status: 'cancelled', usage: { input_tokens: 1_234, output_tokens: 77, total_tokens: 1_311 } },
  },
] as const

test.each(ways)(
  'an answer of $dialect that the client left is charged as its vendor says later, where the vendor keeps it',
  async (way) => {
    const place = { dialect: way.dialect, url: mock.url, model: 'mock', processing: ['local'], storage: ['local'] }
    const strata = await startStrata({
      config: {
        endpoints: { here: { ...place, price: { input: '1', output: '10' }, lookup: 'openai' } },
        models: { everyday: { endpoint: 'here' } },
        store: { foldMs: 20 },
        investment: { lookups: { delayMs: 0, everyMs: 100 } },
      },
    })
    try {
      strata.platform.startWork()
      const asked: string[] = []
      mock.respondWith(({ method, path }) => {
        if (method !== 'GET') return endless
        const id = path.slice(way.path.length)
        asked.push(path)
        return { json: { id, object: 'answer', ...way.told } }
      })
      const kept = await leave(strata, way.face, { ...way.body, model: 'everyday' })
      const left = await leave(strata, way.face, { ...way.body, model: 'everyday', store: false })
      await until(async () => (await dispatchOf(strata, kept)).correction?.['lookup'] === 'told')
      expect(await dispatchOf(strata, kept)).toMatchObject({
        usage: { source: 'estimated' },
        correction: { cost: { usd: usedDollars }, usage: { input_total: 1_234, output_total: 77 } },
      })
      expect((await dispatchOf(strata, left)).correction).toBe(undefined)
      expect((await dispatchOf(strata, left))['detail']).toMatchObject({ answer: { lookup: 'none' } })
      expect(asked).toHaveLength(1)
      expect(asked[0]).toMatch(new RegExp(`^${way.path}[\\w-]+$`))
    } finally {
      await strata.close()
    }
  },
  60_000,
)

/** Asks, reads a little, and leaves. The id of the call. */
async function leave(strata: RunningStrata, face: string, body: JsonObject): Promise<string> {
  const stop = new AbortController()
  const response = await strata.request(face, { ...body, stream: true }, { signal: stop.signal })
  await response.body?.getReader().read()
  stop.abort()
  return response.headers.get('x-strata-call') ?? ''
}

async function dispatchOf(strata: RunningStrata, id: string): Promise<JsonObject & { correction?: JsonObject }> {
  for (;;) {
    const response = await strata.request(`/v1/calls/${id}`)
    const { children } = (await response.json()) as CallJson
    if (response.status === 200) return children[0] ?? {}
    await sleep(20) // it is on record once the server has seen that the client left
  }
}

async function start(different: Readonly<Record<string, JsonObject>>): Promise<void> {
  const place = { dialect: 'openai', url: mock.url, key: 'secret', processing: ['local'], storage: ['local'] }
  const price = { input: '1', output: '10' }
  const endpoints = names.map((name) => {
    return [name, { ...place, model: name, price, lookup: 'openrouter', ...different[name] }] as const
  })
  server = await startServerProcess({
    folder,
    adminKey,
    config: {
      endpoints: Object.fromEntries(endpoints),
      models: Object.fromEntries(names.map((name) => [name, { endpoint: name }])),
      investment: { lookups: { delayMs: 0, everyMs: 100, attemptsMax: 3 } },
    },
  })
}

/** Asks, and goes on reading until it is stopped or the server has gone. */
function begin(model: string): () => void {
  const stop = new AbortController()
  const body = { model, stream: true, max_tokens: 500, messages: [{ role: 'user', content: 'tell me' }] }
  fetch(`${server?.url}/v1/chat/completions`, { ...toInit(body), signal: stop.signal })
    .then((response) => response.text())
    .catch(() => undefined)
  return () => stop.abort()
}

function answerLookup({ path, target, headers }: MockRequest, asked: string[]): Behaviour {
  if (path !== '/v1/generation' || headers['authorization'] !== 'Bearer secret') return { status: 500 }
  const id = new URL(target, mock.origin).searchParams.get('id') ?? ''
  const name = id.slice('gen-'.length)
  asked.push(name)
  if (name === 'late' && asked.filter((each) => each === 'late').length === 1) return { status: 404, json: {} }
  const said = name === 'garbage' ? { native_tokens_prompt: -5, native_tokens_completion: 'many' } : used
  return {
    json: { data: { id, model: 'mock', total_cost: 0.01, cancelled: true, external_user: 'somebody', ...said } },
  }
}

function readJournal(): string {
  const files = readdirSync(folder).filter((name) => /^journal-.*\.log$/.test(name))
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
}

interface CallJson extends JsonObject {
  readonly vendor_model: string
  readonly usage: null
  readonly correction: JsonObject
  readonly children: CallJson[]
}

/** Of the dispatch of a model; `undefined` when there is none. What is on record of the call itself stays unknown. */
async function correctionOf(model: string): Promise<JsonObject | undefined> {
  const { data } = (await request('/v1/calls')) as unknown as { data: { id: string }[] }
  const trees = await Promise.all(data.map(({ id }) => request(`/v1/calls/${id}`)))
  const dispatch = (trees as CallJson[]).flatMap(({ children }) => children).find((each) => each.vendor_model === model)
  expect(dispatch?.usage).toBe(null)
  return dispatch?.correction
}

async function posted(budget: string, model: string): Promise<string | undefined> {
  const { data } = (await request('/v1/budgets')) as unknown as {
    data: { name: string; accounts: { subject: string; posted: string }[] }[]
  }
  return data.find(({ name }) => name === budget)?.accounts.find(({ subject }) => subject.includes(model))?.posted
}

async function usageOf(model: string): Promise<JsonObject> {
  const { data } = (await request('/v1/usage?by=model')) as unknown as {
    data: (JsonObject & { cost: { usd: string } })[]
  }
  const row = data.find((each) => each['model'] === model)
  return {
    input_tokens: row?.['input_tokens'],
    output_tokens: row?.['output_tokens'],
    usd: row?.cost.usd,
  } as JsonObject
}

async function request(path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(`${server?.url}${path}`, toInit(body))
  expect(response.status).toBeLessThan(300)
  return (await response.json()) as JsonObject
}

function toInit(body: JsonObject | undefined): RequestInit {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  return body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50)
}
