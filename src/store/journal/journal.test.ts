import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { CallFacts } from '../../core/call.ts'
import { createIntent, createRequest, createTree } from '../fixtures/trees.ts'
import type { Store } from '../index.ts'
import { describeEngines, type OpenStore, type Place } from '../testing.ts'

/** So long that nothing is folded unless somebody asks. */
const never = { foldMs: 60_000 }

describeEngines('journal', (open) => {
  test('wherever a death tears the journal, exactly the lines written whole are kept', async () => {
    const dead = await createDead(open, ['call_a', 'call_b', 'call_c'])
    const ends = [...dead.bytes].flatMap((byte, index) => (byte === 10 ? [index + 1] : []))
    const cuts = fc.integer({ min: 0, max: dead.bytes.length })
    await fc.assert(
      fc.asyncProperty(cuts, async (cut) => {
        const place = await open.createPlace()
        writeFileSync(join(place.folder, dead.name), dead.bytes.subarray(0, cut))
        const store = await open({ place })
        const whole = ends.filter((end) => end <= cut).length
        const roots = await store.calls.list('default', { limit: 10 })
        expect(roots.map((root) => root.id)).toEqual(['call_a', 'call_b', 'call_c'].slice(0, whole).toReversed())
        await store.close()
      }),
      { numRuns: 12, seed: 7, examples: [[0], [dead.bytes.length], [(ends[1] ?? 0) - 1]] },
    )
  })

  test('a damaged line is passed over and counted; those around it are kept', async () => {
    const dead = await createDead(open, ['call_a', 'call_b', 'call_c'])
    const bytes = Buffer.from(dead.bytes)
    bytes[bytes.indexOf(10) + 3] = 0x7a // in the length of the second line
    const place = await open.createPlace()
    writeFileSync(join(place.folder, dead.name), bytes)
    const store = await open({ place })
    const roots = await store.calls.list('default', { limit: 10 })
    expect(roots.map((root) => root.id)).toEqual(['call_c', 'call_a'])
    expect(store.stats().damaged).toBe(1)
  })

  test('a line of the right length that says no whole tree is passed over and counted', async () => {
    const dead = await createDead(open, ['call_a', 'call_b', 'call_c'])
    const bytes = Buffer.from(dead.bytes)
    bytes[bytes.indexOf(9, bytes.indexOf('everyday', bytes.indexOf('call_b')))] = 0x7a // two fields become one
    const place = await open.createPlace()
    writeFileSync(join(place.folder, dead.name), bytes)
    const store = await open({ place })
    const roots = await store.calls.list('default', { limit: 10 })
    expect(roots.map((root) => root.id)).toEqual(['call_c', 'call_a'])
    expect(store.stats().damaged).toBe(1)
  })

  test('intents of a dead process become interrupted calls with nothing invented, one each, and so does their root', async () => {
    const [place, other] = [await open.createPlace(), await open.createPlace()]
    const living = await open({ place: other, config: never })
    const intent = createIntent('call_a', 1)
    living.recorder.intend(intent)
    living.recorder.intend(createIntent('call_a', 2))
    living.recorder.intend(createIntent('call_b', 1))
    living.recorder.settle(createTree('call_b'))
    copyJournal(other, place)
    const store = await open({ place })
    const [root, first, second, ...more] = await store.calls.find('default', 'call_a')
    expect(more).toEqual([])
    const unknown = { usage: undefined, cost: undefined, errorCode: undefined, regions: undefined }
    expect(root).toMatchObject({ kind: 'request', status: 'interrupted', name: '(unknown)', parentId: undefined })
    expect(first).toMatchObject({ id: 'call_a.1', kind: 'dispatch', status: 'interrupted', name: 'laptop', ...unknown })
    expect(first).toMatchObject({ startedAtMs: intent.atMs, vendorModel: intent.vendorModel, parentId: 'call_a' })
    expect(second).toMatchObject({ id: 'call_a.2', status: 'interrupted' })
    expect((await store.calls.find('default', 'call_b')).map((fact) => fact.status)).toEqual(['ok', 'ok'])
    expect(readdirSync(place.folder).filter((name) => name.startsWith('journal-'))).toEqual([])
  })

  test('a journal found again after it was folded changes nothing', async () => {
    const dead = await createDead(open, ['call_a', 'call_b'])
    const place = await open.createPlace()
    for (let start = 0; start < 2; start++) {
      writeFileSync(join(place.folder, dead.name), dead.bytes)
      const store = await open({ place })
      expect(await store.calls.list('default', { limit: 10 })).toHaveLength(2)
      await store.close()
    }
  })

  test('a folding thread that is killed is replaced, and each call is in the database exactly once', async () => {
    const threads: Worker[] = []
    const watch = (thread: Worker): unknown => threads.push(thread)
    process.on('worker', watch)
    try {
      const store = await open({ config: { foldMs: 1, foldRowsMax: 20 } })
      for (let number = 0; number < 600; number++) {
        store.recorder.settle(createTree(toId(number)))
        if (number % 10 === 0) await setTimeout(1)
        if (number % 150 === 100) await replace(threads)
      }
      await store.flush()
      expect(threads).toHaveLength(5)
      const rows = await store.sql.selectFrom('call').select('id').execute()
      expect(rows).toHaveLength(1_200)
      expect(new Set(rows.map((row) => row.id)).size).toBe(1_200)
    } finally {
      process.off('worker', watch)
    }
  })

  test('a full journal refuses new dispatches, still takes what was let in, and opens again with the database', async () => {
    const place = await open.createPlace()
    const store = await open({ place, config: { journalBytesMax: 65_536 } })
    store.recorder.settle(createTree('call_0'))
    await store.flush()
    await whileLocked(await open({ place }), async () => {
      const admitted = fill(store)
      expect(() => store.recorder.intend(createIntent('call_late', 1))).toThrow(
        expect.objectContaining({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining('journalBytesMax') as string,
        }),
      )
      for (const rootId of admitted) store.recorder.settle(createTree(rootId))
      expect(store.stats().journalBytes).toBeGreaterThan(65_536)
      expect(store.stats()).toMatchObject({ pendingRows: 2 * admitted.length, dropped: 0 })
    })
    await store.flush()
    store.recorder.settle(createTree('call_after'))
    await store.flush()
    expect(store.stats()).toEqual({ journalBytes: 0, pendingRows: 0, dropped: 0, damaged: 0 })
    expect(await store.sql.selectFrom('intent').selectAll().execute()).toEqual([])
  })

  test('beyond the room for settlements they are refused and counted', async () => {
    const place = await open.createPlace()
    const store = await open({ place, config: { journalBytesMax: 65_536 } })
    await whileLocked(await open({ place }), async () => {
      const raw = 'x'.repeat(100_000)
      const settle = (): void => store.recorder.settle([createRequest({ rootId: 'call_a', detail: { raw } })])
      expect(() => {
        for (let number = 0; number < 20; number++) settle()
      }).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
      expect(store.stats().dropped).toBe(1)
    })
  })

  test('goes over many files and leaves one', async () => {
    const place = await open.createPlace()
    const store = await open({ place, config: { journalBytesMax: 65_536 } })
    for (let number = 0; number < 400; number++) {
      store.recorder.settle(createTree(toId(number)))
      if (number % 50 === 49) await store.flush()
    }
    const segments = readdirSync(place.folder).filter((name) => name.endsWith('.log'))
    expect(segments).toHaveLength(1)
    expect(segments[0]).not.toContain('-000001.log')
    expect(await store.calls.list('default', { limit: 1_000 })).toHaveLength(400)
    for (const name of readdirSync(place.folder).filter((file) => file.startsWith('journal-'))) {
      expect(statSync(join(place.folder, name)).mode & 0o777).toBe(0o600)
    }
  })

  test('takes a settlement larger than it reads at once', async () => {
    const store = await open()
    const raw = '词'.repeat(700_000)
    store.recorder.settle(createTree('call_a'))
    store.recorder.settle([createRequest({ rootId: 'call_b', detail: { raw } })])
    store.recorder.settle(createTree('call_c'))
    expect((await store.calls.find('default', 'call_b'))[0]?.detail).toEqual({ raw })
    expect(await store.calls.list('default', { limit: 10 })).toHaveLength(3)
  })

  test('gives back any facts as they were, whatever text is in them', async () => {
    const store = await open({ config: never })
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryFacts, { minLength: 1, maxLength: 5 }), async (trees) => {
        const expected = trees.map((facts) => ({ ...facts, id: toId(++number), rootId: toId(number) }))
        for (const facts of expected) store.recorder.settle([facts])
        for (const facts of expected) expect(await store.calls.find(facts.tenant, facts.id)).toEqual([facts])
      }),
      { numRuns: 40, seed: 11 },
    )
  })

  test('a database restored from a backup gives up the calls that were open when it was made', async () => {
    const place = await open.createPlace({ isEmpty: true })
    const living = await open()
    living.recorder.intend(createIntent('call_a', 1))
    await living.flush()
    if (open.engine === 'postgres') return // a copy is made by pg_dump; rows of other machines are never touched
    await living.backup(join(place.folder, 'strata.db'))
    const store = await open({ place })
    const [root] = await store.calls.find('default', 'call_a')
    expect(root?.status).toBe('interrupted')
    expect(await store.sql.selectFrom('journal').selectAll().execute()).toEqual([])
  })
})

