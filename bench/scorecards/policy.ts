import {
  createPolicyEngine,
  findCases,
  checkPack,
  builtInPacks,
  loadPack,
  type Decision,
  type PolicyEngine,
} from '../../src/governance/policy/index.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'
import { filterDomain, isHighRisk, mustDeny, practiceDomains, uses } from './policy/oracle.ts'
import { measureDecisions } from './policy/speed.ts'

const randomFacts = 200_000
const afterProhibitions = Date.parse('2026-12-02T00:00:00Z')
const afterAnnexIii = Date.parse('2027-12-02T00:00:00Z')

/** Whether the packs decide as the law is read by a second hand, and how long a decision takes. */
export const scorecard: Scorecard = {
  name: 'policy',
  purpose:
    'prohibitions and high-risk uses decided as a reading of the Act written apart from the pack does, over their whole domain',
  async run({ seed, clock, print }): Promise<Measurement> {
    const engine = createPolicyEngine(loadPack('eu-ai-act'))
    const prohibited = compareProhibitions(engine)
    print(`${prohibited.combinations} combinations of answers about prohibitions`)
    const random = compareRandom(engine, createSeededRandom(seed))
    const high = compareAnnexIii(engine)
    print(`${high.combinations} combinations of answers about Annex III`)
    const reports = builtInPacks.map((id) => checkPack(loadPack(id), findCases(id)))
    const speed = measureDecisions({ engine, clock, random: createSeededRandom(seed) })
    const count = (type: string): number =>
      reports.reduce((sum, report) => sum + report.findings.filter((finding) => finding.type === type).length, 0)
    return {
      figures: {
        prohibitionCombinations: prohibited.combinations,
        falseAllows: prohibited.falseAllows + random.falseAllows,
        falseDenials: prohibited.falseDenials + random.falseDenials,
        unexplained: prohibited.unexplained + random.unexplained,
        annexIiiItems: uses.length,
        annexIiiCombinations: high.combinations,
        annexIiiMissed: high.missed,
        annexIiiWrong: high.wrong,
        cases: reports.reduce((sum, report) => sum + report.cases, 0),
        casesFailed: count('failed-case'),
        rulesUnreachable: count('unreachable'),
        rulesUntested: count('untested'),
        ...speed,
      },
      promised: {
        falseAllows: ['=', 0],
        falseDenials: ['=', 0],
        unexplained: ['=', 0],
        annexIiiItems: ['=', 25],
        annexIiiMissed: ['=', 0],
        annexIiiWrong: ['=', 0],
        casesFailed: ['=', 0],
        rulesUnreachable: ['=', 0],
        rulesUntested: ['=', 0],
        'decision200.p99Micros': ['<=', 5],
      },
      unmeasured: [],
    }
  },
}

interface Compared {
  combinations: number
  falseAllows: number
  falseDenials: number
  /** Denials that name no article. */
  unexplained: number
}

type Given = Readonly<Record<string, unknown>>

/** Every combination of answers, unknown among them, that a prohibition asks for, before and after it applies. */
function compareProhibitions(engine: PolicyEngine): Compared {
  const compared: Compared = { combinations: 0, falseAllows: 0, falseDenials: 0, unexplained: 0 }
  for (const domain of practiceDomains) {
    for (const facts of combinations(domain)) {
      for (const atMs of ['2025-02-01', '2025-02-02', '2026-12-01', '2026-12-02'].map((day) =>
        Date.parse(`${day}T00:00:00Z`),
      )) {
        compare(compared, engine, { facts, atMs })
      }
    }
  }
  return compared
}

/** Several practices at once, with answers to every question drawn at random. */
function compareRandom(engine: PolicyEngine, random: Random): Compared {
  const compared: Compared = { combinations: 0, falseAllows: 0, falseDenials: 0, unexplained: 0 }
  for (let run = 0; run < randomFacts; run++) {
    const facts: Record<string, unknown> = {}
    const practices: unknown[] = []
    for (const domain of practiceDomains) {
      for (const [name, answers] of Object.entries(domain)) {
        const answer = answers[Math.floor(random.next() * answers.length)]
        if (name !== 'practices') facts[name] = answer
        else if (Array.isArray(answer) && random.next() < 0.2) practices.push(...(answer as unknown[]))
      }
    }
    compare(compared, engine, { facts: { ...facts, practices }, atMs: afterProhibitions })
  }
  return compared
}

function compare(
  compared: Compared,
  engine: PolicyEngine,
  { facts, atMs }: { readonly facts: Given; readonly atMs: number },
): void {
  compared.combinations++
  const decision = engine.decide(engine.read(facts), atMs)
  const isDenied = decision.decision === 'deny'
  if (mustDeny(facts, atMs) && !isDenied) compared.falseAllows++
  if (!mustDeny(facts, atMs) && isDenied) compared.falseDenials++
  if (isDenied && !explains(decision)) compared.unexplained++
}

function explains({ effects }: Decision): boolean {
  return effects.some(
    ({ decision, article, reason }) => decision === 'deny' && article.startsWith('Art. 5(') && reason !== '',
  )
}

/** Each use of Annex III with every answer about its exclusion and Article 6(3), one day before and on the day. */
function compareAnnexIii(engine: PolicyEngine): {
  readonly combinations: number
  readonly missed: number
  readonly wrong: number
} {
  let [count, missed, wrong] = [0, 0, 0]
  for (const use of uses) {
    for (const facts of combinations({
      ...filterDomain,
      ...(use.exclusion === undefined ? {} : { [use.exclusion]: [undefined, false, true] }),
    })) {
      const given = { roles: ['deployer'], practices: [], ...facts, uses: [use.id] }
      for (const atMs of [afterAnnexIii - 1, afterAnnexIii]) {
        count++
        const { tier, obligations, decision } = engine.decide(engine.read(given), atMs)
        const isHigh = tier === 'high' && obligations.some(({ control }) => control === 'hold')
        const mustBeHigh = atMs >= afterAnnexIii && isHighRisk(given, use)
        if (mustBeHigh && (!isHigh || decision === 'allow')) missed++
        if (!mustBeHigh && tier === 'high') wrong++
      }
    }
  }
  return { combinations: count, missed, wrong }
}

function* combinations(domain: Readonly<Record<string, readonly unknown[]>>): Generator<Given> {
  const [first, ...rest] = Object.entries(domain)
  if (first === undefined) {
    yield {}
    return
  }
  for (const others of combinations(Object.fromEntries(rest))) {
    for (const answer of first[1]) yield answer === undefined ? others : { ...others, [first[0]]: answer }
  }
}
