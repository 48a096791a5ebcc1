import { describe, expect, test } from 'vitest'
import { createEngine } from '../index.ts'
import { readPack } from '../pack.ts'

const policies = `
@id("office-hours") @article("H1") @reason("What is plain may be done.")
permit (principal is Strata::UseCase, action == Strata::Action::"use", resource)
when { context.kind == "plain" };

@id("no-scoring") @article("H2") @reason("Nobody is scored.")
forbid (principal, action, resource)
when { context.practices.contains("scoring") };

@id("only-small") @article("H3")
forbid (principal, action, resource)
when { context has size && context.size > 5 };

@id("from-2027")
permit (principal, action, resource)
when { context.today like "2027-*" && context.kind == "new" };
`

const pack = {
  id: 'house',
  version: '1.0.0',
  title: 'House rules',
  jurisdiction: 'house',
  corpus: 'house',
  verifiedOn: '2026-09-30',
  staleAfterDays: 90,
  language: 'cedar',
  facts: {
    kind: { type: 'one-of', question: 'q', values: { plain: 'p', new: 'n' } },
    practices: { type: 'some-of', question: 'q', values: { scoring: 's', other: 'o' } },
    size: { type: 'number', question: 'q', min: 0, max: 9 },
  },
  policies,
}

const atMs = Date.parse('2026-11-26T00:00:00Z')
const decide = (facts: object, at = atMs, given: object = pack) => {
  const engine = createEngine(readPack(given))
  return engine.decide(engine.read(facts), at)
}

describe('a pack in Cedar', () => {
  test('permits and forbids by its facts and the day, with article and reason', () => {
    const allowed = decide({ kind: 'plain', practices: [], size: 2 })
    expect(allowed).toMatchObject({
      decision: 'allow',
      effects: [{ rule: 'office-hours', article: 'H1' }],
      isStale: false,
    })
    const denied = decide({ kind: 'plain', practices: ['scoring', 'other'], size: 9 })
    expect(denied.decision).toBe('deny')
    expect(denied.effects).toMatchObject([
      { rule: 'no-scoring', article: 'H2', reason: 'Nobody is scored.', decision: 'deny' },
      { rule: 'only-small', article: 'H3' },
    ])
    const next = { kind: 'new', practices: [] }
    expect(decide(next).decision).toBe('deny')
    expect(decide(next, Date.parse('2027-01-01T00:00:00Z'))).toMatchObject({ decision: 'allow', isStale: true })
  })

  test('denies what it is not told, and what it cannot evaluate', () => {
    expect(decide({ kind: 'plain' })).toMatchObject({
      decision: 'deny',
      effects: [{ rule: 'no-scoring', truth: 'unknown', decision: 'deny' }, { rule: 'office-hours' }],
    })
    expect(decide({})).toMatchObject({ decision: 'deny' })
    expect(decide({ kind: 'new', practices: [] }).effects).toMatchObject([
      { rule: 'default', reason: 'no policy permits it' },
    ])
    // No fact of a pack may turn an unknown into an allowance.
    for (const kind of [undefined, 'plain', 'new']) {
      for (const practices of [undefined, [], ['scoring']]) {
        const facts = { ...(kind === undefined ? {} : { kind }), ...(practices === undefined ? {} : { practices }) }
        const mayBe = kind === 'plain' && practices !== undefined && practices.length === 0
        expect([facts, decide(facts).decision]).toEqual([facts, mayBe ? 'allow' : 'deny'])
      }
    }
  })

  test.each<readonly [string, object, RegExp]>([
    ['that is none', { policies: 'permit (' }, /policies: /],
    ['in which nothing is permitted', { policies: 'forbid (principal, action, resource);' }, /nothing permits/],
    ['with a template', { policies: `${policies} permit (principal == ?principal, action, resource);` }, /templates/],
    [
      'with an id twice',
      { policies: `${policies} @id("from-2027") permit (principal, action, resource);` },
      /stands twice/,
    ],
    ['beside rules', { rules: [] }, /rules/],
    ['without policies', { policies: undefined }, /policies/],
    ['without its language', { language: undefined }, /needs language/],
  ])('%s is refused with its place', (_, more, says) => {
    expect(() => decide({}, atMs, { ...pack, ...more })).toThrow(says)
  })

  test('has a hash of all of it, and is read again from its text', () => {
    const read = readPack(pack)
    expect(readPack(JSON.parse(read.text)).hash).toBe(read.hash)
    expect(readPack({ ...pack, policies: policies.replace('> 5', '> 6') }).hash).not.toBe(read.hash)
  })
})
