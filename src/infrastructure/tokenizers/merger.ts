import type { Pairs } from './pairs.ts'
import { none } from './spans.ts'

/** Keys of the heap are a rank and a place: a place has so many bits. */
const placeCount = 2 ** 22
/** Room that is kept from one word to the next; what a longer one needed is given back. */
const keptMax = 4_096

/**
 * Merges a word's symbols until no neighbours are left that merge, always those of the lowest rank and of these the leftmost.
 * A linked list and a heap: a word of n symbols takes n log n steps, a run of a hundred thousand equal ones as well.
 */
export class Merger {
  /** Merges looked up and places taken from the heap so far: what all words have cost, for those who bound it. */
  steps = 0
  readonly #pairs: Pairs
  #symbols = new Int32Array(keptMax)
  #next = new Int32Array(keptMax)
  #former = new Int32Array(keptMax)
  /** The rank of each place and its next. */
  #ranks = new Int32Array(keptMax)
  #heap = new Float64Array(3 * keptMax)
  #heapSize = 0
  #length = 0

  constructor(pairs: Pairs) {
    this.#pairs = pairs
  }

  /** Begins a word that has so many symbols at most. */
  begin(lengthMax: number): void {
    this.#length = 0
    const room = Math.max(keptMax, lengthMax)
    const own = this.#symbols.length
    if (room === own || (room < own && room > keptMax)) return
    this.#symbols = new Int32Array(room)
    this.#next = new Int32Array(room)
    this.#former = new Int32Array(room)
    this.#ranks = new Int32Array(room)
    this.#heap = new Float64Array(3 * room)
  }

  add(symbol: number): void {
    this.#symbols[this.#length++] = symbol
  }

  /** The symbol that was added last; `none` when there is none. */
  last(): number {
    return this.#length === 0 ? none : (this.#symbols[this.#length - 1] ?? none)
  }

  /** How many symbols are left of the word when all is merged. */
  count(): number {
    const length = this.#length
    this.#heapSize = 0
    for (let place = 0; place < length; place++) {
      this.#former[place] = place - 1
      this.#next[place] = place + 1 < length ? place + 1 : none
    }
    for (let place = 0; place < length; place++) this.#offer(place)
    let left = length
    while (this.#heapSize > 0) {
      const key = this.#take()
      const place = key % placeCount
      const rank = (key - place) / placeCount
      // What was offered before one of its neighbours was merged is offered no more.
      if (this.#ranks[place] !== rank) continue
      this.#merge(place, rank)
      left -= 1
    }
    return left
  }

  #merge(place: number, rank: number): void {
    const gone = this.#next[place] ?? none
    const next = this.#next[gone] ?? none
    const former = this.#former[place] ?? none
    this.#symbols[place] = this.#pairs.merged(rank)
    this.#ranks[gone] = none
    this.#next[place] = next
    if (next !== none) this.#former[next] = place
    this.#offer(place)
    if (former !== none) this.#offer(former)
  }

  #offer(place: number): void {
    const next = this.#next[place] ?? none
    const rank = next === none ? none : this.#pairs.rank(this.#symbols[place] ?? 0, this.#symbols[next] ?? 0)
    this.steps += 1
    this.#ranks[place] = rank
    if (rank !== none) this.#push(rank * placeCount + place)
  }

  #push(key: number): void {
    const heap = this.#heap
    let at = this.#heapSize++
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above] ?? 0
      if (other <= key) break
      heap[at] = other
      at = above
    }
    heap[at] = key
  }

  #take(): number {
    const heap = this.#heap
    const taken = heap[0] ?? 0
    const size = --this.#heapSize
    const key = heap[size] ?? 0
    this.steps += 1
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && (heap[below + 1] ?? 0) < (heap[below] ?? 0)) below += 1
      const other = heap[below] ?? 0
      if (other >= key) break
      heap[at] = other
      at = below
    }
    heap[at] = key
    return taken
  }
}
