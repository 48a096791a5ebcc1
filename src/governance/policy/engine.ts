import { inspect } from './condition.ts'
import { createFactPlaces, type FactPlaces, type Facts } from './facts.ts'
import { compile, createSharedParts, isFalse, isTrue, isUnknown, remember, type Test, type Truth } from './language.ts'
import { tiers, type Obligation, type Pack, type Rule, type Tier } from './pack.ts'
import { listGuards, RuleIndex, type Guard } from './rule-index.ts'
import { isDate, readAnswers, type FactValue } from './vocabulary.ts'

/** A pack ready to decide. Decisions are pure: the same facts on the same day give the same decision. */
export interface PolicyEngine {
  readonly pack: Pack
  /** Facts as the pack's questions allow them, from JSON. Throws INVALID_REQUEST naming the fact at fault. */
  read(given: unknown): Facts
  /** Answers that were checked before. */
  encode(answers: ReadonlyMap<string, FactValue>): Facts
  /** `atMs`: milliseconds UTC; rules apply from 00:00 UTC of their first day. */
  decide(facts: Facts, atMs: number): Decision
  /** Whether one rule's condition holds, whatever its dates. */
  test(rule: string, facts: Facts): Truth
}

export interface Decision {
  /** The most restrictive of all rules: a denial overrides, and what is not known is not allowed. */
  readonly decision: Verdict
  /** The most severe tier among the rules that hold; `undefined` for a pack without tiers. */
  readonly tier: Tier | undefined
  /** The most severe tier among the rules that hold or may hold: it is higher where facts are missing. */
  readonly tierPossible: Tier | undefined
  /** Why: rules that hold, and rules that may hold, of which the facts that would tell are named. Made when asked for. */
  readonly effects: readonly Effect[]
  /** Every obligation once, in the order of the pack. Made when asked for. */
  readonly obligations: readonly Owed[]
  readonly pack: { readonly id: string; readonly version: string; readonly hash: string }
  /** The pack was last verified longer ago than it says it may be. */
  readonly isStale: boolean
}

export type Verdict = 'allow' | 'review' | 'deny'

export interface Effect {
  readonly rule: string
  readonly article: string
  readonly effect: Rule['effect']
  readonly truth: 'holds' | 'unknown'
  /** What this alone would make of the decision. */
  readonly decision: Verdict
  readonly reason: string
  readonly tier: Tier | undefined
  /** Facts of an unknown condition that were not given. */
  readonly missing: readonly string[]
}

export interface Owed {
  readonly id: string
  readonly control: Obligation['control']
  readonly article: string
  readonly text: string
  readonly rules: readonly string[]
  /** What is held for people, and for how many; `undefined` for obligations of other kinds. */
  readonly hold: Obligation['hold']
  /** The document it asks for. */
  readonly document: string | undefined
  /** Whether the document it asks for is there; `undefined` when it asks for none. */
  readonly isFulfilled: boolean | undefined
}

interface CompiledRule {
  readonly rule: Rule
  readonly test: Test
  readonly fromMs: number
  readonly untilMs: number
  /** Place in `tiers`; -1 for none. */
  readonly tier: number
  /** Bits of the documents that must be among the evidence. */
  readonly documents: number
  readonly guards: readonly Guard[]
  /** What an unknown condition makes of the decision: 0 allows, 1 asks for review, 2 denies. */
  readonly unknown: 0 | 1 | 2
  /** The facts its condition looks at. */
  readonly asked: readonly string[]
}

interface CompiledPack {
  readonly pack: Pack
  readonly places: FactPlaces
  readonly rules: readonly CompiledRule[]
  /** Place of the fact that lists which documents exist; -1 for a pack that asks for none. */
  readonly evidence: number
  readonly hasTiers: boolean
  readonly identity: Decision['pack']
}

/** The name of the fact that lists which documents exist. */
const evidenceFact = 'evidence'
const dayMs = 86_400_000
/** What an obligation to hold means when it says no more. */
const answerHold = { of: 'answer', persons: 1 } as const

