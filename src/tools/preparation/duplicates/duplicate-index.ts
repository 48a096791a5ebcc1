import { jaccard } from './shingles.ts'
import { createSigner, type Signature } from './signature.ts'

/** Texts, and which of them say the same. Kept in memory: one index for one collection or one run. */
export interface DuplicateIndex {
  /** Adds a text, or replaces the one of that id. The others like it, most alike first. */
  add(member: NewMember): readonly DuplicatePair[]
  /** Its cluster is parted where only it held the others together. Unknown ids are passed over. */
  remove(id: string): void
  /** Those with more than one member, each with its representative first; in the order in which they came. */
  clusters(): readonly DuplicateCluster[]
}

export interface NewMember {
  readonly id: string
  readonly text: string
  /** Milliseconds UTC; the newer of two is the better one. 0 when absent. */
  readonly updatedAtMs?: number | undefined
}

export interface DuplicatePair {
  readonly id: string
  readonly kind: DuplicateKind
  /** Shared part of the shingles of both, 0…1. */
  readonly jaccard: number
}

/** `exact`: letter by letter · `normal`: but for case, width, script, spaces and punctuation · `near`: most of it. */
export type DuplicateKind = 'exact' | 'normal' | 'near'

export interface DuplicateCluster {
  /** Whom search shows. */
  readonly representative: string
  /** All of them, the best first; every one keeps its source. */
  readonly members: readonly ClusterMember[]
}

export interface ClusterMember extends DuplicatePair {
  readonly length: number
  readonly updatedAtMs: number
}

export interface DuplicateOptions {
  /** Least shared part of the shingles for two texts to say the same, 0…1; 0.5 when absent. */
  readonly jaccardMin?: number | undefined
}

/** What is left of the shingles when one character in fifteen of English is changed, or one in nine of Chinese. */
const jaccardMinDefault = 0.5
/** Bands that more texts share than this hold what everybody writes; the other bands find who is alike. */
const bandMembersMax = 1_000

interface Entry {
  readonly id: string
  readonly signature: Signature
  readonly length: number
  readonly updatedAtMs: number
  readonly order: number
  readonly pairs: Map<string, DuplicatePair>
}

export function createDuplicateIndex(options: DuplicateOptions = {}): DuplicateIndex {
  const signer = createSigner()
  const jaccardMin = options.jaccardMin ?? jaccardMinDefault
  const entries = new Map<string, Entry>()
  const bands = new Map<string, Set<string>>()
  let order = 0

  function remove(id: string): void {
    const entry = entries.get(id)
    if (entry === undefined) return
    entries.delete(id)
    for (const key of keysOf(entry.signature)) {
      const members = bands.get(key)
      members?.delete(id)
      if (members?.size === 0) bands.delete(key)
    }
    for (const other of entry.pairs.keys()) entries.get(other)?.pairs.delete(id)
  }

  function findCandidates(signature: Signature): ReadonlySet<string> {
    const found = new Set<string>()
    for (const key of keysOf(signature)) {
      const members = bands.get(key)
      if (members === undefined || (members.size > bandMembersMax && !key.startsWith('='))) continue
      for (const id of members) found.add(id)
    }
    return found
  }

  return {
    add({ id, text, updatedAtMs = 0 }) {
      remove(id)
      const signature = signer.sign(text)
      const entry: Entry = { id, signature, length: text.length, updatedAtMs, order: order++, pairs: new Map() }
      for (const candidate of findCandidates(signature)) {
        const other = entries.get(candidate)
        const pair = other === undefined ? undefined : compare(signature, other.signature, jaccardMin)
        if (other === undefined || pair === undefined) continue
        entry.pairs.set(candidate, { id: candidate, ...pair })
        other.pairs.set(id, { id, ...pair })
      }
      entries.set(id, entry)
      for (const key of keysOf(signature)) {
        const members = bands.get(key)
        if (members === undefined) bands.set(key, new Set([id]))
        else members.add(id)
      }
      return [...entry.pairs.values()].toSorted((left, right) => right.jaccard - left.jaccard)
    },
    remove,
    clusters: () => gatherClusters(entries),
  }
}

/** The bands, and the text itself: texts that are equal meet however common their bands are. */
function keysOf({ bands, normal }: Signature): readonly string[] {
  return bands.length === 0 ? [] : [`=${normal}`, ...bands.map((key, band) => `${band}.${key}`)]
}

/** How two texts are alike; `undefined` when they are not. */
function compare(
  left: Signature,
  right: Signature,
  jaccardMin: number,
): { readonly kind: DuplicateKind; readonly jaccard: number } | undefined {
  if (left.exact === right.exact) return { kind: 'exact', jaccard: 1 }
  if (left.normal === right.normal) return { kind: 'normal', jaccard: 1 }
  const shared = jaccard(left.shingles, right.shingles)
  return shared < jaccardMin ? undefined : { kind: 'near', jaccard: shared }
}

function gatherClusters(entries: ReadonlyMap<string, Entry>): readonly DuplicateCluster[] {
  const seen = new Set<string>()
  const clusters: DuplicateCluster[] = []
  for (const start of entries.values()) {
    if (seen.has(start.id) || start.pairs.size === 0) continue
    const members: Entry[] = []
    const waiting = [start.id]
    seen.add(start.id)
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const entry = entries.get(id)
      if (entry === undefined) continue
      members.push(entry)
      for (const other of entry.pairs.keys()) {
        if (seen.has(other)) continue
        seen.add(other)
        waiting.push(other)
      }
    }
    clusters.push(toCluster(members.toSorted(compareQuality)))
  }
  return clusters
}

/** The better one first: the longer text, then the newer, then the one that came first. */
function compareQuality(left: Entry, right: Entry): number {
  return right.length - left.length || right.updatedAtMs - left.updatedAtMs || left.order - right.order
}

function toCluster(members: readonly Entry[]): DuplicateCluster {
  const [best] = members
  const representative = best?.id ?? ''
  return {
    representative,
    members: members.map((member) => {
      const pair = best === undefined || member === best ? undefined : compare(best.signature, member.signature, 0)
      const { kind, jaccard: shared } = pair ?? { kind: 'exact' as const, jaccard: 1 }
      return { id: member.id, kind, jaccard: shared, length: member.length, updatedAtMs: member.updatedAtMs }
    }),
  }
}
