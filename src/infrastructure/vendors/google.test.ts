import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { JsonObject } from '../../core/json.ts'
import {
  createNextTurn,
  createVendorHarness,
  startVendorServer,
  toReply,
  type Reply,
  type VendorHarness,
  type VendorServer,
} from './testing.ts'

let server: VendorServer
const open: VendorHarness[] = []

beforeAll(async () => {
  server = await startVendorServer()
})

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

afterAll(() => server.close())

function create(): VendorHarness {
  const endpoint = { dialect: 'google', url: server.origin, model: 'gemini-3-pro-preview' }
  const harness = createVendorHarness({ endpoint })
  open.push(harness)
  return harness
}

const seenBody = (): JsonObject => server.requests.at(-1)?.body ?? {}
const events = { 'content-type': 'text/event-stream' }
const chatTools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }]
const messageTools = [{ name: 'get_weather', input_schema: { type: 'object' } }]

describe('google', () => {
  test.each(['blocked-answer.json', 'blocked-answer.sse', 'blocked-prompt.json'])(
    'a blocked answer without candidates is a refusal, and its output none: %s',
    async (name) => {
      server.reply(toReply('google', name))
      const answer = await collectAnswer(await create().ask({ stream: name.endsWith('.sse') }))
      expect(answer).toMatchObject({ text: '', reason: 'refusal', usage: { inputTotal: 30, outputTotal: 0 } })
    },
  )

  test('the wait stands in the body, a wrong key has status 400', async () => {
    server.reply(toReply('google', 'error-429.json', { status: 429 }))
    await expect(create().ask({})).rejects.toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfterMs: 34_500,
    })
    server.reply(toReply('google', 'error-key.json', { status: 400 }))
    await expect(create().ask({})).rejects.toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED' })
  })

  test('an error inside a stream ends the answer with its own meaning, and what was reported is known', async () => {
    server.reply(toReply('google', 'error.sse'))
    const harness = create()
    const call = harness.root()
    const texts: string[] = []
    const reading = async () => {
      for await (const event of await harness.ask({ stream: true }, { call })) {
        if (event.type === 'text-delta') texts.push(event.text)
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'UPSTREAM_OVERLOADED' })
    expect(texts).toEqual(['Water boils at 100 °C. '])
    expect(call.facts).toMatchObject([{ status: 'error', usage: { inputTotal: 30, source: 'estimated' } }])
  })

  test('running totals count when the reader leaves: hidden thoughts are charged', async () => {
    const [first = ''] = toReply('google', 'answer.sse').body.toString().split('\n\n')
    server.reply({ headers: events, body: `${first}\n\n`, after: 'hold' })
    const harness = create()
    const call = harness.root()
    for await (const _ of await harness.ask({ stream: true }, { call })) break
    expect(call.facts).toMatchObject([{ status: 'cancelled', usage: { inputTotal: 30, outputTotal: 20 } }])
  })

  test.each(['openai-chat', 'anthropic-messages'] as const)(
    'the signature of a call comes back through a client of %s; parallel calls sign only the first',
    async (dialect) => {
      for (const stream of [false, true]) {
        server.reply(toReply('google', stream ? 'tools.sse' : 'tools.json'))
        const harness = create()
        const tools = dialect === 'openai-chat' ? chatTools : messageTools
        const turn = await createNextTurn(dialect, harness, { stream, tools })
        const ids = JSON.stringify(turn).match(/"(?:id|tool_use_id|tool_call_id)":"([^"]*)"/g) ?? []
        expect(ids.length).toBe(6)
        for (const id of ids) expect(id).toMatch(/:"[a-zA-Z0-9_-]+"$/)
        server.reply(toReply('google', 'answer.json'))
        await collectAnswer(await harness.ask({ ...turn, stream: false }, { dialect }))
        const [, model, results] = seenBody()['contents'] as readonly { readonly parts: readonly JsonObject[] }[]
        const calls = model?.parts.filter((part) => part['functionCall'] !== undefined) ?? []
        expect(calls.map((part) => part['thoughtSignature'])).toEqual([
          'EqQBCqEBAdHtim8+/signed==',
          undefined,
          undefined,
        ])
        expect(results?.parts.map((part) => part['functionResponse'])).toMatchObject([
          { name: 'get_weather' },
          { name: 'get_weather' },
          { name: 'get_time' },
        ])
        expect(JSON.stringify(seenBody())).not.toContain('strata-seal')
      }
    },
  )

  test('a system message that stands later is promoted, and thoughts are shown to whoever asks for them', async () => {
    server.reply(toReply('google', 'answer.json'))
    const messages = [
      { role: 'user', content: 'When does water boil?' },
      { role: 'system', content: 'Be brief.' },
    ]
    await collectAnswer(await create().ask({ messages, reasoning_effort: 'low' }))
    expect(seenBody()).toMatchObject({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user' }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
    })
  })

  test('an answer in instalments is asked for under a permit for each, and its usage is their sum', async () => {
    const instalment = (text: string, finishReason: string) => ({
      candidates: [{ content: { parts: [{ text }] }, finishReason, continuationToken: 'more' }],
      usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 10, totalTokenCount: 40 },
    })
    const parts = [instalment('One, ', 'CONTINUATION'), instalment('two.', 'STOP')] as const
    for (const stream of [false, true]) {
      const replies = parts.map((part): Reply => {
        const body = JSON.stringify(part)
        return stream
          ? { headers: events, body: `data: ${body}\n\n` }
          : { headers: { 'content-type': 'application/json' }, body }
      })
      server.reply(...replies)
      const harness = create()
      const answer = await collectAnswer(await harness.ask({ stream }))
      expect(answer).toMatchObject({ text: 'One, two.', reason: 'stop', usage: { inputTotal: 60, outputTotal: 20 } })
      expect(harness.intents.length).toBe(2)
    }
    server.reply({ headers: events, body: `data: ${JSON.stringify(parts[0])}\n\n` })
    const harness = create()
    const endless = harness.ask({ stream: true }).then(collectAnswer)
    await expect(endless).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
    expect(harness.intents.length).toBe(8)
  })
})
