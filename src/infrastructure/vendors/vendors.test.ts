import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { collectAnswer } from '../../core/answer.ts'
import type { JsonObject } from '../../core/json.ts'
import {
  createVendorHarness,
  startVendorServer,
  toFrame,
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

interface VendorCase {
  readonly vendor: string
  /** Below the server's origin, as the vendor's own base URL ends. */
  readonly base: string
  readonly model: string
  readonly path: string
  readonly streamPath?: string
  /** Header that carries the key, and what it says. */
  readonly credential: readonly [name: string, value: string]
  readonly usage: JsonObject
  readonly toolUsage: JsonObject
  readonly calls: readonly [first: string | undefined, second: string | undefined]
  readonly answer?: JsonObject
  readonly preamble?: string
}

const bearer = ['authorization', 'Bearer the-doors-key'] as const
/** What all fixtures of answers report, each in its vendor's words; what a vendor does not report is not here. */
const reported = { inputTotal: 30, cacheRead: 8, outputTotal: 52, reasoning: 40, source: 'reported' }
const toolsReported = { inputTotal: 30, outputTotal: 21, source: 'reported' }
const absent = { cacheRead: undefined, cacheWrite5m: undefined, cacheWrite1h: undefined, reasoning: undefined }

const vendors: readonly VendorCase[] = [
  {
    vendor: 'google',
    base: '/v1beta',
    model: 'gemini-3-pro-preview',
    path: '/v1beta/models/gemini-3-pro-preview:generateContent',
    streamPath: '/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse',
    credential: ['x-goog-api-key', 'the-doors-key'],
    usage: { ...absent, ...reported },
    toolUsage: { ...absent, ...toolsReported },
    calls: [undefined, undefined],
    preamble: 'Let me look.',
  },
  {
    vendor: 'bedrock',
    base: '',
    model: 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    path: '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
    streamPath: '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    credential: bearer,
    // 20 that were not cached, 10 read, 20 written, 15 of them for an hour.
    usage: { ...reported, inputTotal: 50, cacheRead: 10, cacheWrite5m: 5, cacheWrite1h: 15, reasoning: undefined },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['tooluse_bpe71yCfRu2b5i-nKGDr5g', 'tooluse_hbCw0kiNSGqZ0w'],
    preamble: 'Let me look.',
  },
  {
    vendor: 'azure',
    base: '/openai/v1',
    model: 'our-deployment',
    path: '/openai/v1/chat/completions',
    credential: ['api-key', 'the-doors-key'],
    usage: { ...absent, ...reported },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['call_62136354', 'call_62136355'],
    // OpenAI chat shows no thoughts.
    answer: { reasoning: [] },
  },
  {
    vendor: 'mistral',
    base: '/v1',
    model: 'magistral-medium-latest',
    path: '/v1/chat/completions',
    credential: bearer,
    usage: { ...absent, ...reported, reasoning: undefined },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['gSIMJiOkT', 'b0Nkd92Wq'],
  },
  {
    vendor: 'cohere',
    base: '/v2',
    model: 'command-a-reasoning-08-2025',
    path: '/v2/chat',
    credential: bearer,
    usage: { ...absent, ...reported, reasoning: undefined },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['get_weather_k88p0m', 'get_time_x1'],
    preamble: 'I will look up the weather.',
  },
  {
    vendor: 'groq',
    base: '/openai/v1',
    model: 'openai/gpt-oss-120b',
    path: '/openai/v1/chat/completions',
    credential: bearer,
    usage: { ...absent, ...reported },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['fc_1f3a', 'fc_1f3b'],
  },
  {
    vendor: 'deepseek',
    base: '',
    model: 'deepseek-reasoner',
    path: '/chat/completions',
    credential: bearer,
    usage: { ...absent, ...reported },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['call_00_3bLu', 'call_01_xYz1'],
  },
  {
    vendor: 'xai',
    base: '/v1',
    model: 'grok-4.3',
    path: '/v1/responses',
    credential: bearer,
    // 12 and, beside them, 40 for thoughts: the total says so.
    usage: { ...absent, ...reported },
    // 9 of the 21 for thoughts: the total says so.
    toolUsage: { ...absent, ...toolsReported, reasoning: 9 },
    calls: ['call_71', 'call_72'],
  },
  {
    vendor: 'alibaba',
    base: '/compatible-mode/v1',
    model: 'qwen-plus',
    path: '/compatible-mode/v1/chat/completions',
    credential: bearer,
    usage: { ...absent, ...reported, cacheWrite5m: 5 },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['call_6596', 'call_6597'],
  },
  {
    vendor: 'moonshot',
    base: '/v1',
    model: 'kimi-k2-thinking',
    path: '/v1/chat/completions',
    credential: bearer,
    usage: { ...absent, ...reported, reasoning: undefined },
    toolUsage: { ...absent, ...toolsReported },
    calls: ['get_weather:0', 'get_time:1'],
  },
]

function create(vendor: VendorCase, parts: JsonObject = {}, egress: JsonObject = {}): VendorHarness {
  const endpoint = { dialect: vendor.vendor, url: server.origin + vendor.base, model: vendor.model, ...parts }
  const harness = createVendorHarness({ endpoint, egress })
  open.push(harness)
  return harness
}

function streamOf({ vendor }: VendorCase, name: string, parts: Partial<Reply> = {}): Reply {
  return toReply(vendor, vendor === 'bedrock' ? `${name}.events.json` : `${name}.sse`, parts)
}

const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
  { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } },
]

