import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseInstant } from '../../core/time.ts'
import { builtInPacks, checkPack, createPolicyEngine, diffPacks, findCases, loadPack } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'strata-policy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const day = (text: string): number => parseInstant(text) ?? Number.NaN

/** A small pack of one rule with the condition given. */
function writePack(changes: object = {}): string {
  const pack = {
    id: 'own',
    version: '1.0.0',
    title: 'Own rules',
    jurisdiction: 'us',
    corpus: 'House rules',
    verifiedOn: '2026-11-01',
    staleAfterDays: 90,
    facts: {
      isRisky: { type: 'yes-no', question: 'Is it risky?' },
      places: { type: 'some-of', question: 'Where?', values: { here: 'Here.', there: 'There.' } },
      age: { type: 'number', question: 'How old?', min: 0, max: 150 },
      since: { type: 'date', question: 'Since when?' },
    },
    rules: [
      {
        id: 'no-risk',
        article: 'House rule 1',
        title: 'No risk',
        from: '2026-01-01',
        when: { eq: ['isRisky', true] },
        effect: 'deny',
        reason: 'Risks are not taken.',
      },
    ],
    ...changes,
  }
  const path = join(folder, `pack-${Math.random().toString(36).slice(2)}.json`)
  writeFileSync(path, JSON.stringify(pack))
  return path
}

function engineOf(when: unknown, rest: object = {}): ReturnType<typeof createPolicyEngine> {
  const rule = { id: 'rule', article: 'Art. 1', title: 'Rule', from: '2026-01-01', effect: 'deny', reason: 'It is so.' }
  return createPolicyEngine(loadPack(writePack({ rules: [{ ...rule, when, ...rest }] })))
}

describe('packs that come with Strata', () => {
  test.each(builtInPacks)(
    '%s decides each of its cases as promised, and has no rule that cannot hold or stands in none',
    (name) => {
      const report = checkPack(loadPack(name), findCases(name))
      expect(report.cases).toBeGreaterThan(19)
      expect(report.findings.filter(({ type }) => type !== 'not-enumerated')).toEqual([])
    },
  )

  test('every prohibition and every item of Annex III stands in three cases or more', () => {
    const cases = findCases('eu-ai-act')?.tests ?? []
    const rules = loadPack('eu-ai-act').rules.filter(({ id }) => /^(5-1-|annex-iii-)/.test(id))
    expect(rules).toHaveLength(35)
    for (const { id } of rules) {
      const prefix = id.startsWith('5-1-') ? `${id.slice(4)}:` : `${id.slice(10)}:`
      expect(cases.filter(({ name }) => name.startsWith(prefix)).length, id).toBeGreaterThanOrEqual(3)
    }
  })

  test('the clock switches rules on, not a release', () => {
    const engine = createPolicyEngine(loadPack('eu-ai-act'))
    const facts = engine.read({ practices: ['child-sexual-abuse-material'] })
    const denials = (at: string): readonly string[] =>
      engine
        .decide(facts, day(at))
        .effects.filter(({ decision }) => decision === 'deny')
        .map(({ article }) => article)
    expect(denials('2026-12-01T23:59:59.999Z')).toEqual([])
    expect(denials('2026-12-02')).toEqual(['Art. 5(1)(bb)'])
  })

  test('a pack that was verified too long ago says so', () => {
    const engine = createPolicyEngine(loadPack('eu-ai-act'))
    const facts = engine.read({})
    expect(engine.decide(facts, day('2026-12-28')).isStale).toBe(false)
    expect(engine.decide(facts, day('2026-12-29')).isStale).toBe(true)
  })
})

