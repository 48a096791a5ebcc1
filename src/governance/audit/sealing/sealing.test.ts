import * as fc from 'fast-check'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import type { CallFacts } from '../../../core/call.ts'
import { createIds } from '../../../core/ids.ts'
import { createSeededRandom } from '../../../core/random.ts'
import { createFacts } from '../../../core/testing.ts'
import { createFakeClock } from '../../../core/time.ts'
import type { Store } from '../../../store/index.ts'
import { describeEngines, silentLog } from '../../../store/testing.ts'
import { createAuditKey, createAuditLog, readAuditKey, verifyExport, type AuditLog } from '../index.ts'
import { hashLeaf } from '../merkle.ts'
import { pageLeavesMax, pageLeavesMin, readPage, toPages, type LastPage } from '../pages.ts'
import { readRecords } from '../records.ts'
import { createAuditStore, type PageRow, type StoredLeaf } from '../store.ts'

const startMs = Date.parse('2026-12-02T08:00:00Z')
const key = readAuditKey(createAuditKey())
const opened: AuditLog[] = []

afterEach(async () => {
  for (const audit of opened.splice(0)) await audit.close()
})

function openLog(store: Store): AuditLog {
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSeededRandom(7) })
  const audit = createAuditLog({ store, clock, ids, log: silentLog, key, origin: 'test', sealMs: 3_600_000 })
  opened.push(audit)
  return audit
}

function toId(number: number): string {
  return `call_${String(number).padStart(8, '0')}`
}

function toCall(number: number, tenant = 'default'): readonly CallFacts[] {
  const id = toId(number)
  const times = { startedAtMs: startMs + number, durationMs: 1.25, firstByteMs: 0.5 }
  const root = createFacts({ id, name: 'chat', tenant, ...times, cost: 5n })
  return [root, { ...root, id: `${id}.1`, parentId: id, kind: 'dispatch', name: 'plain', regions: ['de'] }]
}

async function listLeaves(store: Store): Promise<readonly StoredLeaf[]> {
  await store.flush()
  return createAuditStore(store).listLeaves({ from: 0, limit: 1_000_000 })
}

async function countWaiting(store: Store): Promise<number> {
  return (await store.sql.selectFrom('outbox').select('number').execute()).length
}

async function verify(audit: AuditLog): Promise<{ readonly isProven: boolean; readonly records: number }> {
  return verifyExport(audit.export({ tenant: undefined }), { verifierKey: audit.verifierKey })
}

