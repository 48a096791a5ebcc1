import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../test/kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata | undefined

beforeEach(async () => {
  mock = await startMockUpstream()
})

afterEach(async () => {
  await strata?.close()
  await mock.close()
  strata = undefined
})

async function start(server = {}): Promise<RunningStrata> {
  const price = { input: '1', output: '2' }
  const config = {
    server,
    endpoints: { one: toEndpoint(mock, 'openai', { price }) },
    models: { one: { endpoint: 'one' } },
  }
  strata = await startStrata({ config })
  return strata
}

const ask = { model: 'one', messages: [{ role: 'user', content: 'Hello' }] }
const chat = '/v1/chat/completions'

describe('an answer', () => {
  test('says in its headers which call it was, what it cost and what Strata added', async () => {
    const running = await start()
    const response = await running.request(chat, ask)
    const id = response.headers.get('x-strata-call') ?? ''
    expect(id).toMatch(/^call_/)
    expect(response.headers.get('x-strata-cost')).toBe('0.00003') // 12 tokens in at 1, 9 out at 2 USD per million
    expect(response.headers.get('x-strata-overhead-ms')).toMatch(/^\d+(\.\d+)?$/)
    // The rows of the request and of its one try are there before the last byte.
    const facts = await running.platform.parts().calls.find('default', id)
    expect(facts).toHaveLength(2)
    expect(facts.map((fact) => fact.firstByteMs)).toEqual([expect.any(Number), expect.any(Number)])
  })

  test('of an endpoint in the same dialect is the bytes of the endpoint', async () => {
    const running = await start()
    mock.next({ body: '{ "id":"x",  "object":"chat.completion","created":1,"model":"m","choices":[], "own": [1.0] }' })
    expect(await (await running.request(chat, ask)).text()).toBe(
      '{ "id":"x",  "object":"chat.completion","created":1,"model":"m","choices":[], "own": [1.0] }',
    )
  })

  test('carries the report of Strata when the request asks for it, whole and streamed', async () => {
    const running = await start()
    const report = { route: expect.any(Array), endpoint: 'one', regions: ['local'], usage: { source: 'reported' } }
    const whole: unknown = await (await running.request(chat, { ...ask, strata: { report: true } })).json()
    expect(whole).toMatchObject({ object: 'chat.completion', strata: report })
    const streamed = await (await running.request(chat, { ...ask, stream: true, strata: { report: true } })).text()
    const last = streamed.split('\n\n').findLast((event) => event.includes('"strata"')) ?? ''
    expect(JSON.parse(last.slice('data: '.length))).toMatchObject({ strata: report })
    expect(mock.requests.every(({ text }) => !text.includes('strata'))).toBe(true)
  })

  test('that streams is not to be buffered on its way', async () => {
    const running = await start()
    const response = await running.request(chat, { ...ask, stream: true })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    expect((await response.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('a key', () => {
  test.each(['Bearer KEY', 'bearer KEY', 'BEARER  KEY'])('is taken from authorization: %s', async (form) => {
    const running = await start()
    expect(
      (await running.request(chat, ask, { headers: { authorization: form.replace('KEY', running.key) } })).status,
    ).toBe(200)
  })

  test('is taken from x-api-key, and never reaches the endpoint', async () => {
    const { url, key } = await start()
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const response = await fetch(`${url}${chat}`, { method: 'POST', headers, body: JSON.stringify(ask) })
    expect(response.status).toBe(200)
    expect(JSON.stringify(mock.requests[0]?.headers)).not.toContain(key)
    expect(mock.requests[0]?.headers['authorization']).toBe('Bearer vendor-secret')
  })
})

describe('a server', () => {
  test('refuses what is more than it takes at once, and says when to come back', async () => {
    const running = await start({ requestsOpenMax: 2 })
    mock.respondWith(() => ({ silent: true }))
    const leaving = new AbortController()
    const held = [0, 1].map(() => running.request(chat, ask, { signal: leaving.signal }).catch(() => undefined))
    await mock.requestAt(1)
    const response = await running.request(chat, ask)
    expect([response.status, response.headers.get('x-strata-error')]).toEqual([503, 'OVERLOADED'])
    expect(response.headers.get('retry-after')).toBe('1')
    leaving.abort()
    await Promise.all(held)
  })

  test('gives a request no more time than it has, and cancels upstream then', async () => {
    const running = await start({ requestMsMax: 200 })
    mock.next({ silent: true })
    const response = await running.request(chat, ask)
    expect([response.status, response.headers.get('x-strata-error')]).toEqual([504, 'DEADLINE_EXCEEDED'])
    await mock.requests[0]?.ended
    expect(mock.requests[0]?.outcome).toBe('cancelled')
  })

  test('cuts what is still in work when the time to drain is over', async () => {
    const running = await start({ drainMsMax: 100 })
    mock.next({ deltaRepeats: Infinity, eventDelayMs: 5 })
    const response = await running.request(chat, { ...ask, stream: true })
    const rest = response.text()
    await Promise.all([expect(rest).rejects.toThrow(), strata?.close()])
    strata = undefined
    await mock.requests[0]?.ended
    expect(mock.requests[0]?.outcome).toBe('cancelled')
  })

  test('ends at once beside connections on which nothing was ever asked', async () => {
    const running = await start({ drainMsMax: 3_600_000 })
    const unused = connect(Number(new URL(running.url).port), '127.0.0.1').resume()
    await once(unused, 'connect')
    expect(await (await running.request(chat, ask)).json()).toMatchObject({ object: 'chat.completion' })
    const closed = once(unused, 'close')
    await strata?.close()
    strata = undefined
    await closed
  })

  test('says that its port is taken', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    await expect(startStrata({ config: { server: { port } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      param: 'server.port',
      message: expect.stringContaining(`127.0.0.1:${port} is in use`),
    })
  })
})
