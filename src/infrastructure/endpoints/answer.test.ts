import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { createHarness, createRequest, createSink, quickEgress, relay, type Harness } from './harness.ts'

let mock: MockUpstream
let harness: Harness

beforeEach(async () => {
  mock = await startMockUpstream()
  mock.script({ text: 'Water boils at 100 °C. 水在一百度沸腾。', usage: { inputTotal: 30, outputTotal: 12 } })
  harness = createHarness({ endpoints: { one: { url: mock.url, key: 'secret' } }, prices: { one: 7n } })
})

afterEach(async () => {
  await harness.close()
  await mock.close()
})

const stream = { stream: true, stream_options: { include_usage: true } } as const
const silentStream = { stream: true } as const

describe('an answer in the client’s own dialect', () => {
  test('is the bytes of the upstream, and is settled with the usage they report', async () => {
    const call = harness.root()
    const answer = await harness.ask(createRequest({ temperature: 0.5, unknown_field: [1] }), call)
    if (answer.wire?.type !== 'whole') throw new Error('expected a whole answer')
    const body: unknown = JSON.parse(answer.wire.body.toString('utf8'))
    expect(body).toMatchObject({ object: 'chat.completion', choices: [{ message: { role: 'assistant' } }] })
    expect(mock.requests[0]?.json).toMatchObject({ model: 'one-model', temperature: 0.5, unknown_field: [1] })
    expect(mock.requests[0]?.headers['authorization']).toBe('Bearer secret')
    expect(call.facts).toEqual([
      expect.objectContaining({
        kind: 'dispatch',
        name: 'one',
        status: 'ok',
        vendorModel: 'one-model',
        regions: ['eu'],
        usage: expect.objectContaining({ inputTotal: 30, outputTotal: 12, source: 'reported' }),
        cost: 42n * 7n,
        priceVersion: 'test@1',
        firstByteMs: expect.any(Number),
        detail: { attempt: 1, reason: 'first', sent: true },
      }),
    ])
  })

  test('can be read as events instead, whole or streamed', async () => {
    for (const body of [{}, stream]) {
      const call = harness.root()
      const complete = await collectAnswer(await harness.ask(createRequest(body), call))
      expect(complete).toMatchObject({ text: 'Water boils at 100 °C. 水在一百度沸腾。', reason: 'stop' })
      expect(complete.usage).toMatchObject({ inputTotal: 30, outputTotal: 12 })
      expect(call.facts).toMatchObject([{ status: 'ok', usage: { inputTotal: 30, outputTotal: 12 } }])
    }
  })

  test('streams its bytes unchanged, with the usage the client asked for', async () => {
    const call = harness.root()
    const sink = createSink()
    await relay(await harness.ask(createRequest(stream), call), sink)
    expect(sink.text()).toContain('"usage":{')
    expect(sink.text().endsWith('data: [DONE]\n\n')).toBe(true)
    expect(call.facts).toMatchObject([{ status: 'ok', cost: 42n * 7n }])
  })

  test('leaves out the usage the client did not ask for, and knows it all the same', async () => {
    const call = harness.root()
    const sink = createSink()
    await relay(await harness.ask(createRequest(silentStream), call), sink)
    expect(sink.text()).not.toContain('"choices":[]')
    expect(mock.requests[0]?.json).toMatchObject({ stream_options: { include_usage: true } })
    expect(call.facts).toMatchObject([{ status: 'ok', usage: { inputTotal: 30, outputTotal: 12 } }])
  })

  test('without usage has neither usage nor cost: absent is not zero', async () => {
    mock.respondWith(() => ({ usage: 'none' }))
    for (const body of [{}, stream]) {
      const call = harness.root()
      const answer = await harness.ask(createRequest(body), call)
      if (answer.wire?.type === 'stream') await answer.wire.relay(createSink())
      expect(call.facts[0]).toMatchObject({ status: 'ok', usage: undefined, cost: undefined })
    }
  })
})

