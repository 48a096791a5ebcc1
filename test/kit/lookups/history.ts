import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import { openDatabase, type Location } from '../../../src/store/index.ts'
import type { MockUpstream } from '../mock-upstream.ts'
import { startServerProcess, type ServerProcess } from '../server-process.ts'
import { silentLog } from '../silent-log.ts'
import { drawTelling, type Fate, type Planned, playVendor, toText, type Vendor, type Way, ways } from './vendor.ts'

export interface HistoryOptions {
  readonly folder: string
  /** Of an empty database; the embedded one in the folder is `sqlite:`. */
  readonly url: string
  readonly random: Random
  readonly lives: number
  /** Servers on the folder at a time. */
  readonly processes: number
  /** Requests of each server in each life. */
  readonly requests: number
  /** What may become of requests of a server that dies. */
  readonly deadly: readonly Fate[]
  /** Whether a server dies once more while it asks. */
  readonly diesAsking: boolean
}

/** What clients, the vendor and the books saw of a history, once all is quiet. */
export interface History {
  readonly plans: ReadonlyMap<number, Planned>
  readonly vendor: Vendor
  /** By the id of the call, as the head of its answer told the client; without those whose client saw no head. */
  readonly numbers: ReadonlyMap<string, number>
  /** Numbers of the requests whose client has seen words. */
  readonly heard: ReadonlySet<number>
  readonly kills: number
  readonly isQuiet: boolean
  readonly usage: readonly JsonObject[]
  /** What an invoice would come to at ten thousand million dollars for a dollar of cost: picodollars, in cents. */
  readonly payable: string
}

const adminKey = 'sk-strata-of-a-server-that-is-killed-0123456789'
const attemptsMax = 4
const quietMsMax = 150_000
const stepMsMax = 30_000

/** Runs real servers on one folder through a history drawn from `random`, the last ones until nothing is left to be asked. */
export async function runHistory(mock: MockUpstream, options: HistoryOptions): Promise<History> {
  const plans = new Map<number, Planned>()
  const client = createClient(plans)
  const vendor = playVendor(mock, plans)
  const running: ServerProcess[] = []
  const start = () => startServerProcess({ folder: options.folder, config: toConfig(mock, options.url), adminKey })
  let kills = 0
  try {
    running.push(await start())
    await setUp(running[0]) // before there is another, which would hear of it a little later
    for (let life = 0; life < options.lives; life++) {
      while (running.length < options.processes) running.push(await start())
      const dying = running.filter((_, index) => index === 0 || options.random.next() < 0.5)
      await live({ ...options, running, dying, plans, client, vendor })
      kills += dying.length
      await Promise.all(dying.map((server) => server.kill()))
      await client.settled()
      for (const server of dying) running.splice(running.indexOf(server), 1)
    }
    while (running.length < options.processes) running.push(await start())
    await live({ ...options, running, dying: [], plans, client, vendor })
    if (options.diesAsking) {
      await sleep(options.random.next() * 400)
      await running.pop()?.kill()
      kills++
      running.push(await start())
    }
    const isQuiet = await isSoonAllAsked(options, vendor)
    const [server] = running
    const said = await readSums(server)
    for (const each of running.splice(0)) await each.stop()
    const { numbers, heard } = client
    return { ...said, plans, vendor, numbers, heard, kills, isQuiet }
  } finally {
    await Promise.all(running.map((server) => server.kill()))
    await client.settled()
  }
}

function toConfig(mock: MockUpstream, url: string): JsonObject {
  const place = { url: mock.url, key: 'secret', processing: ['local'], storage: ['local'] }
  const dollars = { input: '1', output: '10' }
  const euros = { input: '2', output: '8', currency: 'EUR', usdRate: '1.25' }
  const endpoint = (dialect: string, lookup: string, price: JsonObject = dollars) => ({
    ...place,
    dialect,
    lookup,
    price,
  })
  return {
    endpoints: {
      router: { ...endpoint('openai', 'openrouter'), model: 'router' },
      euro: { ...endpoint('openai', 'openrouter', euros), model: 'euro' },
      chat: { ...endpoint('openai', 'openai'), model: 'chat' },
      responses: { ...endpoint('openai-responses', 'openai'), model: 'responses' },
    },
    models: Object.fromEntries(Object.keys(ways).map((way) => [way, { endpoint: way }])),
    store: { folder: '.', url, foldMs: 20 },
    investment: { lookups: { delayMs: 20, everyMs: 100, attemptsMax } },
  }
}

async function setUp(server: ServerProcess | undefined): Promise<void> {
  await ask(server, '/v1/budgets', { name: 'money', limit: '1000', period: 'total' })
  await ask(server, '/v1/budgets', { name: 'tokens', counts: 'tokens', limit: '100000000', period: 'total' })
  const price = { kind: 'unit', id: 'cost', meter: 'cost', amount: '10000000000' }
  await ask(server, '/v1/plans', { id: 'exact', name: 'Exact', currency: 'USD', period: 'year', prices: [price] })
  const startsAt = `${now().slice(0, 4)}-01-01T00:00:00Z`
  await ask(server, '/v1/accounts', { id: 'all', name: 'All', plan: 'exact', starts_at: startsAt })
}

