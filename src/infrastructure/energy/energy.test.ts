import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimateEnergy, foreseeWattHours, type EnergyConfig } from './index.ts'

const dense = (parameters: number): EnergyConfig => ({
  activeParameters: [parameters, parameters],
  totalParameters: [parameters, parameters],
  pue: [1.2, 1.2],
})
const slow = { outputTokens: 400, durationMs: 3_600_000 }

describe('a remote answer', () => {
  test.each([
    ['8B', dense(8), 0.03566],
    ['70B', dense(70), 0.26301],
    ['22 of 235B', { ...dense(22), totalParameters: [235, 235] as const }, 0.33965],
    ['37 of 671B', { ...dense(37), totalParameters: [671, 671] as const }, 1.59156],
    ['400B', dense(400), 3.61471],
  ])('of 400 tokens by %s takes what the published method says', (_, config, expected) => {
    const energy = estimateEnergy(config, slow)
    expect(energy?.low).toBeCloseTo(expected, 4)
    expect(energy).toMatchObject({
      high: energy?.low,
      method: 'ecologits-output-only',
      factorsVersion: 'ecologits-0.9.1',
    })
  })

  test('takes no more server time than it lasted', () => {
    const short = estimateEnergy(dense(70), { outputTokens: 400, durationMs: 10 })
    expect(short?.low).toBeLessThan(estimateEnergy(dense(70), slow)?.low ?? 0)
  })

  test('is not known without its output tokens', () => {
    expect(estimateEnergy(dense(8), { outputTokens: undefined, durationMs: 1 })).toBeUndefined()
  })

  test('grows with tokens, and with the PUE in proportion: it counts once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (outputTokens, pue) => {
          const measure = { outputTokens, durationMs: 3_600_000 }
          const plain = estimateEnergy({ ...dense(30), pue: [1, 1] }, measure)
          const energy = estimateEnergy({ ...dense(30), pue: [1, pue] }, measure)
          expect(energy?.high).toBeCloseTo((plain?.high ?? 0) * pue, 9)
          expect(estimateEnergy(dense(30), { ...measure, outputTokens: outputTokens + 1 })?.low).toBeGreaterThan(
            estimateEnergy(dense(30), measure)?.low ?? 0,
          )
        },
      ),
      { numRuns: 50 },
    )
  })
})

test('a local answer takes power times time', () => {
  const energy = estimateEnergy({ watts: [15, 20] }, { outputTokens: undefined, durationMs: 1_800_000 })
  expect(energy).toEqual({ low: 7.5, high: 10, method: 'power-time', factorsVersion: 'measured' })
})

test('carbon is the energy times the factor of the place, and absent without one', () => {
  const config = { ...dense(8), carbonGramsPerKwh: [50, 400] as const }
  const energy = estimateEnergy(config, slow)
  expect(energy?.carbon?.low).toBeCloseTo(((energy?.low ?? 0) * 50) / 1_000, 12)
  expect(energy?.carbon?.high).toBeCloseTo(((energy?.high ?? 0) * 400) / 1_000, 12)
  expect(estimateEnergy(dense(8), slow)?.carbon).toBeUndefined()
})

test('is foreseen for so many tokens, as the most it may be', () => {
  expect(foreseeWattHours(dense(8), 400)).toBeCloseTo(0.03566, 4)
  const desk: EnergyConfig = { watts: [30, 60], tokensPerSecond: [10, 20] }
  expect(foreseeWattHours(desk, 600)).toBeCloseTo(1) // a minute at 60 W
  expect(foreseeWattHours({ watts: [30, 60] }, 600)).toBeUndefined()
})
