import { describe, expect, test } from 'vitest'
import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { JsonValue } from '../../core/json.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createFakeClock, type FakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { createReviews, type Reviews } from './index.ts'

const config: Config['governance']['reviews'] = {
  undecided: 'hold',
  oversight: 'hold',
  reviewers: [
    { person: 'ada', competence: 'trained' },
    { person: 'grace', competence: 'trained' },
    { person: 'edsger', useCases: ['loans'], competence: 'credit officer' },
  ],
  deadlineMs: 60_000,
  waitMsMax: 1_000,
  waitingMax: 8,
  pendingMax: 3,
  contentBytesMax: 4_096,
  contentDays: 30,
}

const key = (keyId: string, more: Partial<Principal> = {}): Principal => ({
  tenant: 'one',
  keyId,
  role: 'member',
  models: undefined,
  regions: undefined,
  ...more,
})
const asker = key('key_app', { user: 'service' })
const ada = key('key_ada', { user: 'ada' })
const grace = key('key_grace', { user: 'grace' })

interface Kit {
  readonly reviews: Reviews
  readonly clock: FakeClock
  readonly acts: JsonValue[]
}

function createOn(store: Pick<Store, 'sql' | 'transaction'>, more: Partial<typeof config> = {}): Kit {
  const clock = createFakeClock(Date.parse('2027-12-03T00:00:00Z'))
  const random = createSystemRandom()
  const acts: JsonValue[] = []
  const audit = { act: async (_: string, body: JsonValue) => void acts.push(body) }
  const ids = createIds({ clock, random })
  const reviews = createReviews({
    store,
    clock,
    ids,
    random,
    audit,
    log: silentLog,
    config: () => ({ ...config, ...more }),
  })
  return { reviews, clock, acts }
}

function held(more: Partial<Parameters<Reviews['open']>[0]> = {}): Parameters<Reviews['open']>[0] {
  return {
    stage: 'answer',
    principal: asker,
    askers: ['service', 'client-7'],
    useCase: 'desk',
    call: 'call_1',
    model: 'chat',
    dialect: 'openai-chat',
    reason: 'oversight',
    persons: 1,
    requestHash: 'aa',
    request: '{"q":1}',
    answer: '{"text":"no"}',
    ...more,
  }
}

const accept = { decision: 'accept', reason: 'read it' } as const

