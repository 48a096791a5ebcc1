import type { FactPlaces, Facts } from './facts.ts'
import type { Condition } from './language.ts'

/** What must be among the answers to one closed question for a condition to be anything but false. */
export interface Guard {
  readonly place: number
  readonly bits: number
}

/**
 * The answers without which a condition is false, for each question there are such answers of: most rules ask for one practice or
 * one use, and those that an answer rules out are passed over without being looked at.
 */
export function listGuards(
  condition: Condition,
  places: FactPlaces,
  definitions: ReadonlyMap<string, readonly Guard[]>,
): readonly Guard[] {
  if ('is' in condition) return definitions.get(condition.is) ?? []
  if ('all' in condition) {
    return narrowest(condition.all.flatMap((part) => listGuards(part, places, definitions)))
  }
  if ('any' in condition) {
    const [first = [], ...others] = condition.any.map((part) => listGuards(part, places, definitions))
    return first.flatMap(({ place, bits }) => {
      const same = others.map((guards) => guards.find((guard) => guard.place === place))
      if (same.includes(undefined)) return []
      return [{ place, bits: same.reduce((all, guard) => all | (guard?.bits ?? 0), bits) }]
    })
  }
  if ('has' in condition) return toGuards(places, condition.has[0], [condition.has[1]])
  if ('meets' in condition) return toGuards(places, condition.meets[0], condition.meets[1])
  if ('eq' in condition) return toGuards(places, condition.eq[0], [condition.eq[1]])
  return 'in' in condition ? toGuards(places, condition.in[0], condition.in[1]) : []
}

/** Of several guards at one question that with the fewest answers: each is enough. */
function narrowest(guards: readonly Guard[]): readonly Guard[] {
  const best = new Map<number, Guard>()
  for (const guard of guards) {
    const known = best.get(guard.place)
    if (known === undefined || countBits(guard.bits) < countBits(known.bits)) best.set(guard.place, guard)
  }
  return [...best.values()]
}

function toGuards(places: FactPlaces, name: string, values: readonly (boolean | number | string)[]): readonly Guard[] {
  const type = places.typeOf(name)
  if (type === 'texts' || type === 'number' || type === 'date') return []
  return [{ place: places.indexOf(name), bits: places.toBits(name, values) }]
}

function countBits(bits: number): number {
  let count = 0
  for (let rest = bits >>> 0; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * Rules as bits of words: for every answer to every closed question, which rules it leaves possible. What is left of all answers
 * is found with a few operations on words, however many rules there are.
 */
export class RuleIndex {
  /** The rules that are in force, 32 to a word. */
  readonly #inForce: Int32Array
  readonly #questions: readonly Question[]
  /** What the last look left; only good until the next one. */
  readonly #left: Int32Array

  constructor(guards: readonly (readonly Guard[])[], isInForce: (rule: number) => boolean) {
    const words = (guards.length + 31) >>> 5
    this.#inForce = toBitset(words, guards.keys().filter(isInForce))
    this.#left = new Int32Array(words)
    const asked = new Set(guards.flatMap((own) => own.map(({ place }) => place)))
    const asking = (place: number): number => guards.filter((own) => own.some((guard) => guard.place === place)).length
    // What most rules ask for comes first: words that are empty then cost nothing more.
    this.#questions = [...asked]
      .toSorted((left, right) => asking(right) - asking(left) || left - right)
      .map((place) => toQuestion(place, guards, words))
  }

  /** The rules that the answers do not rule out, 32 to a word; only good until the next call. */
  findPossible(facts: Facts): Int32Array {
    const left = this.#left
    const words = left.length
    for (let word = 0; word < words; word++) left[word] = this.#inForce[word] ?? 0
    for (let turn = 0; turn < this.#questions.length; turn++) {
      const question = this.#questions[turn]
      if (question === undefined) continue
      const given = facts.bits[question.place] ?? -1
      if (given >= 0) ruleOut(left, question, given)
    }
    return left
  }
}

interface Question {
  readonly place: number
  /** A row of words for each answer: the rules that need it; the last row: those that do not depend on the question. */
  readonly rows: Int32Array
}

/** Takes out the rules that need an answer which was not given. */
function ruleOut(left: Int32Array, { rows }: Question, given: number): void {
  const words = left.length
  for (let word = 0; word < words; word++) {
    const current = left[word] ?? 0
    if (current === 0) continue
    let allowed = rows[answersMax * words + word] ?? 0
    for (let rest = given; rest !== 0; rest &= rest - 1) {
      allowed |= rows[(31 - Math.clz32(rest & -rest)) * words + word] ?? 0
    }
    left[word] = current & allowed
  }
}

const answersMax = 31

function toQuestion(place: number, guards: readonly (readonly Guard[])[], words: number): Question {
  const rows = new Int32Array((answersMax + 1) * words)
  for (const [index, own] of guards.entries()) {
    const bits = own.find((guard) => guard.place === place)?.bits
    for (let row = 0; row <= answersMax; row++) {
      const isIn = row === answersMax ? bits === undefined : ((bits ?? 0) & (1 << row)) !== 0
      const at = row * words + (index >>> 5)
      if (isIn) rows[at] = (rows[at] ?? 0) | (1 << (index & 31))
    }
  }
  return { place, rows }
}

function toBitset(words: number, indices: Iterable<number>): Int32Array {
  const set = new Int32Array(words)
  for (const index of indices) set[index >>> 5] = (set[index >>> 5] ?? 0) | (1 << (index & 31))
  return set
}
