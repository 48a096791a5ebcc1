import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import type { BudgetLimits } from '../../core/budget.ts'
import { createChat, type Chat, type ChatRequest } from '../../core/chat.ts'
import { createHarness, type Harness } from './harness.ts'

let mock: MockUpstream
let harness: Harness

beforeAll(async () => {
  mock = await startMockUpstream()
})
beforeEach(() => {
  mock.reset()
  harness = createHarness({
    endpoints: {
      one: { url: mock.url, outputTokensMax: 1_000 },
      free: { url: mock.url },
      advised: { url: mock.url, dialect: 'anthropic' },
    },
    prices: { one: 10n },
    unknownPrice: 'flag',
    egress: { attemptsMax: 2, outputTokensAssumed: 500 },
  })
})
afterAll(() => mock.close())

function toRequest(chat: Partial<Chat> = {}): ChatRequest {
  const asked = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }], ...chat })
  return { model: 'm', stream: false, outputTokensMax: asked.outputTokensMax, wire: undefined, chat: asked }
}

async function ask(budget: BudgetLimits, endpoint: string, chat: Partial<Chat> = {}) {
  const call = harness.root({ budget })
  const answer = await harness.ask(toRequest(chat), call, { endpoints: [endpoint] })
  await collectAnswer(answer)
  const sent = mock.requests.at(-1)?.json as { readonly max_tokens?: number; readonly max_completion_tokens?: number }
  return { call, bound: sent.max_completion_tokens ?? sent.max_tokens }
}

describe('a call under a budget', () => {
  test('is bounded by what is left: the output is lowered to what can be paid', async () => {
    // 24 tokens of input at most, by the estimate; the rest is output, at 10 picodollars a token.
    expect((await ask({ tokens: 200 }, 'one')).bound).toBe(200 - 24)
    expect((await ask({ usd: 1_000n }, 'one')).bound).toBe(100 - 24)
    expect((await ask({ calls: 1 }, 'one', { outputTokensMax: 7 })).bound).toBe(7)
    expect((await ask({ tokens: 100_000 }, 'free')).bound).toBe(500)
  })

  test('pays for every answer that the request asks for', async () => {
    const several = { extra: { dialect: 'openai-chat' as const, fields: { n: 4 } } }
    expect((await ask({ tokens: 200 }, 'one', several)).bound).toBe((200 - 24) / 4)
    expect((await ask({ usd: 1_000n }, 'one', several)).bound).toBe((100 - 24) / 4)
  })

  test('is settled at what it used, so that the rest can be spent', async () => {
    const { call } = await ask({ tokens: 2_000, calls: 5 }, 'one')
    const used = call.facts[0]?.usage
    expect(call.budget.left()).toEqual({
      tokens: 2_000 - (used?.inputTotal ?? 0) - (used?.outputTotal ?? 0),
      calls: 4,
      usd: undefined,
    })
  })

  test('is settled with the tokens of a model whose advice was asked inside the answer', async () => {
    const advice = { type: 'advisor_message', model: 'other', input_tokens: 700, output_tokens: 60 }
    const usage = { input_tokens: 30, output_tokens: 12, iterations: [{ type: 'message' }, advice] }
    const content = [{ type: 'text', text: 'an answer' }]
    const json = { type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn', usage }
    mock.respondWith(() => ({ json }))
    const { call } = await ask({ tokens: 2_000 }, 'advised')
    expect(call.budget.left().tokens).toBe(2_000 - 42 - 760)
  })

  test('is refused before anything is sent when no answer worth the name can be paid', async () => {
    for (const budget of [{ tokens: 30 }, { usd: 300n }, { calls: 0 }]) {
      await expect(ask(budget, 'one')).rejects.toMatchObject({ code: 'BUDGET_SPENT', status: 402 })
    }
    expect(mock.requests).toEqual([])
  })

  test('of money goes nowhere that has no price', async () => {
    await expect(ask({ usd: 10_000n }, 'free')).rejects.toMatchObject({ code: 'PRICE_UNKNOWN' })
    expect(mock.requests).toEqual([])
  })

  test('counts every try, and stops trying when the calls are used up', async () => {
    mock.respondWith(() => ({ status: 500 }))
    const call = harness.root({ budget: { calls: 1 } })
    await expect(harness.ask(toRequest(), call, { endpoints: ['one'] })).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
    })
    expect(mock.requests).toHaveLength(1)
    expect(call.budget.left().calls).toBe(0)
  })
})
