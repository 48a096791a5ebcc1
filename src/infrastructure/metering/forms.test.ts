import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { readServiceTier, readUnits } from '../../core/usage-units.ts'
import { readBody, type BodyDialect } from './index.ts'

function read(body: JsonObject, dialect: BodyDialect) {
  return readBody(Buffer.from(JSON.stringify(body)), dialect)
}

function readStream(events: readonly JsonObject[], dialect: BodyDialect) {
  return readBody(Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')), dialect)
}

const none = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }

describe('steps of one answer that are charged with it', () => {
  const steps = [
    { type: 'compaction', ...none, input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 83 },
    { type: 'message', ...none, input_tokens: 181, output_tokens: 8 },
  ]
  const usage = { ...none, input_tokens: 181, output_tokens: 8, iterations: steps }

  test('a conversation that was shortened first counts with its answer, whole and streamed', () => {
    const whole = read({ type: 'message', role: 'assistant', stop_reason: 'end_turn', usage }, 'anthropic')
    expect(whole.usage).toMatchObject({ inputTotal: 55_377, cacheRead: 55_096, cacheWrite5m: 0, outputTotal: 91 })
    const start = { ...none, input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 7 }
    const streamed = readStream(
      [
        { type: 'message_start', message: { usage: start } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
        { type: 'message_stop' },
      ],
      'anthropic',
    )
    expect(streamed.usage).toMatchObject({ inputTotal: 55_377, cacheRead: 55_096, outputTotal: 91 })
  })

  test('what the stream began with is not counted again where the end leaves a figure out', () => {
    const start = { input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 7, service_tier: 'batch' }
    const { usage: streamed } = readStream(
      [
        { type: 'message_start', message: { usage: start } },
        { type: 'message_delta', delta: {}, usage: { input_tokens: 181, output_tokens: 8, iterations: steps } },
      ],
      'anthropic',
    )
    expect(streamed).toMatchObject({ inputTotal: 55_377, cacheRead: 55_096, outputTotal: 91 })
    expect(readServiceTier(streamed?.raw)).toBe('batch')
  })

  test('a step that does not tell what it used leaves the totals unknown, and one that tells no count is refused', () => {
    const stepped = (step: JsonObject): JsonObject => ({
      type: 'message',
      usage: { input_tokens: 181, output_tokens: 8, iterations: [{ type: 'compaction', ...step }] },
    })
    expect(read(stepped({ input_tokens: 100 }), 'anthropic').usage).toMatchObject({
      inputTotal: 281,
      outputTotal: undefined,
    })
    expect(() => read(stepped({ input_tokens: 100, output_tokens: -1 }), 'anthropic')).toThrowError(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('iterations.0.output_tokens = -1'),
      }),
    )
  })

  test('advice of another model, and an answer that another model had to give, count as the totals say', () => {
    const advised = {
      ...none,
      input_tokens: 2390,
      output_tokens: 121,
      iterations: [{ type: 'advisor_message', ...none, input_tokens: 2518, output_tokens: 22 }],
    }
    expect(read({ type: 'message', usage: advised }, 'anthropic').usage).toMatchObject({
      inputTotal: 2390,
      outputTotal: 121,
    })
  })
})