describe('decisions', () => {
  test('what is not known is neither true nor false: a prohibition denies and names what is missing', () => {
    const engine = engineOf({ all: [{ has: ['places', 'here'] }, { eq: ['isRisky', true] }] })
    const decide = (facts: object): unknown => engine.decide(engine.read(facts), day('2026-06-01'))
    expect(decide({})).toMatchObject({
      decision: 'deny',
      effects: [{ truth: 'unknown', missing: ['places', 'isRisky'] }],
    })
    expect(decide({ places: ['here'] })).toMatchObject({ decision: 'deny', effects: [{ missing: ['isRisky'] }] })
    expect(decide({ places: ['there'] })).toMatchObject({ decision: 'allow', effects: [] })
    expect(decide({ isRisky: false })).toMatchObject({ decision: 'allow' })
    expect(decide({ isRisky: true, places: ['there', 'here'] })).toMatchObject({
      decision: 'deny',
      effects: [{ truth: 'holds', article: 'Art. 1', reason: 'It is so.' }],
    })
  })

  test('a denial overrides, obligations add up, and a missing document asks for review', () => {
    const rule = { article: 'Art. 1', title: 'Rule', from: '2026-01-01', reason: 'It is so.' }
    const path = writePack({
      facts: {
        isRisky: { type: 'yes-no', question: 'Is it risky?' },
        evidence: { type: 'some-of', question: 'Which documents?', values: { plan: 'A plan.' } },
      },
      obligations: {
        plan: { control: 'document', article: 'Art. 2', text: 'A plan.', document: 'plan' },
        notice: { control: 'notice', article: 'Art. 3', text: 'Tell people.' },
      },
      rules: [
        { ...rule, id: 'both', effect: 'require', require: ['plan', 'notice'], when: { exists: 'isRisky' } },
        { ...rule, id: 'one', effect: 'require', require: ['notice'], when: { exists: 'isRisky' } },
        { ...rule, id: 'no', effect: 'deny', when: { eq: ['isRisky', true] } },
      ],
    })
    const engine = createPolicyEngine(loadPack(path))
    const decide = (facts: object): ReturnType<typeof engine.decide> =>
      engine.decide(engine.read(facts), day('2026-06-01'))
    expect(decide({ isRisky: false }).decision).toBe('review')
    expect(decide({ isRisky: false, evidence: ['plan'] }).decision).toBe('allow')
    expect(decide({ isRisky: true, evidence: ['plan'] }).decision).toBe('deny')
    expect(decide({ isRisky: false, evidence: ['plan'] }).obligations).toMatchObject([
      { id: 'plan', rules: ['both'], isFulfilled: true },
      { id: 'notice', rules: ['both', 'one'], isFulfilled: undefined },
    ])
  })

  test('a pack that denies by default allows only what a rule allows', () => {
    const engine = createPolicyEngine(
      loadPack(
        writePack({
          default: 'deny',
          rules: [
            {
              id: 'safe',
              article: 'Art. 1',
              title: 'Safe',
              from: '2026-01-01',
              effect: 'allow',
              reason: 'Safe.',
              when: { eq: ['isRisky', false] },
            },
          ],
        }),
      ),
    )
    const decide = (facts: object): string => engine.decide(engine.read(facts), day('2026-06-01')).decision
    expect(decide({ isRisky: false })).toBe('allow')
    expect(decide({ isRisky: true })).toBe('deny')
    expect(decide({})).toBe('review')
    expect(engine.decide(engine.read({ isRisky: false }), day('2025-12-31')).decision).toBe('deny')
  })

  test.each([
    [{ lt: ['age', 18] }, { age: 17 }, { age: 18 }],
    [{ gte: ['age', 18] }, { age: 18 }, { age: 17 }],
    [{ eq: ['age', 18] }, { age: 18 }, { age: 19 }],
    [{ lt: ['since', '2026-08-02'] }, { since: '2026-08-01' }, { since: '2026-08-02' }],
    [{ meets: ['places', ['here', 'there']] }, { places: ['there'] }, { places: [] }],
    [{ subset: ['places', ['here']] }, { places: ['here'] }, { places: ['here', 'there'] }],
    [{ not: { exists: 'age' } }, {}, { age: 3 }],
  ])('%j holds, and does not', (condition, holds, fails) => {
    const engine = engineOf(condition)
    const decide = (facts: object): string => engine.decide(engine.read(facts), day('2026-06-01')).decision
    expect(decide(holds)).toBe('deny')
    expect(decide(fails)).toBe('allow')
  })

  test('conditions follow the tables of three-valued logic, whatever they are made of', () => {
    const atoms = ['isRisky', 'isOld', 'isBig'] as const
    const facts = Object.fromEntries(atoms.map((atom) => [atom, { type: 'yes-no', question: 'Is it?' }]))
    const { condition } = fc.letrec<{ condition: object }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.record({ eq: fc.tuple(fc.constantFrom(...atoms), fc.boolean()) }),
        fc.record({ not: tie('condition') }),
        fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
      ),
    }))
    const answer = fc.constantFrom(undefined, false, true)
    const given = fc.record({ isRisky: answer, isOld: answer, isBig: answer })
    const rule = { id: 'rule', article: 'Art. 1', title: 'Rule', from: '2026-01-01', effect: 'deny', reason: 'So.' }
    fc.assert(
      fc.property(condition, given, (when, known) => {
        const engine = createPolicyEngine(loadPack(writePack({ facts, rules: [{ ...rule, when }] })))
        const truth = evaluate(when, known)
        const { decision, effects } = engine.decide(engine.read(known), day('2026-06-01'))
        expect(decision).toBe(truth === false ? 'allow' : 'deny')
        expect(effects[0]?.truth).toBe(truth === false ? undefined : truth === undefined ? 'unknown' : 'holds')
      }),
      { numRuns: 150 },
    )
  })
})

