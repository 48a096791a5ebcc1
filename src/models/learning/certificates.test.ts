import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import {
  certifyFamily,
  certifyRouter,
  certifyThreshold,
  checkCertificate,
  checkEquations,
  createCertificate,
  createDriftWatch,
  createRiskTest,
  readCertificate,
  trainRouter,
  type TrainingPair,
} from './index.ts'
import { createPairs } from './testing.ts'
import { bet, binomialCdf, createTernaryTest } from './risk-tests.ts'

describe('the tests of risk', () => {
  test('the binomial is the sum of its chances', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (count, k, chance) => {
          let sum = 0
          for (let hits = 0; hits <= Math.min(k, count); hits++)
            sum += choose(count, hits) * chance ** hits * (1 - chance) ** (count - hits)
          expect(binomialCdf(k, count, chance)).toBeCloseTo(sum, 9)
        },
      ),
    )
  })

  test('the exact test of net loss is never too small, whatever the share of pairs that differ', () => {
    const [count, epsilon, delta] = [30, 0.1, 0.1]
    const test = createTernaryTest(count, epsilon)
    const critical = test.criticalScore(delta)
    for (let won = 0; won <= 0.45; won += 0.0321) {
      let rejected = 0
      for (let lost = 0; lost <= count; lost++) {
        for (let wins = 0; wins + lost <= count; wins++) {
          if (test.score(lost, wins) > critical) continue
          const chance = (won + epsilon) ** lost * won ** wins * (1 - 2 * won - epsilon) ** (count - lost - wins)
          rejected += choose(count, lost) * choose(count - lost, wins) * chance
        }
      }
      expect(rejected).toBeLessThanOrEqual(delta + 1e-3)
    }
    expect(test.pValue(0, 10)).toBeLessThan(0.01)
    expect(test.pValue(6, 0)).toBeGreaterThan(0.5)
  })

  test('a bet on a bounded loss at its bound wins tenfold in at most one of ten runs', () => {
    const random = createSeededRandom(3)
    let small = 0
    for (let run = 0; run < 400; run++) {
      const losses = Float64Array.from(
        { length: 200 },
        () => (random.next() < 0.15 ? 1 : random.next() < 0.06 ? -1 : 0) * 1,
      )
      if (bet(losses, { epsilon: 0.1, least: -1, most: 1 }) <= 0.1) small++
    }
    expect(small).toBeLessThan(40)
  })
})

describe('a certificate', () => {
  const guarantee = { epsilon: 0.05, delta: 0.1, loss: 'net' } as const

  test('goes as far along the family as the labels carry, and no further', () => {
    const count = 1_000
    // Policy k loses in k % of the cases.
    const lossesOf = (policy: number): Float64Array =>
      Float64Array.from({ length: count }, (_, row) => Number(row % 100 < policy))
    const verdict = certifyFamily({ guarantee, count, policyCount: 20, lossesOf })
    expect(verdict).toMatchObject({ type: 'certified', test: 'exact-ternary' })
    expect(verdict.type === 'certified' ? verdict.policy : -1).toBeGreaterThanOrEqual(3)
    expect(verdict.type === 'certified' ? verdict.policy : 99).toBeLessThan(5)
  })

  test('is not given with too few labels, and says so', () => {
    const lossesOf = (): Float64Array => new Float64Array(20)
    const verdict = certifyFamily({ guarantee, count: 20, policyCount: 3, lossesOf })
    expect(verdict).toMatchObject({ type: 'not-certifiable', reason: expect.stringContaining('20 labels') as string })
  })

  test.each([
    ['graded net losses', 'net', 'betting', (value: number) => value * 0.3 - 0.14],
    ['graded losses', 'one-sided', 'betting', (value: number) => Math.max(0, value * 0.05)],
    ['whole losses', 'one-sided', 'exact-binomial', (value: number) => Number(value > 0.98)],
  ] as const)('tests %s by what is valid for them', (...[, loss, name, toLoss]) => {
    const random = createSeededRandom(8)
    const losses = Float64Array.from({ length: 2_000 }, () => toLoss(random.next()))
    const verdict = certifyFamily({
      guarantee: { ...guarantee, loss },
      count: 2_000,
      policyCount: 1,
      lossesOf: () => losses,
    })
    expect(verdict).toMatchObject({ type: 'certified', test: name })
  })

  test('sends as much to the strong model as the threshold says', () => {
    const random = createSeededRandom(4)
    const gains = Float64Array.from({ length: 3_000 }, () => random.next())
    const strong = gains.map(() => 1)
    const weak = gains.map((gain) => Number(random.next() > gain * 0.4))
    const thresholds = Array.from({ length: 50 }, (_, step) => step / 50)
    const verdict = certifyThreshold({ guarantee, thresholds, gains, weak, strong })
    expect(verdict.type).toBe('certified')
    if (verdict.type === 'certified') {
      expect(verdict.meanLoss).toBeLessThan(0.05)
      expect(verdict.strongShare).toBeCloseTo(1 - verdict.threshold, 1)
      expect(verdict.threshold).toBeGreaterThan(0.35)
    }
  })

  test.each([
    [{ ...guarantee, epsilon: 0 }, 'epsilon'],
    [{ ...guarantee, delta: 1 }, 'delta'],
  ])('of the impossible %j is refused', (impossible, what) => {
    const lossesOf = (): Float64Array => new Float64Array(5)
    expect(() => certifyFamily({ guarantee: impossible, count: 5, policyCount: 1, lossesOf })).toThrow(what)
  })

  test('is refused a loss that lies outside the scale', () => {
    expect(() => certifyFamily({ guarantee, count: 1, policyCount: 1, lossesOf: () => Float64Array.of(3) })).toThrow(
      'outside',
    )
  })
})

