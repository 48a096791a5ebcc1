import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { RegionGate, RegionVerdict } from '../../core/ports.ts'
import { createLattice } from './lattice.ts'

/** Decides where data may go, and answers what lies in what. */
export interface RegionLattice extends RegionGate {
  /** Whether `inner` lies in `outer`. A region lies in itself; a region that is not known lies nowhere. */
  contains(outer: string, inner: string): boolean
  /** Whether the lattice has the region. */
  has(region: string): boolean
  /**
   * The widest regions that lie both in one of `left` and in one of `right`, in the lattice's order: `eu` and `de` meet
   * in `de`, `eea` and `efta` in `is`, `li`, `no`. Empty when they have nothing in common. Cost: O(regions).
   */
  meet(left: readonly string[], right: readonly string[]): readonly string[]
  /** Every region that lies in one of the given, themselves included. Cost: O(regions). */
  within(allowed: readonly string[]): readonly string[]
}

const pass: RegionVerdict = Object.freeze({ type: 'pass' })

/** Throws CONFIG_INVALID when a region of the operator has an unknown parent, lies in itself or takes a built-in name. */
export function createRegionGate(config: Pick<Config['governance'], 'regions'>): RegionLattice {
  const { lattice, faults } = createLattice(config.regions)
  const [fault] = faults
  if (fault !== undefined) {
    throw new PlatformError('CONFIG_INVALID', `${fault.path}: ${fault.message}`, {
      param: fault.path,
      details: { faults: faults.map(({ path, message }) => ({ path, message })) },
    })
  }

  const isWithin = (outer: ReadonlySet<string>, regions: readonly string[]): boolean => {
    for (const region of regions) if (outer.has(region)) return true
    return false
  }

  /** Why one of the regions may not be used; `undefined` when all lie inside. */
  const findFault = (regions: readonly string[], allowed: readonly string[]): string | undefined => {
    for (const region of regions) {
      const outer = lattice.findOuter(region)
      if (outer === undefined) return `region "${region}" is not known, and unknown is not allowed`
      if (!isWithin(outer, allowed))
        return `region "${region}" lies outside the allowed regions (${allowed.join(', ')})`
    }
    return undefined
  }

  return {
    decide(place, allowedRegions) {
      if (place.processing === undefined || place.processing.length === 0) {
        return deny('where it processes is unknown, and unknown is not allowed; configure its processing regions')
      }
      if (place.storage === undefined) {
        return deny(
          'where it stores is unknown, and unknown is not allowed; configure its storage regions, [] for nowhere',
        )
      }
      if (allowedRegions.length === 0) return deny('no region is allowed for this call')
      const why = findFault(place.processing, allowedRegions)
      if (why !== undefined) return deny(`processing: ${why}`)
      const whyStorage = findFault(place.storage, allowedRegions)
      return whyStorage === undefined ? pass : deny(`storage: ${whyStorage}`)
    },
    contains: (outer, inner) => lattice.findOuter(inner)?.has(outer) ?? false,
    has: (region) => lattice.findOuter(region) !== undefined,
    within: (allowed) =>
      lattice.names.filter((name) => allowed.some((outer) => lattice.findOuter(name)?.has(outer) === true)),
    meet(left, right) {
      const common = new Set<string>()
      for (const name of lattice.names) {
        const outer = lattice.findOuter(name)
        if (outer !== undefined && isWithin(outer, left) && isWithin(outer, right)) common.add(name)
      }
      return [...common].filter((name) => isWidest(name, common))
    },
  }

  function isWidest(name: string, among: ReadonlySet<string>): boolean {
    for (const outer of lattice.findOuter(name) ?? []) if (outer !== name && among.has(outer)) return false
    return true
  }
}

function deny(reason: string): RegionVerdict {
  return { type: 'deny', reason }
}