/** Cost of a decision: an operation on words for each question, and some tens of nanoseconds for each rule that is left. */
export function createPolicyEngine(pack: Pack): PolicyEngine {
  const compiled = compilePack(pack)
  const byId = new Map(compiled.rules.map((rule) => [rule.rule.id, rule]))
  const staleFromMs = toMs(pack.verifiedOn) + pack.staleAfterDays * dayMs
  const inForce = createCalendar(compiled.rules)
  return {
    pack,
    read: (given) => compiled.places.encode(readAnswers(given, pack.facts)),
    encode: (answers) => compiled.places.encode(answers),
    decide: (facts, atMs) => judge(compiled, { facts, index: inForce(atMs), isStale: atMs >= staleFromMs }),
    test: (rule, facts) => byId.get(rule)?.test(facts) ?? isUnknown,
  }
}

function compilePack(pack: Pack): CompiledPack {
  const places = createFactPlaces(pack.facts)
  const definitions = new Map<string, Test>()
  const askedBy = new Map<string, readonly string[]>()
  const guards = new Map<string, readonly Guard[]>()
  const shared = createSharedParts([
    ...pack.definitions.map(([, condition]) => condition),
    ...pack.rules.map(({ when }) => when),
  ])
  for (const [name, condition] of pack.definitions) {
    guards.set(name, listGuards(condition, places, guards))
    definitions.set(name, remember(compile(condition, { places, definitions, shared })))
    askedBy.set(name, listFacts(condition, askedBy))
  }
  const evidence = Object.keys(pack.facts).indexOf(evidenceFact)
  const rules = pack.rules.map((rule): CompiledRule => {
    const documents = rule.require.flatMap((id) => pack.obligations[id]?.document ?? [])
    return {
      rule,
      test: compile(rule.when, { places, definitions, shared }),
      fromMs: toMs(rule.from),
      untilMs: rule.until === undefined ? Number.POSITIVE_INFINITY : toMs(rule.until),
      tier: rule.tier === undefined ? -1 : tiers.indexOf(rule.tier),
      documents: documents.length === 0 ? 0 : places.toBits(evidenceFact, documents),
      guards: listGuards(rule.when, places, guards),
      unknown: rule.unknown === 'deny' ? 2 : rule.unknown === 'review' ? 1 : 0,
      asked: listFacts(rule.when, askedBy),
    }
  })
  const { id, version, hash } = pack
  const hasTiers = rules.some(({ tier }) => tier >= 0)
  return { pack, places, rules, evidence, hasTiers, identity: Object.freeze({ id, version, hash }) }
}

/** The rules in force at an instant: the same between two of their dates, so the last answer is kept. */
function createCalendar(rules: readonly CompiledRule[]): (atMs: number) => RuleIndex {
  const guards = rules.map((rule) => rule.guards)
  const dates = rules.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs])
  let fromMs = Number.POSITIVE_INFINITY
  let untilMs = Number.NEGATIVE_INFINITY
  let current = new RuleIndex([], () => false)
  return (atMs) => {
    if (atMs >= fromMs && atMs < untilMs) return current
    fromMs = Math.max(Number.NEGATIVE_INFINITY, ...dates.filter((date) => date <= atMs))
    untilMs = Math.min(Number.POSITIVE_INFINITY, ...dates.filter((date) => date > atMs))
    current = new RuleIndex(guards, (index) => {
      const rule = rules[index]
      return rule !== undefined && atMs >= rule.fromMs && atMs < rule.untilMs
    })
    return current
  }
}

interface Judged {
  readonly facts: Facts
  readonly index: RuleIndex
  readonly isStale: boolean
}

/** Verdicts in their order, so that the most restrictive is the greatest. */
const verdicts = ['allow', 'review', 'deny'] as const

function judge(compiled: CompiledPack, { facts, index, isStale }: Judged): Decision {
  const evidence = Math.max(0, facts.bits[compiled.evidence] ?? 0)
  const possible = index.findPossible(facts)
  const fired: number[] = []
  let [worst, tier, tierPossible, permission] = [0, 0, 0, 0]
  for (let word = 0; word < possible.length; word++) {
    for (let rest = possible[word] ?? 0; rest !== 0; rest &= rest - 1) {
      const place = word * 32 + 31 - Math.clz32(rest & -rest)
      const rule = compiled.rules[place]
      const truth = rule?.test(facts) ?? isFalse
      if (rule === undefined || truth === isFalse) continue
      fired.push(place * 4 + truth)
      if (rule.tier > tierPossible) tierPossible = rule.tier
      if (truth === isTrue && rule.tier > tier) tier = rule.tier
      const verdict = toVerdict(rule, truth, evidence)
      if (rule.rule.effect === 'allow') permission = Math.max(permission, truth === isTrue ? 2 : 2 - verdict)
      else if (verdict > worst) worst = verdict
    }
  }
  // Where nothing is allowed but by permission, an unknown permission asks for review, or denies, as its rule says.
  if (compiled.pack.default === 'deny') worst = Math.max(worst, 2 - permission)
  return new RuleDecision(compiled, { fired, facts, evidence, worst, tier, tierPossible, isStale })
}

