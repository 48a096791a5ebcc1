import type { Config } from '../../config/index.ts'
import type { Place } from '../../core/ports.ts'
import type { PlaceAttributes } from '../../core/ports-sovereignty.ts'
import type { RegionLattice } from './gate.ts'

type Rules = NonNullable<Config['governance']['sovereignty']>
type FactValue = boolean | number | string | readonly string[]

export interface PlaceQuestion {
  readonly place: Place
  readonly allowedRegions: readonly string[]
  readonly rules: Rules
  /** Milliseconds UTC. */
  readonly atMs: number
}

/**
 * The answers to the questions of the pack `eu-sovereignty` for one place. What is not said, or not shown by evidence that is
 * in force, is left out: it is unknown.
 */
export function toPlaceFacts(
  lattice: Pick<RegionLattice, 'within' | 'contains'>,
  question: PlaceQuestion,
): ReadonlyMap<string, FactValue> {
  const { place, allowedRegions, rules, atMs } = question
  const shown = place.sovereignty === 'own' ? ownAttributes : onlyShown(place.sovereignty, atMs)
  const jurisdictions = joinKnown([
    shown.operator,
    shown.parents,
    shown.subprocessors?.flatMap((each) => each.jurisdictions),
  ])
  const processing = joinKnown([place.processing, shown.subprocessors?.flatMap((each) => each.processing)])
  const facts: Readonly<Record<string, FactValue | undefined>> = {
    dataClass: rules.dataClass,
    allowedRegions: lattice.within(allowedRegions),
    processing,
    storage: place.storage,
    abuseLogDays: shown.abuseLog?.days,
    abuseLogRegions: shown.abuseLog?.regions,
    operatorJurisdictions: jurisdictions,
    allowedJurisdictions: lattice.within(rules.allowedJurisdictions),
    thirdCountry: isThirdCountry(lattice, joinKnown([processing, place.storage, shown.abuseLog?.regions]), rules.home),
    transferBasis: shown.transfer,
    trainsOnInput: shown.trainsOnInput,
    keyCustody: shown.keys,
    sealMet: isSealMet(rules.seal, shown.seal),
    evidenceCurrent: isShown(place.sovereignty, atMs) ? true : undefined,
  }
  return new Map(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  )
}

type Attributes = Omit<PlaceAttributes, 'evidence'>

/** What is true of a place that the organisation runs itself. */
const ownAttributes: Attributes = {
  abuseLog: { days: 0, regions: [] },
  operator: [],
  parents: [],
  subprocessors: [],
  trainsOnInput: false,
  keys: 'own',
  seal: { 'SOV-1': 4, 'SOV-2': 4, 'SOV-3': 4, 'SOV-4': 4, 'SOV-5': 4, 'SOV-6': 4, 'SOV-7': 4, 'SOV-8': 4 },
}

/** What evidence in force shows of what is said. */
function onlyShown(said: PlaceAttributes | undefined, atMs: number): Attributes {
  if (said === undefined) return {}
  const { evidence, ...attributes } = said
  const inForce = evidence.filter((each) => isInForce(each, atMs))
  const isKnown = (name: string): boolean => inForce.some((each) => each.for?.some((one) => one === name) ?? true)
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isKnown(name)))
}

/** Evidence in force stands behind everything that is said. */
function isShown(said: PlaceAttributes | 'own' | undefined, atMs: number): boolean {
  if (said === 'own') return true
  if (said === undefined || !said.evidence.some((each) => isInForce(each, atMs))) return false
  const { evidence: _, ...attributes } = said
  return Object.keys(onlyShown(said, atMs)).length === Object.keys(attributes).length
}

function isInForce({ on, expires }: { readonly on: string; readonly expires: string }, atMs: number): boolean {
  return Date.parse(`${on}T00:00:00Z`) <= atMs && atMs < Date.parse(`${expires}T00:00:00Z`)
}

/** All of the lists together; unknown where one of them is. */
function joinKnown(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const joined: string[] = []
  for (const list of lists) {
    if (list === undefined) return undefined
    joined.push(...list)
  }
  return [...new Set(joined)]
}

/** Whether one of the regions lies outside the home. Of `local`, where nobody has said where it lies, that is not known. */
function isThirdCountry(
  lattice: Pick<RegionLattice, 'contains'>,
  regions: readonly string[] | undefined,
  home: readonly string[],
): boolean | undefined {
  const abroad = regions?.filter((region) => !home.some((outer) => lattice.contains(outer, region)))
  if (abroad === undefined) return undefined
  return abroad.length === 0 ? false : abroad.every((region) => region === 'local') ? undefined : true
}

function isSealMet(wanted: Rules['seal'], reached: Attributes['seal']): boolean | undefined {
  const asked = Object.entries(wanted)
  if (asked.length === 0) return true
  if (reached === undefined) return undefined
  const levels = new Map(Object.entries(reached))
  const compared = asked.map(([objective, least]) => {
    const level = levels.get(objective)
    return level === undefined ? undefined : level >= least
  })
  return compared.includes(false) ? false : compared.includes(undefined) ? undefined : true
}
