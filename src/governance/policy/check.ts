import { countFacts, enumerateAnswers, listAnswers, listComparisons } from './domain.ts'
import { createEngine } from './engines.ts'
import { toMs, type Decision, type PolicyEngine } from './engine.ts'
import { isTrue } from './language.ts'
import type { Pack, PackCases, PackTest, Rule } from './pack.ts'

/** What is wrong with a pack, or worth a look. */
export interface PackFinding {
  readonly type: 'failed-case' | 'unreachable' | 'overlapping' | 'untested' | 'not-enumerated'
  /** The rule, or the name of the case. */
  readonly about: string
  readonly message: string
}

export interface PackReport {
  readonly cases: number
  readonly rules: number
  /** Combinations of answers that were looked at. */
  readonly combinations: number
  readonly findings: readonly PackFinding[]
}

/** Rules with more combinations of answers than this are not enumerated, and the report says so. */
const combinationsMax = 300_000
const pairCombinationsMax = 20_000

/** Runs the cases of a pack and looks for rules that cannot hold, say the same as another, or stand in no case. */
export function checkPack(pack: Pack, cases: PackCases | undefined): PackReport {
  const engine = createEngine(pack)
  const findings = cases === undefined ? [] : runCases(engine, cases)
  let combinations = 0
  for (const rule of pack.rules) {
    const answers = listAnswers(pack, listComparisons(pack, rule))
    const count = countFacts(answers)
    if (count > combinationsMax) {
      findings.push({ type: 'not-enumerated', about: rule.id, message: `has ${count} combinations of answers` })
      continue
    }
    let canHold = false
    for (const given of enumerateAnswers(answers)) {
      combinations++
      if (engine.test(rule.id, engine.encode(given)) === isTrue) {
        canHold = true
        break
      }
    }
    if (!canHold) findings.push({ type: 'unreachable', about: rule.id, message: 'holds for no answers at all' })
  }
  const overlaps = findOverlaps(engine)
  findings.push(...overlaps.findings, ...findUntested(pack, cases))
  return {
    cases: cases?.tests.length ?? 0,
    rules: pack.rules.length,
    combinations: combinations + overlaps.combinations,
    findings,
  }
}

function runCases(engine: PolicyEngine, cases: PackCases): PackFinding[] {
  return cases.tests.flatMap((test) => {
    const facts = engine.read({ ...cases.base, ...test.facts })
    const message = judge(test, engine.decide(facts, toMs(test.at)))
    return message === undefined ? [] : [{ type: 'failed-case' as const, about: test.name, message }]
  })
}

function judge(test: PackTest, decision: Decision): string | undefined {
  if (decision.decision !== test.decision) {
    const because = decision.effects.filter((effect) => effect.decision === decision.decision).map(({ rule }) => rule)
    return `is decided ${decision.decision} by ${because.join(', ') || 'no rule'}, not ${test.decision}`
  }
  const held = decision.effects.filter(({ truth }) => truth === 'holds').map(({ rule }) => rule)
  const absent = (test.holds ?? []).filter((rule) => !held.includes(rule))
  if (absent.length > 0) return `${absent.join(', ')} should hold`
  const present = decision.effects.filter(({ rule }) => test.not?.includes(rule) === true)
  if (present.length > 0) return `${present.map(({ rule }) => rule).join(', ')} should not hold`
  return undefined
}

/** Pairs of rules in force at the same time, of the same effect, of which the first never holds without the second. */
function findOverlaps(engine: PolicyEngine): {
  readonly findings: readonly PackFinding[]
  readonly combinations: number
} {
  const { pack } = engine
  const findings: PackFinding[] = []
  let combinations = 0
  for (const inner of pack.rules) {
    for (const outer of pack.rules) {
      if (inner === outer || !saysNothingMore(inner, outer)) continue
      const answers = listAnswers(pack, [...listComparisons(pack, inner), ...listComparisons(pack, outer)])
      if (countFacts(answers) > pairCombinationsMax) continue
      let isInside = true
      let canHold = false
      for (const given of enumerateAnswers(answers)) {
        combinations++
        const facts = engine.encode(given)
        if (engine.test(inner.id, facts) !== isTrue) continue
        canHold = true
        if (engine.test(outer.id, facts) === isTrue) continue
        isInside = false
        break
      }
      if (isInside && canHold)
        findings.push({ type: 'overlapping', about: inner.id, message: `holds only where ${outer.id} does` })
    }
  }
  return { findings, combinations }
}

/** Whether the inner rule, where both hold, adds nothing to the outer one. */
function saysNothingMore(inner: Rule, outer: Rule): boolean {
  const isWithin = inner.from >= outer.from && (outer.until === undefined || (inner.until ?? '9999') <= outer.until)
  return isWithin && inner.effect === outer.effect && inner.require.every((each) => outer.require.includes(each))
}

function findUntested(pack: Pack, cases: PackCases | undefined): readonly PackFinding[] {
  return pack.rules.flatMap(({ id }) => {
    const holding = cases?.tests.filter((test) => test.holds?.includes(id) === true).length ?? 0
    if (holding > 0) return []
    return [{ type: 'untested' as const, about: id, message: 'no case in which it holds' }]
  })
}
