import { inspect } from './condition.ts'
import { createFactPlaces, type FactPlaces, type Facts } from './facts.ts'
import { compile, createSharedParts, isTrue, isUnknown, remember, type Test, type Truth } from './language.ts'
import { tiers, type Obligation, type Pack, type Rule, type Tier } from './pack.ts'
import { RuleIndex } from './rule-index.ts'
import { findTier, toMasks, type Masks } from './masks.ts'
import { toLiterals, type Literal } from './literals.ts'
import { readAnswers, type FactValue } from './vocabulary.ts'

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
  /** Its condition. */
  readonly literals: readonly Literal[]
  /** What an unknown condition makes of the decision: 0 allows, 1 asks for review, 2 denies. */
  readonly unknown: 0 | 1 | 2
  /** The facts its condition looks at. */
  readonly asked: readonly string[]
}

interface CompiledPack {
  readonly pack: Pack
  readonly places: FactPlaces
  /** Arranged so that rules which ask alike lie in one word. */
  readonly rules: readonly CompiledRule[]
  /** Of each rule of the pack, in its order, the place here. */
  readonly order: readonly number[]
  /** Place of the fact that lists which documents exist; -1 for a pack that asks for none. */
  readonly evidence: number
  readonly hasTiers: boolean
  readonly masks: Masks
  readonly identity: Decision['pack']
}

/** The name of the fact that lists which documents exist. */
const evidenceFact = 'evidence'
const dayMs = 86_400_000
/** What an obligation to hold means when it says no more. */
const answerHold = { of: 'answer', persons: 1 } as const

/** Cost of a decision: some operations on words for each question, whatever the number of rules in a word. */
export function createPolicyEngine(pack: Pack): PolicyEngine {
  const compiled = compilePack(pack)
  const byId = new Map(compiled.rules.map((rule) => [rule.rule.id, rule]))
  const staleFromMs = toMs(pack.verifiedOn) + pack.staleAfterDays * dayMs
  const inForce = createCalendar(compiled)
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
  const shared = createSharedParts([
    ...pack.definitions.map(([, condition]) => condition),
    ...pack.rules.map(({ when }) => when),
  ])
  for (const [name, condition] of pack.definitions) {
    definitions.set(name, remember(compile(condition, { places, definitions, shared })))
    askedBy.set(name, listFacts(condition, askedBy))
  }
  const parts = {
    places,
    definitions: new Map(pack.definitions),
    compile: (condition: Rule['when']) => compile(condition, { places, definitions, shared }),
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
      literals: toLiterals(rule.when, parts),
      unknown: rule.unknown === 'deny' ? 2 : rule.unknown === 'review' ? 1 : 0,
      asked: listFacts(rule.when, askedBy),
    }
  })
  const { id, version, hash } = pack
  const hasTiers = rules.some(({ tier }) => tier >= 0)
  const arranged = arrange(rules)
  return {
    pack,
    places,
    rules: arranged,
    order: rules.map((rule) => arranged.indexOf(rule)),
    evidence,
    hasTiers,
    masks: toMasks(arranged),
    identity: Object.freeze({ id, version, hash }),
  }
}

/** Rules that ask the same questions side by side, those before others that ask what most of all ask. */
function arrange(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const asked = new Map<string, number>()
  const keysOf = ({ literals }: CompiledRule): readonly string[] =>
    literals.map((literal) => (literal.type === 'test' ? literal.key : `${literal.place}`))
  for (const rule of rules) for (const key of new Set(keysOf(rule))) asked.set(key, (asked.get(key) ?? 0) + 1)
  const frequency = (key: string): number => asked.get(key) ?? 0
  const signed = rules.map((rule) => {
    const keys = keysOf(rule).toSorted((one, other) => frequency(other) - frequency(one) || (one < other ? -1 : 1))
    return { rule, signature: `${keys.join(' ')} ${JSON.stringify(rule.rule.when)}` }
  })
  return signed.toSorted((one, other) => (one.signature < other.signature ? -1 : 1)).map(({ rule }) => rule)
}

