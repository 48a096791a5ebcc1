import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { ModelNode } from '../../config/index.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  refusalOf,
  say,
  type Scripted,
} from './testing.ts'

async function ask(node: ModelNode, scripts: Readonly<Record<string, Scripted>>, call: Call = createTestCall()) {
  const endpoints = createScriptedEndpoints(scripts)
  const answer = await buildTestModel(node, endpoints).answer(createTestRequest('6 × 7?'), call)
  return { endpoints, call, complete: await collectAnswer(answer) }
}

const inTurn =
  (...texts: readonly string[]): Scripted =>
  (call) =>
    say(texts[call % texts.length] ?? '')

describe('vote', () => {
  test('answers with what most samples agree on, however they word it', async () => {
    const texts = ['So it is 42.', 'I get 41', 'The answer is 42.0', '#### 42', 'Answer: $42', '40']
    const { complete, endpoints } = await ask({ vote: { of: 'a', n: 6, stop: 'all' } }, { a: inTurn(...texts) })
    expect(complete.text).toBe('So it is 42.')
    expect(endpoints.calls).toHaveLength(6)
  })

  test('stops as soon as the leader is certain enough, and says how many it took', async () => {
    const { endpoints, call, complete } = await ask({ vote: { of: 'a', n: 10 } }, { a: say('42') })
    expect(endpoints.calls).toHaveLength(3)
    expect(call.notes).toMatchObject({ vote: { samples: 3, samplesMax: 10, votes: [3] } })
    expect(complete.usage).toMatchObject({ inputTotal: 18, outputTotal: 12 })
  })

  test('takes more when samples disagree', async () => {
    const { endpoints } = await ask({ vote: { of: 'a', n: 10 } }, { a: inTurn('1', '2') })
    expect(endpoints.calls.length).toBeGreaterThan(6)
  })

  test('counts calls of tools as answers', async () => {
    const tool = { type: 'call', tool: 'add', arguments: '{"a":1, "b":2}' } as const
    const same = { ...tool, arguments: '{ "b": 2, "a": 1 }' }
    const scripted: Scripted = (call) => (call === 0 ? say('3') : call === 1 ? tool : same)
    const { complete } = await ask({ vote: { of: 'a', n: 3 } }, { a: scripted })
    expect(complete.toolCalls).toMatchObject([{ name: 'add' }])
  })

  test('compares by meaning with an embedding model', async () => {
    const scripts = { a: inTurn('Paris it is', 'Lyon', 'It is Paris'), vectors: say('') }
    const endpoints = createScriptedEndpoints(scripts, {
      traits: { vectors: { does: ['embed'] } },
      vectorOf: (text) => (text.includes('Paris') ? [1, 0] : [0, 1]),
    })
    const node = { vote: { of: 'a', n: 3, key: 'semantic', embedder: 'vectors', parallel: 1 } }
    const answer = await buildTestModel(node, endpoints).answer(createTestRequest('?'), createTestCall())
    expect((await collectAnswer(answer)).text).toBe('Paris it is')
  })

  test('passes over samples that fail, and fails only when all do', async () => {
    const flaky: Scripted = (call) => (call < 2 ? { type: 'refuse', code: 'UPSTREAM_FAILED' } : say('42'))
    const { complete, endpoints } = await ask({ vote: { of: 'a', n: 4 } }, { a: flaky })
    expect(complete.text).toBe('42')
    expect(endpoints.calls).toHaveLength(4)
    const down = ask({ vote: { of: 'a', n: 4 } }, { a: { type: 'refuse', code: 'UPSTREAM_FAILED' } })
    await expect(down).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
  })

  test('answers with the best so far when its budget is spent, and marks it', async () => {
    const call = createTestCall({ budget: { calls: 2 } })
    const { complete } = await ask({ vote: { of: 'a', n: 10, stop: 'all' } }, { a: inTurn('1', '2') }, call)
    expect(complete.text).toBe('1')
    expect(call.notes).toMatchObject({ cut: { node: 'vote', by: 'BUDGET_SPENT' } })
  })

  test('stops with what every sample would meet', async () => {
    const refused = ask({ vote: { of: 'a', n: 8, parallel: 1 } }, { a: { type: 'refuse', code: 'UPSTREAM_REJECTED' } })
    await expect(refused).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' })
  })

  test('gives each sample another seed when the client fixed one', async () => {
    const endpoints = createScriptedEndpoints({ a: say('42') })
    const model = buildTestModel({ vote: { of: 'a', n: 3, stop: 'all', temperature: 0.9 } }, endpoints)
    await collectAnswer(await model.answer(createTestRequest('?', { seed: 5 }), createTestCall()))
    expect(new Set(endpoints.requests.map(({ chat }) => chat.seed))).toEqual(new Set([5, 6, 7]))
    expect(endpoints.requests.every(({ chat }) => chat.temperature === 0.9)).toBe(true)
  })

  test('is refused when it cannot be, with the place and the fix', () => {
    const endpoints = createScriptedEndpoints({ a: say(''), b: say('') })
    expect(refusalOf({ vote: { of: ['a', 'b'], n: 1 } }, endpoints).message).toContain(
      'models.it.vote.n: 1 samples do not',
    )
    expect(refusalOf({ vote: { of: 'a', key: 'semantic' } }, endpoints).param).toBe('models.it.vote.embedder')
    expect(refusalOf({ vote: { of: 'a', key: 'semantic', embedder: 'b' } }, endpoints).message).toContain(
      'does not embed',
    )
  })

  test('is bounded by its samples', () => {
    const endpoints = createScriptedEndpoints(
      { a: say(''), b: say('') },
      { traits: { b: { callsMax: 3, costMax: 7n } } },
    )
    expect(buildTestModel({ vote: { of: ['a', 'b'], n: 5 } }, endpoints).traits).toMatchObject({
      callsMax: 9,
      costMax: 44n,
    })
  })
})
