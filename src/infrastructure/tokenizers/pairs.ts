import type { MergesModel, PairParts, RanksModel } from './parts.ts'
import { none, toSlotCount, type Spans } from './spans.ts'

/** Which neighbours become one, and in which order. */
export interface Pairs {
  /** When the two are merged: the lowest first. `none` when never. */
  rank(left: number, right: number): number
  /** What a merge of that rank makes. */
  merged(rank: number): number
}

export function toPairs(model: RanksModel | MergesModel, tokens: Spans): Pairs {
  return model.type === 'ranks' ? new JoinedPairs(tokens) : new ListedPairs(model.merges)
}

/** Of a vocabulary whose numbers are ranks. */
class JoinedPairs implements Pairs {
  readonly #tokens: Spans

  constructor(tokens: Spans) {
    this.#tokens = tokens
  }

  rank(left: number, right: number): number {
    return this.#tokens.findJoined(left, right)
  }

  merged(rank: number): number {
    return rank
  }
}

/** Of a list of merges. */
class ListedPairs implements Pairs {
  readonly #parts: PairParts

  constructor(parts: PairParts) {
    this.#parts = parts
  }

  rank(left: number, right: number): number {
    const { slots, left: lefts, right: rights } = this.#parts
    const mask = slots.length - 1
    for (let slot = hashOf(left, right) & mask; ; slot = (slot + 1) & mask) {
      const place = (slots[slot] ?? 0) - 1
      if (place < 0) return none
      if (lefts[place] === left && rights[place] === right) return place
    }
  }

  merged(rank: number): number {
    return this.#parts.merged[rank] ?? 0
  }
}

/** Makes the table of merges, each given as left, right and what they make. Of two for the same pair the last one holds. */
export function toPairParts(merges: readonly (readonly [left: number, right: number, merged: number])[]): PairParts {
  const parts = {
    left: Uint32Array.from(merges, ([left]) => left),
    right: Uint32Array.from(merges, ([, right]) => right),
    merged: Uint32Array.from(merges, ([, , merged]) => merged),
    slots: new Uint32Array(toSlotCount(merges.length)),
  }
  const mask = parts.slots.length - 1
  for (const [place, [left, right]] of merges.entries()) {
    let slot = hashOf(left, right) & mask
    const isOther = (at: number): boolean => parts.left[at] !== left || parts.right[at] !== right
    while (parts.slots[slot] !== 0 && isOther((parts.slots[slot] ?? 0) - 1)) slot = (slot + 1) & mask
    parts.slots[slot] = place + 1
  }
  return parts
}

/** The finish of MurmurHash3, which spreads what differs by little. */
function hashOf(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ right
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
