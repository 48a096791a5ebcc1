import type { Config } from '../../config/index.ts'
import type { Labels, PolicyLabel, Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { RegionLattice } from './gate.ts'

/** Gives a request what governance says of it. */
export interface Admission {
  /**
   * The regions of the key, else the configured ones, narrowed to what the request itself lists. Equal questions get
   * the same array, so that who decides on it can remember by identity. Throws INVALID_REQUEST for a region that is
   * not one, REGION_REFUSED when nothing is left.
   */
  labels(principal: Pick<Principal, 'regions'>, requested?: readonly string[], policy?: PolicyLabel): Labels
  /** What lies in both lists; how a call narrows the regions of its children. Same arrays for equal questions. */
  narrow(outer: readonly string[], inner: readonly string[]): readonly string[]
}

const regionsRequestedMax = 64
/** Meets remembered per list of allowed regions: clients choose what they request, so it is bounded. */
const meetsRememberedMax = 256

export function createAdmission(
  config: Pick<Config['governance'], 'allowedRegions'>,
  gate: Pick<RegionLattice, 'has' | 'meet'>,
): Admission {
  const toLabels = createLabelMemory()
  const meetsOf = new WeakMap<readonly string[], Map<string, readonly string[]>>()

  const narrow = (outer: readonly string[], inner: readonly string[]): readonly string[] => {
    let meets = meetsOf.get(outer)
    if (meets === undefined) {
      meets = new Map()
      meetsOf.set(outer, meets)
    }
    const key = inner.join(' ')
    let met = meets.get(key)
    if (met === undefined) {
      if (meets.size >= meetsRememberedMax) meets.clear()
      met = Object.freeze([...gate.meet(outer, inner)])
      meets.set(key, met)
    }
    return met
  }

  return {
    labels(principal, requested, policy) {
      const allowed = principal.regions ?? config.allowedRegions
      if (requested === undefined) return toLabels(allowed, policy)
      checkRequested(requested)
      const narrowed = narrow(allowed, requested)
      if (narrowed.length > 0) return toLabels(narrowed, policy)
      const may = allowed.length === 0 ? 'no region at all' : allowed.join(', ')
      throw new PlatformError(
        'REGION_REFUSED',
        `the request asks for ${requested.join(', ') || 'no region'}, of which nothing lies in what its key may use: ${may}`,
        { param: 'strata.regions' },
      )
    },
    narrow,
  }

  function checkRequested(requested: readonly string[]): void {
    if (requested.length > regionsRequestedMax) {
      throw new PlatformError(
        'INVALID_REQUEST',
        `strata.regions lists ${requested.length} regions; at most ${regionsRequestedMax} are taken`,
        { param: 'strata.regions' },
      )
    }
    const unknown = requested.findIndex((region) => !gate.has(region))
    if (unknown === -1) return
    throw new PlatformError(
      'INVALID_REQUEST',
      `strata.regions[${unknown}] is no region of this server; use a country code such as "de", or "eu", "us", "local"`,
      { param: `strata.regions[${unknown}]` },
    )
  }
}

/** The same labels for the same list of regions and the same decision of policies. */
function createLabelMemory(): (allowedRegions: readonly string[], policy: PolicyLabel | undefined) => Labels {
  const undecided = new WeakMap<readonly string[], Labels>()
  const decided = new WeakMap<PolicyLabel, WeakMap<readonly string[], Labels>>()
  return (allowedRegions, policy) => {
    let known = policy === undefined ? undecided : decided.get(policy)
    if (known === undefined) {
      known = new WeakMap()
      if (policy !== undefined) decided.set(policy, known)
    }
    let labels = known.get(allowedRegions)
    if (labels === undefined) {
      const record = Object.freeze({ ...policy?.record, allowed_regions: allowedRegions })
      labels = Object.freeze(policy === undefined ? { allowedRegions, record } : { allowedRegions, record, policy })
      known.set(allowedRegions, labels)
    }
    return labels
  }
}
