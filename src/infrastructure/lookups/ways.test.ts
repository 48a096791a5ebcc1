import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import type { JsonObject } from '../../core/json.ts'
import { lookupWays, type LookupAnswer, type LookupWay } from '../../core/ports-lookups.ts'
import type { EgressTarget, Errand } from '../egress/index.ts'
import { createVendorLookups, findLookupWay, keepsAnswer } from './index.ts'

const origin = 'https://vendor.example'
const generation = {
  id: 'gen-1',
  total_cost: 0.0015,
  native_tokens_prompt: 10,
  native_tokens_completion: 25,
  native_tokens_reasoning: 5,
  native_tokens_cached: 3,
  native_tokens_completion_images: null,
  tokens_prompt: 11,
  external_user: 'user-123',
  http_referer: 'https://intranet.example/secret',
}

describe('asking vendors afterwards', () => {
  test('reads what OpenRouter billed, and keeps nothing about people', async () => {
    const { answer, asked } = await ask('openrouter', { id: 'gen-1', body: { data: generation } })
    expect(asked).toBe('/generation?id=gen-1')
    expect(answer).toMatchObject({
      type: 'found',
      usage: { inputTotal: 10, outputTotal: 25, reasoning: 5, cacheRead: 3 },
    })
    expect(JSON.stringify(answer)).not.toMatch(/user-123|intranet/)
  })

  test('reads a stored chat completion and a stored response as it reads them live', async () => {
    const chat = { id: 'chatcmpl-1', usage: { prompt_tokens: 10, completion_tokens: 25, total_tokens: 35 } }
    const response = { id: 'resp_1', status: 'incomplete', usage: { input_tokens: 10, output_tokens: 25 } }
    const found = { type: 'found', usage: { inputTotal: 10, outputTotal: 25, source: 'reported' } }
    expect(await ask('openai-chat', { id: 'chatcmpl-1', body: chat })).toMatchObject({
      answer: found,
      asked: '/chat/completions/chatcmpl-1',
    })
    expect(await ask('openai-responses', { id: 'resp_1', body: response })).toMatchObject({
      answer: found,
      asked: '/responses/resp_1',
    })
  })

  test.each<[LookupWay, string, JsonObject | string, number, string]>([
    [
      'openai-responses',
      'resp_1',
      { id: 'resp_1', status: 'in_progress', usage: { input_tokens: 1, output_tokens: 1 } },
      200,
      'the answer is still being made',
    ],
    ['openai-responses', 'resp_1', { id: 'resp_1', status: 'completed', usage: null }, 200, 'no usage stands in it'],
    [
      'openai-chat',
      'chatcmpl-1',
      { id: 'chatcmpl-2', usage: { prompt_tokens: 1, completion_tokens: 1 } },
      200,
      'it spoke of another answer',
    ],
    ['openai-chat', 'chatcmpl-1', { id: 'chatcmpl-1', usage: { prompt_tokens: 1 } }, 200, 'no usage stands in it'],
    [
      'openai-chat',
      'chatcmpl-1',
      { id: 'chatcmpl-1', usage: { prompt_tokens: -1, completion_tokens: 1 } },
      200,
      'no usage stands in it',
    ],
    ['openrouter', 'gen-1', { data: { ...generation, native_tokens_completion: 2.5 } }, 200, 'no usage stands in it'],
    ['openrouter', 'gen-1', { data: [] as unknown as JsonObject }, 200, 'it spoke of another answer'],
    ['openrouter', 'gen-1', 'a page', 200, 'what came is not JSON'],
    ['openrouter', 'gen-1', '[1]', 200, 'what came is no object'],
    ['openrouter', 'gen-1', { error: 'no' }, 404, 'it answered 404'],
    ['openrouter', 'gen-1', { data: generation }, 202, 'it answered 202'],
  ])('of %s %s, an answer like %j (%i) tells nothing: %s', async (...asked) => {
    const [way, id, body, status, reason] = asked
    expect((await ask(way, { id, body, status })).answer).toEqual({ type: 'not-told', reason })
  })

  test('whatever comes, it is read or told nothing from, never thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lookupWays), fc.json(), async (way, body) => {
        expect((await ask(way, { id: 'x', body })).answer.type).toBe('not-told')
      }),
      { numRuns: 200 },
    )
  })

  test('asks nobody but who gave the id, nowhere that the call was not allowed to go, and not where it is switched off', async () => {
    const told = { id: 'gen-1', body: { data: generation } }
    const elsewhere = await ask('openrouter', { ...told, origin: 'https://other.example' })
    expect(elsewhere).toEqual({
      answer: { type: 'not-told', reason: 'the endpoint is elsewhere now' },
      asked: undefined,
      regions: undefined,
    })
    expect((await ask('openrouter', { ...told, setting: 'off' })).asked).toBe(undefined)
    expect((await ask('openrouter', { ...told, setting: 'openai' })).asked).toBe(undefined)
    expect((await ask('openrouter', { ...told, regions: ['eu', 'us'] })).regions).toEqual(['eu'])
    expect((await ask('openrouter', { ...told, regions: ['us'] })).regions).toEqual([])
  })

  test('ways are those of the vendors, unless the configuration says otherwise', () => {
    const of = (
      dialect: 'openai-chat' | 'openai-responses' | 'anthropic-messages',
      vendor: string | undefined,
      setting?: 'openai' | 'openrouter' | 'off',
    ) => findLookupWay({ dialect, vendor, setting })
    expect(of('openai-chat', 'openai')).toBe('openai-chat')
    expect(of('openai-responses', 'openai')).toBe('openai-responses')
    expect(of('openai-responses', 'azure')).toBe('openai-responses')
    expect(of('anthropic-messages', 'openrouter')).toBe('openrouter')
    expect(of('openai-chat', 'openrouter')).toBe('openrouter')
    for (const vendor of [undefined, 'anthropic', 'groq', 'mistral', 'deepseek'])
      expect(of('openai-chat', vendor)).toBe(undefined)
    expect(of('anthropic-messages', 'openai')).toBe(undefined)
    expect(of('openai-chat', undefined, 'openrouter')).toBe('openrouter')
    expect(of('openai-chat', 'openai', 'off')).toBe(undefined)
  })

  test('an answer is asked about only where its vendor keeps it', () => {
    expect([true, false, undefined, null, 'true'].map((store) => keepsAnswer('openai-chat', store))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
    expect([true, false, undefined, null].map((store) => keepsAnswer('openai-responses', store))).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(keepsAnswer('openrouter', false)).toBe(true)
  })
})

