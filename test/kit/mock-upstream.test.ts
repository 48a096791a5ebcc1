import { connect } from 'node:net'
import { Anthropic } from '@anthropic-ai/sdk'
import { OpenAI } from 'openai'
import { Pool } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSystemClock } from '../../src/core/time.ts'
import { listFaults, startMockUpstream, type Behaviour, type MockUpstream } from './index.ts'

let mock: MockUpstream
let pool: Pool

beforeAll(async () => {
  mock = await startMockUpstream({ models: ['one', 'two'] })
  pool = new Pool(mock.origin, { connections: 4 })
})
beforeEach(() => mock.reset())
afterAll(async () => {
  await pool.destroy()
  await mock.close()
})

const messages = [{ role: 'user' as const, content: 'Hi 你好' }]
const chat = { model: 'one', messages }
const paths = ['/v1/chat/completions', '/v1/responses', '/v1/messages'] as const

describe('what it says', () => {
  const toolCalls = [{ name: 'weather', arguments: { city: '北京' } }]
  const usage = { inputTotal: 30, outputTotal: 11, cacheRead: 10, reasoning: 4 }

  test('the official OpenAI client reads its chat answers, whole and streamed', async () => {
    const client = new OpenAI({ baseURL: mock.url, apiKey: 'k', maxRetries: 0 })
    mock.script({ text: '你好 there', toolCalls, usage })
    const whole = await client.chat.completions.create(chat)
    expect(whole.choices[0]?.message.content).toBe('你好 there')
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls')
    expect(whole.usage).toMatchObject({ prompt_tokens: 30, prompt_tokens_details: { cached_tokens: 10 } })

    const stream = client.chat.completions.stream({ ...chat, stream_options: { include_usage: true } })
    const streamed = await stream.finalChatCompletion()
    expect(streamed.choices[0]?.message.content).toBe('你好 there')
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"北京"}' },
    })
    expect(streamed.usage?.total_tokens).toBe(41)
  })

  test('the official OpenAI client reads its Responses answers, whole and streamed', async () => {
    const client = new OpenAI({ baseURL: mock.url, apiKey: 'k', maxRetries: 0 })
    mock.script({ reasoning: 'thinking it over', text: '你好 there', toolCalls, usage })
    const whole = await client.responses.create({ model: 'one', input: 'Hi' })
    expect(whole.output_text).toBe('你好 there')
    expect(whole.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call'])

    const streamed = await client.responses.stream({ model: 'one', input: 'Hi' }).finalResponse()
    expect(streamed.output_text).toBe('你好 there')
    expect(streamed.usage).toMatchObject({ input_tokens: 30, output_tokens: 11 })
  })

  test('the official Anthropic client reads its messages, whole and streamed', async () => {
    const client = new Anthropic({ baseURL: mock.origin, apiKey: 'k', maxRetries: 0 })
    mock.script({ reasoning: 'thinking it over', text: '你好 there', toolCalls, usage })
    const request = { model: 'one', max_tokens: 100, messages }
    for (const message of [
      await client.messages.create(request),
      await client.messages.stream(request).finalMessage(),
    ]) {
      expect(message.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use'])
      expect(message.content[2]).toMatchObject({ name: 'weather', input: { city: '北京' } })
      expect(message.stop_reason).toBe('tool_use')
      expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 10, output_tokens: 11 })
    }
    expect((await client.messages.countTokens({ model: 'one', messages })).input_tokens).toBeGreaterThan(0)
  })

  test('embeddings depend on the text alone, and models are those it was given', async () => {
    const client = new OpenAI({ baseURL: mock.url, apiKey: 'k', maxRetries: 0 })
    const [first, again, other] = (await client.embeddings.create({ model: 'e', input: ['a', 'a', 'b'] })).data
    expect(first?.embedding).toHaveLength(8)
    expect(again?.embedding).toEqual(first?.embedding)
    expect(other?.embedding).not.toEqual(first?.embedding)
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(['one', 'two'])
  })

  test('a structured answer is the JSON of the script', async () => {
    mock.next({ script: { json: { city: '北京', degrees: 3 } } })
    const { body } = await post('/v1/chat/completions', chat)
    expect(body.toString()).toContain(JSON.stringify(JSON.stringify({ city: '北京', degrees: 3 })))
  })

  test('usage is given as asked, never, late or on every event', async () => {
    const streamed = { ...chat, stream: true }
    expect(await usagesOf(streamed, {})).toEqual([])
    expect(await usagesOf({ ...streamed, stream_options: { include_usage: true } }, {})).toHaveLength(1)
    expect(await usagesOf({ ...streamed, stream_options: { include_usage: true } }, { usage: 'none' })).toEqual([])
    expect(await usagesOf(streamed, { usage: 'always' })).toHaveLength(1)
    const running = await usagesOf(streamed, { usage: 'every-event' })
    expect(running.length).toBeGreaterThan(3)
    expect(running).toEqual(running.toSorted((a, b) => a - b))
  })
})

