import type { Analyser } from '../analyse.ts'
import { estimateJaccard, hasSameText } from '../likeness.ts'
import type { CollectionRow } from '../store.ts'
import type { Ranked } from './searching.ts'
import type { PassageRow, SearchRows } from './store.ts'

export interface Read {
  readonly ranked: Ranked
  readonly row: PassageRow
  /** Passages behind it that say the same. */
  readonly copies: readonly Copy[]
}

interface Copy {
  readonly row: PassageRow
  /** Which part of all their terms both share, 0…1; 1 for the same words. */
  readonly shared: number
}

export interface Reading {
  readonly rows: SearchRows
  readonly tenant: string
  readonly analyser: Analyser
}

/** Passages that share so much, and have the same numbers, say the same. */
const sharedMin = 0.8
/** Of fewer terms than this it is not told by how many are shared: a line that is repeated has as many as one. */
const termsMin = 20
/** What the sketches say may be off; the texts decide. */
const estimateMin = 0.68

/** The first passages of a ranking, read. Of those that say the same the best one stays, and says where the others are. */
export async function readBest(
  reading: Reading,
  best: readonly Ranked[],
  passagesMax: number,
): Promise<readonly Read[]> {
  const groups = group(best, passagesMax)
  const found = await readAll(reading, groups.flat())
  return groups
    .flatMap((members) => verify(reading.analyser, members, found))
    .toSorted((a, b) => best.indexOf(a.ranked) - best.indexOf(b.ranked))
    .slice(0, passagesMax)
}

/** The first of a ranking, each with those behind it that may say the same. */
function group(best: readonly Ranked[], wanted: number): readonly (readonly Ranked[])[] {
  const groups: [first: Ranked, ...Ranked[]][] = []
  for (const ranked of best) {
    const like = groups.find(
      ([first]) =>
        hasSameText(first.likeness, ranked.likeness) || estimateJaccard(first.likeness, ranked.likeness) >= estimateMin,
    )
    if (like !== undefined) like.push(ranked)
    else if (groups.length < wanted) groups.push([ranked])
  }
  return groups
}

/** Those that say the same as the first are its copies; the others stand for themselves. */
function verify(
  analyser: Analyser,
  members: readonly Ranked[],
  found: ReadonlyMap<Ranked, PassageRow>,
): readonly Read[] {
  const [first, ...others] = members
  const row = first === undefined ? undefined : found.get(first)
  if (first === undefined || row === undefined) return []
  const copies: Copy[] = []
  const apart: Ranked[] = []
  const termsOf = (text: string): ReadonlySet<string> => new Set(analyser.analyse(text))
  let terms: ReadonlySet<string> | undefined
  for (const other of others) {
    const text = found.get(other)
    if (text === undefined) continue
    if (text.text === row.text) copies.push({ row: text, shared: 1 })
    else {
      terms ??= termsOf(row.text)
      const isToldByTerms = terms.size >= termsMin && numbersOf(row.text) === numbersOf(text.text)
      const shared = isToldByTerms ? jaccard(terms, termsOf(text.text)) : 0
      if (shared >= sharedMin) copies.push({ row: text, shared })
      else apart.push(other)
    }
  }
  return [{ ranked: first, row, copies }, ...(apart.length === 0 ? [] : verify(analyser, apart, found))]
}

/** What differs in a number says something else, however much is shared: the same rule of another year. */
function numbersOf(text: string): string {
  return (text.normalize('NFKC').match(/\d+/g) ?? []).join(' ')
}

function jaccard(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let shared = 0
  for (const term of left) if (right.has(term)) shared++
  return shared / (left.size + right.size - shared || 1)
}

/** Candidates read at once to be checked. */
const checkedAtOnce = 40

/** The first of a ranking that a check lets through; their texts are read until there are enough. */
export async function takeChecked(
  reading: Pick<Reading, 'rows' | 'tenant'> & { readonly check: (passage: PassageRow) => boolean },
  best: readonly Ranked[],
  countMax: number,
): Promise<readonly Ranked[]> {
  const taken: Ranked[] = []
  for (let from = 0; from < best.length && taken.length < countMax; from += checkedAtOnce) {
    const part = best.slice(from, from + checkedAtOnce)
    const found = await readAll(reading, part)
    taken.push(
      ...part.filter((ranked) => {
        const row = found.get(ranked)
        return row !== undefined && reading.check(row)
      }),
    )
  }
  return taken.slice(0, countMax)
}

/** The row of each, by collections. */
async function readAll(
  { rows, tenant }: Pick<Reading, 'rows' | 'tenant'>,
  ranked: readonly Ranked[],
): Promise<ReadonlyMap<Ranked, PassageRow>> {
  const found = new Map<Ranked, PassageRow>()
  const byCollection = new Map<CollectionRow, Map<number, Ranked>>()
  for (const each of ranked) {
    const own = byCollection.get(each.collection) ?? new Map<number, Ranked>()
    byCollection.set(each.collection, own.set(each.candidate.chunk, each))
  }
  for (const [collection, own] of byCollection) {
    for (const row of await rows.listPassages({ tenant, collection: collection.number }, [...own.keys()])) {
      const each = own.get(row.number)
      if (each !== undefined) found.set(each, row)
    }
  }
  return found
}
