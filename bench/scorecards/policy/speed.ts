import { pick } from '../../../src/core/testing.ts'
import {
  createPolicyEngine,
  type Condition,
  type PolicyEngine,
  type Vocabulary,
} from '../../../src/governance/policy/index.ts'
import type { Random } from '../../../src/core/random.ts'
import type { Clock } from '../../../src/core/time.ts'
import { filterDomain, practiceDomains, uses } from './oracle.ts'

const factsCount = 2_000
const decisionsCount = 200_000
const rulesWanted = 200
const atMs = Date.parse('2027-12-02T00:00:00Z')

/** Microseconds of a decision under the pack as it is, and under its rules repeated until there are 200. */
export function measureDecisions(options: {
  readonly engine: PolicyEngine
  readonly clock: Clock
  readonly random: Random
}): Readonly<Record<string, number>> {
  const { engine } = options
  const { pack } = engine
  const rules = Array.from({ length: rulesWanted }, (_, index) => {
    const rule = pack.rules[index % pack.rules.length] ?? fail()
    return { ...rule, id: `${rule.id}-${index}`, from: '2025-02-02' }
  })
  const large = createPolicyEngine({ ...pack, rules })
  // The same number of rules, no two of which say the same: copies ask for other practices and uses than their originals.
  const distinct = createPolicyEngine({
    ...pack,
    rules: rules.map((rule, index) => ({
      ...rule,
      when: turn(rule.when, Math.floor(index / pack.rules.length), pack.facts),
    })),
  })
  return {
    ...measure('decision', engine, options),
    ...measure('decision200', large, options),
    ...measure('decision200Distinct', distinct, options),
  }
}

/** A condition in which every named answer of a closed question is the one `by` places further. */
function turn(condition: Condition, by: number, facts: Vocabulary): Condition {
  if ('all' in condition) return { all: condition.all.map((part) => turn(part, by, facts)) }
  if ('any' in condition) return { any: condition.any.map((part) => turn(part, by, facts)) }
  if ('not' in condition) return { not: turn(condition.not, by, facts) }
  if (!('has' in condition)) return condition
  const [name, value] = condition.has
  const definition = facts[name]
  const values = definition !== undefined && 'values' in definition ? Object.keys(definition.values) : [value]
  return { has: [name, values[(values.indexOf(value) + by) % values.length] ?? value] }
}

/** Work that allocates nothing and always takes the same. */
function loop(steps: number): number {
  let value = 1
  for (let step = 0; step < steps; step++) value = (value * 31 + step) | 0
  return value
}

/** How many steps of it take as long. */
function toSteps(clock: Clock, micros: number): number {
  const probe = 100_000
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 20; round++) {
    const startedMs = clock.monotonicMs()
    if (loop(probe) === 0) fail() // The work has to be of use to somebody.
    least = Math.min(least, (clock.monotonicMs() - startedMs) * 1_000)
  }
  return Math.max(1, Math.round((probe * micros) / least))
}

function quantiles(name: string, micros: Float64Array): Readonly<Record<string, number>> {
  micros.sort()
  const at = (share: number): number => Number((micros[Math.floor(share * (micros.length - 1))] ?? 0).toPrecision(4))
  return { [`${name}.p50Micros`]: at(0.5), [`${name}.p99Micros`]: at(0.99) }
}

function measure(
  name: string,
  engine: PolicyEngine,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Readonly<Record<string, number>> {
  const facts = Array.from({ length: factsCount }, () => {
    const given: Record<string, unknown> = { roles: ['deployer'], interactsWithPeople: true, generates: ['text'] }
    for (const domain of [...practiceDomains, filterDomain])
      for (const [question, answers] of Object.entries(domain)) given[question] = pick(random, answers)
    // Most requests are of ordinary use cases; every fifth declares a practice or a use of Annex III.
    given['practices'] = random.next() < 0.1 ? pick(random, practiceDomains)['practices']?.[2] : []
    given['uses'] = random.next() < 0.1 ? [pick(random, uses).id] : []
    return engine.read(given)
  })
  const micros = new Float64Array(decisionsCount)
  for (let warm = 0; warm < 20_000; warm++) engine.decide(facts[warm % factsCount] ?? fail(), atMs)
  for (let run = 0; run < decisionsCount; run++) {
    const startedMs = clock.monotonicMs()
    engine.decide(facts[run % factsCount] ?? fail(), atMs)
    micros[run] = (clock.monotonicMs() - startedMs) * 1_000
  }
  // As long as half of the decisions take: what the 99th percentile of the loop adds to its median is the machine's.
  const steps = toSteps(clock, micros.toSorted()[decisionsCount >>> 1] ?? 0)
  const loops = new Float64Array(decisionsCount)
  const again = new Float64Array(decisionsCount)
  for (let run = 0; run < decisionsCount; run++) {
    const decidedMs = clock.monotonicMs()
    engine.decide(facts[run % factsCount] ?? fail(), atMs)
    const loopedMs = clock.monotonicMs()
    if (loop(steps) === 0) fail()
    loops[run] = (clock.monotonicMs() - loopedMs) * 1_000
    again[run] = (loopedMs - decidedMs) * 1_000
  }
  // The least of the rounds of each use case: what it takes when nothing else has the processor.
  const least = new Float64Array(factsCount).fill(Number.POSITIVE_INFINITY)
  for (let run = 0; run < decisionsCount; run++) {
    const index = run % factsCount
    least[index] = Math.min(least[index] ?? 0, micros[run] ?? 0)
  }
  const [, p99Least = Number.NaN] = Object.values(quantiles(name, least))
  return {
    ...quantiles(name, micros),
    [`${name}.p99LeastMicros`]: p99Least,
    ...quantiles(`${name}.turnAbout`, again),
    ...quantiles(`${name}.loop`, loops),
  }
}

function fail(): never {
  throw new Error('the lists of this scorecard are not empty')
}