describe('whom it obeys', () => {
  test('the queue comes first, then the model, then the function; GET takes nothing from the queue', async () => {
    mock.respondWith((request) => ({ status: request.model === 'two' ? 418 : 420 }))
    mock.forModel('one', { status: 503 })
    mock.next({ status: 429 })
    const client = await pool.request({ path: '/v1/models', method: 'GET' })
    await client.body.dump()
    const statuses: number[] = []
    for (const model of ['one', 'one', 'two']) statuses.push((await post('/v1/chat/completions', { model })).status)
    expect([client.statusCode, ...statuses]).toEqual([420, 429, 503, 418])
  })

  test('it records what it was sent, byte for byte', async () => {
    const text = '{ "model" : "one",  "x": "é你" }'
    await post('/v1/chat/completions?a=1', text, { 'x-Some': 'Thing' })
    expect(mock.requests[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions', text, model: 'one' })
    expect(mock.requests[0]?.headers['x-some']).toBe('Thing')
    expect(mock.requests[0]?.target).toBe('/v1/chat/completions?a=1')
    expect(mock.requests[0]?.outcome).toBe('answered')
  })

  test('it echoes, redirects and says null when told to', async () => {
    mock.next({ echo: true }, { redirectTo: 'http://127.0.0.2/x' }, { json: null }, { contentType: 'text/plain' })
    const echoed = JSON.parse((await post('/v1/chat/completions', chat)).body.toString())
    expect(echoed).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
    expect(await post('/v1/chat/completions', chat)).toMatchObject({ status: 307, location: 'http://127.0.0.2/x' })
    expect((await post('/v1/chat/completions', chat)).body.toString()).toBe('null')
    expect((await post('/v1/chat/completions', chat)).contentType).toBe('text/plain')
  })

  test('chunked request bodies and requests split into single bytes are read whole', async () => {
    const chunked = await raw(
      'POST /v1/embeddings HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"inp\r\n8;x=1\r\nut":"a"}\r\n0\r\n\r\n',
    )
    expect(chunked).toContain('200 OK')
    expect(mock.requests[0]?.json).toEqual({ input: 'a' })
    expect(await raw('this is not HTTP\r\n\r\n')).toContain('400 Bad Request')
  })
})

describe('how it misbehaves', () => {
  test('every hint of when to try again takes its own form', async () => {
    const forms: Record<string, unknown> = {}
    for (const fault of listFaults(Date.UTC(2026, 0, 1))) {
      if (fault.behaviour.retryHint === undefined || fault.behaviour.status !== 429) continue
      mock.next(fault.behaviour)
      const answer = await post('/v1/chat/completions', chat)
      expect(answer.status).toBe(429)
      const { type } = fault.behaviour.retryHint
      forms[type] =
        answer.headers['retry-after'] ??
        answer.headers['retry-after-ms'] ??
        answer.headers['x-ratelimit-reset-requests'] ??
        /again in [^"]*s\.|retryDelay":"1s/.exec(answer.body.toString())?.[0]
    }
    expect(forms).toEqual({
      seconds: '1',
      date: 'Thu, 01 Jan 2026 00:00:02 GMT',
      milliseconds: '40',
      reset: '1s',
      message: 'again in 1.5s.',
      'retry-info': 'retryDelay":"1s',
    })
  })

  test.each(paths)('an error inside a stream of %s comes in the shape of its dialect', async (path) => {
    mock.next({ errorAfterEvents: 2, error: { type: 'overloaded_error', message: 'Overloaded' } })
    const { status, body } = await post(path, { ...chat, stream: true })
    expect(status).toBe(200)
    const events = body.toString().trim().split('\n\n')
    expect(events).toHaveLength(3)
    expect(events[2]).toContain('Overloaded')
    expect(events[2]?.startsWith('event: error')).toBe(path !== '/v1/chat/completions')
  })

  test('the wire form of a stream is the one asked for', async () => {
    const read = async (behaviour: Behaviour): Promise<string> => {
      mock.next({ script: { text: 'x' }, ...behaviour })
      return (await post('/v1/chat/completions', { ...chat, stream: true })).body.toString()
    }
    expect(await read({ sse: { lineEnd: '\r' } })).not.toContain('\n')
    expect(await read({ sse: { lineEnd: '\r\n' } })).toMatch(/\r\n\r\n$/)
    expect(await read({ sse: { bom: true } })).toMatch(/^\uFEFFdata: /)
    expect(await read({ sse: { comments: true, withoutSpace: true } })).toMatch(/^: keep-alive\n\ndata:\{/)
    expect(await read({ sse: { multiLine: true } })).toMatch(/^data: \{\ndata: {2}"id"/)
    expect(await read({ sse: { withoutLastBlankLine: true } })).toMatch(/data: \[DONE\]\n$/)
    expect(await read({ withoutTerminator: true })).not.toContain('[DONE]')
    expect(await read({ insert: { afterEvents: 1, bytes: 'garbage\n\n' } })).toContain('\n\ngarbage\n\n')
  })

  test('one byte per write changes nothing but the pace', async () => {
    const expected = (await post('/v1/chat/completions', { ...chat, stream: true })).body.toString()
    mock.next({ writeBytes: 1 })
    const split = await post('/v1/chat/completions', { ...chat, stream: true })
    const withoutIds = (text: string): string => text.replaceAll(/chatcmpl-mock\d+/g, '')
    expect(withoutIds(split.body.toString())).toBe(withoutIds(expected))
    expect(split.chunks).toBeGreaterThan(expected.length / 8)
  })

  test.each(['reset', 'close', 'end'] as const)(
    '%s at a byte lets exactly the bytes before it through',
    async (how) => {
      mock.next({ cut: { at: 300, how } })
      const result = await post('/v1/chat/completions', { ...chat, stream: true })
      expect(result.body).toHaveLength(300)
      expect(result.failed).toBe(how !== 'end')
      expect(mock.requests[0]).toMatchObject({ outcome: 'cut', bodyBytesSent: 300, cancelledAtMs: undefined })
    },
  )

  test.each(paths)('every fault of %s does what its harm says to a client that knows nothing of it', async (path) => {
    const terminator = { [paths[0]]: '[DONE]', [paths[1]]: 'response.completed', [paths[2]]: 'message_stop' }[path]
    for (const fault of listFaults(0).filter((one) => !one.hangs)) {
      mock.next(fault.behaviour)
      const stream = fault.shows !== 'whole'
      const { status, body, failed } = await post(path, { ...chat, stream })
      const text = body.toString()
      const isRead = stream ? text.includes(terminator ?? '') : text.endsWith('}')
      const isClean = status === 200 && !failed && isRead && !/oops|\uFFFD|"error":\s*\{/.test(text)
      expect(isClean, fault.name).toBe(fault.harm === 'none')
      if (fault.harm === 'mid-answer') expect(text, fault.name).toContain('"A text o"')
    }
  })
})

describe('what it notices', () => {
  test.each([
    ['before the head', { silent: true }],
    ['before the first event', { firstEventDelayMs: Infinity }],
    ['in the middle of an endless stream', { deltaRepeats: Infinity, eventDelayMs: 1 }],
    ['in an endless stream that is not read', { deltaRepeats: Infinity }],
  ] satisfies [string, Behaviour][])('a client that leaves %s is seen, and when', async (_, behaviour) => {
    mock.next(behaviour)
    const clock = createSystemClock()
    const controller = new AbortController()
    const request = pool.request({
      method: 'POST',
      path: '/v1/chat/completions',
      body: JSON.stringify({ ...chat, stream: true }),
      signal: controller.signal,
    })
    request.then(({ body }) => body.on('error', () => undefined)).catch(() => undefined)
    const seen = await mock.requestAt(0)
    expect(seen.outcome).toBe('open')
    const leftAtMs = clock.monotonicMs()
    controller.abort()
    await seen.ended
    expect(seen.outcome).toBe('cancelled')
    expect(seen.cancelledAtMs).toBeGreaterThanOrEqual(leftAtMs)
  })

  test('a client that leaves in the middle of its own request is counted', async () => {
    const before = mock.connections.brokenOff
    const socket = connect(Number(new URL(mock.origin).port), '127.0.0.1')
    // The end follows what was written, however slow both sides are.
    socket.end('POST /v1/embeddings HTTP/1.1\r\nhost: m\r\ncontent-length: 100\r\n\r\nhalf')
    await expect.poll(() => mock.connections.brokenOff).toBe(before + 1)
    expect(mock.requests).toHaveLength(0)
  })

  test('mocks count their own connections and requests', async () => {
    const other = await startMockUpstream()
    await post('/v1/chat/completions', chat)
    expect(other.requests).toHaveLength(0)
    expect(other.connections).toMatchObject({ opened: 0, open: 0 })
    expect(mock.connections.opened).toBeGreaterThan(0)
    await other.close()
  })

  test('waiting for a request that never comes says how many came', async () => {
    await expect(mock.requestAt(0, 10)).rejects.toThrow('request 0 has not come within 10 ms; 0 have')
  })
})

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly location: string | string[] | undefined
  readonly contentType: string | string[] | undefined
  readonly body: Buffer
  readonly chunks: number
  /** Whether the connection failed before the body's proper end. */
  readonly failed: boolean
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const parts: Buffer[] = []
  let status = 0
  let received: Reply['headers'] = {}
  let failed = false
  try {
    const response = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    status = response.statusCode
    received = response.headers
    for await (const chunk of response.body) parts.push(chunk)
  } catch {
    failed = true
  }
  return {
    status,
    headers: received,
    location: received['location'],
    contentType: received['content-type'],
    body: Buffer.concat(parts),
    chunks: parts.length,
    failed,
  }
}

/** Totals of the usages that a stream reports, in order. */
async function usagesOf(body: unknown, behaviour: Behaviour): Promise<readonly number[]> {
  mock.next(behaviour)
  const text = (await post('/v1/chat/completions', body)).body.toString()
  return [...text.matchAll(/"total_tokens":(\d+)/g)].map((match) => Number(match[1]))
}

/** Sends bytes one by one, and gives back the first thing that comes. */
async function raw(bytes: string): Promise<string> {
  const socket = connect({ port: Number(new URL(mock.origin).port), host: '127.0.0.1', noDelay: true })
  const answered = new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk) => resolve(chunk.toString()))
    socket.once('error', reject)
  })
  for (const byte of bytes) socket.write(byte)
  const first = await answered
  socket.destroy()
  return first
}
