import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createFakeClock } from '../../../src/core/time.ts'
import { createLedger, type AccountKey, type Audit } from '../../../src/investment/ledger/index.ts'
import { createHistory, Reference } from '../../../src/investment/ledger/testing.ts'
import { startProcess } from './start-process.ts'
import { createSpender, tenant, type Spender } from './spender.ts'

const limit = 3n * 10n ** 12n

/** Figures of an audit that are 0 when the books are right, summed. */
export function countFaults({ unequal, unheld, phantoms, overspent, unsound }: Audit): number {
  return unequal + unheld + phantoms + overspent + unsound
}

export interface HistoryOutcome {
  readonly operations: number
  /** Outcomes that are not the reference's. */
  readonly differences: number
  /** Accounts whose end is not the reference's. */
  readonly unequal: number
  readonly audit: Audit
  readonly perSecond: number
}

/** Random operations on SQLite, beside the reference: repeated, late, reordered, under a clock that jumps. */
export async function runHistory(options: {
  readonly operations: number
  readonly seed: number
}): Promise<HistoryOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-ledger-'))
  const spender = await createSpender({ folder })
  const clock = createFakeClock(1_795_000_000_000)
  const ledger = createLedger({ store: spender.store, clock })
  const numbers = await ledger.open(toKeys(4))
  const startedMs = performance.now()
  let differences = 0
  let done = 0
  const reference = createReference(numbers)
  const random = createSeededRandom(options.seed)
  const next = createHistory({ random, accounts: numbers, owner: 'one', prefix: 'h' })
  while (done < options.operations) {
    clock.advance(random.next() < 0.01 ? -Math.floor(random.next() * 300) : Math.floor(random.next() * 20))
    const batch = Array.from({ length: Math.min(64, options.operations - done) }, () => next(clock.now()))
    // All are asked at once: the first goes by itself, the others together in the next transaction, at the same instant.
    const outcomes = await Promise.all(batch.map((operation) => ledger.run(operation)))
    const nowMs = clock.now()
    const expected = [batch.slice(0, 1), batch.slice(1)].flatMap((part) => reference.applyBatch(part, nowMs))
    differences += expected.filter((type, index) => type !== outcomes[index]?.type).length
    reference.forget(300)
    done += batch.length
  }
  const perSecond = done / ((performance.now() - startedMs) / 1_000)
  const accounts = await ledger.read({ numbers })
  const unequal = accounts.filter(
    ({ id, spent, held }) => spent !== reference.spent(id) || held !== reference.held(id),
  ).length
  const audit = await ledger.audit(1_000)
  await spender.close()
  rmSync(folder, { recursive: true, force: true })
  return { operations: done, differences, unequal, audit, perSecond }
}

function createReference(numbers: readonly number[]): Reference {
  return new Reference([0, ...numbers].map(() => ({ limit, spanMs: undefined })))
}

export function toKeys(count: number): readonly AccountKey[] {
  const key = { tenant, subject: '', startsAtMs: 0, endsAtMs: undefined, spanMs: undefined, limit }
  return Array.from({ length: count }, (_, index) => ({ ...key, budget: `b${index}` }))
}

export interface KillsOutcome {
  readonly kills: number
  readonly faults: number
  /** Held after everything was recovered: nothing may be. */
  readonly phantoms: bigint
  /** Spent beyond the limit, and what calls on record cost beyond what is booked. */
  readonly overspend: bigint
  readonly unbooked: bigint
}

/** Two processes spend one budget, and are killed again and again; who comes next recovers what they left. */
export async function runKills(options: { readonly seed: number; readonly kills: number }): Promise<KillsOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-ledger-'))
  const random = createSeededRandom(options.seed)
  const first = await createSpender({ folder })
  await first.spending.budgets.create(tenant, { name: 'all', limit: '0.001' })
  await first.close()
  for (let kill = 0; kill < options.kills; kill++) {
    const both = [0, 1].map((part) => startProcess({ mode: 'spend', folder, seed: options.seed + kill * 2 + part }))
    await Promise.all(both.map(({ ready }) => ready))
    await sleep(50 + random.next() * 300)
    for (const { child } of both) child.kill('SIGKILL')
    await Promise.all(both.map(({ closed }) => closed))
  }
  const last = await createSpender({ folder })
  await last.store.flush()
  const [account] = await last.spending.ledger.read({ tenant })
  const audit = await last.spending.ledger.audit(60_000)
  const calls = await last.store.sql.selectFrom('call').select('cost').where('kind', '=', 'dispatch').execute()
  // What nobody saw end; where a journal was recovered after the lease had run out, it is an overrun.
  const unseen = ['assume', 'overrun']
  const assumed = await last.store.sql.selectFrom('transfer').select('amount').where('kind', 'in', unseen).execute()
  const cost = calls.reduce((sum, row) => sum + BigInt(row.cost ?? 0), 0n)
  const booked = (account?.spent ?? 0n) - assumed.reduce((sum, row) => sum + BigInt(row.amount), 0n)
  await last.close()
  rmSync(folder, { recursive: true, force: true })
  const over = (account?.spent ?? 0n) - (account?.limit ?? 0n)
  const overspend = over > 0n ? over : 0n
  return {
    kills: options.kills * 2,
    faults: countFaults(audit),
    phantoms: account?.held ?? -1n,
    overspend,
    unbooked: cost - booked,
  }
}

