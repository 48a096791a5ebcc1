import { describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { Chat } from '../../core/chat.ts'
import {
  buildTestModel,
  createScriptedEndpoints,
  createTestCall,
  createTestRequest,
  say,
  type Scripted,
} from './testing.ts'

interface Asking {
  readonly chat?: Partial<Chat>
  readonly call?: Call
}

async function ask(verify: object, scripts: Readonly<Record<string, Scripted>>, { chat, call }: Asking = {}) {
  const endpoints = createScriptedEndpoints(scripts)
  const used = call ?? createTestCall()
  const answer = await buildTestModel({ verify: { use: 'a', ...verify } }, endpoints).answer(
    createTestRequest('?', chat),
    used,
  )
  return { endpoints, call: used, complete: await collectAnswer(answer) }
}

describe('verify', () => {
  test('lets a good answer through as it is', async () => {
    const { complete, endpoints } = await ask({ check: { pattern: '^ok' } }, { a: say('ok then') })
    expect(complete.text).toBe('ok then')
    expect(endpoints.calls).toHaveLength(1)
  })

  test('has a bad one mended, and tells what is wrong with it', async () => {
    const mended: Scripted = (call) => say(call === 0 ? '2 + 2 = 5' : '2 + 2 = 4')
    const { complete, endpoints, call } = await ask({ check: { arithmetic: true } }, { a: mended })
    expect(complete.text).toBe('2 + 2 = 4')
    expect(complete.usage).toMatchObject({ inputTotal: 12 })
    const roles = endpoints.requests[1]?.chat.messages.map(({ role }) => role)
    expect(roles).toEqual(['user', 'assistant', 'user'])
    expect(JSON.stringify(endpoints.requests[1]?.chat.messages.at(-1))).toContain('1 of the 1 equations')
    expect(call.notes).toMatchObject({ verify: { tries: 2 } })
  })

  test('asks a stronger model when mending was in vain', async () => {
    const { complete, endpoints } = await ask(
      { check: { without: 'bad' }, repairs: 2, escalate: 'b' },
      { a: say('bad'), b: say('good') },
    )
    expect(complete.text).toBe('good')
    expect(endpoints.calls).toEqual(['a', 'a', 'a', 'b'])
  })

  test('refuses what passes nowhere, or passes it on and says so', async () => {
    const check = { pattern: 'never' }
    await expect(ask({ check }, { a: say('x') })).rejects.toMatchObject({
      code: 'ANSWER_REFUSED',
      details: { tries: 2 },
    })
    const { complete, call } = await ask({ check, otherwise: 'pass' }, { a: say('x') })
    expect(complete.text).toBe('x')
    expect(call.notes).toMatchObject({ verify: { failed: 'pattern' } })
  })

  test('checks JSON against its own schema, and against the one the client asked for', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
    expect((await ask({ check: { schema } }, { a: say('```json\n{"n": 3}\n```') })).complete.text).toContain('3')
    await expect(ask({ check: { schema }, repairs: 0 }, { a: say('{"n": "3"}') })).rejects.toMatchObject({
      code: 'ANSWER_REFUSED',
    })
    const responseFormat = { type: 'json-schema', name: 'n', description: undefined, schema, strict: true } as const
    const asked = ask({ check: { schema: 'request' }, repairs: 0 }, { a: say('{}') }, { chat: { responseFormat } })
    await expect(asked).rejects.toMatchObject({ code: 'ANSWER_REFUSED' })
    expect((await ask({ check: { schema: 'request' } }, { a: say('free text') })).complete.text).toBe('free text')
  })

  test('wants the unit and the range of the final number', async () => {
    const unit = { of: ['kg', '千克'], atLeast: 1, atMost: 10 }
    expect(
      (await ask({ check: { unit } }, { a: say('First 500 g.\nSo the answer is 7.5 kg.') })).complete.text,
    ).toContain('7.5')
    expect((await ask({ check: { unit } }, { a: say('答案是 3 千克。') })).complete.text).toContain('3')
    for (const text of ['7.5', '7.5 kgs of', '70 kg', '-2 kg']) {
      await expect(ask({ check: { unit }, repairs: 0 }, { a: say(text) })).rejects.toMatchObject({
        code: 'ANSWER_REFUSED',
      })
    }
  })

  test('an expression that takes for ever fails instead of stopping the server', async () => {
    const startedMs = performance.now()
    const evil = ask({ check: { pattern: '^(a+)+$' }, repairs: 0 }, { a: say(`${'a'.repeat(40)}!`) })
    await expect(evil).rejects.toMatchObject({ code: 'ANSWER_REFUSED' })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })

  test('refuses when the budget ends before an answer has passed', async () => {
    const call = createTestCall({ budget: { calls: 1 } })
    await expect(ask({ check: { pattern: 'never' } }, { a: say('x') }, { call })).rejects.toMatchObject({
      code: 'ANSWER_REFUSED',
    })
    expect(call.notes).toMatchObject({ cut: { node: 'verify', by: 'BUDGET_SPENT' } })
  })
})