test('a certified threshold breaks its bound in fewer simulated deployments than it may, a plugged-in one in many', () => {
  const count = 400
  const random = createSeededRandom(11)
  const gains = Float64Array.from({ length: 5_000 }, () => random.next())
  const strong = gains.map(() => Number(random.next() < 0.8))
  const weak = gains.map((gain, row) => Number(strong[row] === 1 ? random.next() > gain * 0.4 : random.next() < 0.2))
  const thresholds = Array.from({ length: 100 }, (_, step) => step / 100)
  const lossAt = (threshold: number, rows: readonly number[]): number =>
    rows.reduce((sum, row) => sum + ((gains[row] ?? 0) >= threshold ? 0 : (strong[row] ?? 0) - (weak[row] ?? 0)), 0) /
    rows.length
  const everything = [...gains.keys()]
  const guarantee = { epsilon: 0.04, delta: 0.1, loss: 'net' } as const
  const test = createRiskTest({ kind: 'net', epsilon: 0.04, delta: 0.1, count, isWhole: true })
  let broken = 0
  let pluginBroken = 0
  for (let trial = 0; trial < 100; trial++) {
    const rows = Array.from({ length: count }, () => Math.floor(random.next() * gains.length))
    const choose = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? 0)
    const verdict = certifyThreshold({
      guarantee,
      thresholds,
      gains: choose(gains),
      weak: choose(weak),
      strong: choose(strong),
      test,
    })
    if (verdict.type === 'certified' && lossAt(verdict.threshold, everything) > 0.04) broken++
    const plugin = thresholds.findLast((threshold) => lossAt(threshold, rows) <= 0.04) ?? 0
    if (lossAt(plugin, everything) > 0.04) pluginBroken++
  }
  expect(broken).toBeLessThanOrEqual(10)
  expect(pluginBroken).toBeGreaterThan(25)
})

describe('labels that certify a router', () => {
  const inRange = (pairs: readonly TrainingPair[], least: number, most: number): readonly TrainingPair[] =>
    pairs.map(({ prompt, scores }) => ({
      prompt,
      scores: Object.fromEntries(
        Object.entries(scores).map(([model, score]) => [model, least + score * (most - least)]),
      ),
    }))
  const certify = (trained: readonly [number, number], labelled: readonly [number, number]) =>
    certifyRouter({
      router: trainRouter({ pairs: inRange(createPairs(200, 1), ...trained), seed: 1, nowMs: 0 }).router,
      pairs: inRange(createPairs(300, 2), ...labelled),
      guarantee: { epsilon: 0.05, delta: 0.1, loss: 'net' },
      judge: 'exact',
      nowMs: 0,
    })

  test.each([
    [
      [0, 1],
      [0, 10],
    ],
    [
      [0, 1],
      [0, 100],
    ],
    [
      [1, 10],
      [0, 1],
    ],
    [
      [0, 100],
      [0, 10],
    ],
    [
      [1, 5],
      [1, 10],
    ],
  ] as const)('are refused where training was in %j and they are in %j', (trained, labelled) => {
    expect(() => certify(trained, labelled)).toThrow(/another range than/)
  })

  test('may go a little beyond what training has seen, and then count with all they lose', () => {
    const within = certify([1, 10], [1, 10])
    const beyond = certify([2, 9], [1, 10])
    expect(within.verdict.type).toBe('certified')
    const shareOf = ({ verdict }: typeof within): number => (verdict.type === 'certified' ? verdict.strongShare : 1)
    expect(shareOf(beyond)).toBeGreaterThanOrEqual(shareOf(within) - 0.02)
    expect(shareOf(beyond)).toBeLessThan(0.9)
  })
})

