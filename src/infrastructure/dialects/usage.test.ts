import { describe, expect, test } from 'vitest'
import type { DialectId } from '../../core/chat.ts'
import type { JsonObject } from '../../core/json.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { dialects, estimateInputTokens, estimateTokens } from './index.ts'

function read(id: DialectId, usage: JsonObject | null): Usage | undefined {
  return dialects[id].readUsage({ usage })
}

describe('usage of the vendors in one normal form', () => {
  test.each<[string, DialectId, JsonObject, Partial<Usage>]>([
    [
      'OpenAI: cached tokens are in the input, reasoning in the output',
      'openai-chat',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      { inputTotal: 100, cacheRead: 80, cacheWrite5m: 5, outputTotal: 50, reasoning: 30 },
    ],
    [
      'xAI: reasoning is extra to the output',
      'openai-chat',
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        prompt_tokens_details: { cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 94 },
      },
      { inputTotal: 32, cacheRead: 6, outputTotal: 103, reasoning: 94 },
    ],
    [
      'Grok on Azure: more cached than input is beside it',
      'openai-chat',
      { prompt_tokens: 23, completion_tokens: 110, total_tokens: 133, prompt_tokens_details: { cached_tokens: 190 } },
      { inputTotal: 213, cacheRead: 190, outputTotal: 110 },
    ],
    [
      'Gemini: the total counts thoughts that nothing else names',
      'openai-chat',
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 130 },
      { inputTotal: 10, outputTotal: 120 },
    ],
    [
      'DeepSeek: cache hits under their own name',
      'openai-chat',
      {
        prompt_tokens: 17,
        completion_tokens: 4,
        total_tokens: 21,
        prompt_cache_hit_tokens: 16,
        prompt_cache_miss_tokens: 1,
      },
      { inputTotal: 17, cacheRead: 16, outputTotal: 4 },
    ],
    [
      'Mistral and Ollama: totals alone',
      'openai-chat',
      { prompt_tokens: 4, completion_tokens: 7, total_tokens: 11 },
      { inputTotal: 4, outputTotal: 7 },
    ],
    ['a vendor that counts half', 'openai-chat', { completion_tokens: 7 }, { outputTotal: 7 }],
    [
      'OpenAI Responses',
      'openai-responses',
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 20, cache_write_tokens: 0 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 64 },
        total_tokens: 123,
      },
      { inputTotal: 36, cacheRead: 20, cacheWrite5m: 0, outputTotal: 87, reasoning: 64 },
    ],
    [
      'Anthropic: the cache is beside the input, not in it',
      'anthropic-messages',
      {
        input_tokens: 50,
        cache_read_input_tokens: 1_000,
        cache_creation_input_tokens: 300,
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
        output_tokens: 60,
        output_tokens_details: { thinking_tokens: 40 },
      },
      { inputTotal: 1_350, cacheRead: 1_000, cacheWrite5m: 100, cacheWrite1h: 200, outputTotal: 60, reasoning: 40 },
    ],
    [
      'Anthropic without the split of terms',
      'anthropic-messages',
      { input_tokens: 50, cache_creation_input_tokens: 300, output_tokens: 60 },
      { inputTotal: 350, cacheWrite5m: 300, outputTotal: 60 },
    ],
  ])('%s', (...row) => {
    const [, id, raw, known] = row
    expect(read(id, raw)).toEqual(createUsage({ ...known, raw }))
  })

  test('Groq reports under a name of its own', () => {
    const usage = dialects['openai-chat'].readUsage({ x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } })
    expect(usage).toMatchObject({ inputTotal: 1, outputTotal: 2 })
  })

  test.each(Object.keys(dialects) as DialectId[])('%s: absent is not zero', (id) => {
    expect(read(id, null)).toBeUndefined()
    expect(dialects[id].readUsage({})).toBeUndefined()
    const usage = read(id, {})
    expect(usage?.inputTotal).toBeUndefined()
    expect(usage?.outputTotal).toBeUndefined()
    expect(usage?.cacheRead).toBeUndefined()
  })

  test('what is no count is not counted', () => {
    expect(read('openai-chat', { prompt_tokens: '12', completion_tokens: -3 })).toMatchObject({
      inputTotal: undefined,
      outputTotal: undefined,
    })
  })
})

describe('estimates', () => {
  test('grow with the text, faster in Chinese', () => {
    expect(estimateTokens('')).toBe(0)
    expect(estimateTokens('four letters make a token')).toBe(7)
    expect(estimateTokens('四个汉字也不止')).toBe(5)
  })

  test('count messages, tools, schemas and pictures of a request', () => {
    const decode = (body: JsonObject): number => estimateInputTokens(dialects['anthropic-messages'].decodeRequest(body))
    const messages = [{ role: 'user', content: 'How many days of leave?' }]
    const small = decode({ messages })
    expect(small).toBeGreaterThan(5)
    expect(small).toBeLessThan(20)
    const tools = [{ name: 'f', input_schema: { type: 'object', properties: { a: { type: 'string' } } } }]
    expect(decode({ messages, tools })).toBeGreaterThan(small + 10)
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
    expect(decode({ messages: [{ role: 'user', content: [image] }] })).toBeGreaterThan(1_000)
  })
})
