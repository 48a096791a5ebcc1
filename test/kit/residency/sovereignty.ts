import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import { liesIn, type EndpointPlace } from './places.ts'

/** What the organisation of a world asks for, as `governance.sovereignty` has it. */
export interface WorldRules {
  readonly dataClass: 'public' | 'internal' | 'personal' | 'special' | 'secret'
  readonly home: readonly string[]
  readonly allowedJurisdictions: readonly string[]
  readonly seal: Readonly<Record<string, number>>
}

/** What is said of an endpoint, as `endpoints.ID.sovereignty` has it. */
export interface Said {
  readonly abuseLog?: { readonly days: number; readonly regions: readonly string[] }
  readonly operator?: readonly string[]
  readonly parents?: readonly string[]
  readonly subprocessors?: readonly {
    readonly jurisdictions: readonly string[]
    readonly processing: readonly string[]
  }[]
  readonly transfer?: string
  readonly trainsOnInput?: boolean
  readonly keys?: string
  readonly seal?: Readonly<Record<string, number>>
  readonly evidence: readonly { readonly for?: readonly string[]; readonly on: string; readonly expires: string }[]
}

const laws = ['de', 'fr', 'eu', 'is', 'us', 'gb', 'cn']

export function drawRules(random: Random): WorldRules | undefined {
  if (random.next() < 0.4) return undefined
  return {
    dataClass: pick(random, ['public', 'internal', 'personal', 'personal', 'special', 'secret'] as const),
    home: [pick(random, ['eea', 'eu', 'europe'])],
    allowedJurisdictions: [pick(random, ['eea', 'eu', '*'])],
    seal: random.next() < 0.3 ? { 'SOV-2': 2 } : {},
  }
}

/** Mostly complete and in force, so that much may pass; now and then something is missing, wrong or out of date. */
export function drawSaid(random: Random, { processing }: EndpointPlace): Said | 'own' | undefined {
  const chance = random.next()
  if (chance < 0.1) return undefined
  if (chance < 0.2) return 'own'
  const maybe = <T>(value: T): T | undefined => (random.next() < 0.07 ? undefined : value)
  const law = (): readonly string[] => [random.next() < 0.7 ? 'de' : pick(random, laws)]
  const where = processing ?? ['de']
  const said = {
    abuseLog: maybe({ days: random.next() < 0.5 ? 0 : 30, regions: random.next() < 0.7 ? where : ['us'] }),
    operator: maybe(law()),
    parents: maybe(random.next() < 0.5 ? [] : law()),
    subprocessors: maybe(
      random.next() < 0.6
        ? []
        : [{ name: 'x', jurisdictions: law(), processing: random.next() < 0.7 ? where : ['us'] }],
    ),
    transfer: maybe(pick(random, ['adequacy', 'safeguards', 'derogation', 'none'])),
    trainsOnInput: maybe(random.next() < 0.1),
    keys: maybe(pick(random, ['own', 'own', 'customer', 'provider'])),
    seal: maybe({ 'SOV-2': Math.floor(random.next() * 5) }),
  }
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  return { ...known, evidence: drawEvidence(random) }
}

function drawEvidence(random: Random): Said['evidence'] {
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const chance = random.next()
  const evidence = { url: 'contract', on: day(-100), expires: day(100) }
  if (chance < 0.75) return [evidence]
  if (chance < 0.85) return [{ ...evidence, expires: day(-3) }]
  if (chance < 0.9) return [{ ...evidence, on: day(3) }]
  if (chance < 0.95) return [{ ...evidence, for: ['operator', 'abuseLog', 'subprocessors'] }]
  return []
}

export function toJson(said: Said | 'own' | undefined): JsonObject {
  return said === undefined ? {} : { sovereignty: said as unknown as JsonObject } // plain data
}

/** Whether what is known of an endpoint lets data of the class go there: the rules read anew, without the pack. */
export function maySee(place: EndpointPlace, lists: readonly (readonly string[])[], rules: WorldRules): boolean {
  const said = place.sovereignty
  const now = new Date().toISOString().slice(0, 10)
  const inForce =
    said === undefined || said === 'own' ? [] : said.evidence.filter(({ on, expires }) => on <= now && now < expires)
  const isKnown = (name: keyof Said): boolean =>
    said === 'own' || (said?.[name] !== undefined && inForce.some((each) => each.for?.includes(name) ?? true))
  const get = (): Said =>
    said === 'own' || said === undefined
      ? {
          abuseLog: { days: 0, regions: [] },
          operator: [],
          parents: [],
          subprocessors: [],
          trainsOnInput: false,
          keys: 'own',
          seal: { 'SOV-2': 4 },
          evidence: [],
        }
      : said
  const known = get()
  if (!isKnown('subprocessors') || !isKnown('abuseLog')) return false
  const others = known.subprocessors ?? []
  const processing = [...(place.processing ?? []), ...others.flatMap((other) => other.processing)]
  const abuse = known.abuseLog ?? { days: 1, regions: ['*'] }
  const inAll = (regions: readonly string[]): boolean =>
    lists.every((list) => regions.every((region) => liesIn(region, list)))
  if (!inAll(processing) || (abuse.days !== 0 && !inAll(abuse.regions))) return false
  const { dataClass } = rules
  if (dataClass === 'special' || dataClass === 'secret') {
    if (!isKnown('operator') || !isKnown('parents')) return false
    const compelling = [
      ...(known.operator ?? []),
      ...(known.parents ?? []),
      ...others.flatMap((other) => other.jurisdictions),
    ]
    if (!compelling.every((law) => liesIn(law, rules.allowedJurisdictions))) return false
  }
  const everywhere = [...processing, ...(place.storage ?? []), ...abuse.regions]
  const isAbroad = !everywhere.every((region) => liesIn(region, rules.home))
  const isPersonal = dataClass === 'personal' || dataClass === 'special'
  const basis = said === 'own' || !isKnown('transfer') ? undefined : known.transfer
  if (isPersonal && isAbroad && basis !== 'adequacy' && basis !== 'safeguards') return false
  if (dataClass === 'public') return true
  if (!isKnown('trainsOnInput') || known.trainsOnInput === true) return false
  if (dataClass === 'secret' && (!isKnown('keys') || known.keys !== 'own')) return false
  for (const [objective, least] of Object.entries(rules.seal)) {
    if (!isKnown('seal') || (known.seal?.[objective] ?? -1) < least) return false
  }
  if (said === 'own') return true
  const names = Object.keys(said ?? {}).filter((name) => name !== 'evidence')
  return inForce.length > 0 && names.every((name) => inForce.some((each) => each.for?.includes(name) ?? true))
}