describeEngines('the leaf of a call', (open) => {
  test('made while it is folded is that of the record made from the tables, for any call', async () => {
    const store = await open({ config: { foldMs: 60_000 } })
    openLog(store)
    let number = 0
    const trees = fc.array(arbitraryTree, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(trees, async (given) => {
        const before = (await listLeaves(store)).length
        for (const toFacts of given) store.recorder.settle(toFacts(toId(++number)))
        const leaves = (await listLeaves(store)).slice(before)
        expect(leaves).toHaveLength(given.length)
        const subjects = leaves.map(({ kind, tenant, subject: id }) => ({ kind, tenant, id }))
        const records = await readRecords({ store: createAuditStore(store), calls: store.calls }, subjects)
        for (const { subject, sequence, hash } of leaves) {
          const record = records.get(subject)?.(sequence) ?? ''
          expect(record).toContain(`"root":${JSON.stringify(subject)}`)
          expect(hashLeaf(Buffer.from(record)).toString('hex'), record).toBe(hash)
        }
      }),
      { numRuns: 40, seed: 17 },
    )
    expect(await countWaiting(store)).toBe(0)
  }, 60_000)

  test('is in the log from the commit of the call on, and under a checkpoint from the next sealing on', async () => {
    const store = await open()
    const audit = openLog(store)
    store.recorder.settle(toCall(1))
    store.recorder.settle(toCall(2, 'acme'))
    expect((await listLeaves(store)).map(({ tenant, subject, sequence }) => [tenant, subject, sequence])).toEqual([
      ['default', toId(1), 1],
      ['acme', toId(2), 1],
    ])
    expect([await countWaiting(store), await audit.checkpoint()]).toEqual([0, undefined])
    await audit.act('default', { act: 'key.create', key: 'key_2' })
    expect(await countWaiting(store)).toBe(1)
    expect(await audit.seal()).toBe(3)
    expect(await countWaiting(store)).toBe(0)
    expect(await verify(audit)).toMatchObject({ isProven: true, records: 3 })
  })

  test('waits in the outbox while nobody attends, is made from the tables, and once only', async () => {
    const store = await open({ config: { foldMs: 60_000 } })
    for (let number = 1; number <= 3; number++) store.recorder.settle(toCall(number))
    await store.flush()
    const audit = openLog(store)
    store.recorder.settle(toCall(4))
    await store.flush()
    const waiting = { journal_id: '', at_ms: 0, calls: JSON.stringify([['default', toId(4)]]) }
    await store.sql.insertInto('outbox').values(waiting).execute()
    expect(await countWaiting(store)).toBe(2)
    expect(await audit.seal()).toBe(4)
    expect(await countWaiting(store)).toBe(0)
    expect((await listLeaves(store)).map(({ subject }) => subject).toSorted()).toEqual([1, 2, 3, 4].map(toId))
    expect(await verify(audit)).toMatchObject({ isProven: true, records: 4 })
  })

  test('that cannot be made holds no call back: it follows when it can', async () => {
    const store = await open()
    const audit = openLog(store)
    await sql`alter table audit_page rename to hidden`.execute(store.sql)
    store.recorder.settle(toCall(1))
    await store.flush()
    expect(await store.calls.find('default', toId(1))).toHaveLength(2)
    await expect(audit.seal()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await sql`alter table hidden rename to audit_page`.execute(store.sql)
    store.recorder.settle(toCall(2))
    expect(await audit.seal()).toBe(2)
    expect(await verify(audit)).toMatchObject({ isProven: true, records: 2 })
  })

  test('has the next number of its tenant whichever process folds it', async () => {
    const place = await open.createPlace()
    // On SQLite a folder has one process at a time, but two writers all the same: the journals are told apart by their ids.
    const stores = [await open({ place }), await open({ place })]
    const logs = stores.map(openLog)
    const tenants = ['default', 'acme', 'umbrella']
    await Promise.all(
      stores.map(async (store, own) => {
        for (let round = 0; round < 12; round++) {
          for (let index = 0; index < 40; index++) {
            const number = own * 10_000 + round * 100 + index
            store.recorder.settle(toCall(number, tenants[number % tenants.length]))
          }
          await Promise.all([store.flush(), round % 4 === 0 ? logs[own]?.seal() : undefined])
        }
      }),
    )
    const [audit] = logs
    if (audit === undefined) throw new Error('a log was opened')
    await audit.seal()
    expect(await verify(audit)).toMatchObject({ isProven: true, records: 960 })
  }, 60_000)
})

describe('pages', () => {
  test('hold every leaf in its place, however leaves come', () => {
    const run = fc.record({ tenant: fc.constantFrom('a', 'b', 'ü"\n'), count: fc.integer({ min: 1, max: 1_500 }) })
    fc.assert(
      fc.property(fc.array(fc.array(run, { maxLength: 3 }), { maxLength: 8 }), (transactions) => {
        const pages = new Map<number, PageRow & LastPage>()
        const expected: unknown[] = []
        const counts = new Map<string, number>()
        for (const runs of transactions) {
          const size = expected.length
          const given = runs.map(({ tenant, count }) => {
            const sequence = (counts.get(tenant) ?? 0) + 1
            counts.set(tenant, sequence + count - 1)
            const leaves = Array.from({ length: count }, (_, index) => {
              const subject = index % 5 === 0 ? `act_${tenant}${sequence + index}` : `call_${tenant}${sequence + index}`
              const hash = String(expected.length).padStart(64, '0')
              const kind = index % 5 === 0 ? 'act' : 'call'
              expected.push({ place: expected.length, tenant, sequence: sequence + index, kind, subject, hash })
              return { subject, hash }
            })
            return {
              tenant,
              sequence,
              subjects: leaves.map((leaf) => leaf.subject),
              hashes: leaves.map((leaf) => Buffer.from(leaf.hash, 'hex').toString('latin1')),
            }
          })
          for (const page of toPages(given, size, [...pages.values()].at(-1))) {
            const former = pages.get(page.place)
            expect(page.isNew).toBe(former === undefined)
            const entries = (former?.entries ?? '') + page.entries
            pages.set(page.place, { ...page, entries, hashes: (former?.hashes ?? '') + page.hashes })
          }
        }
        const all = [...pages.values()]
        expect(all.flatMap((page) => [...readPage(page)])).toEqual(expected)
        for (const [index, page] of all.entries()) {
          const calls = [...readPage(page)]
            .filter(({ kind }) => kind === 'call')
            .map(({ subject }) => subject)
            .toSorted()
          expect([page.firstCall, page.lastCall]).toEqual([calls.at(0), calls.at(-1)])
          expect(page.count).toBeLessThanOrEqual(pageLeavesMax)
          if (index < all.length - 1) expect(page.count).toBeGreaterThanOrEqual(pageLeavesMin)
        }
      }),
      { numRuns: 40, seed: 5 },
    )
  }, 60_000)
})

const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((value) => !value.includes('\0') && value.isWellFormed())
const word = text.filter((value) => value !== '')
const count = fc.option(fc.maxSafeNat(), { nil: undefined })
const micros = fc.nat(5_000_000_000).map((value) => value / 1_000)
const jsonObject = fc
  .dictionary(text, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true, maxKeys: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as CallFacts['detail']) // as JSON carries it

const anyNode = fc.record({
  kind: fc.constantFrom('model' as const, 'dispatch' as const),
  name: text,
  startedAtMs: fc.nat(4_000_000_000_000),
  durationMs: micros,
  firstByteMs: fc.option(micros, { nil: undefined }),
  status: fc.constantFrom('ok' as const, 'error' as const, 'cancelled' as const, 'interrupted' as const),
  errorCode: fc.constantFrom(undefined, 'UPSTREAM_CUT' as const, 'CANCELLED' as const),
  vendorModel: fc.option(word, { nil: undefined }),
  regions: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }),
  usage: fc.option(
    fc.record({
      inputTotal: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      outputTotal: count,
      reasoning: count,
      raw: fc.constant(undefined),
      source: fc.constantFrom('reported' as const, 'estimated' as const),
    }),
    { nil: undefined },
  ),
  cost: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n }), { nil: undefined }),
  priceVersion: fc.option(word, { nil: undefined }),
  detail: fc.option(jsonObject, { nil: undefined }),
})

