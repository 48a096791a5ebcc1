import type { Facts } from './facts.ts'
import { isFalse, isTrue, isUnknown, type Test } from './language.ts'
import type { AnswerLiteral, Literal } from './literals.ts'

/**
 * Rules as bits of words. A look goes through the questions, not through the rules: for each it takes out, 32 rules at once, those
 * that the answer contradicts, and notes those that ask for what is not known. What is left holds, or may hold.
 */
export class RuleIndex {
  /** Rules that hold or may hold, 32 to a word; only good until the next look. */
  readonly possible: Int32Array
  /** Those of them that may hold only. */
  readonly open: Int32Array
  readonly #inForce: Int32Array
  readonly #questions: readonly Question[]
  readonly #tests: readonly { readonly test: Test; readonly question: Question }[]

  constructor(rules: readonly (readonly Literal[])[], isInForce: (rule: number) => boolean) {
    const words = (rules.length + 31) >>> 5
    this.possible = new Int32Array(words)
    this.open = new Int32Array(words)
    const own = rules.map((literals, rule) => (isInForce(rule) ? literals : []))
    this.#inForce = toBitset(words, rules.keys().filter(isInForce))
    this.#questions = toQuestions(own, words)
    this.#tests = toTests(own, words)
  }

  /** Looks at facts; `possible` and `open` then say what they make of the rules. */
  look(facts: Facts): void {
    const { possible, open } = this
    for (let word = 0; word < possible.length; word++) {
      possible[word] = this.#inForce[word] ?? 0
      open[word] = 0
    }
    for (let turn = 0; turn < this.#questions.length; turn++) {
      const question = this.#questions[turn]
      if (question !== undefined) apply(question, facts.bits[question.place] ?? -1, this)
    }
    for (let turn = 0; turn < this.#tests.length; turn++) {
      const asked = this.#tests[turn]
      if (asked === undefined || !isAsked(asked.question, possible)) continue
      const truth = asked.test(facts)
      apply(asked.question, truth === isUnknown ? -1 : truth === isTrue ? 2 : 1, this)
    }
    for (let word = 0; word < possible.length; word++) open[word] = (open[word] ?? 0) & (possible[word] ?? 0)
  }
}

/** One question, or one more look at it: a rule that asks twice for one of several answers stands in two. */
interface Question {
  readonly place: number
  /** The words that hold any of the rules that ask. The arrays below are of these words only. */
  readonly touched: Int32Array
  /** The rules that ask. */
  readonly asks: Int32Array
  /** A row for each answer: the rules that need it; behind these, one of the rules that need none. */
  readonly meets: Int32Array
  /** A row for each answer: the rules that it contradicts. */
  readonly avoids: Int32Array | undefined
  /** Rules that an unknown answer contradicts, and those that it leaves open. */
  readonly closes: Int32Array
  readonly opens: Int32Array
}

const answersMax = 31

function apply(question: Question, given: number, { possible, open }: Pick<RuleIndex, 'possible' | 'open'>): void {
  const { touched, meets, avoids } = question
  const width = touched.length
  for (let column = 0; column < width; column++) {
    const word = touched[column] as number // below its length, this and the others
    const current = possible[word] as number
    if (current === 0) continue
    if (given < 0) {
      possible[word] = current & ~(question.closes[column] as number)
      open[word] = (open[word] as number) | (question.opens[column] as number)
      continue
    }
    let allowed = meets[answersMax * width + column] as number
    let banned = 0
    for (let rest = given; rest !== 0; rest &= rest - 1) {
      const row = (31 - Math.clz32(rest & -rest)) * width + column
      allowed |= meets[row] as number
      if (avoids !== undefined) banned |= avoids[row] as number
    }
    possible[word] = current & allowed & ~banned
  }
}

