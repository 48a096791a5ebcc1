import type { FactPlaces } from './facts.ts'
import { isFalse, isTrue, isUnknown, type Condition, type Test, type Truth } from './language.ts'

/**
 * Part of a rule: what the answer to one closed question has to be among (`meets`), or must have none of (`avoids`), and its truth
 * where the answer is not known; or a test of something else, and what that has to say.
 */
export type Literal =
  | AnswerLiteral
  | {
      readonly type: 'test'
      readonly key: string
      readonly test: Test
      readonly wanted: boolean
      readonly isNamed: boolean
    }

export interface AnswerLiteral {
  readonly type: 'meets' | 'avoids'
  readonly place: number
  readonly bits: number
  readonly unknown: Truth
}

export interface LiteralParts {
  readonly places: FactPlaces
  /** The conditions that others refer to by name. */
  readonly definitions: ReadonlyMap<string, Condition>
  compile(condition: Condition): Test
}

/** A condition as literals that have to hold together: its truth is the least of theirs. */
export function toLiterals(condition: Condition, parts: LiteralParts): readonly Literal[] {
  return spread(condition, parts, true)
}

/** `wanted`: whether the condition has to hold, or its opposite. */
function spread(condition: Condition, parts: LiteralParts, wanted: boolean): readonly Literal[] {
  if ('not' in condition) return spread(condition.not, parts, !wanted)
  if ('is' in condition) {
    const definition = parts.definitions.get(condition.is)
    const inner = definition === undefined ? [] : spread(definition, parts, wanted)
    // What a definition itself has to test is tested once, for all rules that refer to it.
    const isPlain = inner.length > 0 && inner.every((literal) => literal.type !== 'test' || literal.isNamed)
    return isPlain ? inner : toTests(condition, parts, wanted)
  }
  if (!('all' in condition || 'any' in condition)) return [toLiteral(condition, parts, wanted)]
  const inner = 'all' in condition ? condition.all : condition.any
  const spreads = inner.map((part) => spread(part, parts, wanted))
  if ('all' in condition === wanted) return spreads.flat()
  const joined = join(spreads, parts.places)
  return joined === undefined ? toTests(condition, parts, wanted) : [joined]
}

/** One of several literals about one question, as one; `undefined` where that cannot be said. */
function join(spreads: readonly (readonly Literal[])[], places: FactPlaces): AnswerLiteral | undefined {
  let joined: AnswerLiteral | undefined
  for (const literals of spreads) {
    const next = meet(literals, places)
    if (next === undefined) return undefined
    joined = joined === undefined ? next : either(joined, next, places)
    if (joined === undefined) return undefined
  }
  return joined
}

/** Several literals about one question that have to hold together, as one. */
function meet(literals: readonly Literal[], places: FactPlaces): AnswerLiteral | undefined {
  let met: AnswerLiteral | undefined
  for (const literal of literals) {
    if (literal.type === 'test') return undefined
    met = met === undefined ? literal : both(met, literal, places)
    if (met === undefined) return undefined
  }
  return met
}

function both(left: AnswerLiteral, right: AnswerLiteral, places: FactPlaces): AnswerLiteral | undefined {
  if (left.place !== right.place) return undefined
  const unknown = Math.min(left.unknown, right.unknown) as Truth // the lesser of two truths
  const [one, other] = places.isSingle(left.place) ? [asMeets(left), asMeets(right)] : [left, right]
  if (isAlways(one)) return { ...other, unknown }
  if (isAlways(other)) return { ...one, unknown }
  if (one.type !== other.type) return undefined
  if (one.type === 'avoids') return { ...one, bits: one.bits | other.bits, unknown }
  return places.isSingle(one.place) ? { ...one, bits: one.bits & other.bits, unknown } : undefined
}

function either(left: AnswerLiteral, right: AnswerLiteral, places: FactPlaces): AnswerLiteral | undefined {
  if (left.place !== right.place) return undefined
  const unknown = Math.max(left.unknown, right.unknown) as Truth // the greater of two truths
  const [one, other] = places.isSingle(left.place) ? [asMeets(left), asMeets(right)] : [left, right]
  if (isNever(one)) return { ...other, unknown }
  if (isNever(other)) return { ...one, unknown }
  if (isAlways(one) || isAlways(other)) return { ...one, type: 'avoids', bits: 0, unknown }
  if (one.type !== 'meets' || other.type !== 'meets') return undefined
  return { ...one, bits: one.bits | other.bits, unknown }
}

const allBits = 0x7fffffff

