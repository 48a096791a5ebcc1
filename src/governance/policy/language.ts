import type { Facts, FactPlaces } from './facts.ts'

/**
 * Three-valued truth (Kleene, 1938), in its order: false < unknown < true, so that `all` is the least of its parts, `any`
 * the greatest, and `not` the distance from true.
 */
export type Truth = 0 | 1 | 2
export const isFalse = 0
export const isUnknown = 1
export const isTrue = 2

/**
 * A condition: a closed, total language. It has no code, no loops and no functions, so that it always ends, and its
 * domain can be enumerated.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  /** A condition of the pack's `definitions`, by name. */
  | { readonly is: string }
  /** The fact is known. Never unknown itself. */
  | { readonly exists: string }
  | { readonly eq: readonly [string, boolean | number | string] }
  | { readonly in: readonly [string, readonly (number | string)[]] }
  /** A list contains the value. */
  | { readonly has: readonly [string, string] }
  /** A list contains one of the values. */
  | { readonly meets: readonly [string, readonly string[]] }
  /** Every value of a list is among these: of another fact when a name is given instead of a list. */
  | { readonly subset: readonly [string, readonly string[] | string] }
  /** Numbers, and dates as `YYYY-MM-DD`. */
  | { readonly lt: readonly [string, number | string] }
  | { readonly gte: readonly [string, number | string] }

export type Test = (facts: Facts) => Truth

/** What a condition is compiled against: where each fact lies, and the conditions that others refer to by name. */
export interface Compiler {
  readonly places: FactPlaces
  readonly definitions: ReadonlyMap<string, Test>
  /** Parts that stand in several conditions: each is looked at once for the same facts. */
  readonly shared: SharedParts
}

/** A condition as a function. Every name in it must be known. Cost: a few nanoseconds a comparison. */
export function compile(condition: Condition, compiler: Compiler): Test {
  return compiler.shared.find(condition, () => compileParts(condition, compiler))
}

function compileParts(condition: Condition, compiler: Compiler): Test {
  if ('all' in condition) return compileAll(condition.all.map((part) => compile(part, compiler)))
  if ('any' in condition) return compileAny(condition.any.map((part) => compile(part, compiler)))
  if ('not' in condition) return negate(compile(condition.not, compiler))
  if ('is' in condition) return compiler.definitions.get(condition.is) ?? (() => isUnknown)
  return compileComparison(condition, compiler.places)
}

export interface SharedParts {
  /** The test of a part that has been compiled before, else the one that `create` makes. */
  find(condition: Condition, create: () => Test): Test
}

/** Counts the parts of conditions; those with parts of their own that stand in several places are remembered. */
export function createSharedParts(conditions: Iterable<Condition>): SharedParts {
  const counts = new Map<string, number>()
  const count = (condition: Condition): void => {
    const parts = partsOf(condition)
    if (parts === undefined) return
    const key = JSON.stringify(condition)
    const seen = counts.get(key) ?? 0
    counts.set(key, seen + 1)
    // The parts of a part that was seen before are looked at once, with it.
    if (seen === 0) parts.forEach(count)
  }
  for (const condition of conditions) count(condition)
  const tests = new Map<string, Test>()
  return {
    find(condition, create) {
      if (partsOf(condition) === undefined) return create()
      const key = JSON.stringify(condition)
      const known = tests.get(key)
      if (known !== undefined) return known
      const test = (counts.get(key) ?? 0) > 1 ? remember(create()) : create()
      tests.set(key, test)
      return test
    },
  }
}

function partsOf(condition: Condition): readonly Condition[] | undefined {
  if ('all' in condition) return condition.all
  return 'any' in condition ? condition.any : undefined
}

/** The same, remembered for the facts it was last asked about: a definition is used by many rules. */
export function remember(test: Test): Test {
  let last: Facts | undefined
  let truth: Truth = isUnknown
  return (facts) => {
    if (facts !== last) {
      truth = test(facts)
      last = facts
    }
    return truth
  }
}