/** Whether any rule that is left asks: what nobody asks for is not tested. */
function isAsked({ touched, asks }: Question, possible: Int32Array): boolean {
  for (let column = 0; column < touched.length; column++) {
    if (((possible[touched[column] ?? 0] ?? 0) & (asks[column] ?? 0)) !== 0) return true
  }
  return false
}

interface Asking extends Omit<AnswerLiteral, 'place'> {
  readonly rule: number
}

function toQuestions(rules: readonly (readonly Literal[])[], words: number): readonly Question[] {
  const layers = new Map<string, { readonly place: number; readonly asking: Asking[] }>()
  for (const [rule, literals] of rules.entries()) {
    const seen = new Map<number, number>()
    for (const literal of literals) {
      if (literal.type === 'test') continue
      const { place } = literal
      const layer = seen.get(place) ?? 0
      seen.set(place, layer + 1)
      const key = `${place}.${layer}`
      const known = layers.get(key) ?? { place, asking: [] }
      layers.set(key, known)
      known.asking.push({ ...literal, rule })
    }
  }
  return (
    [...layers.values()]
      // What most rules ask for comes first: words that are empty then cost nothing more.
      .toSorted((one, other) => other.asking.length - one.asking.length || one.place - other.place)
      .map(({ place, asking }) => toQuestion(place, asking, words))
  )
}

function toTests(rules: readonly (readonly Literal[])[], words: number) {
  const asked = new Map<string, { readonly test: Test; readonly asking: Asking[] }>()
  for (const [rule, literals] of rules.entries()) {
    for (const literal of literals) {
      if (literal.type !== 'test') continue
      const { key, test, wanted } = literal
      // A rule that wants it both ways stands in two.
      const name = `${wanted} ${key}`
      const known = asked.get(name) ?? { test, asking: [] }
      asked.set(name, known)
      // A test answers like a question: bit 0 where it is false, bit 1 where it is true.
      known.asking.push({ type: 'meets', bits: wanted ? 2 : 1, unknown: isUnknown, rule })
    }
  }
  return [...asked.values()].map(({ test, asking }) => ({ test, question: toQuestion(-1, asking, words) }))
}

function toQuestion(place: number, asking: readonly Asking[], words: number): Question {
  const touched = Array.from({ length: words }, (_, word) => word).filter((word) =>
    asking.some(({ rule }) => rule >>> 5 === word),
  )
  const columns = new Map(touched.map((word, column) => [word, column]))
  const width = touched.length
  const rows = (): Int32Array => new Int32Array((answersMax + 1) * width)
  const row = (): Int32Array => new Int32Array(width)
  const [meets, avoids, asks, closes, opens] = [rows(), rows(), row(), row(), row()]
  const mark = (set: Int32Array, at: number, bit: number): void => {
    set[at] = (set[at] ?? 0) | bit
  }
  for (let column = 0; column < width; column++) meets[answersMax * width + column] = -1
  for (const { rule, type, bits, unknown } of asking) {
    const [column, bit] = [columns.get(rule >>> 5) ?? 0, 1 << (rule & 31)]
    mark(asks, column, bit)
    if (unknown !== isTrue) mark(unknown === isFalse ? closes : opens, column, bit)
    const free = answersMax * width + column
    if (type === 'meets') meets[free] = (meets[free] ?? 0) & ~bit
    for (let answer = 0; answer < answersMax; answer++) {
      if ((bits & (1 << answer)) !== 0) mark(type === 'meets' ? meets : avoids, answer * width + column, bit)
    }
  }
  const isAvoiding = asking.some(({ type, bits }) => type === 'avoids' && bits !== 0)
  return {
    place,
    touched: Int32Array.from(touched),
    asks,
    meets,
    avoids: isAvoiding ? avoids : undefined,
    closes,
    opens,
  }
}

export function toBitset(words: number, indices: Iterable<number>): Int32Array {
  const set = new Int32Array(words)
  for (const index of indices) set[index >>> 5] = (set[index >>> 5] ?? 0) | (1 << (index & 31))
  return set
}