describe('an answer that is translated', () => {
  test('comes as events, whole or streamed', async () => {
    for (const body of [{}, stream]) {
      const call = harness.root()
      const answer = await harness.ask(createRequest(body, { dialect: undefined }), call)
      expect(answer.wire).toBeUndefined()
      expect(await collectAnswer(answer)).toMatchObject({ text: 'Water boils at 100 °C. 水在一百度沸腾。' })
      expect(call.facts).toMatchObject([{ status: 'ok', cost: 42n * 7n }])
    }
  })

  test('comes as events when a stream was asked for and an object came, and the other way round', async () => {
    const object = { choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }] }
    mock.next({ json: { id: 'x', object: 'chat.completion', created: 1, model: 'm', ...object } })
    expect(await collectAnswer(await harness.ask(createRequest(stream), harness.root()))).toMatchObject({
      text: 'whole',
    })

    const chunk = { choices: [{ index: 0, delta: { role: 'assistant', content: 'streamed' }, finish_reason: 'stop' }] }
    mock.next({ body: `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`, contentType: 'text/event-stream' })
    expect(await collectAnswer(await harness.ask(createRequest(), harness.root()))).toMatchObject({ text: 'streamed' })
  })
})

describe('an answer that is none', () => {
  const once = { choice: { endpoints: ['one'] } }

  test.each([
    ['HTML', { body: '<html>welcome</html>', contentType: 'text/html' }],
    ['null', { json: null }],
    ['an empty body', { body: '' }],
    ['text', { body: 'ok', contentType: 'text/plain' }],
    ['a list', { json: [] }],
  ])('%s with status 200 is UPSTREAM_INVALID', async (_name, behaviour) => {
    mock.respondWith(() => behaviour)
    const call = harness.root()
    await expect(harness.ask(createRequest(), call, once.choice)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
    expect(call.facts[0]).toMatchObject({
      status: 'error',
      errorCode: 'UPSTREAM_INVALID',
      usage: undefined,
      cost: undefined,
    })
  })

  test('an error inside a success is an error', async () => {
    mock.respondWith(() => ({ json: { error: { message: 'slow down', code: 429 } } }))
    await expect(harness.ask(createRequest(), harness.root())).rejects.toMatchObject({ code: 'UPSTREAM_RATE_LIMITED' })
    mock.respondWith(() => ({ json: { error: { message: 'lost a worker' } } }))
    await expect(harness.ask(createRequest(), harness.root())).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
  })

  test('a refusal longer than anybody needs is read to a bound', async () => {
    mock.respondWith(() => ({ status: 400, body: `{"error":{"message":"no"}}${' '.repeat(3_000_000)}` }))
    await expect(harness.ask(createRequest(), harness.root())).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' })
  })
})

describe('an answer that is left', () => {
  const endless = { deltaRepeats: Infinity, eventDelayMs: 5 } as const

  test('by cancel closes the upstream and charges what was generated, as an estimate', async () => {
    mock.next(endless)
    const call = harness.root()
    const answer = await harness.ask(createRequest(stream), call)
    const sink = createSink()
    const relayed = relay(answer, sink)
    await sleep(100)
    answer.cancel(new Error('the client left'))
    await expect(relayed).rejects.toMatchObject({ code: 'CANCELLED' })
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
    const [facts] = call.facts
    expect(facts).toMatchObject({ status: 'cancelled', usage: { source: 'estimated' } })
    expect(facts?.usage?.inputTotal).toBeGreaterThan(0)
    expect(facts?.usage?.outputTotal).toBeGreaterThan(5)
    expect(facts?.cost).toBe(BigInt((facts?.usage?.inputTotal ?? 0) + (facts?.usage?.outputTotal ?? 0)) * 7n)
    expect(call.facts.length).toBe(1)
  })

  test('by the reader of its events does the same', async () => {
    mock.next(endless)
    const call = harness.root()
    for await (const event of await harness.ask(createRequest(stream), call)) if (event.type === 'text-delta') break
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
    expect(call.facts).toMatchObject([{ status: 'cancelled', usage: { source: 'estimated' } }])
  })

  test('by its client before anybody reads it is settled too', async () => {
    mock.next(endless)
    const call = harness.root()
    await harness.ask(createRequest(stream), call)
    call.cancel(new Error('the client left'))
    expect(call.facts).toMatchObject([{ status: 'cancelled', usage: { source: 'estimated' } }])
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('before its first byte closes the upstream within 100 ms, with nothing known of its usage', async () => {
    mock.next({ silent: true })
    const call = harness.root()
    const asked = harness.ask(createRequest(), call)
    const request = await mock.requestAt(0)
    const leftMs = performance.now()
    call.cancel(new Error('the client left'))
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    await request.ended
    expect((request.cancelledAtMs ?? Infinity) - leftMs).toBeLessThan(100)
    expect(call.facts).toMatchObject([
      { status: 'cancelled', usage: undefined, cost: undefined, detail: { sent: true } },
    ])
    expect(mock.requests.length).toBe(1)
  })

  test('when it had all arrived costs what it reported', async () => {
    const call = harness.root()
    const answer = await harness.ask(createRequest(), call)
    answer.cancel(new Error('not needed'))
    expect(call.facts).toMatchObject([{ status: 'ok', usage: { inputTotal: 30, source: 'reported' } }])
  })
})

describe('a stream that breaks', () => {
  test.each([
    ['is reset', { cut: { at: 700, how: 'reset' } }],
    ['is closed', { cut: { at: 700, how: 'close' } }],
    ['ends in the middle of an event', { cut: { at: 700, how: 'end' } }],
    ['ends early', { endAfterEvents: 6 }],
  ] as const)('because it %s delivers whole events, then fails with UPSTREAM_CUT', async (_name, behaviour) => {
    mock.next({ ...behaviour, script: { text: 'A text of some length, to break off in. '.repeat(5) } })
    const call = harness.root()
    const sink = createSink()
    await expect(relay(await harness.ask(createRequest(stream), call), sink)).rejects.toMatchObject({
      code: 'UPSTREAM_CUT',
    })
    expect(sink.text()).toMatch(/^(data: \{.*\}\n\n)+$/)
    expect(call.facts).toMatchObject([{ status: 'error', errorCode: 'UPSTREAM_CUT', usage: { source: 'estimated' } }])
    expect(mock.requests.length).toBe(1)
  })

  test('by an error inside it fails with that error, for both ways of reading', async () => {
    mock.respondWith(() => ({ errorAfterEvents: 4, error: { message: 'lost a worker' } }))
    const call = harness.root()
    await expect(relay(await harness.ask(createRequest(stream), call), createSink())).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
    })
    await expect(collectAnswer(await harness.ask(createRequest(stream), call))).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
    })
    expect(call.facts.map((facts) => facts.status)).toEqual(['error', 'error'])
  })

  test('because it stalls fails with UPSTREAM_TIMEOUT', async () => {
    mock.next({ stall: { afterEvents: 4, durationMs: Infinity } })
    await expect(relay(await harness.ask(createRequest(stream), harness.root()), createSink())).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    })
  })

  test('only after its proper end has ended properly', async () => {
    const chunk = '{"choices":[{"index":0,"delta":{"content":"all"},"finish_reason":"stop"}]}'
    const events = `data: ${chunk}\n\ndata: [DONE]\n\n`
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
    // The last chunk of the framing never comes.
    mock.respondWith(() => ({ raw: `${head}${events.length.toString(16)}\r\n${events}\r\n` }))
    const call = harness.root()
    const sink = createSink()
    await relay(await harness.ask(createRequest(stream), call), sink)
    expect(sink.text()).toBe(events)
    expect(await collectAnswer(await harness.ask(createRequest(stream), call))).toMatchObject({ text: 'all' })
    expect(call.facts.map((facts) => facts.status)).toEqual(['ok', 'ok'])
  })
})

describe('a slow client', () => {
  test('holds the upstream back, and loses nothing', async () => {
    // Test and upstream share a thread, so its silence says little here.
    const timeouts = { ...quickEgress.timeouts, idleMs: 10_000, totalMs: 20_000 }
    const patient = createHarness({ endpoints: { one: { url: mock.url } }, egress: { timeouts } })
    mock.next({ deltaRepeats: 10_000 })
    const call = patient.root({ durationMsMax: 20_000 })
    const answer = await patient.ask(createRequest(stream), call)
    let bytes = 0
    let drain: () => void = () => undefined
    let isSlow = true
    const relayed = relay(answer, {
      write(chunk) {
        bytes += chunk.length
        return !isSlow
      },
      onDrain(listener) {
        drain = listener
      },
    })
    await sleep(150)
    const held = bytes
    expect(held).toBeLessThan(500_000)
    isSlow = false
    drain()
    await relayed
    expect(bytes).toBeGreaterThan(4_000_000)
    expect(call.facts).toMatchObject([{ status: 'ok' }])
    await patient.close()
  })
})