type Compared = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown } | { is: unknown }>

function compileComparison(condition: Compared, places: FactPlaces): Test {
  if ('exists' in condition) return compileExists(places, condition.exists)
  if ('eq' in condition) return compileEqual(places, condition.eq)
  if ('in' in condition) return compileMeets(places, condition.in[0], condition.in[1])
  if ('has' in condition) return compileMeets(places, condition.has[0], [condition.has[1]])
  if ('meets' in condition) return compileMeets(places, condition.meets[0], condition.meets[1])
  if ('subset' in condition) return compileSubset(places, condition.subset)
  if ('lt' in condition) return compileOrder(places, condition.lt, true)
  return compileOrder(places, condition.gte, false)
}

function compileExists(places: FactPlaces, name: string): Test {
  const place = places.indexOf(name)
  return (facts) => (facts.isKnown(place) ? isTrue : isFalse)
}

function compileEqual(places: FactPlaces, [name, value]: readonly [string, boolean | number | string]): Test {
  const type = places.typeOf(name)
  if (type !== 'number' && type !== 'date') return compileMeets(places, name, [value])
  const place = places.indexOf(name)
  const wanted = places.toNumber(value)
  return (facts) => {
    const given = facts.numbers[place] ?? Number.NaN
    return given === wanted ? isTrue : given === given ? isFalse : isUnknown
  }
}

/** One of the answers given is among the values: `eq`, `in`, `has` and `meets` are all this. */
function compileMeets(places: FactPlaces, name: string, values: readonly (boolean | number | string)[]): Test {
  const place = places.indexOf(name)
  if (places.typeOf(name) === 'texts') {
    return (facts) => {
      const given = facts.lists[place]
      return given === undefined ? isUnknown : given.some((each) => values.includes(each)) ? isTrue : isFalse
    }
  }
  const bits = places.toBits(name, values)
  return (facts) => {
    const given = facts.bits[place] ?? -1
    return given < 0 ? isUnknown : (given & bits) !== 0 ? isTrue : isFalse
  }
}

function compileSubset(places: FactPlaces, [name, among]: readonly [string, readonly string[] | string]): Test {
  const place = places.indexOf(name)
  if (typeof among === 'string' || places.typeOf(name) === 'texts') {
    const other = typeof among === 'string' ? places.indexOf(among) : undefined
    return (facts) => {
      const given = facts.lists[place]
      const outer = other === undefined ? among : facts.lists[other]
      if (given === undefined || outer === undefined) return isUnknown
      return given.every((each) => outer.includes(each)) ? isTrue : isFalse
    }
  }
  const bits = places.toBits(name, among)
  return (facts) => {
    const given = facts.bits[place] ?? -1
    return given < 0 ? isUnknown : (given & ~bits) === 0 ? isTrue : isFalse
  }
}

function compileOrder(places: FactPlaces, [name, bound]: readonly [string, number | string], isLess: boolean): Test {
  const place = places.indexOf(name)
  const wanted = places.toNumber(bound)
  return (facts) => {
    const given = facts.numbers[place] ?? Number.NaN
    if (given !== given) return isUnknown
    return given < wanted === isLess ? isTrue : isFalse
  }
}

function compileAll(tests: readonly Test[]): Test {
  return (facts) => {
    let truth: Truth = isTrue
    for (let index = 0; index < tests.length; index++) {
      const part = tests[index]?.(facts) ?? isUnknown
      if (part === isFalse) return isFalse
      if (part < truth) truth = part
    }
    return truth
  }
}

function compileAny(tests: readonly Test[]): Test {
  return (facts) => {
    let truth: Truth = isFalse
    for (let index = 0; index < tests.length; index++) {
      const part = tests[index]?.(facts) ?? isUnknown
      if (part === isTrue) return isTrue
      if (part > truth) truth = part
    }
    return truth
  }
}

function negate(test: Test): Test {
  return (facts) => (2 - test(facts)) as Truth // 2 - {0, 1, 2}
}
