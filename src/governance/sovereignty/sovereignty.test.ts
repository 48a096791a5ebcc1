import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { checkRegions, createRegionGate } from './index.ts'

const own = { frankfurt: ['de'], 'rack-7': ['frankfurt'], border: ['de', 'fr'], moon: [], london: ['uk'] }
const gate = createRegionGate({ regions: own })

const names = '* local eu eea efta europe asia apac asean de fr is ch gb uk us cy sg cn hk'
  .split(' ')
  .concat(Object.keys(own))
const region = fc.constantFrom(...names)
const anyRegion = fc.oneof({ weight: 9, arbitrary: region }, { weight: 1, arbitrary: fc.constant('atlantis') })
const regions = fc.array(anyRegion, { maxLength: 4 })
const place = fc.record({
  processing: fc.option(regions, { nil: undefined }),
  storage: fc.option(regions, { nil: undefined }),
})
const passes = (
  where: { processing: string[] | undefined; storage: string[] | undefined },
  allowed: string[],
): boolean => gate.decide(where, allowed).type === 'pass'

describe('the lattice of regions', () => {
  test('a member state lies in eu, eu in eea, eea in europe, and all in everywhere', () => {
    for (const outer of ['de', 'eu', 'eea', 'europe', '*']) expect(gate.contains(outer, 'de')).toBe(true)
    expect(gate.contains('eu', 'eea')).toBe(false)
    expect(gate.contains('eea', 'no')).toBe(true)
    expect(gate.contains('eu', 'no')).toBe(false)
    expect(gate.contains('efta', 'ch')).toBe(true)
    expect(gate.contains('eea', 'ch')).toBe(false)
    expect(gate.contains('eu', 'gb')).toBe(false)
  })

  test('has the 27 member states and the 249 codes of ISO 3166-1, each under one continent at least', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyz')
    const codes = letters
      .flatMap((first) => letters.map((second) => first + second))
      .filter((code) => gate.has(code) && code !== 'eu' && code !== 'uk')
    expect(codes).toHaveLength(249)
    expect(codes.filter((code) => gate.contains('eu', code))).toHaveLength(27)
    const continents = ['africa', 'americas', 'antarctica', 'asia', 'europe', 'oceania']
    expect(codes.filter((code) => !continents.some((continent) => gate.contains(continent, code)))).toEqual([])
  })

  test('hk, mo and tw are regions of their own, not parts of cn', () => {
    for (const code of ['hk', 'mo', 'tw']) expect(gate.contains('cn', code)).toBe(false)
  })

  test('uk and gb are two names of one region', () => {
    expect(gate.contains('uk', 'gb') && gate.contains('gb', 'uk')).toBe(true)
    expect(gate.contains('gb', 'london') && gate.contains('uk', 'london')).toBe(true)
    expect(gate.decide({ processing: ['uk'], storage: ['gb'] }, ['gb']).type).toBe('pass')
  })

  test('this machine lies in no country until the operator says where it stands', () => {
    expect(gate.contains('de', 'local')).toBe(false)
    const placed = createRegionGate({ regions: { local: ['de'] } })
    expect(placed.contains('eu', 'local')).toBe(true)
    expect(placed.contains('us', 'local')).toBe(false)
    expect(placed.contains('local', 'de')).toBe(false)
  })

  test('is reflexive, transitive, and antisymmetric but for second names', () => {
    fc.assert(
      fc.property(region, region, region, (a, b, c) => {
        expect(gate.contains(a, a)).toBe(true)
        if (gate.contains(a, b) && gate.contains(b, c)) expect(gate.contains(a, c)).toBe(true)
        const canonical = (name: string): string => (name === 'uk' ? 'gb' : name)
        if (gate.contains(a, b) && gate.contains(b, a)) expect(canonical(a)).toBe(canonical(b))
      }),
    )
  })

  test('a meet holds exactly the regions that lie on both sides, and names only the widest', () => {
    fc.assert(
      fc.property(regions, regions, region, (left, right, one) => {
        const met = gate.meet(left, right)
        const isIn = (list: readonly string[]): boolean => list.some((outer) => gate.contains(outer, one))
        expect(isIn(met)).toBe(isIn(left) && isIn(right))
        for (const a of met) for (const b of met) if (a !== b) expect(gate.contains(a, b)).toBe(false)
      }),
    )
    expect(gate.meet(['eu'], ['de'])).toEqual(['de'])
    expect([...gate.meet(['eea'], ['efta'])].toSorted()).toEqual(['is', 'li', 'no'])
    expect(gate.meet(['eu'], ['us'])).toEqual([])
  })
})