export interface OverlapOutcome {
  readonly requests: number
  readonly answered: number
  readonly spent: number
  readonly limit: number
}

/** Overlapping requests on one budget that is nearly empty, with costs of a long tail: a third of the worst case in the mean. */
export async function runOverlap(options: {
  readonly requests: number
  readonly seed: number
}): Promise<OverlapOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-ledger-'))
  const spender = await createSpender({ folder })
  const worst = 1_780
  await spender.spending.budgets.create(tenant, { name: 'all', limit: '0.0000001' }) // 100,000 tokens
  const random = createSeededRandom(options.seed)
  let answered = 0
  const asked = Array.from({ length: options.requests }, async () => {
    const arrivesMs = random.next() * 200
    const wished = Math.ceil(random.next() ** 2 * (worst - 10))
    await sleep(arrivesMs)
    const dispatch = await spender.begin({ outputTokensMax: worst - 10 }).catch(() => undefined)
    if (dispatch === undefined) return 0
    answered += 1
    const output = Math.min(wished, dispatch.hold.outputTokensCap ?? wished)
    await sleep(5 + output / 50)
    spender.end(dispatch, { input: 10, output })
    return 10 + output
  })
  const spent = (await Promise.all(asked)).reduce((sum, cost) => sum + cost, 0)
  await spender.close()
  rmSync(folder, { recursive: true, force: true })
  return { requests: options.requests, answered, spent, limit: 100_000 }
}

export interface PaceOutcome {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of one pair beyond that of a call without budgets, the folding thread included, microseconds. */
  readonly cpuAddedMicroseconds: number
}

/** Holding and settling at a constant rate, then as fast as it goes with and without a budget. */
export async function runPace(options: { readonly perSecond: number; readonly seconds: number }): Promise<PaceOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-ledger-'))
  const spender = await createSpender({ folder })
  await spender.spending.budgets.create(tenant, { name: 'all', limit: '1000' })
  const times: number[] = []
  const startedMs = performance.now()
  const total = options.perSecond * options.seconds
  for (let index = 0; index < total; index++) {
    const dueMs = startedMs + (index * 1_000) / options.perSecond
    while (performance.now() < dueMs) await new Promise((resolve) => setImmediate(resolve))
    times.push(await pair(spender))
  }
  times.sort((one, other) => one - other)
  const limited = (): Promise<void> => spendOnce(spender)
  const free = (): Promise<void> => Promise.resolve(spender.record())
  // In turns, so that neither pays for the compiling and the noise of the other; the first turn is a warm-up.
  const added: number[] = []
  for (let turn = 0; turn < 8; turn++)
    added.push((await measureCpu(limited, spender)) - (await measureCpu(free, spender)))
  added.splice(0, 1)
  added.sort((one, other) => one - other)
  await spender.close()
  rmSync(folder, { recursive: true, force: true })
  return {
    p50Ms: times[Math.floor(total * 0.5)] ?? Number.NaN,
    p99Ms: times[Math.floor(total * 0.99)] ?? Number.NaN,
    cpuAddedMicroseconds: added[Math.floor(added.length / 2)] ?? Number.NaN,
  }
}

async function pair(spender: Spender): Promise<number> {
  const startedMs = performance.now()
  const dispatch = await spender.begin({})
  spender.end(dispatch, { input: 10, output: 5 })
  return performance.now() - startedMs
}

async function spendOnce(spender: Spender): Promise<void> {
  spender.end(await spender.begin({}), { input: 10, output: 5 })
}

/** Microseconds of processor time for one act, the folding included. */
async function measureCpu(act: () => Promise<void>, { store }: Spender): Promise<number> {
  const rounds = 8_000
  await store.flush()
  const before = process.cpuUsage()
  for (let index = 0; index < rounds; index++) await act()
  await store.flush()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / rounds
}

/** Pairs a second of several processes on one database. */
export async function runPairs(options: {
  readonly url: string
  readonly processes: number
  readonly ms: number
}): Promise<number> {
  const folders = Array.from({ length: options.processes }, () => mkdtempSync(join(tmpdir(), 'strata-ledger-')))
  const first = await createSpender({ folder: folders[0] ?? '', url: options.url })
  await first.spending.budgets.create(tenant, { name: 'all', limit: '1000' })
  await first.close()
  const children = folders.map((folder, seed) =>
    startProcess({ mode: 'spend', folder, url: options.url, seed, ms: options.ms }),
  )
  const said = await Promise.all(children.map(({ closed }) => closed))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  const pairs = said.reduce((sum, text) => sum + Number(text.trim().split('\n').at(-1)), 0)
  return pairs / (options.ms / 1_000)
}
