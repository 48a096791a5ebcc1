import { describe, expect, test } from 'vitest'
import { createSeededRandom, type Random } from '../../core/random.ts'
import { pick } from '../../core/testing.ts'
import { createPolicyEngine, type Condition, type Vocabulary } from './index.ts'
import { readPack, tiers, type Pack } from './pack.ts'

const vocabulary: Vocabulary = {
  flag: { type: 'yes-no', question: 'q' },
  other: { type: 'yes-no', question: 'q' },
  role: { type: 'one-of', question: 'q', values: { a: 'a', b: 'b', c: 'c' } },
  uses: { type: 'some-of', question: 'q', values: { x: 'x', y: 'y', z: 'z', w: 'w' } },
  evidence: { type: 'some-of', question: 'q', values: { plan: 'plan', log: 'log' } },
  regions: { type: 'texts', question: 'q' },
  size: { type: 'number', question: 'q', min: 0, max: 9 },
  day: { type: 'date', question: 'q' },
}

type Answers = Readonly<Record<string, unknown>>

function some<T>(random: Random, values: readonly T[]): readonly T[] {
  return values.filter(() => random.next() < 0.4)
}

function drawCondition(random: Random, depth: number, names: readonly string[]): Condition {
  const parts = (): Condition[] =>
    Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => drawCondition(random, depth - 1, names))
  const kind = random.next()
  if (depth > 0 && kind < 0.25) return { all: parts() }
  if (depth > 0 && kind < 0.45) return { any: parts() }
  if (depth > 0 && kind < 0.52) return { not: drawCondition(random, depth - 1, names) }
  if (names.length > 0 && kind < 0.6) return { is: pick(random, names) }
  return pick<() => Condition>(random, [
    () => ({ exists: pick(random, Object.keys(vocabulary)) }),
    () => ({ eq: [pick(random, ['flag', 'other']), random.next() < 0.5] }),
    () => ({ eq: ['role', pick(random, ['a', 'b', 'c'])] }),
    () => ({ in: ['role', ['a', pick(random, ['b', 'c'])]] }),
    () => ({ has: ['uses', pick(random, ['x', 'y', 'z', 'w'])] }),
    () => ({ meets: ['uses', ['x', pick(random, ['y', 'z'])]] }),
    () => ({ subset: ['uses', ['x', 'y']] }),
    () => ({ has: ['regions', pick(random, ['de', 'us'])] }),
    () => ({ subset: ['regions', ['de', 'fr']] }),
    () => ({ lt: ['size', 5] }),
    () => ({ gte: ['size', 3] }),
    () => ({ eq: ['size', 4] }),
    () => ({ lt: ['day', '2026-06-01'] }),
  ])()
}

function drawPack(random: Random): Pack {
  const obligations = {
    keep: { control: 'log', article: 'o', text: 't' },
    plan: { control: 'document', article: 'o', text: 't', document: 'plan' },
    log: { control: 'document', article: 'o', text: 't', document: 'log' },
  }
  const definitions: Record<string, Condition> = {}
  for (const name of ['first', 'second']) definitions[name] = drawCondition(random, 2, Object.keys(definitions))
  const isClosed = random.next() < 0.3
  const repeated = drawCondition(random, 2, Object.keys(definitions))
  const rules = Array.from({ length: 1 + Math.floor(random.next() * 70) }, (_, index) => {
    const effect =
      isClosed && index === 0
        ? 'allow'
        : pick(random, isClosed ? (['deny', 'require', 'allow'] as const) : (['deny', 'require'] as const))
    const drawn = drawCondition(random, 3, Object.keys(definitions))
    return {
      id: `r${index}`,
      article: 'a',
      title: 't',
      reason: 'r',
      from: pick(random, ['2025-01-01', '2026-01-01', '2027-01-01']),
      ...(random.next() < 0.2 ? { until: '2027-06-01' } : {}),
      ...(random.next() < 0.5 ? { tier: pick(random, tiers) } : {}),
      // Parts that stand in several rules are looked at once.
      when: random.next() < 0.3 ? { all: [repeated, drawn] } : drawn,
      effect,
      ...(effect === 'require' ? { require: [pick(random, Object.keys(obligations))] } : {}),
      ...(random.next() < 0.3 ? { unknown: pick(random, ['deny', 'review', 'pass'] as const) } : {}),
    }
  })
  return readPack({
    id: 'drawn',
    version: '1.0.0',
    title: 't',
    jurisdiction: 'j',
    corpus: 'c',
    verifiedOn: '2026-01-01',
    staleAfterDays: 90,
    default: isClosed ? 'deny' : 'allow',
    facts: vocabulary,
    definitions,
    obligations,
    rules,
  })
}