/** The tables, written down: the reference the compiled conditions are held against. */
function evaluate(condition: object, known: Readonly<Record<string, boolean | undefined>>): boolean | undefined {
  if ('eq' in condition) {
    const [name, value] = condition.eq as [string, boolean]
    return known[name] === undefined ? undefined : known[name] === value
  }
  if ('not' in condition) {
    const truth = evaluate(condition.not as object, known)
    return truth === undefined ? undefined : !truth
  }
  const parts = ('all' in condition ? condition.all : (condition as { any: object[] }).any) as object[]
  const truths = parts.map((part) => evaluate(part, known))
  const decisive = !('all' in condition)
  if (truths.includes(decisive)) return decisive
  return truths.includes(undefined) ? undefined : !decisive
}

describe('what is refused, with its place', () => {
  test.each([
    ['a fact that is not asked for', { isRisk: true }, /isRisk is not asked for; did you mean isRisky\?/],
    ['an answer that is none', { places: ['her'] }, /places\[0\] is none of its answers; did you mean here/],
    ['a value of another type', { isRisky: 'yes' }, /isRisky must be true or false/],
    ['a number out of bounds', { age: 151 }, /age must be a number from 0 to 150/],
    ['a day that does not exist', { since: '2026-02-30' }, /since must be a date/],
    ['facts that are no object', [], /facts must be one JSON object/],
  ])('%s', (_, facts, says) => {
    const engine = createPolicyEngine(loadPack(writePack()))
    expect(() => engine.read(facts)).toThrow(says)
  })

  test.each([
    ['an operator that does not exist', { near: ['age', 3] }, /rules\[0\]\.when\.near is no operator/],
    ['two operators at once', { eq: ['age', 3], lt: ['age', 3] }, /rules\[0\]\.when must be one operator/],
    ['a fact that is not defined', { eq: ['aged', 3] }, /asks for aged, which is not defined; did you mean age\?/],
    [
      'a value that is no answer',
      { has: ['places', 'nowhere'] },
      /which is no answer to it; its answers are here, there/,
    ],
    ['an operator that the type does not know', { lt: ['isRisky', 3] }, /a fact of type yes-no knows exists, eq/],
    ['a name that is not defined', { is: 'unheardOf' }, /refers to unheardOf, which is not defined/],
    ['nesting without end', nest(13), /is nested deeper than 12 levels/],
  ])('%s in a condition', (_, when, says) => {
    expect(() => engineOf(when)).toThrow(says)
  })

  test.each([
    [
      'definitions that go round',
      { definitions: { a: { is: 'b' }, b: { not: { is: 'a' } } } },
      /is defined by itself: a → b → a/,
    ],
    [
      'an end before its beginning',
      { rules: [ruleWith({ until: '2025-01-01' })] },
      /rules\[0\]\.until: must be after 2026-01-01/,
    ],
    ['a rule that stands twice', { rules: [ruleWith({}), ruleWith({})] }, /rules\[1\]\.id: is taken/],
    [
      'an obligation that does not exist',
      { rules: [ruleWith({ effect: 'require', require: ['none'] })] },
      /none, which is not defined/,
    ],
    ['an effect that requires nothing', { rules: [ruleWith({ effect: 'require' })] }, /must name obligations/],
    ['a key that is not known', { extra: 1 }, /extra/],
    ['a default that denies everything', { default: 'deny' }, /denies everything/],
  ])('%s in a pack', (_, changes, says) => {
    expect(() => loadPack(writePack(changes))).toThrow(says)
  })

  test('a pack that does not exist, with the near ones', () => {
    expect(() => loadPack('eu-ai-ct')).toThrow(/there is no policy pack eu-ai-ct; did you mean eu-ai-act\?/)
    expect(() => loadPack('./none.yaml')).toThrow(/there is no file/)
  })

  test('aliases in YAML, by which a small file could become a large pack', () => {
    const path = join(folder, 'aliases.yaml')
    writeFileSync(path, 'a: &a [x, x]\nb: [*a, *a]\n')
    expect(() => loadPack(path)).toThrow(/aliases are not taken/)
  })
})