const text = 'Water boils at 100 °C. 水在一百度沸腾。'
const thought = 'The question is about water.'

describe.each(vendors)('$vendor', (vendor) => {
  const seen = () => server.requests.at(-1)

  test.each([false, true])('answers with text, thoughts and usage (stream: %s)', async (stream) => {
    server.reply(stream ? streamOf(vendor, 'answer', { pieceBytes: 7 }) : toReply(vendor.vendor, 'answer.json'))
    const harness = create(vendor)
    const call = harness.root()
    const answer = await collectAnswer(await harness.ask({ stream }, { call }))
    expect(answer).toMatchObject({ text, refusal: undefined, toolCalls: [], reason: 'stop', usage: vendor.usage })
    expect(answer).toMatchObject(vendor.answer ?? { reasoning: [{ text: thought }] })
    expect(answer.usage?.raw).toBeTypeOf('object')
    expect(seen()?.path).toBe(stream ? (vendor.streamPath ?? vendor.path) : vendor.path)
    expect(call.facts).toMatchObject([{ kind: 'dispatch', name: 'one', status: 'ok', usage: vendor.usage }])
    expect(call.facts[0]?.firstByteMs).toBeGreaterThan(0)
  })

  test.each([false, true])('answers with tool calls (stream: %s)', async (stream) => {
    server.reply(stream ? streamOf(vendor, 'tools', { pieceBytes: 11 }) : toReply(vendor.vendor, 'tools.json'))
    const answer = await collectAnswer(await create(vendor).ask({ stream, tools, tool_choice: 'required' }))
    const calls = answer.toolCalls.map((each) => ({ ...each, arguments: JSON.parse(each.arguments) as unknown }))
    const [first, second] = vendor.calls
    expect(calls[0]).toMatchObject({ name: 'get_weather', arguments: { city: '北京' } })
    expect(calls.at(-1)).toMatchObject({ name: 'get_time', arguments: {} })
    if (first !== undefined) expect(calls.map(({ id }) => id)).toEqual([first, second])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length)
    expect(answer).toMatchObject({ text: vendor.preamble ?? '', reason: 'tool-calls', usage: vendor.toolUsage })
    expect(JSON.stringify(seen()?.body)).toContain('Weather of a city.')
  })

  test('sends the credential of the door and nothing the package made of it', async () => {
    server.reply(toReply(vendor.vendor, 'answer.json'))
    await collectAnswer(await create(vendor, { headers: { 'X-Team': 'water' } }).ask({}))
    const [name, value] = vendor.credential
    const { headers = {}, body } = seen() ?? {}
    expect(headers).toMatchObject({ [name]: value, 'x-team': 'water', 'user-agent': 'strata' })
    const credentials = [
      'authorization',
      'api-key',
      'x-api-key',
      'x-goog-api-key',
      'x-amz-security-token',
      'x-amz-date',
    ]
    expect(Object.keys(headers).filter((header) => credentials.includes(header))).toEqual([name])
    expect(JSON.stringify({ headers, body })).not.toContain('kept-by-the-door')
  })

  test('sends nothing outside the allowed regions', async () => {
    const sent = server.requests.length
    const harness = create(vendor)
    const refused = harness.ask({}, { call: harness.root(['us']) })
    await expect(refused).rejects.toMatchObject({ code: 'REGION_REFUSED' })
    expect(server.requests.length).toBe(sent)
    expect(harness.intents).toEqual([])
  })

  test('ends a stream that broke off with UPSTREAM_CUT, never as a success', async () => {
    const whole = Buffer.from(streamOf(vendor, 'answer').body)
    for (const [share, after] of [
      [0.7, 'cut'],
      [0.7, 'end'],
    ] as const) {
      const reply = streamOf(vendor, 'answer')
      server.reply({ ...reply, body: whole.subarray(0, boundary(vendor, whole, share)), after })
      const harness = create(vendor)
      const call = harness.root()
      const reading = harness.ask({ stream: true }, { call }).then(collectAnswer)
      await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
      expect(call.facts).toMatchObject([{ status: 'error', errorCode: 'UPSTREAM_CUT' }])
    }
  })

  test('reads a stream to its end whatever ends its lines, with its last blank line or without', async () => {
    if (vendor.vendor === 'bedrock') return
    const reply = streamOf(vendor, 'answer')
    server.reply(reply)
    const expected = await collectAnswer(await create(vendor).ask({ stream: true }))
    const text = reply.body.toString().trimEnd()
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      for (const ends of ['\n\n', '\n']) {
        server.reply({ ...reply, body: `${text}${ends}`.replaceAll('\n', lineEnd), pieceBytes: 13 })
        const { text: read, reason } = await collectAnswer(await create(vendor).ask({ stream: true }))
        expect({ read, reason }).toEqual({ read: expected.text, reason: expected.reason })
      }
    }
  })

  test('closes the upstream when the reader leaves in the middle', async () => {
    const whole = Buffer.from(streamOf(vendor, 'answer').body)
    server.reply({
      ...streamOf(vendor, 'answer'),
      body: whole.subarray(0, boundary(vendor, whole, 0.8)),
      after: 'hold',
    })
    const harness = create(vendor)
    const call = harness.root()
    for await (const event of await harness.ask({ stream: true }, { call })) {
      expect(event.type).toMatch(/delta$/)
      break
    }
    await seen()?.closed
    expect(call.facts).toMatchObject([{ status: 'cancelled', usage: { source: 'estimated' } }])
  })

  test('closes the upstream when the call is cancelled before the answer began', async () => {
    server.reply({ ...streamOf(vendor, 'answer'), body: '', after: 'hold' })
    const harness = create(vendor)
    const call = harness.root()
    const sent = server.requests.length
    const asking = harness.ask({ stream: true }, { call })
    asking.catch(() => undefined)
    await expect.poll(() => server.requests.length).toBe(sent + 1)
    call.cancel(new Error('the client left'))
    await expect(asking).rejects.toMatchObject({ code: 'CANCELLED' })
    await seen()?.closed
  })

  test('reads refusals of every form, with the wait they ask for', async () => {
    const json = { 'content-type': 'application/json' }
    const words = { error: { message: 'slow down', code: 429, status: 'RESOURCE_EXHAUSTED' }, message: 'slow down' }
    const cases: readonly (readonly [Reply, JsonObject])[] = [
      [
        { status: 429, headers: { ...json, 'retry-after': '7' }, body: JSON.stringify(words) },
        { code: 'UPSTREAM_RATE_LIMITED', retryAfterMs: 7_000 },
      ],
      [
        { status: 429, headers: { 'retry-after-ms': '250' }, body: '' },
        { code: 'UPSTREAM_RATE_LIMITED', retryAfterMs: 250 },
      ],
      [
        {
          status: 503,
          headers: { 'content-type': 'text/html' },
          body: '<html><title>Service Unavailable</title></html>',
        },
        { code: 'UPSTREAM_OVERLOADED' },
      ],
      [{ status: 401, headers: json, body: JSON.stringify(words) }, { code: 'UPSTREAM_UNAUTHENTICATED' }],
      [{ status: 500, headers: json, body: 'null' }, { code: 'UPSTREAM_FAILED' }],
    ]
    for (const stream of [false, true]) {
      for (const [reply, expected] of cases) {
        server.reply(reply)
        await expect(create(vendor).ask({ stream })).rejects.toMatchObject(expected)
      }
    }
  })

  test('takes a page, an empty body or null with status 200 for what it is: no answer', async () => {
    for (const [type, body] of [
      ['text/html', '<html>welcome</html>'],
      ['application/json', 'null'],
      ['application/json', ''],
      ['application/json', '{"hello":"secret words"}'],
    ] as const) {
      server.reply({ headers: { 'content-type': type }, body })
      for (const stream of [false, true]) {
        const thrown: unknown = await create(vendor)
          .ask({ stream })
          .catch((error: unknown) => error)
        expect(thrown).toMatchObject({ code: 'UPSTREAM_INVALID' })
        expect(`${String(thrown)} ${String((thrown as Error).cause)}`).not.toContain('secret words')
      }
    }
  })

  test('bounds what it reads', async () => {
    const filler = 'x'.repeat(5_000)
    const limits = { answerBytesMax: 2_000, eventBytesMax: 2_000 }
    server.reply({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ filler }) })
    await expect(create(vendor, {}, limits).ask({})).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
    const type = 'contentBlockDelta'
    const event = vendor.vendor === 'bedrock' ? toFrame({ type, payload: { filler } }) : `data: {"filler":"${filler}`
    server.reply({ ...streamOf(vendor, 'answer'), body: event, after: 'hold' })
    await expect(create(vendor, {}, limits).ask({ stream: true })).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })

  test('never fetches an image itself', async () => {
    const sent = server.requests.length
    server.reply(toReply(vendor.vendor, 'answer.json'))
    const url = `${server.origin}/an-image.png`
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url } },
    ]
    const asked = await create(vendor)
      .ask({ messages: [{ role: 'user', content }] })
      .then(collectAnswer)
      .catch((error: unknown) => error)
    const paths = server.requests.slice(sent).map(({ path }) => path)
    expect(paths.filter((path) => path.includes('an-image'))).toEqual([])
    // Either the vendor is told where the image is, or the request is refused.
    if (paths.length === 0) expect(asked).toMatchObject({ code: 'UNSUPPORTED_PARAMETER' })
    else expect(JSON.stringify(seen()?.body)).toContain(url)
  })
})

/** Where to cut a recorded stream: between two events, at or after a share of it. */
function boundary({ vendor }: VendorCase, whole: Buffer, share: number): number {
  const wanted = Math.floor(whole.length * share)
  if (vendor !== 'bedrock') {
    const at = whole.lastIndexOf('\n\n', Math.min(wanted, lastTextEnd(whole)))
    return at + 2
  }
  let end = 0
  while (end + whole.readUInt32BE(end) <= wanted) end += whole.readUInt32BE(end)
  return end
}

/** The event that says why the answer ended must lie behind the cut. */
function lastTextEnd(whole: Buffer): number {
  return whole.indexOf('水在一百度')
}
