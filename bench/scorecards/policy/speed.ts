import { createPolicyEngine, type PolicyEngine } from '../../../src/governance/policy/index.ts'
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
  return { ...measure('decision', engine, options), ...measure('decision200', large, options) }
}

function measure(
  name: string,
  engine: PolicyEngine,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Readonly<Record<string, number>> {
  // An answer may be undefined, which is unknown; the place always exists.
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random.next() * values.length)] as T
  const facts = Array.from({ length: factsCount }, () => {
    const given: Record<string, unknown> = { roles: ['deployer'], interactsWithPeople: true, generates: ['text'] }
    for (const domain of [...practiceDomains, filterDomain])
      for (const [question, answers] of Object.entries(domain)) given[question] = pick(answers)
    // Most requests are of ordinary use cases; every fifth declares a practice or a use of Annex III.
    given['practices'] = random.next() < 0.1 ? pick(practiceDomains)['practices']?.[2] : []
    given['uses'] = random.next() < 0.1 ? [pick(uses).id] : []
    return engine.read(given)
  })
  const micros = new Float64Array(decisionsCount)
  for (let warm = 0; warm < 20_000; warm++) engine.decide(facts[warm % factsCount] ?? fail(), atMs)
  for (let run = 0; run < decisionsCount; run++) {
    const startedMs = clock.monotonicMs()
    engine.decide(facts[run % factsCount] ?? fail(), atMs)
    micros[run] = (clock.monotonicMs() - startedMs) * 1_000
  }
  micros.sort()
  const at = (share: number): number => Number((micros[Math.floor(share * (decisionsCount - 1))] ?? 0).toPrecision(4))
  return { [`${name}.p50Micros`]: at(0.5), [`${name}.p99Micros`]: at(0.99) }
}

function fail(): never {
  throw new Error('the lists of this scorecard are not empty')
}
