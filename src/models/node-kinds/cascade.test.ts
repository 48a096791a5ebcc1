import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  refusalOf,
  say,
  type Scripted,
} from './testing.ts'

async function ask(node: unknown, scripts: Readonly<Record<string, Scripted>>, call: Call = createTestCall()) {
  const endpoints = createScriptedEndpoints(scripts)
  const answer = await buildTestModel(node, endpoints).answer(createTestRequest('?'), call)
  return { endpoints, call, complete: await collectAnswer(answer) }
}

const checked = { cascade: [{ use: 'small', accept: { check: { arithmetic: true } } }, { use: 'large' }] }

describe('cascade', () => {
  test('of one step is that model, and no call of its own is on record', async () => {
    const { complete, call } = await ask({ cascade: [{ use: 'small' }] }, { small: say('4') })
    expect(complete.text).toBe('4')
    expect(call.facts.map(({ kind, name }) => [kind, name])).toEqual([['dispatch', 'small']])
    expect(call.notes).toBeUndefined()
  })

  test('keeps an answer that passes, and asks nobody else', async () => {
    const { complete, endpoints, call } = await ask(checked, { small: say('2 + 2 = 4'), large: say('four') })
    expect(complete.text).toBe('2 + 2 = 4')
    expect(endpoints.calls).toEqual(['small'])
    expect(call.notes).toMatchObject({ cascade: { step: 0, of: 2 } })
  })

  test('asks the next when it does not pass, and counts what both used', async () => {
    const { complete, endpoints, call } = await ask(checked, { small: say('2 + 2 = 5'), large: say('4') })
    expect(complete.text).toBe('4')
    expect(endpoints.calls).toEqual(['small', 'large'])
    expect(complete.usage).toMatchObject({ inputTotal: 12, outputTotal: 8 })
    expect(call.notes).toMatchObject({ cascade: { step: 1, tests: [{ failed: 'arithmetic' }] } })
  })

  test('streams the last step: its first words go out before its last have come', async () => {
    const endpoints = createScriptedEndpoints({ small: say('2 + 2 = 5'), large: say('4') })
    const answer = await buildTestModel(checked, endpoints).answer(createTestRequest('?'), createTestCall())
    const first = await answer[Symbol.asyncIterator]().next()
    expect(first.value).toEqual({ type: 'text-delta', text: '4' })
    expect(endpoints.openAnswers()).toBe(1)
    answer.cancel('seen enough')
    expect(endpoints.openAnswers()).toBe(0)
  })

  test('accepts by agreement of one model with itself, and of several', async () => {
    const own = { cascade: [{ use: 'small', accept: { agreement: { n: 3, atLeast: 2 } } }, { use: 'large' }] }
    const twoOfThree: Scripted = (call) => say(call === 1 ? '7' : '8')
    expect((await ask(own, { small: twoOfThree, large: say('x') })).complete.text).toBe('8')
    const both = { cascade: [{ use: 'small', accept: { agreement: { with: ['other'] } } }, { use: 'large' }] }
    const agreed = await ask(both, { small: say('It is 8.'), other: say('8'), large: say('x') })
    expect(agreed.complete.text).toMatch(/8/)
    const differ = await ask(both, { small: say('9'), other: say('8'), large: say('x') })
    expect(differ.complete.text).toBe('x')
    expect(differ.endpoints.calls.toSorted()).toEqual(['large', 'other', 'small'])
  })

  test('leaves an answer that is under way once enough agree', async () => {
    const agreement = { with: ['slow', 'other'], atLeast: 2 }
    const node = { cascade: [{ use: 'small', accept: { agreement } }, { use: 'large' }] }
    const scripts = { small: say('8'), slow: { type: 'hang' as const }, other: say('8'), large: say('x') }
    const { complete, call, endpoints } = await ask(node, scripts)
    expect(complete.text).toBe('8')
    expect(endpoints.openAnswers()).toBe(0)
    expect(call.facts.find(({ name }) => name === 'slow')).toMatchObject({ status: 'cancelled' })
  })

  test('a judge accepts from its score on', async () => {
    const node = {
      cascade: [{ use: 'small', accept: { check: { judge: { by: 'judge', atLeast: 7 } } } }, { use: 'large' }],
    }
    const good = await ask(node, { small: say('a'), judge: say('Fine. {"score": 8}'), large: say('b') })
    expect(good.complete.text).toBe('a')
    const bad = await ask(node, { small: say('a'), judge: say('{"score": 3}'), large: say('b') })
    expect(bad.complete.text).toBe('b')
    const silent = await ask(node, { small: say('a'), judge: say('who knows'), large: say('b') })
    expect(silent.complete.text).toBe('b')
  })

  test('a step that fails is passed over', async () => {
    const { complete } = await ask(checked, { small: { type: 'refuse', code: 'UPSTREAM_FAILED' }, large: say('4') })
    expect(complete.text).toBe('4')
  })

  test('gives the best it had, marked, when the budget ends before the last step', async () => {
    const call = createTestCall({ budget: { calls: 1 } })
    const { complete } = await ask(checked, { small: say('2 + 2 = 5'), large: say('4') }, call)
    expect(complete.text).toBe('2 + 2 = 5')
    expect(call.notes).toMatchObject({ cut: { node: 'cascade', by: 'BUDGET_SPENT' } })
    const none = ask(
      checked,
      { small: { type: 'refuse', code: 'UPSTREAM_FAILED' }, large: say('4') },
      createTestCall({ budget: { calls: 1 } }),
    )
    await expect(none).rejects.toMatchObject({ code: 'BUDGET_SPENT' })
  })

  test('calls of tools pass: they are a step on the way', async () => {
    const tool = { type: 'call', tool: 'search', arguments: '{}' } as const
    const node = { cascade: [{ use: 'small', accept: { check: { pattern: '^never$' } } }, { use: 'large' }] }
    const { complete, endpoints } = await ask(node, { small: tool, large: say('x') })
    expect(complete.toolCalls).toHaveLength(1)
    expect(endpoints.calls).toEqual(['small'])
  })

  test('cannot have steps that are never reached, tests that decide nothing, or guarantees nobody can give', () => {
    const endpoints = createScriptedEndpoints({ small: say(''), large: say('') })
    const refused = (node: unknown): string => refusalOf(node, endpoints).message
    expect(refused({ cascade: ['small', 'large'].map((use) => ({ use })) })).toContain(
      'models.it.cascade[1]: it is never reached',
    )
    expect(refused({ cascade: [{ use: 'small', accept: { check: { arithmetic: true } } }] })).toContain(
      'nothing follows',
    )
    expect(refused({ cascade: [{ use: 'small', accept: { learned: 'r' } }, { use: 'large' }] })).toContain(
      'no router "r"',
    )
    expect(
      refused({
        cascade: [{ use: 'small', accept: { threshold: 0.1, check: { arithmetic: true } } }, { use: 'large' }],
      }),
    ).toContain('add learned')
    expect(refused({ ...checked, guarantee: { maxQualityLoss: 0.02, confidence: 0.9 } })).toContain(
      'only a learned test can be certified',
    )
    expect(
      refused({ cascade: [{ use: 'small', accept: { agreement: { n: 2, atLeast: 3 } } }, { use: 'large' }] }),
    ).toContain('3 of 2 answers cannot agree')
    expect(refused({ cascade: [{ use: 'small', accept: { check: { pattern: '(' } } }, { use: 'large' }] })).toContain(
      'no regular expression',
    )
  })
})
