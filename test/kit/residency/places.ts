import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import type { Said } from './sovereignty.ts'

/**
 * The regions of a random world and what each lies in, written out by hand: what the server derives is judged by this, so
 * it must not be derived the same way.
 */
const outer: Readonly<Record<string, readonly string[]>> = {
  de: ['de', 'eu', 'eea', 'europe', '*'],
  fr: ['fr', 'eu', 'eea', 'europe', '*'],
  is: ['is', 'eea', 'efta', 'europe', '*'],
  ch: ['ch', 'efta', 'europe', '*'],
  gb: ['gb', 'uk', 'europe', '*'],
  uk: ['gb', 'uk', 'europe', '*'],
  us: ['us', 'americas', '*'],
  jp: ['jp', 'apac', 'asia', '*'],
  tw: ['tw', 'apac', 'asia', '*'],
  cn: ['cn', 'asia', '*'],
  local: ['local', '*'],
  eu: ['eu', 'eea', 'europe', '*'],
  eea: ['eea', 'europe', '*'],
  efta: ['efta', 'europe', '*'],
  europe: ['europe', '*'],
  apac: ['apac', '*'],
  asia: ['asia', '*'],
  '*': ['*'],
  // The operator's own.
  frankfurt: ['frankfurt', 'de', 'eu', 'eea', 'europe', '*'],
  rhine: ['rhine', 'de', 'fr', 'ch', 'eu', 'eea', 'efta', 'europe', '*'],
  rack: ['rack', 'frankfurt', 'de', 'eu', 'eea', 'europe', '*'],
  lab: ['lab', 'local', '*'],
}

/** The operator's own regions, as `governance.regions` has them. */
export const ownRegions = { frankfurt: ['de'], rhine: ['de', 'fr', 'ch'], rack: ['frankfurt'], lab: ['local'] }

const names = Object.keys(outer)
/** What endpoints mostly name, and what is mostly allowed: often enough the one lies in the other. */
const narrow = ['de', 'fr', 'is', 'us', 'frankfurt', 'rhine', 'rack', 'lab', 'local', 'eu']
const wide = ['eu', 'eea', 'europe', 'local', '*']

/** Where an endpoint processes and stores; `undefined` where it does not say. */
export interface EndpointPlace {
  readonly processing: readonly string[] | undefined
  readonly storage: readonly string[] | undefined
  /** What is said of who runs it. */
  readonly sovereignty?: Said | 'own' | undefined
}

/** Whether data may go to a place under every one of the lists: all it names lies in each, and it leaves nothing unsaid. */
export function mayGo(place: EndpointPlace, lists: readonly (readonly string[])[]): boolean {
  const { processing, storage } = place
  if (processing === undefined || processing.length === 0 || storage === undefined) return false
  return lists.every((allowed) => [...processing, ...storage].every((region) => liesIn(region, allowed)))
}

/** Whether a region lies in one of the others. */
export function liesIn(region: string, allowed: readonly string[]): boolean {
  return (outer[region] ?? []).some((one) => allowed.includes(one))
}

/** Places as operators write them: mostly one region, now and then several, everywhere, nowhere or unsaid. */
export function drawPlace(random: Random): EndpointPlace {
  const processing = draw(random, { mostly: narrow, countMax: 2 })
  const chance = random.next()
  if (chance < 0.06) return { processing: undefined, storage: processing }
  if (chance < 0.12) return { processing, storage: undefined }
  if (chance < 0.16) return { processing: [], storage: [] }
  if (chance < 0.3) return { processing, storage: [] }
  return { processing, storage: chance < 0.75 ? processing : draw(random, { mostly: narrow, countMax: 2 }) }
}

/** One to `countMax` regions that something is allowed in. */
export function drawAllowed(random: Random, countMax: number): readonly string[] {
  return draw(random, { mostly: wide, countMax })
}

function draw(
  random: Random,
  { mostly, countMax }: { readonly mostly: readonly string[]; readonly countMax: number },
): readonly string[] {
  const count = 1 + Math.floor(random.next() * countMax)
  return Array.from({ length: count }, () => pick(random, random.next() < 0.7 ? mostly : names))
}
