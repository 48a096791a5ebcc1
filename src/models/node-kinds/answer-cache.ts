import type { Call } from '../../core/call.ts'
import type { AnswerEvent } from '../../core/chat.ts'
import type { Clock } from '../../core/time.ts'
import { cosine } from '../answers/index.ts'

/** Answers kept for a time, by key. */
export interface AnswerCache {
  /** `undefined` when there is none, or it is too old. */
  find(key: string): Kept | undefined
  /** The answer whose question is nearest, among the last `compareMax` of the same scope; `undefined` when none is near enough. */
  findNear(near: Nearness): Kept | undefined
  put(key: string, entry: NewEntry): void
  drop(key: string): void
  readonly size: number
  readonly bytes: number
}

export interface Kept extends Pick<NewEntry, 'events' | 'bounds' | 'versions'> {
  readonly key: string
  readonly ageMs: number
}

export interface Nearness {
  readonly scope: string
  readonly vector: readonly number[]
  readonly cosineMin: number
  readonly compareMax: number
  /** What the two questions must have in common to the letter. */
  readonly literals: string
}

export interface NewEntry {
  readonly events: readonly AnswerEvent[]
  /** What the tree was bound to that the answer comes from: who is given it again is bound to that too. */
  readonly bounds: Call['bounds']
  /** Versions of documents that the answer was made from. */
  readonly versions: readonly string[]
  /** For `findNear`; absent for answers that are found by their key only. */
  readonly near?: Pick<Nearness, 'scope' | 'vector' | 'literals'> | undefined
}

export interface CacheLimits {
  readonly ms: number
  readonly entriesMax: number
  readonly bytesMax: number
}

/** The caches of all nodes, by the node's id; they outlive the tree. */
export interface AnswerCaches {
  open(nodeId: string, limits: CacheLimits): AnswerCache
}

const nodesMax = 1_000

export function createAnswerCaches(clock: Clock): AnswerCaches {
  const caches = new Map<string, { readonly cache: AnswerCache; readonly limits: CacheLimits }>()
  return {
    open(nodeId, limits) {
      const known = caches.get(nodeId)
      if (known !== undefined && JSON.stringify(known.limits) === JSON.stringify(limits)) return known.cache
      const cache = createAnswerCache(clock, limits)
      caches.delete(nodeId)
      const [oldest] = caches.keys()
      if (caches.size >= nodesMax && oldest !== undefined) caches.delete(oldest)
      caches.set(nodeId, { cache, limits })
      return cache
    },
  }
}

interface Entry extends NewEntry {
  readonly bytes: number
  readonly storedMs: number
}

/** What was used longest ago goes first when there is no more room. Cost of a look-up by key: O(1). */
function createAnswerCache(clock: Clock, { ms, entriesMax, bytesMax }: CacheLimits): AnswerCache {
  // A Map keeps the order of insertion: what is used is put back at its end.
  const entries = new Map<string, Entry>()
  const scopes = new Map<string, Set<string>>()
  let bytes = 0

  function drop(key: string): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    bytes -= entry.bytes
    const scope = entry.near?.scope
    if (scope === undefined) return
    scopes.get(scope)?.delete(key)
    if (scopes.get(scope)?.size === 0) scopes.delete(scope)
  }

  function use(key: string): Kept | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    const ageMs = clock.monotonicMs() - entry.storedMs
    if (ageMs >= ms) {
      drop(key)
      return undefined
    }
    entries.delete(key)
    entries.set(key, entry)
    return { key, events: entry.events, bounds: entry.bounds, versions: entry.versions, ageMs }
  }

  return {
    find: use,
    findNear({ scope, vector, cosineMin, compareMax, literals }) {
      let best: string | undefined
      let bestCosine = cosineMin
      for (const key of [...(scopes.get(scope) ?? [])].slice(-compareMax)) {
        const near = entries.get(key)?.near
        if (near === undefined || near.literals !== literals || near.vector.length !== vector.length) continue
        const found = cosine(near.vector, vector)
        if (found >= bestCosine) [best, bestCosine] = [key, found]
      }
      return best === undefined ? undefined : use(best)
    },
    drop,
    put(key, entry) {
      const { events, near } = entry
      const size = measure(events) + (near === undefined ? 0 : near.vector.length * 8) + key.length
      if (size > bytesMax) return
      drop(key)
      while (entries.size >= entriesMax || bytes + size > bytesMax) {
        const [oldest] = entries.keys()
        if (oldest === undefined) break
        drop(oldest)
      }
      entries.set(key, { ...entry, bytes: size, storedMs: clock.monotonicMs() })
      bytes += size
      if (near === undefined) return
      const scope = scopes.get(near.scope)
      if (scope === undefined) scopes.set(near.scope, new Set([key]))
      else scope.add(key)
    },
    get size() {
      return entries.size
    },
    get bytes() {
      return bytes
    },
  }
}

/** Bytes an answer takes, by its length as text: two for each unit. */
function measure(events: readonly AnswerEvent[]): number {
  return 2 * JSON.stringify(events).length
}
