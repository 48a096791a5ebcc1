import { describe, expect, test } from 'vitest'
import type { CallFacts } from '../../core/call.ts'
import { createSeededRandom } from '../../core/random.ts'
import { reportExperiment, type ExperimentReport } from './index.ts'
import { compareSamples, toSample } from './statistics.ts'

interface Asked {
  readonly arm: string
  readonly unit: string
  readonly cost?: bigint
  readonly ms?: number
  readonly status?: CallFacts['status']
  readonly score?: number
  readonly share?: number
  /** Whether the experiment is a node below the model asked for. */
  readonly isBelow?: boolean
}

const report = (asked: readonly Asked[], control?: string): Promise<ExperimentReport> =>
  reportExperiment({
    model: 'trial',
    control,
    scores: new Map(asked.flatMap(({ score }, at) => (score === undefined ? [] : [[`call-${at}`, score] as const]))),
    trees: toTrees(asked),
  })

async function* toTrees(asked: readonly Asked[]): AsyncGenerator<{ root: CallFacts; nodes: readonly CallFacts[] }> {
  for (const [at, { arm, unit, share = 0.5, isBelow = false, ...given }] of asked.entries()) {
    const detail = { experiment: { name: 'trial', arm, share, by: 'user', unit } }
    const facts = {
      id: `call-${at}`,
      rootId: `call-${at}`,
      durationMs: given.ms ?? 100,
      status: given.status ?? 'ok',
      cost: given.cost,
      detail: isBelow ? undefined : detail,
    } as unknown as CallFacts // all that a report reads
    yield { root: facts, nodes: isBelow ? [{ ...facts, id: `call-${at}.1`, detail }] : [] }
  }
}

/** So many subjects in each of two arms, with scores that differ by `effect`. */
function draw(subjects: number, effect: number, seed: number): Asked[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: 2 * subjects }, (_, at) => {
    const arm = at % 2 === 0 ? 'a' : 'b'
    return { arm, unit: `u${at}`, score: 0.4 + 0.2 * (random.next() + random.next()) + (arm === 'b' ? effect : 0) }
  })
}

describe('an experiment is compared', () => {
  test('by subjects: who asks often counts once', async () => {
    const busy = Array.from({ length: 1_000 }, () => ({ arm: 'a', unit: 'busy', cost: 9_000_000_000_000n }))
    const quiet = ['a', 'b'].flatMap((arm) =>
      Array.from({ length: 11 }, (_, at) => ({ arm, unit: `${arm}${at}`, cost: 1_000_000_000_000n })),
    )
    const { arms } = await report([...busy, ...quiet])
    expect(arms[0]).toMatchObject({ name: 'a', subjects: 12, calls: 1_011 })
    expect(arms[0]?.means.cost?.mean).toBeCloseTo((11 + 9) / 12)
    expect(arms[1]?.means.cost).toMatchObject({ mean: 1, low95: 1, high95: 1 })
  })

  test('finds a difference that is there, with its interval', async () => {
    const found = await report(draw(400, 0.1, 1))
    const [comparison] = found.comparisons
    expect(comparison).toMatchObject({ arm: 'b', control: 'a' })
    expect(comparison?.differences.score?.pValue).toBeLessThan(0.001)
    expect(comparison?.differences.score?.low).toBeGreaterThan(0.05)
    expect(comparison?.differences.score?.high).toBeLessThan(0.15)
    const turned = await report(draw(400, 0.1, 1), 'b')
    expect(turned.comparisons[0]?.differences.score?.high).toBeLessThan(0)
  })

  test('claims a difference that is not there in at most 5 of 100 experiments, looked at thirty times each', () => {
    const trials = 300
    let claimed = 0
    for (let seed = 1; seed <= trials; seed++) {
      const random = createSeededRandom(seed)
      const values = ['a', 'b'].map(() => Array.from({ length: 600 }, () => Number(random.next() < 0.7)))
      for (let look = 1; look <= 30; look++) {
        const [one, other] = values.map((each) => toSample(each.slice(0, look * 20)))
        if (one === undefined || other === undefined) break
        if ((compareSamples(one, other, 1)?.pValue ?? 1) > 0.05) continue
        claimed++
        break
      }
    }
    expect(claimed / trials).toBeLessThanOrEqual(0.05)
  })

  test('says nothing with fewer than ten subjects, and nothing of what nobody knows', async () => {
    const found = await report(draw(9, 0.3, 1))
    expect(found.comparisons).toEqual([{ arm: 'b', control: 'a', differences: {} }])
    expect(found.arms[0]?.means.score).toMatchObject({ subjects: 9, low95: undefined })
    expect(found.arms[0]?.means.cost).toBeUndefined()
  })

  test('gives no differences when subjects do not fall as they were drawn', async () => {
    const uneven = draw(200, 0.1, 1).filter(({ arm }, at) => arm === 'a' || at % 4 === 1)
    const found = await report(uneven)
    expect(found.sharesPValue).toBeLessThan(0.001)
    expect(found.comparisons[0]?.differences).toEqual({})
  })

  test('leaves out who was in two arms, and calls whose client left', async () => {
    const asked: Asked[] = [...draw(20, 0, 1), { arm: 'b', unit: 'u0', score: 1 }]
    const found = await report([...asked, { arm: 'a', unit: 'gone', status: 'cancelled' }])
    expect(found.moved).toBe(1)
    expect(found.arms.map(({ subjects }) => subjects)).toEqual([19, 20])
  })

  test('counts failures, and finds the node below another', async () => {
    const asked: Asked[] = Array.from({ length: 40 }, (_, at) => ({
      arm: at % 2 === 0 ? 'a' : 'b',
      unit: `u${at}`,
      status: at % 4 === 1 ? 'error' : 'ok',
      ms: at % 2 === 0 ? 100 : 300,
      isBelow: true,
    }))
    const found = await report(asked)
    expect(found.by).toEqual(['user'])
    expect(found.arms[1]?.means.failures?.mean).toBeCloseTo(0.5)
    expect(found.comparisons[0]?.differences.latencyMs).toMatchObject({ difference: 200, pValue: 0 })
  })
})
