import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSeededRandom, type Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import type { Behaviour } from '../behaviour.ts'
import type { MockRequest } from '../exchange.ts'
import { faces } from '../faces.ts'
import { startMockUpstream, type MockUpstream } from '../mock-upstream.ts'
import { startStrata, type RunningStrata } from '../strata.ts'
import { drawAllowed, mayGo } from './places.ts'
import { maySee } from './sovereignty.ts'
import { collection, drawWorld, type World } from './world.ts'

export interface ResidencyOptions {
  readonly requests: number
  readonly seed: number
  readonly requestsPerWorld: number
  readonly onWorld?: (requests: number) => void
}

/** What came to the upstreams of random worlds, beside what might come. Counts. */
export interface ResidencyOutcome {
  readonly worlds: number
  readonly requests: number
  /** Requests that were answered to the end. */
  readonly answered: number
  /** Requests in worlds that ask more of places than their regions. */
  readonly sovereign: number
  /** Arrivals in those worlds. */
  readonly sovereignArrivals: number
  /** Requests none of whose endpoints lie in the regions allowed. */
  readonly forbidden: number
  readonly arrivals: number
  /** Arrivals after the first of a request: retries, failovers, hedges. */
  readonly furtherArrivals: number
  /** Arrivals at an endpoint outside the regions of the request, or that the model does not name. */
  readonly outside: number
  /** Arrivals where no endpoint is: redirects that were followed. */
  readonly strays: number
  /** Arrivals with the credential of another endpoint, or with the client's. */
  readonly foreignCredentials: number
  /** Arrivals without a dispatch of that endpoint on record, and without an intent written before. */
  readonly withoutDispatch: number
  readonly withoutIntent: number
  /** Requests that sent more than their model's `callsMax`. */
  readonly aboveCallsMax: number
}

/** One request as the client knows it. */
interface Asked {
  readonly tag: string
  readonly permitted: ReadonlySet<string>
  readonly callsMax: number
  callId: string | undefined
}

interface Arrival {
  readonly tag: string
  readonly endpoint: string
}

type Counts = { -readonly [K in keyof ResidencyOutcome]: number }

interface Run {
  readonly random: Random
  readonly mocks: readonly MockUpstream[]
  readonly counts: Counts
  readonly requestsPerWorld: number
}

const upstreams = 4
const clients = 16
/** A journal is read back before its first file is full. */
const requestsPerServer = 10_000

/** Sends random requests with random keys through random configurations to upstreams that fail at random. */
export async function runResidency(options: ResidencyOptions): Promise<ResidencyOutcome> {
  const random = createSeededRandom(options.seed)
  const mocks = await Promise.all(Array.from({ length: upstreams }, () => startMockUpstream()))
  const counts: Counts = {
    worlds: 0,
    requests: 0,
    answered: 0,
    sovereign: 0,
    sovereignArrivals: 0,
    forbidden: 0,
    arrivals: 0,
    furtherArrivals: 0,
    outside: 0,
    strays: 0,
    foreignCredentials: 0,
    withoutDispatch: 0,
    withoutIntent: 0,
    aboveCallsMax: 0,
  }
  const run: Run = { random, mocks, counts, requestsPerWorld: options.requestsPerWorld }
  try {
    while (counts.requests < options.requests) {
      const requests = Math.min(requestsPerServer, options.requests - counts.requests)
      await runServer(run, { requests, onWorld: () => options.onWorld?.(counts.requests) })
    }
    return counts
  } finally {
    await Promise.all(mocks.map((mock) => mock.close()))
  }
}

/** One server that gets one configuration after another. */
async function runServer(
  run: Run,
  options: { readonly requests: number; readonly onWorld: () => void },
): Promise<void> {
  const { random, mocks, counts } = run
  const strata = await startStrata({ config: {} })
  try {
    await strata.request('/v1/collections', { name: collection })
    await strata.request(`/v1/collections/${collection}/documents`, {
      external_id: 'hours.md',
      text: '# Hours\n\nThe office is open from nine to five on working days.\n',
    })
    const asked: Asked[] = []
    const arrivals: Arrival[] = []
    while (asked.length < options.requests) {
      const world = drawWorld(
        random,
        mocks.map((mock) => mock.origin),
      )
      await strata.reload(world.config)
      const requests = Math.min(run.requestsPerWorld, options.requests - asked.length)
      const round = await runWorld(run, { strata, world, requests })
      asked.push(...round.asked)
      arrivals.push(...round.arrivals)
      counts.worlds++
      options.onWorld()
    }
    await compareRecord(run, { strata, asked, arrivals })
  } finally {
    await strata.close()
  }
}

interface WorldRun {
  readonly strata: RunningStrata
  readonly world: World
  readonly requests: number
}