describeEngines('a review', (open) => {
  test('is let through exactly once after a competent person accepted it, and every step is in the log', async () => {
    const { reviews, acts } = createOn(await open())
    const review = await reviews.open(held())
    await expect(reviews.claim('one', review.id, 'call_2')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await reviews.decide(ada, review.id, accept)).toMatchObject({ state: 'accepted' })
    const claims = await Promise.allSettled(
      ['call_2', 'call_3', 'call_4'].map((call) => reviews.claim('one', review.id, call)),
    )
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const file = await reviews.show(asker, review.id)
    expect(file).toMatchObject({
      review: { state: 'accepted', usedCall: expect.stringMatching(/^call_[234]$/) },
      decisions: [{ person: 'ada', keyId: 'key_ada', decision: 'accept', reason: 'read it' }],
      request: '{"q":1}',
      answer: '{"text":"no"}',
    })
    expect(acts.map((act) => (act as { act: string }).act)).toEqual(['review.open', 'review.decide', 'review.use'])
    expect(JSON.stringify(acts)).not.toContain('read it')
    reviews.close()
  })

  test('needs two different people where the law does, and an override counts for nobody but who wrote it', async () => {
    const { reviews } = createOn(await open())
    const review = await reviews.open(held({ persons: 2 }))
    expect(await reviews.decide(ada, review.id, accept)).toMatchObject({ state: 'pending' })
    await expect(reviews.decide(ada, review.id, accept)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(reviews.decide(key('key_ada2', { user: 'ada' }), review.id, accept)).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    const text = { decision: 'override', reason: 'wrong', text: 'Ask the office.' } as const
    expect(await reviews.decide(grace, review.id, text)).toMatchObject({ state: 'pending', version: 1 })
    await expect(reviews.decide(ada, review.id, { ...accept, version: 0 })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await reviews.decide(ada, review.id, { ...accept, version: 1 })).toMatchObject({ state: 'overridden' })
    const file = await reviews.claim('one', review.id, 'call_9')
    expect(file.override).toBe('Ask the office.')
    reviews.close()
  })

  test('is stopped by one person, and nobody decides after that', async () => {
    const { reviews } = createOn(await open())
    const review = await reviews.open(held({ persons: 2 }))
    const stop = { decision: 'stop', reason: 'harmful' } as const
    expect(await reviews.decide(grace, review.id, stop)).toMatchObject({ state: 'stopped' })
    for (const decider of [ada, grace]) {
      await expect(reviews.decide(decider, review.id, accept)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('stopped already'),
      })
    }
    await expect(reviews.claim('one', review.id, 'call_2')).rejects.toMatchObject({ code: 'CONFLICT' })
    reviews.close()
  })

  test('ends as refused at its deadline, to the millisecond, and a late decision is refused', async () => {
    const { reviews, clock, acts } = createOn(await open())
    const [early, late] = [await reviews.open(held()), await reviews.open(held())]
    clock.advance(59_999)
    expect(await reviews.decide(ada, early.id, accept)).toMatchObject({ state: 'accepted' })
    clock.advance(1)
    await expect(reviews.decide(ada, late.id, accept)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('expired'),
    })
    expect(await reviews.get('one', late.id)).toMatchObject({ state: 'expired', endedAtMs: late.deadlineMs })
    expect(acts.filter((act) => (act as { act: string }).act === 'review.expire')).toHaveLength(1)
    const swept = await reviews.open(held())
    clock.advance(60_000)
    expect(await reviews.sweep()).toMatchObject({ expired: 1 })
    expect(await reviews.get('one', swept.id)).toMatchObject({ state: 'expired' })
    reviews.close()
  })

  test('is decided by nobody who is not named, not competent, or asked', async () => {
    const { reviews } = createOn(await open())
    const review = await reviews.open(held({ askers: ['service', 'grace'] }))
    const refused: readonly (readonly [Principal, RegExp])[] = [
      [key('key_root', { role: 'admin' }), /names no person/],
      [key('key_eve', { role: 'admin', user: 'eve' }), /not listed/],
      [key('key_edsger', { user: 'edsger' }), /use case desk/],
      [grace, /who asks cannot decide/],
      [key('key_app', { user: 'ada' }), /who asks cannot decide/],
    ]
    for (const [decider, message] of refused) {
      await expect(reviews.decide(decider, review.id, accept)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringMatching(message),
      })
    }
    expect(await reviews.get('one', review.id)).toMatchObject({ state: 'pending' })
    reviews.close()
  })

  test('belongs to its tenant, and within it to those who may see it', async () => {
    const { reviews } = createOn(await open())
    const review = await reviews.open(held())
    const stranger = key('key_x', { tenant: 'two', role: 'admin', user: 'ada' })
    await expect(reviews.show(stranger, review.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(reviews.decide(stranger, review.id, accept)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(reviews.claim('two', review.id, 'call_2')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const page = { state: undefined, before: undefined, limit: 10 }
    const seen = async (viewer: Principal): Promise<number> => (await reviews.list(viewer, page)).length
    expect(await seen(stranger)).toBe(0)
    expect([await seen(ada), await seen(asker)]).toEqual([1, 1])
    expect(await seen(key('key_other'))).toBe(0)
    expect(await seen(key('key_edsger', { user: 'edsger' }))).toBe(0)
    await expect(reviews.show(key('key_other'), review.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    reviews.close()
  })

  test('keeps its words beyond their time while a legal hold covers it, and no longer', async () => {
    const store = await open()
    const { reviews, clock } = createOn(store)
    const { id } = await reviews.open(held())
    await reviews.decide(ada, id, accept)
    const free = { use_case: null, from_ms: null, until_ms: null, released_at_ms: null }
    const made = { name: 'suit', reason: 'court', key_id: 'key_a', created_at_ms: 1 }
    const hold = { id: 'hold_1', tenant: 'one', ...made, ...free, use_case: 'desk' }
    await store.sql.insertInto('legal_hold').values(hold).execute()
    await store.sql
      .insertInto('legal_hold')
      .values({ ...hold, id: 'hold_2', tenant: 'two', use_case: null })
      .execute()
    clock.advance(31 * 86_400_000)
    expect(await reviews.sweep()).toMatchObject({ erased: 0 })
    expect(await reviews.show(ada, id)).toMatchObject({ answer: '{"text":"no"}' })
    await store.sql.updateTable('legal_hold').set({ released_at_ms: 2 }).where('id', '=', 'hold_1').execute()
    expect(await reviews.sweep()).toMatchObject({ erased: 2 })
    expect(await reviews.show(ada, id)).toMatchObject({ answer: undefined })
    reviews.close()
  })

  test('is bounded in number and size, and its words are erased in time while the decision stays', async () => {
    const { reviews, clock } = createOn(await open())
    await expect(reviews.open(held({ request: 'x'.repeat(5_000) }))).rejects.toMatchObject({ code: 'POLICY_REVIEW' })
    const first = await reviews.open(held())
    await reviews.open(held())
    await reviews.open(held())
    await expect(reviews.open(held())).rejects.toMatchObject({ code: 'OVERLOADED' })
    await reviews.decide(ada, first.id, accept)
    await reviews.open(held())
    clock.advance(30 * 86_400_000)
    await reviews.sweep()
    expect(await reviews.show(ada, first.id)).toMatchObject({ answer: '{"text":"no"}' })
    clock.advance(1)
    await reviews.sweep()
    expect(await reviews.show(ada, first.id)).toMatchObject({
      request: undefined,
      answer: undefined,
      decisions: [{ person: 'ada' }],
    })
    reviews.close()
  })
})

describeEngines('reviews of two processes on one database', (open) => {
  test('are decided once and let through once between them', async () => {
    const place = await open.createPlace()
    const [here, there] = [createOn(await open({ place })), createOn(await open({ place }))]
    for (let round = 0; round < 4; round++) {
      const { id } = await here.reviews.open(held())
      const decided = await Promise.allSettled([
        here.reviews.decide(ada, id, accept),
        there.reviews.decide(grace, id, { decision: 'stop', reason: 'no' }),
      ])
      expect(decided.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const { state } = await there.reviews.get('one', id)
      const claims = await Promise.allSettled([
        here.reviews.claim('one', id, 'call_2'),
        there.reviews.claim('one', id, 'call_3'),
      ])
      const through = claims.filter(({ status }) => status === 'fulfilled').length
      expect(through).toBe(state === 'accepted' ? 1 : 0)
    }
    for (const { reviews } of [here, there]) reviews.close()
  })
})

describe('with nobody listed', () => {
  describeEngines('admins whose keys name them decide', (open) => {
    test('and members do not', async () => {
      const { reviews } = createOn(await open(), { reviewers: [] })
      const { id } = await reviews.open(held())
      await expect(reviews.decide(ada, id, accept)).rejects.toMatchObject({ code: 'FORBIDDEN' })
      const admin = key('key_admin', { role: 'admin', user: 'root' })
      expect(await reviews.decide(admin, id, accept)).toMatchObject({ state: 'accepted' })
      reviews.close()
    })
  })
})