const usualNode = {
  kind: 'dispatch',
  name: 'plain',
  startedAtMs: startMs,
  durationMs: 12.5,
  firstByteMs: 3.25,
  status: 'ok',
  errorCode: undefined,
  vendorModel: 'large-1',
  regions: ['de'],
  usage: {
    inputTotal: 12,
    cacheRead: undefined,
    cacheWrite5m: undefined,
    cacheWrite1h: undefined,
    outputTotal: 3,
    reasoning: undefined,
    raw: undefined,
    source: 'reported',
  },
  cost: 5n,
  priceVersion: 'catalogue',
  detail: { attempt: 1, reason: 'first', sent: true },
} as const

/** Most are like another in all but one thing: what is kept of those seen before must not stand for it. */
const nearlyUsual = fc
  .tuple(fc.constantFrom(...(Object.keys(usualNode) as (keyof typeof usualNode)[])), anyNode)
  .map(([name, other]) => ({ ...usualNode, [name]: other[name] }))
const arbitraryNode = fc.oneof({ weight: 2, arbitrary: nearlyUsual }, { weight: 1, arbitrary: anyNode })

/** Ids as calls make them, and others; now and then the same twice. */
const suffix = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }).map((number) => `.${number}`) },
  {
    weight: 1,
    arbitrary: word.map((other) => `/${other}`),
  },
)

/** A tree in any order of its nodes, as soon as its root has an id. */
const arbitraryTree = fc
  .record({
    tenant: word,
    keyId: text,
    root: arbitraryNode,
    rootAt: fc.nat(),
    nodes: fc.array(fc.tuple(suffix, fc.boolean(), arbitraryNode), { maxLength: 14 }),
  })
  .map(({ tenant, keyId, root, rootAt, nodes }) => (id: string): readonly CallFacts[] => {
    const shared = { rootId: id, tenant, keyId }
    const facts: CallFacts[] = nodes.map(([ending, isNested, node], index) => {
      const parentId = isNested && index > 0 ? `${id}${nodes[index - 1]?.[0] ?? ''}` : id
      return { ...node, ...shared, id: `${id}${ending}`, parentId }
    })
    facts.splice(rootAt % (facts.length + 1), 0, { ...root, ...shared, id, parentId: undefined, kind: 'request' })
    return facts
  })