const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .filter((value) => !value.includes('\0') && value.isWellFormed())
const word = text.filter((value) => value !== '')
const count = fc.option(fc.maxSafeNat(), { nil: undefined })
const arbitraryFacts: fc.Arbitrary<CallFacts> = fc.record({
  id: fc.constant(''),
  rootId: fc.constant(''),
  parentId: fc.constant(undefined),
  kind: fc.constantFrom('request', 'model', 'dispatch'),
  name: text,
  tenant: text,
  keyId: text,
  startedAtMs: fc.nat(4_000_000_000_000),
  durationMs: fc.nat(600_000_000).map((microseconds) => microseconds / 1_000),
  firstByteMs: fc.option(
    fc.nat(600_000_000).map((microseconds) => microseconds / 1_000),
    { nil: undefined },
  ),
  status: fc.constantFrom('ok', 'error', 'cancelled', 'interrupted'),
  errorCode: fc.constantFrom(undefined, 'UPSTREAM_CUT', 'CANCELLED'),
  vendorModel: fc.option(word, { nil: undefined }),
  regions: fc.option(fc.array(text), { nil: undefined }),
  usage: fc.option(
    fc.record({
      inputTotal: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      outputTotal: count,
      reasoning: count,
      raw: fc.option(fc.dictionary(word, fc.oneof(text, fc.integer(), fc.constant(null)), { noNullPrototype: true }), {
        nil: undefined,
      }),
      source: fc.constantFrom('reported', 'estimated'),
    }),
    { nil: undefined },
  ),
  cost: fc.option(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), { nil: undefined }),
  priceVersion: fc.option(word, { nil: undefined }),
  detail: fc.option(fc.dictionary(word, fc.oneof(text, fc.boolean()), { noNullPrototype: true }), { nil: undefined }),
})

