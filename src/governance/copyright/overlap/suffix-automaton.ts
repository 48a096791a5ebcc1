/**
 * The suffix automaton of a sequence of numbers (Blumer and others, 1985): every stretch of the sequence is a path from its start, so
 * that what is read word by word always knows the longest stretch it ends with. Built in time and space linear in the sequence.
 */
export interface SuffixAutomaton {
  /** The state after `state` by a number; -1 when there is none. State 0 is the start. */
  step(state: number, id: number): number
  /** The state of the longest shorter end; -1 for the start. */
  linkOf(state: number): number
  /** The longest stretch that ends in the state. */
  lengthOf(state: number): number
  /** Where, in the sequence, the stretch of a state ends for the first time: the index of its last number. */
  endOf(state: number): number
}

export function createSuffixAutomaton(sequence: Uint32Array): SuffixAutomaton {
  const automaton = new Automaton(sequence.length)
  for (let index = 0; index < sequence.length; index++) automaton.add(sequence[index] ?? 0, index)
  return automaton
}

/** Edges lie in one hash table of state and number, and in a list for each state, which is what a clone needs. */
class Automaton implements SuffixAutomaton {
  readonly #link: Int32Array
  readonly #length: Int32Array
  readonly #end: Int32Array
  readonly #firstEdge: Int32Array
  readonly #nextEdge: Int32Array
  readonly #edgeState: Int32Array
  readonly #edgeId: Uint32Array
  readonly #edgeTo: Int32Array
  readonly #table: Int32Array
  readonly #mask: number
  #states = 1
  #edges = 0
  #last = 0

  constructor(length: number) {
    const states = Math.max(2, 2 * length + 1)
    const edges = Math.max(2, 3 * length + 2)
    this.#link = new Int32Array(states).fill(-1)
    this.#length = new Int32Array(states)
    this.#end = new Int32Array(states)
    this.#firstEdge = new Int32Array(states).fill(-1)
    this.#nextEdge = new Int32Array(edges)
    this.#edgeState = new Int32Array(edges)
    this.#edgeId = new Uint32Array(edges)
    this.#edgeTo = new Int32Array(edges)
    const size = 2 ** Math.ceil(Math.log2(edges * 2))
    this.#table = new Int32Array(size).fill(-1)
    this.#mask = size - 1
  }

  add(id: number, index: number): void {
    const made = this.#make(this.#lengthAt(this.#last) + 1, index)
    let state = this.#last
    for (; state !== -1 && this.#find(state, id) === -1; state = this.linkOf(state)) this.#connect(state, id, made)
    if (state === -1) this.#link[made] = 0
    else this.#link[made] = this.#split(state, id)
    this.#last = made
  }

  step(state: number, id: number): number {
    const edge = this.#find(state, id)
    return edge === -1 ? -1 : (this.#edgeTo[edge] ?? -1)
  }

  linkOf(state: number): number {
    return this.#link[state] ?? -1
  }

  lengthOf(state: number): number {
    return this.#length[state] ?? 0
  }

  endOf(state: number): number {
    return this.#end[state] ?? 0
  }

  /** The state that `state` reaches by `id`, of exactly one more; parted from a longer one when it has to be. */
  #split(state: number, id: number): number {
    const target = this.step(state, id)
    const length = this.#lengthAt(state) + 1
    if (this.#lengthAt(target) === length) return target
    const clone = this.#make(length, this.endOf(target))
    this.#link[clone] = this.linkOf(target)
    this.#link[target] = clone
    for (let edge = this.#firstEdge[target] ?? -1; edge !== -1; edge = this.#nextEdge[edge] ?? -1) {
      this.#connect(clone, this.#edgeId[edge] ?? 0, this.#edgeTo[edge] ?? 0)
    }
    for (let from = state; from !== -1; from = this.linkOf(from)) {
      const edge = this.#find(from, id)
      if (edge === -1 || this.#edgeTo[edge] !== target) break
      this.#edgeTo[edge] = clone
    }
    return clone
  }

  #lengthAt(state: number): number {
    return this.#length[state] ?? 0
  }

  #make(length: number, end: number): number {
    const state = this.#states++
    this.#length[state] = length
    this.#end[state] = end
    return state
  }

  #connect(state: number, id: number, to: number): void {
    const edge = this.#edges++
    this.#edgeState[edge] = state
    this.#edgeId[edge] = id
    this.#edgeTo[edge] = to
    this.#nextEdge[edge] = this.#firstEdge[state] ?? -1
    this.#firstEdge[state] = edge
    let slot = this.#slotOf(state, id)
    while (this.#table[slot] !== -1) slot = (slot + 1) & this.#mask
    this.#table[slot] = edge
  }

  #find(state: number, id: number): number {
    for (let slot = this.#slotOf(state, id); ; slot = (slot + 1) & this.#mask) {
      const edge = this.#table[slot] ?? -1
      if (edge === -1 || (this.#edgeState[edge] === state && this.#edgeId[edge] === id)) return edge
    }
  }

  #slotOf(state: number, id: number): number {
    const mixed = Math.imul(id ^ Math.imul(state, 0x9e3779b1), 0x85ebca6b)
    return (mixed ^ (mixed >>> 15)) & this.#mask
  }
}