interface Asked {
  readonly id: string
  readonly body: JsonObject | string
  readonly status?: number
  readonly origin?: string
  readonly regions?: readonly string[]
  readonly setting?: 'openai' | 'openrouter' | 'off'
}

async function ask(way: LookupWay, asked: Asked) {
  const dialect = way === 'openai-responses' ? 'openai-responses' : 'openai'
  const lookup = asked.setting ?? (way === 'openrouter' ? 'openrouter' : 'openai')
  const target: EgressTarget = {
    id: 'e',
    url: `${origin}/v1`,
    credentials: { authorization: 'Bearer secret' },
    vendor: undefined,
    vendorModel: 'm',
    timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 },
    processing: ['eu'],
    storage: [],
  }
  let errand: Errand | undefined
  const lookups = createVendorLookups({
    config: configSchema.parse({ endpoints: { e: { dialect, model: 'm', url: target.url, lookup } } }),
    allowedRegions: ['eu'],
    narrowRegions: (outer, inner) => outer.filter((region) => inner.includes(region)),
    findTarget: () => target,
    async run(given) {
      errand = given
      const body = Buffer.from(typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body))
      return { status: asked.status ?? 200, headers: {}, body }
    },
  })
  const answer = { id: asked.id, lookup: way, origin: asked.origin ?? origin, regions: asked.regions ?? ['eu'] }
  const told: LookupAnswer = await lookups.ask(
    { callId: 'call_a.1', endpoint: 'e', answer },
    new AbortController().signal,
  )
  return { answer: told, asked: errand?.request.path, regions: errand?.allowedRegions }
}
