import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import type { Place } from '../../core/ports.ts'
import type { PlaceAttributes } from '../../core/ports-sovereignty.ts'
import { createFakeClock } from '../../core/time.ts'
import { createRegionGate, createSovereignGate } from './index.ts'

const now = Date.parse('2026-11-26T12:00:00Z')

/** Everything said and shown: a place that passes for personal data. */
const good: PlaceAttributes = {
  abuseLog: { days: 30, regions: ['de'] },
  operator: ['de'],
  parents: ['fr'],
  subprocessors: [{ name: 'Rack', jurisdictions: ['nl'], processing: ['nl'] }],
  transfer: 'none',
  trainsOnInput: false,
  keys: 'customer',
  seal: { 'SOV-2': 3 },
  evidence: [{ url: 'contract 7', on: '2026-01-01', expires: '2027-01-01' }],
}

function decide(
  sovereignty: Place['sovereignty'],
  rules: object = {},
  { atMs = now, ...place }: Partial<Place> & { readonly atMs?: number } = {},
): string {
  const config = configSchema.parse({ governance: { sovereignty: rules } }).governance
  const warned: string[] = []
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_: object, message: string) => warned.push(message),
    error: () => undefined,
  }
  const gate = createSovereignGate({
    lattice: createRegionGate(config),
    rules: config.sovereignty,
    clock: createFakeClock(atMs),
    log,
  })
  const verdict = gate.decide({ processing: ['de'], storage: ['de'], sovereignty, ...place }, ['eu'])
  return verdict.type === 'pass' ? ['pass', ...warned].join(' ') : verdict.reason
}

describe('a place', () => {
  test('whose attributes are said, shown and allowed passes; one of which nothing is known does not', () => {
    expect(decide(good)).toBe('pass')
    expect(decide('own', { dataClass: 'secret', seal: { 'SOV-1': 4 } })).toBe('pass')
    expect(decide(undefined)).toMatch(/not known: .*abuseLog/)
  })

  test.each<[string, Partial<PlaceAttributes>, RegExp, object?]>([
    ['copies to detect abuse outside', { abuseLog: { days: 30, regions: ['us'] } }, /abuse/],
    ['training on input', { trainsOnInput: true }, /trains/],
    ['a parent under foreign law, for special data', { parents: ['us'] }, /compelled/, { dataClass: 'special' }],
    [
      'a sub-processor under foreign law',
      { subprocessors: [{ name: 'x', jurisdictions: ['us'], processing: ['de'] }] },
      /compelled/,
      { dataClass: 'special' },
    ],
    [
      'a sub-processor outside',
      { subprocessors: [{ name: 'x', jurisdictions: ['de'], processing: ['us'] }] },
      /outside the allowed/,
    ],
    ['keys of the provider, for secrets', { keys: 'provider' }, /keys/, { dataClass: 'secret' }],
    ['a SEAL level too low', { seal: { 'SOV-2': 1 } }, /SEAL/, { seal: { 'SOV-2': 2 } }],
    ['a SEAL level not said', {}, /not known: sealMet/, { seal: { 'SOV-3': 1 } }],
  ])('with %s is refused', (...[, said, reason, rules]) => {
    expect(decide({ ...good, ...said }, rules)).toMatch(reason)
  })

  test('outside the home needs a basis for transfers of personal data', () => {
    const abroad = { processing: ['gb'], storage: ['gb'] }
    const gate = (transfer: PlaceAttributes['transfer']): string => {
      const config = configSchema.parse({ governance: { sovereignty: {} } }).governance
      const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
      const made = createSovereignGate({
        lattice: createRegionGate(config),
        rules: config.sovereignty,
        clock: createFakeClock(now),
        log,
      })
      const verdict = made.decide({ ...abroad, sovereignty: { ...good, transfer } }, ['eu', 'gb'])
      return verdict.type === 'pass' ? 'pass' : verdict.reason
    }
    expect(gate('adequacy')).toBe('pass')
    expect(gate('none')).toContain('Art. 44')
    expect(gate(undefined)).toContain('Art. 44')
  })

  test('is as good as its evidence: before its day and from its end on what it shows is unknown', () => {
    expect(decide(good, {}, { atMs: Date.parse('2026-12-31T23:59:59Z') })).toBe('pass')
    expect(decide(good, {}, { atMs: Date.parse('2027-01-01T00:00:00Z') })).toMatch(/not known/)
    expect(decide(good, {}, { atMs: Date.parse('2025-12-31T23:59:59Z') })).toMatch(/not known/)
    const partly = {
      ...good,
      evidence: [{ for: ['operator', 'parents'], url: 'x', on: '2026-01-01', expires: '2027-01-01' }],
    }
    expect(decide(partly)).toMatch(/not known: .*abuseLogDays/)
  })

  test('is let through in shadow, and the log says what would be refused', () => {
    expect(decide({ ...good, trainsOnInput: true }, { mode: 'shadow' })).toBe('pass a place would be refused')
  })

  test('outside the allowed regions is refused whatever its attributes, and everywhere lies in nothing', () => {
    expect(decide(good, {}, { processing: ['us'] })).toContain('outside the allowed regions')
    expect(decide(good, {}, { processing: ['*'] })).toContain('outside the allowed regions')
  })

  test('of which less is said never passes where more did not', () => {
    const keys = ['abuseLog', 'operator', 'parents', 'subprocessors', 'trainsOnInput', 'keys', 'seal'] as const
    const rules = fc.record({ dataClass: fc.constantFrom('public', 'internal', 'personal', 'special', 'secret') })
    fc.assert(
      fc.property(rules, fc.subarray([...keys]), fc.boolean(), (given, left, trains) => {
        const full = { ...good, trainsOnInput: trains }
        const less = Object.fromEntries(
          Object.entries(full).filter(([key]) => !left.some((one) => one === key)),
        ) as unknown as PlaceAttributes // the evidence stays
        if (decide(less, given) === 'pass') expect(decide(full, given)).toBe('pass')
      }),
      { numRuns: 60 },
    )
  })
})