/** What the server says of all calls together. */
async function readSums(server: ServerProcess | undefined): Promise<Pick<History, 'usage' | 'payable'>> {
  const usage = (await (await ask(server, '/v1/usage?by=model')).json()) as { readonly data: readonly JsonObject[] }
  const preview = await ask(server, '/v1/invoices', { account: 'all', preview: true, period: now() })
  const { payable } = (await preview.json()) as { readonly payable: string }
  return { usage: usage.data, payable }
}

const now = (): string => new Date().toISOString()

interface Living extends HistoryOptions {
  readonly running: readonly ServerProcess[]
  readonly dying: readonly ServerProcess[]
  readonly plans: Map<number, Planned>
  readonly client: Client
  readonly vendor: Vendor
}

/** The requests of one life, until each is where it is meant to be when the servers die. */
async function live({ running, dying, plans, client, vendor, random, requests, deadly }: Living): Promise<void> {
  const own: Planned[] = []
  const ends = running.flatMap((server) =>
    Array.from({ length: requests }, () => {
      const planned = draw(random, plans.size, dying.includes(server) ? deadly : gentle)
      plans.set(planned.number, planned)
      own.push(planned)
      return client.begin(server, planned)
    }),
  )
  const isThere = ({ number, fate }: Planned): boolean =>
    vendor.arrived.has(number) && (fate !== 'begun' || client.heard.has(number))
  await waitUntil(() => own.every(isThere), stepMsMax)
  await Promise.all(ends.filter((_, index) => !['begun', 'headed', 'unheard'].includes(own[index]?.fate ?? '')))
  await sleep(random.next() * 60)
}

const gentle: readonly Fate[] = ['whole', 'left', 'left-unheard']

function draw(random: Random, number: number, fates: readonly Fate[]): Planned {
  const names = Object.keys(ways) as Way[] // the keys of `ways`
  const fate = pick(random, fates)
  const stream = fate !== 'whole' || random.next() < 0.5
  return { number, way: pick(random, names), fate, telling: drawTelling(random), stream }
}

interface Client {
  readonly numbers: Map<string, number>
  readonly heard: Set<number>
  /** Resolves when the request is over for its client. */
  begin(server: ServerProcess, planned: Planned): Promise<void>
  settled(): Promise<void>
}

function createClient(plans: ReadonlyMap<number, Planned>): Client {
  const numbers = new Map<string, number>()
  const heard = new Set<number>()
  const open = new Set<Promise<void>>()
  async function run(server: ServerProcess, { number, way, fate, stream }: Planned): Promise<void> {
    const stop = new AbortController()
    if (fate === 'left-unheard') setTimeout(() => stop.abort(), 150)
    const words = toText(number)
    const body =
      way === 'responses'
        ? { input: words, max_output_tokens: 500 }
        : { messages: [{ role: 'user', content: words }], max_tokens: 500, ...(way === 'chat' ? { store: true } : {}) }
    const face = way === 'responses' ? '/v1/responses' : '/v1/chat/completions'
    const response = await fetch(`${server.url}${face}`, {
      ...toInit({ model: way, stream, ...body }),
      signal: stop.signal,
    })
    const id = response.headers.get('x-strata-call')
    if (id !== null && plans.has(number)) numbers.set(id, number)
    if (fate === 'whole') return void (await response.text())
    const reader = response.body?.getReader()
    for (;;) {
      const { done } = (await reader?.read()) ?? { done: true }
      if (done) return
      heard.add(number)
      if (fate === 'left') return stop.abort()
    }
  }
  return {
    numbers,
    heard,
    begin(server, planned) {
      const end = run(server, planned).catch(() => undefined) // whoever is left or dies breaks the connection
      open.add(end)
      void end.finally(() => open.delete(end))
      return end
    },
    async settled() {
      await Promise.all(open)
    },
  }
}

function ask(server: ServerProcess | undefined, path: string, body?: JsonObject): Promise<Response> {
  return fetch(`${server?.url}${path}`, toInit(body))
}

function toInit(body: JsonObject | undefined): RequestInit {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  return body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
}

/** Waits until what arrived is on record, nothing is under way, and no vendor is to be asked any more; false when that lasts too long. */
async function isSoonAllAsked({ folder, url }: HistoryOptions, { arrived }: Vendor): Promise<boolean> {
  const location: Location = url.startsWith('postgres')
    ? { engine: 'postgres', url, connectionsMax: 1 }
    : { engine: 'sqlite', path: join(folder, 'strata.db') }
  const database = await openDatabase(location, silentLog)
  const isAllAsked = async (): Promise<boolean> => {
    const { rows } = await sql<{ dispatches: number; left: number }>`select
      (select count(*) from call where kind = 'dispatch' and tenant = 'default') as dispatches,
      (select count(*) from call_lookup where state in ('open', 'found'))
        + (select count(*) from intent where tenant <> 'system') as "left"`.execute(database)
    return Number(rows[0]?.dispatches) >= arrived.size && Number(rows[0]?.left) === 0
  }
  try {
    return await waitUntil(isAllAsked, quietMsMax)
  } finally {
    await database.destroy()
  }
}

async function waitUntil(condition: () => boolean | Promise<boolean>, msMax: number): Promise<boolean> {
  for (const endMs = Date.now() + msMax; Date.now() < endMs; ) {
    if (await condition()) return true
    await sleep(20)
  }
  return condition()
}
