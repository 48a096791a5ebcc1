import { inspect, type Comparison } from './condition.ts'
import type { Pack, Rule } from './pack.ts'
import type { FactDefinition, FactValue } from './vocabulary.ts'

/** Answers of a fact that a condition can tell apart; `undefined` is unknown. */
export type Answers = readonly (FactValue | undefined)[]

/** Stand for any texts of an open list: two, so that lists can differ. */
const anyTexts = ['one', 'other']

/** Lists are tried in every combination of up to this many values that a rule asks for. */
const combinedMax = 6

/** The comparisons of a rule, those of the definitions it refers to included. */
export function listComparisons(pack: Pack, rule: Pick<Rule, 'when'>): readonly Comparison[] {
  const definitions = new Map(pack.definitions)
  const seen = new Set<string>()
  const found: Comparison[] = []
  const visit = (condition: Rule['when']): void => {
    const { comparisons, references } = inspect(condition)
    found.push(...comparisons)
    for (const reference of references) {
      const definition = definitions.get(reference)
      if (seen.has(reference) || definition === undefined) continue
      seen.add(reference)
      visit(definition)
    }
  }
  visit(rule.when)
  return found
}

/** For each fact of the comparisons, the answers that could make a difference to them, unknown first. */
export function listAnswers(pack: Pack, comparisons: readonly Comparison[]): ReadonlyMap<string, Answers> {
  const asked = new Map<string, Set<boolean | number | string>>()
  const note = (fact: string): Set<boolean | number | string> => {
    const values = asked.get(fact) ?? new Set()
    asked.set(fact, values)
    return values
  }
  for (const { fact, values, other } of comparisons) {
    const noted = note(fact)
    for (const value of values) noted.add(value)
    if (other !== undefined) note(other)
  }
  const answers = new Map<string, Answers>()
  for (const [fact, values] of asked) {
    const definition = pack.facts[fact]
    if (definition !== undefined) answers.set(fact, [undefined, ...toAnswers(definition, [...values])])
  }
  return answers
}

function toAnswers(definition: FactDefinition, values: readonly (boolean | number | string)[]): readonly FactValue[] {
  switch (definition.type) {
    case 'yes-no':
      return [false, true]
    case 'one-of':
      return Object.keys(definition.values)
    case 'some-of':
      return toLists(values.map(String))
    case 'texts':
      return toLists([...values.map(String), ...anyTexts])
    case 'number':
      return [definition.min, ...values.map(Number), definition.max]
    case 'date':
      return ['1900-01-01', ...values.map(String), '2999-12-31']
  }
}

/** Every combination of a few values; of many: none, each alone, and all. */
function toLists(values: readonly string[]): readonly (readonly string[])[] {
  if (values.length > combinedMax) return [[], ...values.map((value) => [value]), values]
  return Array.from({ length: 2 ** values.length }, (_, bits) => values.filter((__, place) => (bits >> place) & 1))
}

/** How many combinations of answers there are. */
export function countFacts(answers: ReadonlyMap<string, Answers>): number {
  let count = 1
  for (const each of answers.values()) count *= each.length
  return count
}

/** Every combination of answers, one after the other; the same map is used again for each. Unknown answers are left out. */
export function* enumerateAnswers(answers: ReadonlyMap<string, Answers>): Generator<ReadonlyMap<string, FactValue>> {
  const questions = [...answers]
  const places = questions.map(() => 0)
  const given = new Map<string, FactValue>()
  for (;;) {
    for (const [index, [name, values]] of questions.entries()) {
      const value = values[places[index] ?? 0]
      if (value === undefined) given.delete(name)
      else given.set(name, value)
    }
    yield given
    if (
      !advance(
        places,
        questions.map(([, values]) => values.length),
      )
    )
      return
  }
}

/** Counts up by one, each place to its own bound; false when all have come round. */
function advance(places: number[], bounds: readonly number[]): boolean {
  for (const [index, bound] of bounds.entries()) {
    const next = (places[index] ?? 0) + 1
    places[index] = next < bound ? next : 0
    if (next < bound) return true
  }
  return false
}