function drawAnswers(random: Random): Answers {
  const given: Record<string, unknown> = {
    flag: random.next() < 0.5,
    other: random.next() < 0.5,
    role: pick(random, ['a', 'b', 'c']),
    uses: some(random, ['x', 'y', 'z', 'w']),
    evidence: some(random, ['plan', 'log']),
    regions: some(random, ['de', 'fr', 'us']),
    size: Math.floor(random.next() * 10),
    day: pick(random, ['2026-01-01', '2026-06-01', '2027-01-01']),
  }
  return Object.fromEntries(Object.entries(given).filter(() => random.next() < 0.7))
}

/** The meaning of a condition, word by word: `undefined` is unknown. */
function holds(condition: Condition, answers: Answers, pack: Pack): boolean | undefined {
  const known = <T>(name: string, decide: (value: T) => boolean): boolean | undefined =>
    answers[name] === undefined ? undefined : decide(answers[name] as T) // as the vocabulary has it
  const listed = (name: string, decide: (values: readonly unknown[]) => boolean): boolean | undefined =>
    known<unknown>(name, (value) => decide(Array.isArray(value) ? value : [value]))
  if ('all' in condition) return least(condition.all.map((part) => holds(part, answers, pack)))
  if ('any' in condition) {
    const truths = condition.any.map((part) => holds(part, answers, pack))
    return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false
  }
  if ('not' in condition) {
    const truth = holds(condition.not, answers, pack)
    return truth === undefined ? undefined : !truth
  }
  if ('is' in condition) {
    const definition = new Map(pack.definitions).get(condition.is)
    return definition === undefined ? undefined : holds(definition, answers, pack)
  }
  if ('exists' in condition) return answers[condition.exists] !== undefined
  if ('eq' in condition) return listed(condition.eq[0], (values) => values.includes(condition.eq[1]))
  if ('in' in condition)
    return listed(condition.in[0], (values) => values.some((each) => condition.in[1].includes(each as string)))
  if ('has' in condition) return listed(condition.has[0], (values) => values.includes(condition.has[1]))
  if ('meets' in condition)
    return listed(condition.meets[0], (values) => condition.meets[1].some((each) => values.includes(each)))
  if ('subset' in condition)
    return listed(condition.subset[0], (values) => values.every((each) => condition.subset[1].includes(each as string)))
  if ('lt' in condition) return known<number | string>(condition.lt[0], (value) => value < condition.lt[1])
  return known<number | string>(condition.gte[0], (value) => value >= condition.gte[1])
}

function least(truths: readonly (boolean | undefined)[]): boolean | undefined {
  return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true
}

const severity = ['allow', 'review', 'deny'] as const

function decideSlowly(pack: Pack, answers: Answers, day: string) {
  const evidence = (answers['evidence'] ?? []) as readonly string[]
  let [worst, permission, tier, tierPossible] = [0, 0, 0, 0]
  const effects: string[] = []
  for (const rule of pack.rules) {
    if (day < rule.from || (rule.until !== undefined && day >= rule.until)) continue
    const truth = holds(rule.when, answers, pack)
    if (truth === false) continue
    const documents = rule.require.flatMap((id) => pack.obligations[id]?.document ?? [])
    const unknown = { deny: 2, review: 1, pass: 0 }[rule.unknown]
    const verdict =
      truth === undefined
        ? unknown
        : rule.effect === 'deny'
          ? 2
          : documents.every((each) => evidence.includes(each))
            ? 0
            : 1
    effects.push(`${rule.id} ${truth === true ? 'holds' : 'unknown'} ${severity[verdict]}`)
    const rank = rule.tier === undefined ? 0 : tiers.indexOf(rule.tier)
    tierPossible = Math.max(tierPossible, rank)
    if (truth === true) tier = Math.max(tier, rank)
    if (rule.effect === 'allow') permission = Math.max(permission, truth === true ? 2 : 2 - verdict)
    else worst = Math.max(worst, verdict)
  }
  if (pack.default === 'deny') worst = Math.max(worst, 2 - permission)
  const hasTiers = pack.rules.some((rule) => rule.tier !== undefined)
  return {
    decision: severity[worst],
    tier: hasTiers ? tiers[tier] : undefined,
    tierPossible: hasTiers ? tiers[tierPossible] : undefined,
    effects,
  }
}

describe('a decision', () => {
  test('is that of a reading word by word, for any pack and any facts on any day', () => {
    const random = createSeededRandom(23)
    for (let turn = 0; turn < 300; turn++) {
      const pack = drawPack(random)
      const engine = createPolicyEngine(pack)
      for (let asked = 0; asked < 30; asked++) {
        const answers = drawAnswers(random)
        const day = pick(random, ['2024-12-31', '2025-01-01', '2026-05-31', '2027-01-01', '2027-06-01'])
        const { decision, tier, tierPossible, effects } = engine.decide(
          engine.read(answers),
          Date.parse(`${day}T00:00:00Z`),
        )
        const said = effects.map((effect) => `${effect.rule} ${effect.truth} ${effect.decision}`)
        expect({ decision, tier, tierPossible, effects: said }).toEqual(decideSlowly(pack, answers, day))
      }
    }
  })
})
