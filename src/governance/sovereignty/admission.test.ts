import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRootCall } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { createAdmission, createRegionGate } from './index.ts'

const gate = createRegionGate({ regions: { frankfurt: ['de'] } })
const admission = createAdmission({ allowedRegions: ['eu', 'local'] }, gate)
const member = { regions: undefined }

describe('admission', () => {
  test('a key without regions gets the configured ones, a key with regions its own', () => {
    expect(admission.labels(member).allowedRegions).toEqual(['eu', 'local'])
    expect(admission.labels({ regions: ['us'] }).allowedRegions).toEqual(['us'])
    expect(admission.labels({ regions: [] }).allowedRegions).toEqual([])
  })

  test('a request narrows by the lattice, not by name', () => {
    expect(admission.labels(member, ['de']).allowedRegions).toEqual(['de'])
    expect(admission.labels(member, ['frankfurt', 'us']).allowedRegions).toEqual(['frankfurt'])
    expect([...admission.labels(member, ['*']).allowedRegions].toSorted()).toEqual(['eu', 'local'])
  })

  test('a request cannot widen what its key may, and is told so', () => {
    expect(() => admission.labels(member, ['us'])).toThrowError(
      expect.objectContaining({ code: 'REGION_REFUSED', param: 'strata.regions' }),
    )
    expect(() => admission.labels(member, ['us'])).toThrowError(/us.*eu, local/)
    expect(() => admission.labels(member, [])).toThrowError(expect.objectContaining({ code: 'REGION_REFUSED' }))
    expect(() => admission.labels({ regions: [] }, ['de'])).toThrowError(/no region at all/)
  })

  test('a name that is no region is refused with its place', () => {
    expect(() => admission.labels(member, ['de', 'germany'])).toThrowError(
      expect.objectContaining({ code: 'INVALID_REQUEST', param: 'strata.regions[1]' }),
    )
  })

  test('a list without bound is refused', () => {
    expect(() =>
      admission.labels(
        member,
        Array.from({ length: 65 }, () => 'de'),
      ),
    ).toThrowError(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  test('equal questions get the same array', () => {
    expect(admission.labels(member)).toBe(admission.labels({ regions: undefined }))
    expect(admission.labels(member, ['de'])).toBe(admission.labels(member, ['de']))
    const outer = ['eu']
    expect(admission.narrow(outer, ['de'])).toBe(admission.narrow(outer, ['de']))
  })

  test('stays right when clients ask for more combinations than are remembered', () => {
    const countries = ['at', 'be', 'bg', 'cz', 'de', 'dk', 'ee', 'es', 'fi', 'fr']
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...countries), { minLength: 1 }), (requested) => {
        expect([...admission.labels(member, requested).allowedRegions].toSorted()).toEqual(requested.toSorted())
      }),
      { numRuns: 600 },
    )
  })

  test('children of a call narrow by the lattice and never widen', () => {
    const clock = createFakeClock(0)
    const narrowRegions = (outer: readonly string[], inner: readonly string[]) => admission.narrow(outer, inner)
    const principal = { tenant: 'default', keyId: 'k', role: 'member', models: undefined, regions: undefined } as const
    const root = createRootCall(
      { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
      { name: 'r', principal, labels: admission.labels(principal), durationMsMax: 1, narrowRegions },
    )
    const child = root.child({ kind: 'model', name: 'm', allowedRegions: ['de'] })
    expect(child.labels.allowedRegions).toEqual(['de'])
    expect(child.child({ kind: 'model', name: 'n', allowedRegions: ['*'] }).labels.allowedRegions).toEqual(['de'])
    expect(child.child({ kind: 'model', name: 'n', allowedRegions: ['fr'] }).labels.allowedRegions).toEqual([])
  })

  test('a place that passes after narrowing passed before', () => {
    const name = fc.constantFrom('eu', 'eea', 'efta', 'de', 'frankfurt', 'is', 'ch', 'us', 'local', '*')
    const list = fc.array(name, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(list, list, name, (outer, inner, where) => {
        const place = { processing: [where], storage: [] }
        const narrowed = gate.decide(place, admission.narrow(outer, inner)).type
        const both = [outer, inner].every((allowed) => gate.decide(place, allowed).type === 'pass')
        expect(narrowed).toBe(both ? 'pass' : 'deny')
      }),
    )
  })
})