/** Of one answer: to avoid some is to meet the others. */
function asMeets(literal: AnswerLiteral): AnswerLiteral {
  return literal.type === 'meets' ? literal : { ...literal, type: 'meets', bits: ~literal.bits & allBits }
}

function isAlways({ type, bits }: AnswerLiteral): boolean {
  return type === 'avoids' && bits === 0
}

function isNever({ type, bits }: AnswerLiteral): boolean {
  return type === 'meets' && bits === 0
}

function toLiteral(condition: Condition, parts: LiteralParts, wanted: boolean): Literal {
  const { places } = parts
  const compared = toCompared(condition)
  const kind = compared === undefined ? undefined : places.typeOf(compared.name)
  if (compared === undefined || kind === 'texts' || kind === 'number' || kind === 'date') {
    return toTest(condition, parts, wanted)
  }
  const place = places.indexOf(compared.name)
  if (compared.values === undefined) {
    // Any answer will do, and there has to be one; or none will, and there must not be one.
    return wanted
      ? { type: 'avoids', place, bits: 0, unknown: isFalse }
      : { type: 'meets', place, bits: 0, unknown: isTrue }
  }
  const bits = places.toBits(compared.name, compared.values)
  // To be among these is to have none of the others.
  const own = compared.isSubset === true ? ~bits & allBits : bits
  return { type: wanted === (compared.isSubset !== true) ? 'meets' : 'avoids', place, bits: own, unknown: isUnknown }
}

interface Compared {
  readonly name: string
  /** `undefined`: whether there is an answer. */
  readonly values: readonly (boolean | number | string)[] | undefined
  readonly isSubset?: boolean
}

/** What looks at answers only; `undefined` for every other comparison. */
function toCompared(condition: Condition): Compared | undefined {
  if ('exists' in condition) return { name: condition.exists, values: undefined }
  if ('eq' in condition) return { name: condition.eq[0], values: [condition.eq[1]] }
  if ('in' in condition) return { name: condition.in[0], values: condition.in[1] }
  if ('has' in condition) return { name: condition.has[0], values: [condition.has[1]] }
  if ('meets' in condition) return { name: condition.meets[0], values: condition.meets[1] }
  if (!('subset' in condition)) return undefined
  const [name, among] = condition.subset
  return typeof among === 'string' ? undefined : { name, values: among, isSubset: true }
}

function toTest(condition: Condition, parts: LiteralParts, wanted: boolean): Literal {
  return {
    type: 'test',
    key: JSON.stringify(condition),
    test: parts.compile(condition),
    wanted,
    isNamed: 'is' in condition,
  }
}

/** A test, and what the answers have to meet for it to be anything but false: what they rule out is not tested. */
function toTests(condition: Condition, parts: LiteralParts, wanted: boolean): readonly Literal[] {
  return [toTest(condition, parts, wanted), ...(wanted ? listNeeds(condition, parts) : [])]
}

/** The answers without which a condition is false, for each question there are such answers of. Says nothing of unknown ones. */
function listNeeds(condition: Condition, parts: LiteralParts): readonly AnswerLiteral[] {
  if ('is' in condition) {
    const definition = parts.definitions.get(condition.is)
    return definition === undefined ? [] : listNeeds(definition, parts)
  }
  if ('all' in condition) return narrowest(condition.all.flatMap((part) => listNeeds(part, parts)))
  if ('any' in condition) {
    const [first = [], ...others] = condition.any.map((part) => listNeeds(part, parts))
    return first.flatMap((need) => {
      const same = others.map((needs) => needs.find(({ place }) => place === need.place))
      if (same.includes(undefined)) return []
      return [{ ...need, bits: same.reduce((bits, each) => bits | (each?.bits ?? 0), need.bits) }]
    })
  }
  if ('not' in condition || 'exists' in condition || 'subset' in condition) return []
  const literal = toLiteral(condition, parts, true)
  return literal.type === 'meets' ? [{ ...literal, unknown: isTrue }] : []
}

/** Of several needs at one question that with the fewest answers: each is enough. */
function narrowest(needs: readonly AnswerLiteral[]): readonly AnswerLiteral[] {
  const best = new Map<number, AnswerLiteral>()
  for (const need of needs) {
    const known = best.get(need.place)
    if (known === undefined || countBits(need.bits) < countBits(known.bits)) best.set(need.place, need)
  }
  return [...best.values()]
}

function countBits(bits: number): number {
  let count = 0
  for (let rest = bits >>> 0; rest !== 0; rest &= rest - 1) count++
  return count
}
