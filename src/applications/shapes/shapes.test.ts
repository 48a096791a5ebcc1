import { describe, expect, test } from 'vitest'
import type { CallFacts } from '../../core/call.ts'
import { toCallJson, toPassageJson, toSpan, toTreeJson, toUsageReport } from './index.ts'

const nowMs = Date.parse('2026-11-26T12:00:00Z')

function fact(id: string, parentId?: string): CallFacts {
  return {
    id,
    rootId: 'root',
    parentId,
    tenant: 'default',
    keyId: 'key',
    kind: parentId === undefined ? 'request' : 'dispatch',
    name: id,
    status: 'ok',
    startedAtMs: nowMs,
    durationMs: 5,
  } as CallFacts // what a call that cost and used nothing known has
}

describe('shapes', () => {
  test('what is not known of a call is null, never 0', () => {
    expect(toCallJson(fact('root'))).toMatchObject({ usage: null, cost: null, first_byte_ms: null, regions: null })
  })

  test('a call tree is nested, children in the order they began, and a lost parent does not lose its child', () => {
    expect(toTreeJson([fact('b', 'root'), fact('a', 'root'), fact('root')])).toMatchObject({
      object: 'call',
      id: 'root',
      children: [{ id: 'a' }, { id: 'b' }],
    })
    expect(toTreeJson([fact('orphan', 'elsewhere')])).toMatchObject({ object: 'call', id: 'orphan' })
    expect(toTreeJson([])).toEqual({ object: 'call' })
  })

  test('a span is the last thirty days where nothing is said, and is refused where it ends before it begins', () => {
    expect(toSpan(undefined, undefined, nowMs)).toEqual({ startMs: nowMs - 30 * 86_400_000, endMs: nowMs })
    expect(() => toSpan('2026-11-26', '2026-11-25', nowMs)).toThrow('from must lie before to')
    expect(() => toSpan('yesterday', undefined, nowMs)).toThrow('from must be a day or an instant')
  })

  test('sums keep what is unknown apart, and money as text', () => {
    const sum = {
      model: 'm',
      key: 'k',
      dispatches: 2,
      unknownUsage: 1,
      unknownCost: 1,
      inputTokens: 2n ** 60n,
      outputTokens: 1n,
      cacheRead: 0n,
      cacheWrite: 0n,
      reasoning: 0n,
      cost: 5n,
    }
    const report = toUsageReport([sum, { ...sum, model: 'n' }], { startMs: 0, endMs: nowMs }, 'model')
    expect(report).toMatchObject({
      total: {
        unknown_cost: 2,
        input_tokens: (2n ** 61n).toString(),
        cost: { usd: '0.00000000001', picodollars: '10' },
      },
      data: [{ model: 'm' }, { model: 'n' }],
    })
  })

  test('a passage says where in its file its best stands', () => {
    const passage = {
      collection: 'c',
      document: 'd',
      source: 's',
      version: 'v',
      start: 10,
      end: 20,
      text: 'ten chars.',
      headings: [],
      score: 1,
      places: [
        { start: 0, end: 12, page: 7 },
        { start: 12, end: 100, page: 8 },
      ],
    }
    const shown = toPassageJson(passage)
    expect(shown).toMatchObject({ start: 10, end: 20, page: 8 })
    expect(shown).not.toHaveProperty('places')
  })
})