describe('forms that vendors have beside their usual one', () => {
  test("Google's interactions: thoughts beside the output, what tools read beside the input, kinds by modality", () => {
    const usage = {
      total_tokens: 1373,
      total_input_tokens: 22,
      input_tokens_by_modality: [
        { modality: 'text', tokens: 12 },
        { modality: 'audio', tokens: 10 },
      ],
      total_cached_tokens: 5,
      total_output_tokens: 973,
      total_tool_use_tokens: 129,
      total_thought_tokens: 249,
    }
    const expected = { inputTotal: 151, cacheRead: 5, outputTotal: 1222, reasoning: 249 }
    const whole = read({ object: 'interaction', status: 'completed', service_tier: 'flex', usage }, 'google')
    expect(whole.usage).toMatchObject({ ...expected, raw: { strata: { service_tier: 'flex' } } })
    expect(readUnits(whole.usage?.raw).inputAudio).toBe(10)
    const streamed = readStream(
      [
        { event_type: 'interaction.created', interaction: { status: 'in_progress', model: 'm' } },
        { event_type: 'interaction.completed', interaction: { status: 'completed', usage } },
      ],
      'google',
    )
    expect(streamed).toMatchObject({ isComplete: true, usage: expected })
  })

  test('Ollama and llama.cpp in their own words; a prompt that was not evaluated anew is not reported', () => {
    const lines = [
      { message: { content: 'a' }, done: false },
      { done: true, prompt_eval_count: 26, eval_count: 298 },
    ]
    const streamed = readBody(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')), 'openai')
    expect(streamed).toMatchObject({ form: 'lines', isComplete: true, usage: { inputTotal: 26, outputTotal: 298 } })
    const warm = read({ done: true, eval_count: 79, eval_duration: 2_530_305_000 }, 'openai').usage
    expect(warm).toMatchObject({ inputTotal: undefined, outputTotal: 79, raw: { eval_count: 79 } })
    expect(read({ content: 'a', tokens_evaluated: 5, tokens_predicted: 7 }, 'openai').usage).toMatchObject({
      inputTotal: 5,
      outputTotal: 7,
    })
  })

  test('text of Titan and of Llama, whole and streamed', () => {
    const titan = read({ inputTextTokenCount: 9, results: [{ tokenCount: 17, outputText: 'x' }] }, 'bedrock').usage
    expect(titan).toMatchObject({ inputTotal: 9, outputTotal: 17 })
    const llama = { generation: '', stop_reason: null }
    const streamed = readStream(
      [
        { ...llama, prompt_token_count: 27, generation_token_count: 1 },
        { ...llama, prompt_token_count: null, generation_token_count: 40, stop_reason: 'stop' },
      ],
      'bedrock',
    )
    expect(streamed).toMatchObject({ isComplete: true, usage: { inputTotal: 27, outputTotal: 40 } })
    const chunk = { outputText: 'x', inputTextTokenCount: 5, totalOutputTextTokenCount: null, completionReason: null }
    expect(readStream([chunk], 'bedrock')).toMatchObject({
      isComplete: false,
      usage: { inputTotal: 5, outputTotal: undefined },
    })
    const last = { ...chunk, totalOutputTextTokenCount: 10, completionReason: 'FINISH' }
    expect(readStream([chunk, last], 'bedrock')).toMatchObject({ isComplete: true, usage: { outputTotal: 10 } })
  })

  test('what was cached of tokens that Cohere does not bill is not of those it bills', () => {
    const usage = (cached: number): JsonObject => ({
      usage: {
        billed_units: { input_tokens: 46, output_tokens: 14 },
        tokens: { input_tokens: 1445, output_tokens: 43, reasoning_tokens: 10 },
        cached_tokens: cached,
      },
    })
    expect(read(usage(992), 'cohere').usage).toMatchObject({ inputTotal: 46, cacheRead: undefined, reasoning: 10 })
    expect(read(usage(0), 'cohere').usage).toMatchObject({ inputTotal: 46, cacheRead: 0 })
  })

  test('pages, rankings and searches of the vendor, and the tier it answered in, are told', () => {
    const pages = read({ pages: [], model: 'mistral-ocr', usage_info: { pages_processed: 6 } }, 'mistral').usage
    expect(readUnits(pages?.raw).pages).toBe(6)
    const ranked = read({ results: [], meta: { billed_units: { search_units: 1 } } }, 'cohere').usage
    expect(ranked?.inputTotal).toBeUndefined()
    expect(readUnits(ranked?.raw).rankings).toBe(1)
    const tokens = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
    const searched = { ...tokens, server_tool_use_details: { web_search_requests: 2 } }
    expect(readUnits(read({ usage: searched }, 'openai').usage?.raw).webSearches).toBe(2)
    const grok = { ...tokens, server_side_tool_usage_details: { web_search_calls: 3, file_search_calls: 1 } }
    expect(readUnits(read({ usage: grok }, 'xai').usage?.raw)).toMatchObject({ webSearches: 3, fileSearches: 1 })
    const converse = {
      stopReason: 'end_turn',
      serviceTier: { type: 'flex' },
      usage: { inputTokens: 1, outputTokens: 1 },
    }
    expect(read(converse, 'bedrock').usage?.raw).toMatchObject({ strata: { service_tier: 'flex' } })
  })

  test.each<[string, JsonObject, BodyDialect]>([
    ['Ollama', { done: true, prompt_eval_count: -26, eval_count: 298 }, 'openai'],
    ['llama.cpp', { content: 'a', tokens_evaluated: 5, tokens_predicted: 0.5 }, 'openai'],
    ['Llama', { generation: 'a', prompt_token_count: 27, generation_token_count: -1, stop_reason: 'stop' }, 'bedrock'],
    ['Titan', { inputTextTokenCount: 9, results: [{ tokenCount: 1.5, outputText: 'x' }] }, 'bedrock'],
    ['pages', { pages: [], usage_info: { pages_processed: -6 } }, 'mistral'],
    ['rankings', { results: [], meta: { billed_units: { search_units: -1 } } }, 'cohere'],
    [
      'searches of xAI',
      { usage: { prompt_tokens: 1, completion_tokens: 1, server_side_tool_usage_details: { web_search_calls: -3 } } },
      'xai',
    ],
    [
      'a kind of token',
      {
        usageMetadata: {
          promptTokenCount: 12,
          candidatesTokenCount: 1,
          promptTokensDetails: [{ modality: 'AUDIO', tokenCount: -5 }],
        },
      },
      'google',
    ],
  ])('a figure of %s that is no count is refused with its place', (_, body, dialect) => {
    expect(() => read(body, dialect)).toThrowError(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('which is no count') }),
    )
  })

  test("the tier of OpenAI's models on Bedrock, and texts of Titan of which one does not tell its tokens", () => {
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
    expect(read({ choices: [], service_tier: 'flex', usage }, 'bedrock').usage?.raw).toMatchObject({
      strata: { service_tier: 'flex' },
    })
    const texts = { inputTextTokenCount: 9, results: [{ tokenCount: 17 }, { outputText: 'x' }] }
    expect(read(texts, 'bedrock').usage).toMatchObject({ inputTotal: 9, outputTotal: undefined })
  })

  test('kinds of token whose enumeration is told by number', () => {
    const details = [
      { modality: 1, tokenCount: 7 },
      { modality: 4, tokenCount: 5 },
    ]
    const body = {
      candidates: [{ finishReason: 1 }],
      usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 1, promptTokensDetails: details },
    }
    expect(readUnits(read(body, 'google').usage?.raw)).toMatchObject({ inputAudio: 5, inputImage: 0 })
  })
})