function toId(number: number): string {
  return `call_${String(number).padStart(6, '0')}`
}

/** The journal of a process that died before it folded anything. */
async function createDead(
  open: OpenStore,
  rootIds: readonly string[],
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const place = await open.createPlace()
  const store = await open({ place, config: never })
  for (const rootId of rootIds) store.recorder.settle(createTree(rootId))
  const name = readdirSync(place.folder).find((file) => file.endsWith('.log')) ?? ''
  return { name, bytes: readFileSync(join(place.folder, name)) }
}

function copyJournal(from: Place, to: Place): void {
  const names = readdirSync(from.folder).filter((name) => name.endsWith('.log'))
  for (const name of names) copyFileSync(join(from.folder, name), join(to.folder, name))
}

/** Kills the newest thread and waits until there is another. */
async function replace(threads: readonly Worker[]): Promise<void> {
  const before = threads.length
  await threads.at(-1)?.terminate()
  while (threads.length === before) await setTimeout(5)
}

/** Opens dispatches until the journal is full; the trees that were let in. */
function fill(store: Store): readonly string[] {
  const rootIds: string[] = []
  for (let number = 1; number < 10_000; number++) {
    try {
      store.recorder.intend(createIntent(toId(number), 1))
      rootIds.push(toId(number))
    } catch {
      return rootIds
    }
  }
  throw new Error('the journal has no bound')
}

/** Keeps every other writer out of the tables of calls. */
function whileLocked(other: Store, work: () => Promise<void>): Promise<void> {
  return other.transaction(async (transaction) => {
    if (other.engine === 'postgres') await sql`lock table journal in access exclusive mode`.execute(transaction)
    await work()
  })
}
