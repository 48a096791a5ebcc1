import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { configSchema } from '../../src/config/index.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { createIds } from '../../src/core/ids.ts'
import { createSeededRandom, createSystemRandom, type Random } from '../../src/core/random.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createAuditLog, readAuditKey, verifyExport } from '../../src/governance/index.ts'
import { createStore, toPicodollars, type Store } from '../../src/store/index.ts'
import type { Behaviour } from './behaviour.ts'
import { startMockUpstream, type MockUpstream } from './mock-upstream.ts'
import { silentLog } from './silent-log.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

export interface CrashOptions {
  readonly kills: number
  readonly seed: number
  /** Requests under way at once. */
  readonly connections: number
  readonly onKill?: (kill: number, answered: number) => void
}

/** What a server that was killed again and again has on record, beside what its clients and its upstream saw. */
export interface CrashOutcome {
  readonly kills: number
  /** Requests whose client saw the whole answer. */
  readonly answered: number
  /** Requests that came to the upstream. */
  readonly arrived: number
  /** Answered requests without exactly a root and a dispatch, both `ok`. */
  readonly missing: number
  /** Requests that are on record as answered more than once. */
  readonly doubled: number
  /** Dispatches on record as `ok` whose usage or cost is not that of the answer. */
  readonly wrongCosts: number
  /** Dispatches that a death cut short, and those of them that claim a usage or a cost. */
  readonly interrupted: number
  readonly interruptedWithFigures: number
  /** Arrivals at the upstream that have no dispatch on record. */
  readonly unrecorded: number
  /** Exit code of the last server, which was asked to stop as soon as it served. */
  readonly exitCode: number | null
  /** Intents, journals and their locks that are left when all is folded. */
  readonly leftovers: number
  /** What SQLite's own check says: `ok`. */
  readonly integrity: string
  /** Trees on record that are not in the audit log, or records of it beyond them. */
  readonly unsealed: number
  /** What verifying the export of the audit log found. */
  readonly auditFindings: readonly string[]
}

/** A server lives until it has answered so often, however slow the machine is; one that does not get there is killed all the same. */
const answersPerLife = 12
const answersMsMax = 30_000
const adminKey = 'sk-strata-of-a-server-that-is-killed-0123456789'
const picodollarsIn = 150_000n
const picodollarsOut = 600_000n

/** Runs the real server under load, kills it at random moments, starts it again on the same folder, and reads its record. */
export async function runCrash(options: CrashOptions): Promise<CrashOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-crash-'))
  const random = createSeededRandom(options.seed)
  const mock = await startMockUpstream()
  const load = createLoad(random, options.connections)
  let arrived = 0
  let server: ServerProcess | undefined
  try {
    mock.respondWith((request) => toBehaviour(readNumber(request.text)))
    for (let kill = 1; kill <= options.kills; kill++) {
      server = await startServerProcess({ folder, config: toConfig(mock), adminKey })
      const before = load.answered.size
      const broken = load.run(server.url)
      for (let waited = 0; waited < answersMsMax && load.answered.size < before + answersPerLife; waited += 5)
        await sleep(5)
      await sleep(40 + random.next() * 400)
      await server.kill()
      await broken
      arrived += mock.requests.length
      mock.reset()
      mock.respondWith((request) => toBehaviour(readNumber(request.text)))
      options.onKill?.(kill, load.answered.size)
    }
    server = await startServerProcess({ folder, config: toConfig(mock), adminKey })
    const exitCode = await server.stop()
    return {
      kills: options.kills,
      arrived,
      exitCode,
      ...(await readRecord(folder, { answered: load.answered, arrived })),
    }
  } finally {
    await server?.kill()
    await mock.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function toConfig(mock: MockUpstream): JsonObject {
  const price = { input: '0.15', output: '0.60' }
  const place = { processing: ['local'], storage: ['local'] }
  return {
    endpoints: { here: { dialect: 'openai', url: mock.url, model: 'mock', key: 'secret', price, ...place } },
    models: { everyday: { endpoint: 'here' } },
    server: { port: 0, host: '127.0.0.1' },
    store: { folder: '.', foldMs: 20 },
  }
}

/** Each request has a number of its own, which comes back as its usage: what is on record can be told apart. */
function toUsage(number: number): { readonly inputTotal: number; readonly outputTotal: number } {
  return { inputTotal: 10 + number, outputTotal: 1 + (number % 97) }
}

function toBehaviour(number: number): Behaviour {
  const script = { text: 'a few words of an answer, in pieces', usage: toUsage(number) }
  return { script, firstEventDelayMs: (number * 7) % 12, eventDelayMs: number % 3 }
}

function readNumber(text: string): number {
  return Number(/request (\d+)/.exec(text)?.[1] ?? 0)
}

interface Load {
  /** The number of each request that was answered whole, by the id of its call. */
  readonly answered: ReadonlyMap<string, number>
  /** Sends requests until the server is gone. */
  run(url: string): Promise<void>
}

function createLoad(random: Random, connections: number): Load {
  const answered = new Map<string, number>()
  let next = 0
  const client = async (url: string): Promise<void> => {
    for (;;) {
      const number = next++
      const id = await ask(url, { number, stream: random.next() < 0.5 }).catch(() => undefined)
      if (id === undefined) return
      answered.set(id, number)
    }
  }
  return {
    answered,
    async run(url) {
      await Promise.all(Array.from({ length: connections }, () => client(url)))
    },
  }
}

/** The id of the call once the answer is there to its end; `undefined` when it is not. */
async function ask(
  url: string,
  { number, stream }: { readonly number: number; readonly stream: boolean },
): Promise<string | undefined> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
    body: JSON.stringify({ model: 'everyday', stream, messages: [{ role: 'user', content: `request ${number}` }] }),
  })
  const text = await response.text()
  const isWhole = stream ? text.trimEnd().endsWith('data: [DONE]') : text.includes('"finish_reason":"stop"')
  return response.status === 200 && isWhole ? (response.headers.get('x-strata-call') ?? undefined) : undefined
}

