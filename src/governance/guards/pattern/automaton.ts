import { closure, type Program } from './program.ts'

/**
 * A deterministic automaton that is made while it runs: a state is worked out when a text first leads to it. What it keeps is
 * bounded; when that is full it begins anew, so that time stays linear in the text and memory stays small.
 */
export class Automaton {
  readonly #program: Program
  /** Whether a match may begin anywhere, or only where the automaton was started. */
  readonly #isFloating: boolean
  readonly #startSet: readonly number[]
  readonly #insideSet: readonly number[]
  #table: Int32Array
  #states: DeterministicState[] = []
  #numbers = new Map<string, number>()
  #flags = new Uint8Array(0)
  /** Counts how often everything was forgotten: numbers of states hold until then. */
  generation = 0

  constructor(program: Program, isFloating: boolean) {
    this.#program = program
    this.#isFloating = isFloating
    this.#startSet = closure(program, program.start)
    this.#insideSet = closure(program, program.startInside)
    this.#table = new Int32Array(0)
    this.#forget()
  }

  /** The expressions that match up to here. */
  matchesOf(state: number): readonly number[] {
    return this.#states[state]?.matches ?? []
  }

  isMatch(state: number): boolean {
    return this.#flags[state] === matching
  }

  /** Nothing is under way. */
  isIdle(state: number): boolean {
    return this.#flags[state] === idle
  }

  /** What a state stands for; it outlives numbers. */
  describe(state: number): DeterministicState | undefined {
    return this.#states[state]
  }

  numberOf(state: DeterministicState): number {
    return this.#add(state)
  }

  /** The state after one unit. */
  step(state: number, unit: number): number {
    const { classes, classOf } = this.#program
    const unitClass = classOf[unit] ?? 0
    const next = this.#table[state * classes + unitClass] ?? 0
    return next > 0 ? next - 1 : this.#make(state, unitClass)
  }

  #make(state: number, unitClass: number): number {
    const { states, classes } = this.#program
    const targets: number[] = []
    for (const index of this.#states[state]?.set ?? []) {
      const each = states[index]
      if (each?.type === 'take' && each.has[unitClass] === 1) targets.push(each.next)
    }
    const next = this.#toState(closure(this.#program, targets), unitClass)
    const known = this.#numbers.get(next.key)
    if (known !== undefined) {
      this.#table[state * classes + unitClass] = known + 1
      return known
    }
    const isFull = (this.#states.length + 1) * classes > cellsMax || this.#states.length >= statesMax
    if (isFull) this.#forget()
    const number = this.#add(next)
    if (!isFull) this.#table[state * classes + unitClass] = number + 1
    return number
  }

  #toState(reached: readonly number[], unitClass: number): DeterministicState {
    if (!this.#isFloating) return this.#describe(reached, false)
    const begun = this.#program.isLetter[unitClass] === 1 ? this.#insideSet : this.#startSet
    return this.#describe(merge(reached, begun), reached.length === 0)
  }

  #describe(set: readonly number[], isIdle: boolean): DeterministicState {
    const matches = set.flatMap((index) => {
      const state = this.#program.states[index]
      return state?.type === 'match' ? [state.expression] : []
    })
    return { set, matches, isIdle, key: `${isIdle ? 'idle ' : ''}${set.join(',')}` }
  }

  #forget(): void {
    this.generation++
    this.#states = []
    this.#numbers = new Map()
    this.#flags = new Uint8Array(64)
    this.#table = new Int32Array(64 * this.#program.classes)
    this.#add(this.#describe(this.#startSet, this.#isFloating)) // start
    this.#add({ set: [], matches: [], isIdle: false, key: '' }) // dead; never reached by an automaton that floats
  }

  #add(state: DeterministicState): number {
    const known = this.#numbers.get(state.key)
    if (known !== undefined) return known
    const number = this.#states.push(state) - 1
    this.#numbers.set(state.key, number)
    if (number >= this.#flags.length) {
      const larger = new Uint8Array(this.#flags.length * 2)
      larger.set(this.#flags)
      this.#flags = larger
    }
    if (state.isIdle) this.#flags[number] = idle
    else if (state.matches.length > 0) this.#flags[number] = matching
    const cells = this.#states.length * this.#program.classes
    if (cells > this.#table.length) {
      const larger = new Int32Array(Math.max(cells, this.#table.length * 2))
      larger.set(this.#table)
      this.#table = larger
    }
    return number
  }
}

/** States of the program that are reached together; whether all of them only wait for a beginning is part of what it is. */
export interface DeterministicState {
  readonly set: readonly number[]
  readonly matches: readonly number[]
  readonly isIdle: boolean
  readonly key: string
}

export const start = 0
export const dead = 1

const idle = 1
const matching = 2
const cellsMax = 2_000_000
const statesMax = 8_192

function merge(left: readonly number[], right: readonly number[]): readonly number[] {
  return [...new Set([...left, ...right])].toSorted((first, second) => first - second)
}