describe('checks and differences', () => {
  test('a rule that cannot hold, one that says the same as another, and one that stands in no case are found', () => {
    const rules = [
      { ...ruleWith({}), id: 'wide', when: { exists: 'isRisky' } },
      { ...ruleWith({}), id: 'narrow', when: { eq: ['isRisky', true] } },
      { ...ruleWith({}), id: 'never', when: { all: [{ eq: ['isRisky', true] }, { eq: ['isRisky', false] }] } },
    ]
    const { findings } = checkPack(loadPack(writePack({ rules })), undefined)
    expect(findings).toContainEqual(expect.objectContaining({ type: 'unreachable', about: 'never' }))
    expect(findings).toContainEqual({ type: 'overlapping', about: 'narrow', message: 'holds only where wide does' })
    expect(findings.filter(({ type }) => type === 'untested')).toHaveLength(3)
  })

  test('two versions of a pack differ in what was added, changed and removed, and in nothing else', () => {
    const before = loadPack(writePack())
    const after = loadPack(writePack({ rules: [ruleWith({ reason: 'Another.' }), { ...ruleWith({}), id: 'new' }] }))
    expect(diffPacks(before, before)).toEqual([])
    expect(diffPacks(before, after)).toEqual([
      { part: 'rule', name: 'no-risk', change: 'changed', fields: ['reason'] },
      { part: 'rule', name: 'new', change: 'added', fields: [] },
    ])
    expect(diffPacks(after, before)).toContainEqual({ part: 'rule', name: 'new', change: 'removed', fields: [] })
    expect(after.hash).not.toBe(before.hash)
  })
})

function nest(depth: number): object {
  return depth === 0 ? { exists: 'age' } : { not: nest(depth - 1) }
}

function ruleWith(changes: object): object {
  const when = { eq: ['isRisky', true] }
  const base = { id: 'no-risk', article: 'House rule 1', title: 'No risk', from: '2026-01-01', effect: 'deny' }
  return { ...base, when, reason: 'Risks are not taken.', ...changes }
}