describe('the paper of a certificate', () => {
  const policy = { router: 'a'.repeat(64), stage: 'question', weak: 'small', strong: 'large' } as const
  const certificate = createCertificate({
    epsilon: 0.02,
    delta: 0.1,
    loss: 'net',
    cases: 2_000,
    labels: 2_000,
    judge: 'exact',
    test: 'exact-ternary',
    pValue: 0.09,
    meanLoss: 0.011,
    strongShare: 0.7,
    policy,
    threshold: 0.12,
    issuedAt: '2026-01-01T00:00:00.000Z',
  })

  test('speaks of one policy and of what it promised', () => {
    const wanted = { policy, guarantee: { epsilon: 0.02, delta: 0.1, loss: 'net' } } as const
    expect(readCertificate(JSON.stringify(certificate))).toEqual(certificate)
    expect(checkCertificate(certificate, wanted)).toEqual({ type: 'holds' })
    for (const other of [
      { ...wanted, policy: { ...policy, router: 'b'.repeat(64) } },
      { ...wanted, policy: { ...policy, stage: 'answer' } },
      { ...wanted, guarantee: { ...wanted.guarantee, epsilon: 0.01 } },
      { ...wanted, guarantee: { ...wanted.guarantee, delta: 0.05 } },
      { ...wanted, guarantee: { ...wanted.guarantee, loss: 'one-sided' } },
    ] as const) {
      expect(checkCertificate(certificate, other).type).toBe('void')
    }
  })

  test.each([
    ['changed', { ...certificate, threshold: 0.5 }, 'hash'],
    ['of another policy', { ...certificate, policy: { ...policy, weak: 'tiny' } }, 'policy'],
    ['without a judge', { ...certificate, judge: undefined }, 'judge'],
  ])('is refused when %s', (_, changed, reason) => {
    expect(() => readCertificate(JSON.stringify(changed))).toThrow(reason)
    expect(() => readCertificate('{')).toThrow('not JSON')
  })
})

describe('drift', () => {
  const certificate = { epsilon: 0.02, loss: 'net' } as const
  const draw = (random: { next(): number }, lost: number): number => {
    const chance = random.next()
    return chance < lost ? 1 : chance < lost + 0.08 ? -1 : 0
  }

  test('withdraws a certificate soon after the loss has risen, also after a long good time, and for good', () => {
    const random = createSeededRandom(9)
    const watch = createDriftWatch({ certificate, alarmEvery: 10_000 })
    for (let good = 0; good < 3_000; good++) expect(watch.observe(draw(random, 0.09)).type).toBe('holds')
    let bad = 0
    while (watch.observe(draw(random, 0.3)).type === 'holds') bad++
    expect(bad).toBeLessThan(200)
    expect(watch.observe(-1).type).toBe('withdrawn')
  })

  test('goes on after a restart where it stood', () => {
    const random = createSeededRandom(10)
    const first = createDriftWatch({ certificate, alarmEvery: 1_000 })
    for (let seen = 0; seen < 100; seen++) first.observe(draw(random, 0.15))
    const saved = JSON.parse(JSON.stringify(first.save())) as ReturnType<typeof first.save>
    const second = createDriftWatch({ certificate, alarmEvery: 1_000, saved })
    expect(second.state).toEqual(first.state)
  })
})

describe('sums in a text', () => {
  test.each([
    ['3 x 60 = 180, then 180 x 3 = <<180*3=540>>540', 2, 0],
    ['(12 + 4) / 2 = 8', 1, 0],
    ['$<<8*5*60/100=24>>24 and 10% x 50 = 5', 2, 0],
    ['1,200 - 300 = 800', 0, 1],
    ['10 / 3 = 3.33', 1, 0],
    ['10 ÷ 3 = 3.4', 0, 1],
    ['x = 5; y=-2', 0, 0],
    ['2 + 3 = 5 = 5', 1, 0],
    ['价格是3×4=12元,再加5等于17', 1, 0],
    [')))(((=3', 0, 0],
  ])('%s', (text, right, wrong) => {
    expect(checkEquations(text)).toEqual({ right, wrong })
  })

  test('are found in any text in bounded time', () => {
    const startedMs = performance.now()
    checkEquations('1+'.repeat(50_000) + '=1')
    checkEquations('='.repeat(100_000))
    checkEquations('1 = '.repeat(50_000))
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })
})

function choose(from: number, count: number): number {
  let ways = 1
  for (let step = 1; step <= count; step++) ways = (ways * (from - count + step)) / step
  return ways
}
