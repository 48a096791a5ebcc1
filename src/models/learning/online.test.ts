import { describe, expect, test } from 'vitest'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { describeEngines, silentLog, type OpenStore } from '../../store/testing.ts'
import { chooseArm, emptyBandit, judgeOffline, learnFrom } from './bandit.ts'
import { certifyRouter, createLearning, findTopics, trainRouter, writeRouter, type Learning } from './index.ts'
import { createPairs } from './testing.ts'

const first = trainRouter({ pairs: createPairs(120, 1), seed: 1, nowMs: 0 })
const second = trainRouter({ pairs: createPairs(200, 2), seed: 1, nowMs: 0 })
const files = [writeRouter(first.content), writeRouter(second.content)] as const
const key = { tenant: 'default', name: 'support' }
const who = { tenant: 'default', keyId: 'k' }
const nothing = {
  callId: undefined,
  choiceId: undefined,
  prompt: undefined,
  answer: undefined,
  cost: undefined,
  comment: undefined,
}

async function openLearning(open: OpenStore): Promise<Learning> {
  const clock = createFakeClock(1_795_000_000_000)
  const random = createSeededRandom(1)
  return createLearning({ store: await open(), clock, ids: createIds({ clock, random }), random, log: silentLog })
}

describeEngines('what feedback came with', (open) => {
  test('is found by the calls of its tenant: the newest prompt, and the answer that was said', async () => {
    const { feedback } = await openLearning(open)
    const give = (callId: string, more: object, tenant = 'default') =>
      feedback.give({ tenant, keyId: 'k' }, { ...nothing, score: 1, model: 'm', callId, ...more })
    await give('call_1', { prompt: 'first', answer: 'yes' })
    await give('call_1', { prompt: 'again' })
    await give('call_2', {})
    await give('call_3', { prompt: 'of others' }, 'other')
    const found = await feedback.contents('default', ['call_1', 'call_2', 'call_3', 'call_4'])
    expect([...found]).toEqual([['call_1', { prompt: 'again', answer: 'yes' }]])
    expect((await feedback.contents('default', [])).size).toBe(0)
  })
})