/** The rules in force at an instant: the same between two of their dates, so the last answer is kept. */
function createCalendar({ rules }: CompiledPack): (atMs: number) => RuleIndex {
  const literals = rules.map((rule) => rule.literals)
  const dates = rules.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs])
  let fromMs = Number.POSITIVE_INFINITY
  let untilMs = Number.NEGATIVE_INFINITY
  let current = new RuleIndex([], () => false)
  return (atMs) => {
    if (atMs >= fromMs && atMs < untilMs) return current
    fromMs = Math.max(Number.NEGATIVE_INFINITY, ...dates.filter((date) => date <= atMs))
    untilMs = Math.min(Number.POSITIVE_INFINITY, ...dates.filter((date) => date > atMs))
    current = new RuleIndex(literals, (index) => {
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
  index.look(facts)
  const { possible, open } = index
  const worst = Math.max(
    findWorst(compiled, index, evidence),
    compiled.pack.default === 'deny' ? 2 - findPermission(compiled, index) : 0,
  )
  const tier = compiled.hasTiers ? findTier(compiled.masks.tiers, index, false) : 0
  const tierPossible = compiled.hasTiers ? findTier(compiled.masks.tiers, index, true) : 0
  const fired: number[] = []
  for (let word = 0; word < possible.length; word++) fired.push(possible[word] ?? 0, open[word] ?? 0)
  return new RuleDecision(compiled, { fired, facts, evidence, worst, tier, tierPossible, isStale })
}

/** What the rules that do not allow make of it: 0 allows, 1 asks for review, 2 denies. */
function findWorst({ rules, masks }: CompiledPack, { possible, open }: RuleIndex, evidence: number): number {
  let worst = 0
  for (let word = 0; word < possible.length; word++) {
    const unknown = (open[word] ?? 0) & (masks.ruling[word] ?? 0)
    const known = (possible[word] ?? 0) & ~(open[word] ?? 0)
    if ((known & (masks.denying[word] ?? 0)) !== 0 || (unknown & (masks.unknown[2][word] ?? 0)) !== 0) return 2
    if (worst === 1) continue
    if ((unknown & (masks.unknown[1][word] ?? 0)) !== 0) worst = 1
    for (let rest = known & (masks.documented[word] ?? 0); worst === 0 && rest !== 0; rest &= rest - 1) {
      const rule = rules[word * 32 + 31 - Math.clz32(rest & -rest)]
      if (rule !== undefined && (rule.documents & ~evidence) !== 0) worst = 1
    }
  }
  return worst
}

/**
 * What permissions there are: 2 for one that holds. Where nothing is allowed but by permission, an unknown one asks for review, or
 * denies, as its rule says.
 */
function findPermission({ masks }: CompiledPack, { possible, open }: RuleIndex): number {
  let permission = 0
  for (let word = 0; word < possible.length; word++) {
    const allowing = (possible[word] ?? 0) & (masks.allowing[word] ?? 0)
    if ((allowing & (~(open[word] ?? 0) | (masks.unknown[0][word] ?? 0))) !== 0) return 2
    if ((allowing & (masks.unknown[1][word] ?? 0)) !== 0) permission = 1
  }
  return permission
}

/** 0 allows, 1 asks for review, 2 denies. A use case whose documents do not exist yet waits for them. */
function toVerdict({ rule, documents, unknown }: CompiledRule, truth: Truth, evidence: number): 0 | 1 | 2 {
  if (truth === isUnknown) return unknown
  if (rule.effect === 'deny') return 2
  return (documents & ~evidence) === 0 ? 0 : 1
}

interface DecisionParts {
  /** For each 32 rules a word of those whose condition is not false, and one of those of them that are unknown. */
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
    const { fired } = this.#parts
    const { rules, order } = this.#compiled
    return order.flatMap((place) => {
      const [word, bit] = [(place >>> 5) * 2, 1 << (place & 31)]
      const rule = rules[place]
      if (rule === undefined || ((fired[word] ?? 0) & bit) === 0) return []
      return [{ rule, truth: ((fired[word + 1] ?? 0) & bit) === 0 ? isTrue : isUnknown }]
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
