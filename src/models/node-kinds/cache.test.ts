import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { RequestAside } from '../../core/chat.ts'
import type { Model } from '../../core/model.ts'
import { PlatformError } from '../../core/errors.ts'
import { createFakeClock } from '../../core/time.ts'
import { createAnswerCaches } from './answer-cache.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  say,
  type Scripted,
} from './testing.ts'

const counting: Scripted = (call) => say(`answer ${call}`)

async function read(model: Model, text: string, call: Call = createTestCall()): Promise<string> {
  return (await collectAnswer(await model.answer(createTestRequest(text), call))).text
}

function build(cache: object, scripts: Readonly<Record<string, Scripted>> = { a: counting }) {
  const clock = createFakeClock(0)
  const endpoints = createScriptedEndpoints(scripts, {
    traits: { vectors: { does: ['embed'] } },
    vectorOf: (text) =>
      (/capital/.test(text) ? [1, 0.05 * text.length] : [0, 1]).map((part, index) => (index === 1 ? part / 100 : part)),
  })
  const model = buildTestModel({ cache: { use: 'a', seconds: 60, ...cache } }, endpoints, {
    clock,
    caches: createAnswerCaches(clock),
  })
  return { clock, endpoints, model }
}

describe('cache', () => {
  test('answers the same question again without asking, as a stream of the same events', async () => {
    const { model, endpoints } = build({})
    const first = await read(model, 'q')
    const call = createTestCall()
    expect(await read(model, 'q', call)).toBe(first)
    expect(endpoints.calls).toHaveLength(1)
    expect(call.notes).toEqual({ cache: { hit: 'exact', ageMs: 0 } })
    expect(call.facts).toEqual([])
  })

  test.each([
    [
      'what a stronger model would have bettered, had it answered',
      { cascade: [{ use: 'a', accept: { check: { pattern: 'right' } } }, { use: 'b' }] },
    ],
    [
      'what was passed on though its check failed',
      { verify: { use: 'a', check: { pattern: 'right' }, repairs: 0, otherwise: 'pass' } },
    ],
    [
      'the same deeper in the tree',
      {
        fallback: [{ cascade: [{ use: 'a', accept: { check: { pattern: 'right' } } }, { use: 'b' }] }, 'a'],
      },
    ],
  ])('never keeps %s', async (_name, use) => {
    const down: Scripted = () => {
      throw new PlatformError('UPSTREAM_FAILED', 'it is down')
    }
    const { model } = build({ use }, { a: counting, b: down })
    expect(await read(model, 'q')).toBe('answer 0')
    expect(await read(model, 'q')).toBe('answer 1')
  })

  test('keeps what was bettered in the end', async () => {
    const right: Scripted = () => say('right')
    const use = { cascade: [{ use: 'a', accept: { check: { pattern: 'right' } } }, { use: 'b' }] }
    const { model, endpoints } = build({ use }, { a: counting, b: right })
    expect(await read(model, 'q')).toBe('right')
    expect(await read(model, 'q')).toBe('right')
    expect(endpoints.calls).toHaveLength(2)
  })

  test('never answers one tenant with what another asked, nor across labels', async () => {
    const { model } = build({})
    expect(await read(model, 'q')).toBe('answer 0')
    expect(await read(model, 'q', createTestCall({ tenant: 'tenant_b' }))).toBe('answer 1')
    expect(await read(model, 'q', createTestCall({ allowedRegions: ['local', 'eu'] }))).toBe('answer 2')
    expect(await read(model, 'q')).toBe('answer 0')
  })

  test('tells questions apart by tools, form and settings', async () => {
    const { model, endpoints } = build({})
    const base = createTestRequest('q')
    for (const more of [{}, { temperature: 1 }, { responseFormat: { type: 'json' } as const }, { stop: ['x'] }]) {
      await collectAnswer(await model.answer({ ...base, chat: { ...base.chat, ...more } }, createTestCall()))
    }
    expect(endpoints.calls).toHaveLength(4)
    await collectAnswer(await model.answer({ ...base, chat: { ...base.chat, user: 'somebody' } }, createTestCall()))
    expect(endpoints.calls).toHaveLength(4)
  })

  test.each([
    [
      {
        prompt: {
          version: '1',
          use: 'a',
          system: 'You serve {{customer}}.',
          variables: { customer: { type: 'text' } },
        },
      },
    ],
    [{ route: [{ when: { header: { name: 'x-data-class', is: 'secret' } }, use: 'b' }, { use: 'a' }] }],
    [{ route: [{ when: { not: { key: 'key_x' } }, use: 'b' }, { use: 'a' }] }],
    [{ route: { by: 'key', table: { key_x: 'b' }, else: 'a' } }],
    [{ experiment: { by: 'user', arms: { one: { use: 'a' }, two: { use: 'b' } } } }],
    [{ experiment: { by: 'header', header: 'X-Data-Class', arms: { one: { use: 'a' }, two: { use: 'b' } } } }],
    [{ fallback: [{ experiment: { arms: { one: { use: 'a' }, two: { use: 'b' } } } }, 'b'] }],
  ])('tells apart what %j answers differently', async (use) => {
    const { model, endpoints } = build({ use }, { a: counting, b: counting })
    const one = { headers: { 'x-data-class': 'public' }, variables: { customer: 'Ann' } }
    const other = { headers: { 'x-data-class': 'secret' }, variables: { customer: 'Bob' } }
    const ask = async (aside: RequestAside, keyId: string): Promise<void> => {
      const request = { ...createTestRequest('q', { user: keyId }), aside }
      await collectAnswer(await model.answer(request, createTestCall({ keyId })))
    }
    await ask(one, 'key_1')
    await ask(one, 'key_1')
    expect(endpoints.calls).toHaveLength(1)
    await ask(other, 'key_x')
    expect(endpoints.calls).toHaveLength(2)
    await ask(other, 'key_x')
    expect(endpoints.calls).toHaveLength(2)
  })

  test('does not keep an answer that broke, was left, or is too old', async () => {
    const breaking: Scripted = (call) => (call === 0 ? { type: 'break', code: 'UPSTREAM_CUT' } : say(`answer ${call}`))
    const { model, clock } = build({}, { a: breaking })
    await expect(read(model, 'q')).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    for await (const _ of await model.answer(createTestRequest('q'), createTestCall())) break
    expect(await read(model, 'q')).toBe('answer 2')
    clock.advance(59_000)
    expect(await read(model, 'q')).toBe('answer 2')
    clock.advance(1_001)
    expect(await read(model, 'q')).toBe('answer 3')
  })

  test('holds no more than it may; what was used longest ago goes first', async () => {
    const { model, endpoints } = build({ entriesMax: 2 })
    for (const text of ['1', '2', '1', '3', '1', '2']) await read(model, text)
    expect(endpoints.calls).toHaveLength(4)
  })

  test('finds a question that means the same, but not one with another number or a negation', async () => {
    const { model, endpoints } = build(
      { semantic: { embedder: 'vectors', atLeast: 0.9 } },
      { a: counting, vectors: say('') },
    )
    const asked = (): number => endpoints.calls.filter((id) => id === 'a').length
    await read(model, 'What is the capital of France?')
    const call = createTestCall()
    expect(await read(model, 'Tell me the capital of France', call)).toBe('answer 0')
    expect(call.notes).toMatchObject({ cache: { hit: 'semantic' } })
    expect(asked()).toBe(1)
    await read(model, 'What is the capital of France in 1942?')
    await read(model, 'What is not the capital of France?')
    expect(asked()).toBe(3)
  })
})
