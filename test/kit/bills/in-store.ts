import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createFakeClock } from '../../../src/core/time.ts'
import { accountSchema, createBilling, planSchema, verifyInvoice } from '../../../src/investment/index.ts'
import { createStore, type Store } from '../../../src/store/index.ts'
import { addsUp, compareTotals } from './compare.ts'
import type { BillsRun } from './run.ts'
import { createWorld, toEvent, toPlan, type World } from './world.ts'

export interface StoredFigures {
  readonly histories: number
  readonly invoices: number
  /** Writes that were broken off before they committed; each event is sent again after that. */
  readonly failedWrites: number
  readonly wrongTotals: number
  readonly wrongSums: number
  readonly wrongHashes: number
}

const ends = [2, 3, 4, 5, 6].map((month) => Date.UTC(2026, month - 1))
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** The same histories through the database: events one by one as they arrive, lost ones as writes that fail before they commit. */
export async function runBillsInStore(run: Pick<BillsRun, 'histories' | 'seed' | 'onFault'>): Promise<StoredFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-bills-'))
  const config = {
    url: 'sqlite:',
    folder,
    foldMs: 5,
    foldRowsMax: 2_000,
    journalBytesMax: 67_108_864,
    connectionsMax: 4,
  }
  const store = await createStore({ config, clock: createFakeClock(ends[0] ?? 0), log: silent })
  try {
    return await runOn(store, run)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOn(store: Store, run: Pick<BillsRun, 'histories' | 'seed' | 'onFault'>): Promise<StoredFigures> {
  const random = createSeededRandom(run.seed)
  const found = { histories: 0, invoices: 0, failedWrites: 0, wrongTotals: 0, wrongSums: 0, wrongHashes: 0 }
  for (let index = 0; index < run.histories; index++) {
    const world = createWorld(random)
    const { invoices, failedWrites } = await bill(store, world, `t${index}`)
    found.histories++
    found.invoices += invoices.length
    found.failedWrites += failedWrites
    const wrong = compareTotals(
      world,
      invoices.map(({ invoice }) => invoice),
    )
    if (wrong !== undefined) {
      found.wrongTotals++
      run.onFault?.(`stored history ${index}: ${wrong}`)
    }
    for (const stored of invoices) {
      if (!addsUp(stored.invoice)) found.wrongSums++
      const { isEqual, hash } = verifyInvoice(stored)
      if (!isEqual || hash !== stored.hash) found.wrongHashes++
    }
  }
  return found
}

/** One history of a tenant of its own, at the times at which things happen. */
async function bill(store: Store, world: World, tenant: string) {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const state = { breaks: false, failedWrites: 0 }
  const breaking = {
    sql: store.sql,
    flush: () => Promise.resolve(), // there are no calls
    transaction: ((work) =>
      store.transaction(async (sql) => {
        const result = await work(sql)
        if (state.breaks) throw new Error('broken off before the commit')
        return result
      })) as Store['transaction'],
  }
  const outcomes = { on: () => ({ read: () => Promise.resolve([]) }) }
  const billing = createBilling({ store: breaking, clock, outcomes, sinks: () => [] })
  const starts = new Date(Date.UTC(2026, 0, world.prices.firstDay)).toISOString()
  await billing.putPlan(tenant, planSchema.parse(toPlan(world.prices)))
  await billing.putAccount(tenant, accountSchema.parse({ id: 'acme', name: 'Acme', plan: 'plan', starts_at: starts }))
  const pending = [...ends]
  const closeUntil = async (atMs: number): Promise<void> => {
    while (pending[0] !== undefined && pending[0] <= atMs) {
      clock.advance(Math.max(0, pending[0] - clock.now()))
      pending.shift()
      await billing.close(tenant, 'acme', undefined)
    }
  }
  for (const { fact, receivedMs, isLost } of world.sendings.toSorted(
    (left, right) => left.receivedMs - right.receivedMs,
  )) {
    await closeUntil(receivedMs)
    clock.advance(Math.max(0, receivedMs - clock.now()))
    state.breaks = isLost
    const sent = billing.record(tenant, [{ ...toEvent(fact), account: 'acme' }])
    if (isLost) await sent.catch(() => state.failedWrites++)
    else await sent
    state.breaks = false
  }
  await closeUntil(ends.at(-1) ?? 0)
  return { invoices: await billing.listInvoices(tenant, 'acme'), failedWrites: state.failedWrites }
}