describeEngines('kept routers', (open) => {
  test('are versioned, put in force, rolled back, and belong to their tenant', async () => {
    const { routers } = await openLearning(open)
    expect(await routers.put(key, files[0])).toMatchObject({ version: 1, router: { hash: first.router.hash } })
    expect(await routers.put(key, files[1])).toMatchObject({ version: 2, router: { hash: second.router.hash } })
    expect(routers.catalogue('default').find('support')?.router.hash).toBe(second.router.hash)
    expect(await routers.rollBack(key, 1)).toMatchObject({ version: 1 })
    expect(routers.catalogue('default').find('support')?.router.hash).toBe(first.router.hash)
    expect((await routers.versions(key)).map(({ version }) => version)).toEqual([2, 1])
    expect(await routers.put(key, files[1])).toMatchObject({ version: 3 })
    const other = { tenant: 'other', name: 'support' }
    await expect(routers.get(other)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(routers.catalogue('other').find('support')).toBeUndefined()
    await expect(routers.rollBack(key, 9)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(routers.put(key, 'nonsense')).rejects.toMatchObject({ code: 'ROUTER_INVALID' })
  })

  test('that another process puts in force are found by refreshing', async () => {
    const store = await open()
    const clock = createFakeClock(1_795_000_000_000)
    const random = createSeededRandom(1)
    const create = (): Learning =>
      createLearning({ store, clock, ids: createIds({ clock, random }), random, log: silentLog })
    const [one, other] = [create(), create()]
    const inForce = (): string | undefined => other.routers.catalogue('default').find('support')?.router.hash
    await one.routers.put(key, files[0])
    expect(inForce()).toBeUndefined()
    await other.routers.refresh('default')
    expect(inForce()).toBe(first.router.hash)
    await one.routers.put(key, files[1])
    await other.routers.refresh('default')
    expect(inForce()).toBe(second.router.hash)
    const guarantee = { epsilon: 0.1, delta: 0.1, loss: 'net' } as const
    const pairs = createPairs(400, 7)
    const { certificate } = certifyRouter({ router: second.router, pairs, guarantee, judge: 'exact', nowMs: 0 })
    await one.routers.certify(key, JSON.stringify(certificate))
    await other.routers.refresh('default')
    expect(other.routers.catalogue('default').find('support')?.certificate?.epsilon).toBe(0.1)
    const stop = other.routers.watch('default')
    await one.routers.rollBack(key, 1)
    await expect.poll(inForce, { interval: 100 }).toBe(first.router.hash)
    stop()
  })

  test('lose their certificate when the shadow stream says that quality has drifted', async () => {
    const { routers, feedback } = await openLearning(open)
    await routers.put(key, files[1])
    const guarantee = { epsilon: 0.1, delta: 0.1, loss: 'net' } as const
    const { certificate } = certifyRouter({
      router: second.router,
      pairs: createPairs(400, 7),
      guarantee,
      judge: 'exact',
      nowMs: 0,
    })
    await routers.certify(key, JSON.stringify(certificate))
    const certified = (): boolean => routers.catalogue('default').find('support')?.certificate !== undefined
    expect(certified()).toBe(true)
    const shadow = (prompt: string, small: number) =>
      feedback.shadow(who, {
        router: key,
        prompt,
        scores: { small, large: 1 },
        answers: { small: 'It is 3 + 4 = 7.' },
        costs: {},
      })
    for (let good = 0; good < 5; good++) expect((await shadow('What does the river say?', 1)).drift?.type).toBe('holds')
    for (let bad = 0; bad < 60 && certified(); bad++) await shadow('What does the river say?', 0)
    expect(certified()).toBe(false)
    expect((await routers.get(key)).drift?.type).toBe('withdrawn')
    await routers.put(key, files[0])
    await expect(routers.certify(key, JSON.stringify(certificate))).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('choose with a chance that is on record, and learn from what is said of the choice', async () => {
    const { routers, feedback } = await openLearning(open)
    await routers.put(key, files[1])
    const asked = { prompt: 'What does the river say?', among: ['small', 'large', 'newcomer'] }
    for (let round = 0; round < 40; round++) {
      const choice = await feedback.choose(key, asked)
      const chances = choice.arms.map(({ propensity }) => propensity)
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1)
      expect(Math.min(...chances)).toBeGreaterThan(0)
      await feedback.give(who, {
        ...nothing,
        model: undefined,
        choiceId: choice.id,
        score: Number(choice.model === 'newcomer'),
      })
      await expect(
        feedback.give(who, { ...nothing, model: undefined, choiceId: choice.id, score: 1 }),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    const last = await feedback.choose(key, asked)
    expect(last.arms.toSorted((one, other) => other.propensity - one.propensity)[0]?.model).toBe('newcomer')
    const online = await feedback.estimate(key)
    expect(online.judged).toBe(40)
    expect(online.models['newcomer']?.score).toBe(1)
    await expect(
      feedback.give({ ...who, tenant: 'other' }, { ...nothing, model: undefined, choiceId: last.id, score: 1 }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('are compared on feedback that came with prompts, which also makes pairs to train on', async () => {
    const { routers, feedback } = await openLearning(open)
    await routers.put(key, files[0])
    await routers.put(key, files[1])
    for (const { prompt, scores } of createPairs(40, 30)) {
      for (const [model, score] of Object.entries(scores))
        await feedback.give(who, { ...nothing, model, score, prompt, cost: 0.1 })
    }
    await feedback.give(who, { ...nothing, model: 'small', score: 1 })
    const pairs = await feedback.pairs('default')
    expect(pairs).toHaveLength(40)
    expect(pairs[0]).toMatchObject({ scores: { small: expect.any(Number) as number }, costs: { large: 0.1 } })
    const { prompts, versions } = await feedback.compare(key, [1, 2])
    expect(prompts).toBeGreaterThan(30)
    expect(versions.map(({ version }) => version)).toEqual([1, 2])
    expect(versions[1]?.squaredError).toBeLessThan(0.25)
    expect(await feedback.pairs('other')).toEqual([])
    await expect(feedback.give(who, { ...nothing, model: undefined, score: 1 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

describe('the bandit', () => {
  test('comes to choose what is best here, however wrong the router is, and follows when that changes', () => {
    const random = createSeededRandom(4)
    let state = emptyBandit
    const predictions = [
      { model: 'a', predicted: 0.9 },
      { model: 'b', predicted: 0.3 },
    ]
    const play = (rounds: number, good: string): number => {
      let hits = 0
      for (let round = 0; round < rounds; round++) {
        const choice = chooseArm(state, predictions, random)
        const arm = choice.arms.find(({ model }) => model === choice.model)
        if (arm === undefined) throw new Error('the chosen arm is among the arms')
        if (choice.model === good) hits++
        state = learnFrom(state, arm, Number(random.next() < (choice.model === good ? 0.8 : 0.4)))
      }
      return hits / rounds
    }
    play(300, 'b')
    expect(play(200, 'b')).toBeGreaterThan(0.75)
    play(2_000, 'a')
    expect(play(200, 'a')).toBeGreaterThan(0.75)
  })

  test('tells from its choices what another policy would have scored', () => {
    const random = createSeededRandom(5)
    const choices = Array.from({ length: 4_000 }, () => {
      const isA = random.next() < 0.9
      const score = Number(random.next() < (isA ? 0.3 : 0.7))
      return { model: isA ? 'a' : 'b', propensity: isA ? 0.9 : 0.1, score, wanted: 'b' }
    })
    const found = judgeOffline(choices)
    expect(found?.low95).toBeLessThan(0.7)
    expect(found?.high95).toBeGreaterThan(0.7)
    expect(judgeOffline([])).toBeUndefined()
  })
})

test('topics gather prompts that speak of the same, in Chinese and English, with what each model does on them', () => {
  const pairs = Array.from({ length: 120 }, (_, index) => {
    const prompt = [
      `please translate the letter to the customer number ${index}`,
      `prove the theorem of the integral number ${index}`,
      `请问年假申请需要多少天审批 ${index}`,
    ][index % 3]
    return { prompt: prompt ?? '', scores: { small: Number(index % 3 !== 1) }, costs: { small: 0.01 } }
  })
  const topics = findTopics(pairs, { count: 3, seed: 1 })
  expect(topics.map(({ prompts }) => prompts)).toEqual([40, 40, 40])
  const proofs = topics.find(({ words }) => words.includes('theorem'))
  expect(proofs).toMatchObject({
    share: 1 / 3,
    models: { small: { labels: 40, meanScore: 0, meanCost: expect.closeTo(0.01) as number } },
  })
  expect(topics.some(({ words }) => words.includes('年假'))).toBe(true)
  expect(findTopics([], { count: 3, seed: 1 })).toEqual([])
})