type Seen = { readonly answered: ReadonlyMap<string, number>; readonly arrived: number }
type CallRows = Awaited<ReturnType<typeof readCalls>>

async function readRecord(folder: string, seen: Seen): Promise<Omit<CrashOutcome, 'kills' | 'arrived' | 'exitCode'>> {
  const config = configSchema.parse({ store: { folder } }).store
  const journals = readdirSync(folder).filter((name) => name.startsWith('journal-'))
  const store = await createStore({ config, clock: createSystemClock(), log: silentLog })
  try {
    await store.flush()
    const rows = await readCalls(store)
    const intents = await store.sql.selectFrom('intent').selectAll().execute()
    const { rows: verdict } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(store.sql)
    const dispatches = rows.filter((row) => row.kind === 'dispatch')
    const ok = dispatches.filter((row) => row.status === 'ok')
    const interrupted = rows.filter((row) => row.status === 'interrupted')
    return {
      answered: seen.answered.size,
      missing: countMissing(rows, seen.answered),
      doubled: ok.length - new Set(ok.map((row) => row.input_total)).size,
      wrongCosts: ok.filter((row) => !isRight(row, seen.answered.get(row.root_id))).length,
      interrupted: interrupted.filter((row) => row.kind === 'dispatch').length,
      interruptedWithFigures: interrupted.filter((row) => row.usage_source !== null || row.cost !== null).length,
      unrecorded: Math.max(0, seen.arrived - dispatches.length),
      leftovers: intents.length + journals.length,
      integrity: verdict.map((row) => row.integrity_check).join(', '),
      ...(await readAudit(store, folder)),
    }
  } finally {
    await store.close()
  }
}

/** The audit log, as an auditor reads it with the public key alone. */
async function readAudit(store: Store, folder: string): Promise<Pick<CrashOutcome, 'unsealed' | 'auditFindings'>> {
  const clock = createSystemClock()
  const ids = createIds({ clock, random: createSystemRandom() })
  const key = readAuditKey(readFileSync(join(folder, 'audit-key.pem'), 'utf8'))
  const audit = createAuditLog({ store, clock, ids, log: silentLog, key, origin: 'strata', sealMs: 3_600_000 })
  let sealed = 0
  async function* read(): AsyncGenerator<string> {
    for await (const line of audit.export({ tenant: undefined })) {
      if (/^record\t\d+\t{"calls":\[{/.test(line)) sealed += 1
      yield line
    }
  }
  try {
    const { findings } = await verifyExport(read(), { verifierKey: audit.verifierKey })
    const rows = await readCalls(store)
    const roots = rows.filter(({ id, root_id: root }) => id === root)
    return {
      unsealed: Math.abs(roots.length - sealed),
      auditFindings: findings.map(({ type, message }) => `${type}: ${message}`),
    }
  } finally {
    await audit.close()
  }
}

function readCalls(store: Store) {
  return store.sql
    .selectFrom('call')
    .select(['id', 'root_id', 'kind', 'status', 'usage_source', 'input_total', 'output_total', 'cost'])
    .execute()
}

function countMissing(rows: CallRows, answered: ReadonlyMap<string, number>): number {
  const trees = new Map<string, string[]>()
  for (const row of rows) {
    const tree = trees.get(row.root_id)
    if (tree === undefined) trees.set(row.root_id, [`${row.kind} ${row.status}`])
    else tree.push(`${row.kind} ${row.status}`)
  }
  const whole = 'dispatch ok,request ok'
  return [...answered.keys()].filter((id) => trees.get(id)?.toSorted().join(',') !== whole).length
}

/** Whether a dispatch says the usage of its answer, and its cost is that usage at the price. */
function isRight(row: CallRows[number], number: number | undefined): boolean {
  const { input_total: input, output_total: output } = row
  if (input === null || output === null) return false
  const expected = toUsage(number ?? input - 10) // who did not see its answer has left no number, but its input has
  const cost = BigInt(input) * picodollarsIn + BigInt(output) * picodollarsOut
  return input === expected.inputTotal && output === expected.outputTotal && toPicodollars(row.cost) === cost
}
