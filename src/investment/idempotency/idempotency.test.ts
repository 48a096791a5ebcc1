import { afterEach, expect, test } from 'vitest'
import { createSeededRandom, createSystemRandom } from '../../core/random.ts'
import { createFakeClock, type Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { createIdempotency, type Begun, type Idempotency, type Work } from './index.ts'

const open: Idempotency[] = []

afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

const config = { keepMs: 10_000, leaseMs: 1_500, answersMax: 100, bytesMax: 100_000 }
const request = {
  tenant: 't',
  principal: 'key_1',
  credential: 'sk-secret',
  key: 'order-1',
  fingerprint: 'f1',
}
const answer = { status: 200, headers: ['x-strata-call', 'call_1'], body: Buffer.from('{"text":"Tagesgeld 你好"}') }

function start(store: Store, clock: Clock, more: Partial<typeof config> & { gone?: string } = {}): Idempotency {
  const { gone, ...bounds } = more
  const deps = { store, clock, random: createSystemRandom(), log: silentLog }
  const isWithdrawn = async (_tenant: string, callId: string | undefined): Promise<boolean> =>
    gone !== undefined && callId === gone
  const made = createIdempotency({ ...deps, isWithdrawn, config: { ...config, ...bounds } })
  open.push(made)
  return made
}

function workOf(begun: Begun): Work {
  if (begun.type !== 'work') throw new Error('the request was answered already')
  return begun.work
}

/** Two processes on one database. */
async function startTwo(openStore: OpenStore, clock: Clock): Promise<readonly [Idempotency, Idempotency]> {
  const place = await openStore.createPlace()
  return [start(await openStore({ place, clock }), clock), start(await openStore({ place, clock }), clock)]
}

describeEngines('idempotency keys', (openStore) => {
  test('a repetition is given the first answer, byte by byte, by any process', async () => {
    const [one, other] = await startTwo(openStore, createFakeClock(1_000))
    await workOf(await one.begin(request)).finish(answer, 'call_1')
    for (const process of [one, other])
      expect(await process.begin(request)).toEqual({ type: 'answered', answer: { ...answer, body: answer.body } })
  })

  test('of many requests with one key at once, one works and the others are told so, in any process', async () => {
    const processes = await startTwo(openStore, createFakeClock(1_000))
    const asked = Array.from({ length: 20 }, (_, index) => processes[index % 2 === 0 ? 0 : 1].begin(request))
    const settled = await Promise.allSettled(asked)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of settled)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'IDEMPOTENCY_IN_WORK', status: 409, retryAfterMs: 1_000 })
  })

  test('another request under the key is refused, in work and answered, with the call the key was used for', async () => {
    const [one, other] = await startTwo(openStore, createFakeClock(1_000))
    const work = workOf(await one.begin(request))
    for (const process of [one, other])
      await expect(process.begin({ ...request, fingerprint: 'f2' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      })
    await work.finish(answer, 'call_1')
    await expect(one.begin({ ...request, fingerprint: 'f2' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      status: 409,
      details: { call: 'call_1' },
    })
  })

  test('what another tenant or key names the same is another request', async () => {
    const [one] = await startTwo(openStore, createFakeClock(1_000))
    await workOf(await one.begin(request)).finish(answer, undefined)
    for (const other of [{ tenant: 'u' }, { principal: 'key_2' }, { key: 'order-2' }])
      expect((await one.begin({ ...request, ...other, fingerprint: 'f2' })).type).toBe('work')
  })

  test('what was abandoned is begun anew', async () => {
    const [one, other] = await startTwo(openStore, createFakeClock(1_000))
    await workOf(await one.begin(request)).abandon()
    expect((await other.begin({ ...request, fingerprint: 'f2' })).type).toBe('work')
  })

  test('an answer goes when its time is over, by the clock', async () => {
    const clock = createFakeClock(1_000)
    const [one] = await startTwo(openStore, clock)
    await workOf(await one.begin(request)).finish(answer, undefined)
    clock.advance(config.keepMs - 1)
    expect((await one.begin(request)).type).toBe('answered')
    clock.advance(1)
    expect((await one.begin(request)).type).toBe('work')
  })

  test('a process that died blocks its request no longer than the lease; one that comes back late keeps nothing', async () => {
    const clock = createFakeClock(1_000)
    const [dead, other] = await startTwo(openStore, clock)
    const lost = workOf(await dead.begin(request))
    dead.close() // it prolongs nothing any more
    clock.advance(config.leaseMs - 1)
    await expect(other.begin(request)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_WORK' })
    clock.advance(1)
    const work = workOf(await other.begin(request))
    await lost.finish({ ...answer, body: Buffer.from('late') }, 'call_0')
    await work.finish(answer, 'call_1')
    expect(await other.begin(request)).toMatchObject({ answer: { body: answer.body } })
  })

  test('work that takes longer than the lease goes on while its process lives', async () => {
    const place = await openStore.createPlace()
    const store = await openStore({ place })
    let offsetMs = 0
    const clock: Clock = { now: () => Date.now() + offsetMs, monotonicMs: () => performance.now() }
    const one = start(store, clock)
    const other = start(await openStore({ place }), clock)
    const work = workOf(await one.begin(request))
    offsetMs = config.leaseMs - 100
    await new Promise((resolve) => setTimeout(resolve, config.leaseMs / 2))
    await expect(other.begin(request)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_WORK' })
    await work.finish(answer, undefined)
    expect((await other.begin(request)).type).toBe('answered')
  })

  test('an answer that is too large is not kept, but neither is the request done twice', async () => {
    const [one, other] = await startTwo(openStore, createFakeClock(1_000))
    await workOf(await one.begin(request)).finish(undefined, 'call_1')
    await expect(other.begin(request)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      message: expect.stringContaining('too large'),
      details: { call: 'call_1' },
    })
  })

  test('an answer that rests on a deleted document is not given again, nor is the request done twice', async () => {
    const clock = createFakeClock(1_000)
    const store = await openStore({ clock })
    await workOf(await start(store, clock).begin(request)).finish(answer, 'call_1')
    await expect(start(store, clock, { gone: 'call_1' }).begin(request)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      message: expect.stringContaining('deleted'),
      details: { call: 'call_1' },
    })
    expect((await start(store, clock, { gone: 'call_2' }).begin(request)).type).toBe('answered')
  })

  test('of each tenant only so many answers and bytes are kept, the newest', async () => {
    const clock = createFakeClock(1_000)
    const store = await openStore({ clock })
    const one = start(store, clock, { answersMax: 3, bytesMax: 1_000 })
    const keep = async (key: string, tenant: string, size: number): Promise<void> => {
      clock.advance(1)
      await workOf(await one.begin({ ...request, key, tenant })).finish(
        { ...answer, body: Buffer.alloc(size) },
        undefined,
      )
    }
    for (let index = 0; index < 9; index++) await keep(`k${index}`, index % 3 === 0 ? 'u' : 't', 10)
    const count = async (): Promise<readonly number[]> => {
      const rows = await store.sql.selectFrom('repeatable').select('tenant').execute()
      return ['t', 'u'].map((tenant) => rows.filter((row) => row.tenant === tenant).length)
    }
    expect(await count()).toEqual([3, 3])
    for (const key of ['a', 'b', 'c']) await keep(key, 't', 400)
    expect(await count()).toEqual([2, 3])
    expect((await one.begin({ ...request, key: 'c' })).type).toBe('answered')
    expect((await one.begin({ ...request, key: 'a' })).type).toBe('work')
  })

  test('what lies in the database tells neither the key nor the answer', async () => {
    const store = await openStore()
    const one = start(store, createFakeClock(1_000))
    await workOf(await one.begin(request)).finish(answer, undefined)
    const [row] = await store.sql.selectFrom('repeatable').selectAll().execute()
    expect(JSON.stringify(row)).not.toContain('order-1')
    expect(Buffer.from(row?.answer ?? []).includes('Tagesgeld')).toBe(false)
    await expect(one.begin({ ...request, credential: 'sk-other' })).rejects.toThrow()
  })

  test.each(['', ' ', 'a b', 'ä', 'x'.repeat(256), 'a\n'])('%j is no key', async (key) => {
    const one = start(await openStore(), createFakeClock(1_000))
    await expect(one.begin({ ...request, key })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

test('any sequence of requests under few keys gives each body one answer while it is kept', async () => {
  // The reference: a map of what was answered, and a set of what is in work.
  const random = createSeededRandom(7)
  const clock = createFakeClock(0)
  const { createStore } = await import('../../store/index.ts')
  const { mkdtempSync, rmSync } = await import('node:fs')
  const folder = mkdtempSync(`${(await import('node:os')).tmpdir()}/strata-`)
  const store = await createStore({
    config: { folder, url: 'sqlite:', foldMs: 5, foldRowsMax: 100, journalBytesMax: 1e6, connectionsMax: 1 },
    clock,
    log: silentLog,
  })
  const one = start(store, clock, { leaseMs: 1e9 })
  const done = new Map<string, { body: string; untilMs: number; fingerprint: string }>()
  const working = new Map<string, { work: Work; fingerprint: string }>()
  for (let step = 0; step < 400; step++) {
    clock.advance(Math.floor(random.next() * 900))
    const key = `k${Math.floor(random.next() * 4)}`
    const fingerprint = random.next() < 0.8 ? 'same' : 'other'
    const inWork = working.get(key)
    if (inWork !== undefined && random.next() < 0.6) {
      working.delete(key)
      const isKept = random.next() < 0.7
      const body = `answer ${step}`
      if (isKept) {
        await inWork.work.finish({ status: 200, headers: [], body: Buffer.from(body) }, undefined)
        done.set(key, { body, untilMs: clock.now() + config.keepMs, fingerprint: inWork.fingerprint })
      } else await inWork.work.abandon()
      continue
    }
    const kept = done.get(key)
    const stands = kept !== undefined && kept.untilMs > clock.now() ? kept : undefined
    const outcome = await one.begin({ ...request, key, fingerprint }).catch((thrown: { code: string }) => thrown.code)
    if (inWork !== undefined)
      expect(outcome).toBe(inWork.fingerprint === fingerprint ? 'IDEMPOTENCY_IN_WORK' : 'IDEMPOTENCY_CONFLICT')
    else if (stands !== undefined && stands.fingerprint !== fingerprint) expect(outcome).toBe('IDEMPOTENCY_CONFLICT')
    else if (typeof outcome === 'string') expect.fail(`step ${step}: ${outcome}`)
    else if (outcome.type === 'answered') expect(outcome.answer.body.toString()).toBe(stands?.body)
    else {
      expect(stands).toBeUndefined()
      working.set(key, { work: outcome.work, fingerprint })
    }
  }
  await store.close()
  rmSync(folder, { recursive: true })
})
