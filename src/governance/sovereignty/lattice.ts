import { aliases, createBuiltInRegions, everywhere, local } from './regions.ts'

/** Regions and which lies in which: reflexive, transitive, antisymmetric (but for second names), with `*` on top. */
export interface Lattice {
  /** Every region's name, second names left out. */
  readonly names: readonly string[]
  /** The regions a region lies in, itself included; `undefined` when there is no such region. */
  findOuter(region: string): ReadonlySet<string> | undefined
}

/** What is wrong with a configured region, and where. */
export interface RegionFault {
  /** Path of the key at fault: `governance.regions.frankfurt[0]`. */
  readonly path: string
  readonly message: string
}

/** Regions of the operator, each with the regions it lies in, as `governance.regions` has them. */
export type OwnRegions = Readonly<Record<string, readonly string[]>>

/**
 * The built-in regions and the operator's own. Regions at fault (unknown parent, cycle, a name that is taken) are left
 * out of the lattice, so that nothing lies in or under them.
 */
export function createLattice(own: OwnRegions): { readonly lattice: Lattice; readonly faults: readonly RegionFault[] } {
  const parentsOf = new Map<string, readonly string[]>()
  for (const { name, parents } of createBuiltInRegions()) parentsOf.set(name, parents)
  const faults = placeOwn(own, parentsOf)

  const outerOf = new Map<string, ReadonlySet<string>>()
  const close = (region: string, path: readonly string[]): ReadonlySet<string> | undefined => {
    const known = outerOf.get(region)
    if (known !== undefined) return known
    const parents = parentsOf.get(region)
    if (parents === undefined) return undefined
    if (path.includes(region)) {
      faults.push({
        path: `governance.regions.${region}`,
        message: `lies in itself (${[...path.slice(path.indexOf(region)), region].join(' → ')}); remove one of the steps`,
      })
      return undefined
    }
    const outer = new Set([region, everywhere])
    for (const parent of parents) {
      const above = close(toName(parent), [...path, region])
      if (above === undefined) return undefined
      for (const one of above) outer.add(one)
    }
    for (const [alias, name] of aliases) if (outer.has(name)) outer.add(alias)
    outerOf.set(region, outer)
    return outer
  }
  for (const region of parentsOf.keys()) close(region, [])

  const names = [...outerOf.keys()]
  for (const [alias, name] of aliases) {
    const outer = outerOf.get(name)
    if (outer !== undefined) outerOf.set(alias, outer)
  }
  return { lattice: { names, findOuter: (region) => outerOf.get(region) }, faults: withoutRepeats(faults) }
}

/** Puts the operator's regions among the built-in ones and says which cannot be. */
function placeOwn(own: OwnRegions, parentsOf: Map<string, readonly string[]>): RegionFault[] {
  const faults: RegionFault[] = []
  const builtIn = new Set([...parentsOf.keys(), ...aliases.keys()])
  for (const [region, parents] of Object.entries(own)) {
    if (builtIn.has(region) && region !== local) {
      faults.push({ path: `governance.regions.${region}`, message: `"${region}" is built in; choose another name` })
      continue
    }
    const unknown = parents.findIndex((parent) => !builtIn.has(parent) && !Object.hasOwn(own, parent))
    if (unknown !== -1) {
      faults.push({
        path: `governance.regions.${region}[${unknown}]`,
        message: `"${parents[unknown]}" is no region; name a built-in one or define it under governance.regions`,
      })
      parentsOf.delete(region)
      continue
    }
    parentsOf.set(region, parents)
  }
  return faults
}

/** One cycle is found from each of its regions; the first finding says it all. */
function withoutRepeats(faults: readonly RegionFault[]): readonly RegionFault[] {
  return faults.filter((fault, index) => faults.findIndex((other) => other.path === fault.path) === index)
}

function toName(region: string): string {
  return aliases.get(region) ?? region
}