/** 0 allows, 1 asks for review, 2 denies. A use case whose documents do not exist yet waits for them. */
function toVerdict({ rule, documents, unknown }: CompiledRule, truth: Truth, evidence: number): 0 | 1 | 2 {
  if (truth === isUnknown) return unknown
  if (rule.effect === 'deny') return 2
  return (documents & ~evidence) === 0 ? 0 : 1
}

interface DecisionParts {
  /** Of each rule whose condition is not false, in their order: four times its place, and its truth. */
  readonly fired: readonly number[]
  readonly facts: Facts
  readonly evidence: number
  readonly worst: number
  readonly tier: number
  readonly tierPossible: number
  readonly isStale: boolean
}

/** A class, because its explanations are made only for who asks. */
class RuleDecision implements Decision {
  readonly decision: Verdict
  readonly tier: Tier | undefined
  readonly tierPossible: Tier | undefined
  readonly pack: Decision['pack']
  readonly isStale: boolean
  readonly #compiled: CompiledPack
  readonly #parts: DecisionParts

  constructor(compiled: CompiledPack, parts: DecisionParts) {
    this.decision = verdicts[parts.worst] ?? 'deny'
    this.tier = compiled.hasTiers ? tiers[parts.tier] : undefined
    this.tierPossible = compiled.hasTiers ? tiers[parts.tierPossible] : undefined
    this.pack = compiled.identity
    this.isStale = parts.isStale
    this.#compiled = compiled
    this.#parts = parts
  }

  get effects(): readonly Effect[] {
    const { evidence, facts } = this.#parts
    const { places } = this.#compiled
    return this.#listFired().map(({ rule: compiled, truth }) => {
      const { rule, asked } = compiled
      return {
        rule: rule.id,
        article: rule.article,
        effect: rule.effect,
        truth: truth === isTrue ? 'holds' : 'unknown',
        decision: verdicts[toVerdict(compiled, truth, evidence)] ?? 'deny',
        reason: rule.reason,
        tier: rule.tier,
        missing: truth === isTrue ? [] : asked.filter((fact) => !facts.isKnown(places.indexOf(fact))),
      }
    })
  }

  get obligations(): readonly Owed[] {
    const { evidence } = this.#parts
    const { pack, places } = this.#compiled
    const rulesOf = new Map<string, string[]>()
    for (const {
      rule: { rule },
    } of this.#listFired()) {
      for (const id of rule.require) {
        const rules = rulesOf.get(id)
        if (rules === undefined) rulesOf.set(id, [rule.id])
        else rules.push(rule.id)
      }
    }
    return Object.entries(pack.obligations).flatMap(([id, { control, article, text, document, hold: asked }]) => {
      const rules = rulesOf.get(id)
      if (rules === undefined) return []
      const isFulfilled =
        document === undefined ? undefined : (places.toBits(evidenceFact, [document]) & ~evidence) === 0
      const hold = control === 'hold' ? (asked ?? answerHold) : undefined
      return [{ id, control, article, text, rules, hold, document, isFulfilled }]
    })
  }

  #listFired(): readonly { readonly rule: CompiledRule; readonly truth: Truth }[] {
    return this.#parts.fired.flatMap((packed) => {
      const rule = this.#compiled.rules[packed >>> 2]
      return rule === undefined ? [] : [{ rule, truth: (packed & 3) as Truth }] // packed by `judge`
    })
  }
}

/** The facts a condition looks at, those of its definitions included, each once. */
function listFacts(condition: Rule['when'], askedBy: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const { comparisons, references } = inspect(condition)
  const own = comparisons.flatMap(({ fact, other }) => (other === undefined ? [fact] : [fact, other]))
  return [...new Set([...own, ...references.flatMap((reference) => askedBy.get(reference) ?? [])])]
}

/** Midnight UTC of a day. */
export function toMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}

/** The instant that a date or a time of ISO 8601 names; `undefined` for anything else. */
export function toInstant(text: string): number | undefined {
  if (isDate(text)) return toMs(text)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}