describe('bytes that are not as they were sent', () => {
  const chunk = (text: string, usage: JsonObject): JsonObject => ({
    candidates: [{ content: { parts: [{ text }] } }],
    usageMetadata: { promptTokenCount: 3, ...usage },
  })
  const array = JSON.stringify([chunk('a "]}" 字', {}), chunk('c', { candidatesTokenCount: 9 })])

  test('an array of chunks that breaks off gives the chunks that are whole', () => {
    expect(readBody(Buffer.from(array), 'google').usage).toMatchObject({ inputTotal: 3, outputTotal: 9 })
    const bytes = Buffer.from(array)
    for (let end = 1; end < bytes.length; end++) {
      const cut = readBody(bytes.subarray(0, end), 'google')
      expect(cut.isComplete).toBe(false)
      expect(cut.usage?.outputTotal ?? 0).toBeLessThanOrEqual(9)
    }
    const extra = Buffer.concat([bytes, Buffer.from([0xe5])])
    expect(() => readBody(extra, 'google')).toThrowError(expect.objectContaining({ code: 'INVALID_ENCODING' }))
    expect(() => readBody(Buffer.from('[{"a":1},oops'), 'google')).toThrowError(
      expect.objectContaining({ code: 'INVALID_JSON' }),
    )
  })

  test('a stream whose blank lines are lost is read line by line', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
    const lines = [{ choices: [{ delta: {}, finish_reason: 'stop' }] }, { choices: [], usage }]
    const text = `${lines.map((line) => `data: ${JSON.stringify(line)}\n`).join('')}data: [DONE]\n`
    expect(readBody(Buffer.from(text), 'openai')).toMatchObject({
      isComplete: true,
      usage: { inputTotal: 3, outputTotal: 4 },
    })
    for (let end = 1; end < text.length; end++)
      expect(() => readBody(Buffer.from(text.slice(0, end)), 'openai')).not.toThrow()
  })

  test('an error behind `error:` instead of `data:` is the error of the stream', () => {
    const text = 'data: {"choices":[]}\n\nerror: {"error":{"message":"failed to decode"}}\n\n'
    expect(readBody(Buffer.from(text), 'openai')).toMatchObject({
      isComplete: false,
      error: expect.stringMatching(/failed to decode/),
    })
  })
})