describe('the decision', () => {
  test('passes when processing and storage lie inside the allowed regions', () => {
    expect(gate.decide({ processing: ['rack-7'], storage: ['frankfurt', 'fr'] }, ['eu'])).toEqual({ type: 'pass' })
    expect(gate.decide({ processing: ['de'], storage: [] }, ['de'])).toEqual({ type: 'pass' })
  })

  test('refuses a place of which one region lies outside, and names it', () => {
    const verdict = gate.decide({ processing: ['de', 'us'], storage: [] }, ['eu'])
    expect(verdict).toEqual({ type: 'deny', reason: 'processing: region "us" lies outside the allowed regions (eu)' })
    expect(gate.decide({ processing: ['de'], storage: ['us'] }, ['eu'])).toMatchObject({
      reason: 'storage: region "us" lies outside the allowed regions (eu)',
    })
  })

  test('a place somewhere in a wide region is not inside a narrow one', () => {
    expect(gate.decide({ processing: ['eu'], storage: [] }, ['de']).type).toBe('deny')
    expect(gate.decide({ processing: ['*'], storage: [] }, ['eu']).type).toBe('deny')
  })

  test('many narrow regions do not add up to a wide one', () => {
    expect(gate.decide({ processing: ['efta'], storage: [] }, ['is', 'li', 'no', 'ch']).type).toBe('deny')
  })

  test('what is unknown is refused, even where everything is allowed', () => {
    expect(gate.decide({ processing: undefined, storage: [] }, ['*']).type).toBe('deny')
    expect(gate.decide({ processing: [], storage: [] }, ['*']).type).toBe('deny')
    expect(gate.decide({ processing: ['de'], storage: undefined }, ['*']).type).toBe('deny')
    expect(gate.decide({ processing: ['atlantis'], storage: [] }, ['*', 'atlantis']).type).toBe('deny')
    expect(gate.decide({ processing: ['eu-west-1'], storage: [] }, ['eu']).type).toBe('deny')
  })

  test('nothing allowed allows nothing', () => {
    expect(gate.decide({ processing: ['local'], storage: [] }, []).type).toBe('deny')
  })

  test('is exactly: each region of the place lies in at least one allowed region', () => {
    fc.assert(
      fc.property(place, regions, (where, allowed) => {
        const isInside = (one: string): boolean => allowed.some((outer) => gate.contains(outer, one))
        const expected =
          (where.processing ?? []).length > 0 &&
          where.storage !== undefined &&
          [...(where.processing ?? []), ...where.storage].every(isInside)
        expect(passes(where, allowed)).toBe(expected && allowed.length > 0)
      }),
    )
  })

  test('allowing more never refuses what passed', () => {
    fc.assert(
      fc.property(place, regions, anyRegion, (where, allowed, more) => {
        if (passes(where, allowed)) expect(passes(where, [...allowed, more])).toBe(true)
      }),
    )
  })

  test('a place in more regions never passes where the smaller one was refused', () => {
    fc.assert(
      fc.property(place, regions, anyRegion, (where, allowed, more) => {
        if (where.processing === undefined || where.processing.length === 0 || passes(where, allowed)) return
        expect(passes({ ...where, processing: [...where.processing, more] }, allowed)).toBe(false)
        if (where.storage === undefined) return
        expect(passes({ ...where, storage: [...where.storage, more] }, allowed)).toBe(false)
      }),
    )
  })
})

describe('configured regions', () => {
  test.each([
    [{ frankfurt: ['germany'] }, 'governance.regions.frankfurt[0]', 'is no region'],
    [{ a: ['b'], b: ['c'], c: ['a'] }, 'governance.regions.a', 'a → b → c → a'],
    [{ a: ['a'] }, 'governance.regions.a', 'a → a'],
    [{ de: ['us'] }, 'governance.regions.de', 'is built in'],
    [{ '*': ['de'] }, 'governance.regions.*', 'is built in'],
  ])('%o is refused with the path of its key', (regionsAtFault, path, text) => {
    try {
      createRegionGate({ regions: regionsAtFault })
      expect.unreachable()
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', param: path })
      expect(String(thrown)).toContain(text)
    }
  })

  test('every unknown name in a configuration is found, with the path of its key', () => {
    const config = configSchema.parse({
      governance: { allowedRegions: ['eu', 'eu-west-1'], regions: { rack: ['frankfurt'] } },
      endpoints: {
        a: { dialect: 'openai', model: 'm', processing: ['de', 'germany'], storage: ['rack'] },
        b: { dialect: 'openai', model: 'm', storage: ['usa'] },
      },
      telemetry: { traces: { url: 'http://127.0.0.1:4318/v1/traces', processing: ['here'], storage: ['local'] } },
    })
    expect(checkRegions(config).map(({ path }) => path)).toEqual([
      'governance.regions.rack[0]',
      'governance.allowedRegions[1]',
      'endpoints.a.processing[1]',
      'endpoints.b.storage[0]',
      'telemetry.traces.processing[0]',
    ])
    expect(checkRegions(configSchema.parse({}))).toEqual([])
  })
})