async function runWorld(
  { random, mocks, counts }: Run,
  { strata, world, requests }: WorldRun,
): Promise<{ readonly asked: readonly Asked[]; readonly arrivals: readonly Arrival[] }> {
  for (const mock of mocks) {
    mock.reset()
    mock.respondWith(() => drawBehaviour(random, pick(random, mocks).origin))
  }
  const keys = await Promise.all([undefined, ...[1, 2, 3].map((count) => drawAllowed(random, count))].map(createKey))
  const asked: Asked[] = []
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (asked.length < requests) await ask()
    }),
  )
  await Promise.all(mocks.flatMap((mock) => mock.requests.map((request) => request.ended)))
  const arrivals = mocks.flatMap((mock) => mock.requests).flatMap((request) => judge(request, asked))
  return { asked, arrivals }

  async function createKey(regions: readonly string[] | undefined): Promise<Key> {
    const response = await strata.request('/v1/keys', { name: 'a key', ...(regions && { regions }) })
    const { key } = (await response.json()) as { readonly key: string } // the server's own shape
    return { key, regions: regions ?? world.allowedRegions }
  }

  async function ask(): Promise<void> {
    const model = pick(random, world.models)
    const key = pick(random, keys)
    const regions = random.next() < 0.4 ? drawAllowed(random, 3) : undefined
    const lists = regions === undefined ? [key.regions] : [key.regions, regions]
    const permitted = new Set(model.endpoints.filter((id) => isPermitted(world, id, lists)))
    const tag = `r${counts.requests++}`
    const one: Asked = { tag, permitted, callsMax: model.callsMax, callId: undefined }
    asked.push(one)
    if (world.rules !== undefined) counts.sovereign++
    if (permitted.size === 0) counts.forbidden++
    const face = pick(random, Object.values(faces))
    const text = `When is the office open? (${tag})`
    const body = face.ask(model.name, { stream: random.next() < 0.5, text })
    const response = await strata.request(
      face.path,
      { ...body, ...(regions && { strata: { regions } }) },
      { headers: { authorization: `Bearer ${key.key}` } },
    )
    one.callId = response.headers.get('x-strata-call') ?? undefined
    const isWhole = await response.text().then(
      () => true,
      () => false, // a stream that was cut after its first byte
    )
    if (response.status === 200 && isWhole) counts.answered++
  }

  function judge(request: MockRequest, all: readonly Asked[]): readonly Arrival[] {
    counts.arrivals++
    if (world.rules !== undefined) counts.sovereignArrivals++
    const endpoint = /^\/(e\d+)\/v1\//.exec(request.path)?.[1]
    const tag = /\((r\d+)\)/.exec(request.text)?.[1]
    const one = all.find((each) => each.tag === tag)
    if (endpoint === undefined || tag === undefined || one === undefined) {
      counts.strays++
      return []
    }
    if (!one.permitted.has(endpoint)) counts.outside++
    const credential = request.headers['authorization'] ?? request.headers['x-api-key'] ?? ''
    if (!credential.endsWith(`secret-of-${endpoint}`)) counts.foreignCredentials++
    return [{ tag, endpoint }]
  }
}

interface Key {
  readonly key: string
  readonly regions: readonly string[]
}

/** Its regions lie in those of the request, and what is known of it is what the world asks for. */
function isPermitted(world: World, id: string, lists: readonly (readonly string[])[]): boolean {
  const place = getPlace(world, id)
  return mayGo(place, lists) && (world.rules === undefined || maySee(place, lists, world.rules))
}

function getPlace(world: World, id: string): Parameters<typeof mayGo>[0] {
  return world.places.get(id) ?? { processing: undefined, storage: undefined }
}

/** Every kind of trouble that makes a server try again or elsewhere. */
function drawBehaviour(random: Random, elsewhere: string): Behaviour {
  const chance = random.next()
  if (chance < 0.5) return {}
  if (chance < 0.58) return { status: 429, retryHint: { type: 'milliseconds', ms: Math.floor(random.next() * 5) } }
  if (chance < 0.66) return { status: pick(random, [500, 502, 503, 529]) }
  if (chance < 0.72) return { cut: { at: 'head', how: pick(random, ['reset', 'close']) } }
  if (chance < 0.78)
    return { cut: { at: Math.floor(random.next() * 300), how: pick(random, ['reset', 'close', 'end']) } }
  if (chance < 0.88) return { firstEventDelayMs: 10 + random.next() * 40 }
  if (chance < 0.9) return { status: 401 }
  if (chance < 0.92) return { body: 'not what was asked for' }
  if (chance < 0.925) return { silent: true }
  const to = pick(random, [`${elsewhere}/elsewhere/v1/chat/completions`, '/elsewhere/v1/messages'])
  return { redirectTo: to, status: pick(random, [301, 302, 303, 307, 308]) }
}

/** What came in against what is on record, for all the requests of one server. */
async function compareRecord(
  { counts }: Run,
  told: { readonly strata: RunningStrata; readonly asked: readonly Asked[]; readonly arrivals: readonly Arrival[] },
): Promise<void> {
  const { strata, asked, arrivals } = told
  const intents = countBy(readIntents(strata.folder))
  const { store } = strata.platform
  await store.flush()
  const rows = await store.sql.selectFrom('call').select(['root_id', 'name']).where('kind', '=', 'dispatch').execute()
  const dispatches = countBy(rows.map((row) => `${row.root_id} ${row.name}`))
  const callIds = new Map(asked.map((one) => [one.tag, one.callId ?? 'no call']))
  for (const [key, count] of countBy(arrivals.map(({ tag, endpoint }) => `${callIds.get(tag)} ${endpoint}`))) {
    counts.withoutDispatch += Math.max(0, count - (dispatches.get(key) ?? 0))
    counts.withoutIntent += Math.max(0, count - (intents.get(key) ?? 0))
  }
  const sent = countBy(arrivals.map(({ tag }) => tag))
  for (const { tag, callsMax } of asked) {
    const count = sent.get(tag) ?? 0
    counts.furtherArrivals += Math.max(0, count - 1)
    if (count > callsMax) counts.aboveCallsMax++
  }
}

/** `ROOT ENDPOINT` of each intent in the journal. Its lines are described in the store's own folder. */
function readIntents(folder: string): readonly string[] {
  const journals = readdirSync(folder).filter((name) => name.endsWith('.log'))
  const lines = journals.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  return lines.flatMap((line) => {
    const [, letter, root, , , , endpoint] = line.split('\t')
    return letter === 'I' ? [`${root} ${endpoint}`] : []
  })
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
