import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorCatalogue, type ErrorCode } from '../src/core/errors.ts'
import type { JsonValue } from '../src/core/json.ts'
import { at, faces, scim } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const bodyBytesMax = 200_000
const chatFaces = Object.values(faces).map((face) => ({ face }))

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      server: { bodyBytesMax },
      endpoints: { one: toEndpoint(mock, 'openai') },
      models: { one: { endpoint: 'one' } },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

/** Whatever was sent before, nothing of it went out, and the next request is answered. */
afterEach(async () => {
  expect(mock.requests.length).toBe(0)
  const response = await strata.request('/v1/chat/completions', faces.openaiChat.ask('one'))
  expect(response.status).toBe(200)
  await response.arrayBuffer()
  await strata.idle()
  mock.reset()
})

describe.each(chatFaces)('$face.name', ({ face }) => {
  test('a body that is declared too large is refused before it is read', async () => {
    const answer = await send(head('POST', face.path, [`content-length: ${bodyBytesMax + 1}`]))
    expectRefused(answer, 'BODY_TOO_LARGE')
    expect(face.errorOf(answer.json)).toMatchObject({ message: expect.stringContaining('200000 bytes') })
  })

  test('a body in chunks is refused when it has become too large, and the rest is not read', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const answer = await send(
      head('POST', face.path, ['transfer-encoding: chunked']),
      ...Array.from({ length: 200 }, () => chunk),
    )
    expectRefused(answer, 'BODY_TOO_LARGE')
    expect(answer.head).toMatch(/^connection: close$/im)
  })

  test('an official client is told so too', async () => {
    const text = 'x'.repeat(bodyBytesMax * 20)
    const response = await strata.request(face.path, face.ask('one', { text }))
    await expectRefusal(face, response, { code: 'BODY_TOO_LARGE' })
  })

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('%s is refused with the method that is right', async (method) => {
    const response = await strata.request(face.path, undefined, { method })
    expect(response.headers.get('allow')).toBe('POST')
    await expectRefusal(face, response, { code: 'METHOD_NOT_ALLOWED', says: new RegExp(method) })
  })
})

describe('a path', () => {
  test.each([
    ['that is no route', '/v1/nothing', 'ROUTE_NOT_FOUND'],
    ['below a route', '/v1/chat/completions/x', 'ROUTE_NOT_FOUND'],
    ['with a slash too many', '/v1/chat/completions/', 'ROUTE_NOT_FOUND'],
    ['with two slashes', '//v1//models', 'ROUTE_NOT_FOUND'],
    ['that climbs', '/v1/../../etc/passwd', 'ROUTE_NOT_FOUND'],
    ['of another server', 'http://evil.example/v1/models', 'ROUTE_NOT_FOUND'],
    ['of half a character', '/v1/calls/%E0%A4%A', 'NOT_FOUND'],
    ['of bare percent signs', '/v1/collections/%%%/documents', 'NOT_FOUND'],
    ['of a zero byte', '/v1/calls/%00', 'NOT_FOUND'],
    ['of the prototype', '/v1/collections/__proto__/documents', 'NOT_FOUND'],
    ['of a model that is not there', '/v1/models/%ZZ', 'MODEL_NOT_FOUND'],
    ['of a model of the prototype', '/v1/models/constructor', 'MODEL_NOT_FOUND'],
    ['longer than a screen', `/v1/${'x'.repeat(8_000)}`, 'ROUTE_NOT_FOUND'],
  ] as const)('%s is not found', async (_name, path, code) => {
    const answer = await send(head('GET', path))
    expectRefused(answer, code)
    expect(answer.head.length + answer.text.length).toBeLessThan(1_200)
  })

  test.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1e3.5', 'limit='])(
    'with ?%s names the number',
    async (query) => {
      const answer = await send(head('GET', `/v1/calls?${query}`))
      expectRefused(answer, 'INVALID_REQUEST')
      expect(at(answer.json, ['error', 'param'])).toBe('limit')
    },
  )
})

describe('a client whose base URL is not right', () => {
  test.each([
    ['twice', '/v1/v1/chat/completions', '/v1/chat/completions'],
    ['not at all', '/chat/completions', '/v1/chat/completions'],
    ['behind another path', '/openai/v1/models', '/v1/models'],
    ['with a slash at the end', '/v1/embeddings/', '/v1/embeddings'],
    ['with two slashes', '//v1//responses', '/v1/responses'],
    ['below a thing that is there', '/v1/v1/calls/call_1', '/v1/calls/call_1'],
  ])('and has /v1 %s is told what there is', async (_name, path, near) => {
    const answer = await send(head('POST', path, ['content-length: 0']))
    expectRefused(answer, 'ROUTE_NOT_FOUND')
    expect(at(answer.json, ['error', 'message'])).toContain(`, but ${near}: mind the base URL`)
  })

  test('is told so in the shape of the face it speaks', async () => {
    const response = await strata.request('/v1/v1/messages', faces.anthropic.ask('one'))
    await expectRefusal(faces.anthropic, response, { code: 'ROUTE_NOT_FOUND', says: /, but \/v1\/messages:/ })
  })
})

describe('fields that there are not', () => {
  const long = 'k'.repeat(100_000)

  test.each([
    ['/v1/collections', { name: 'x', wat: 1 }, 'wat'],
    ['/v1/collections', { name: 'x', [long]: 1 }, long.slice(0, 64)],
    ['/v1/collections', Object.fromEntries([...Array(10_000).keys()].map((place) => [`k${place}`, 1])), 'name'],
    [
      '/v1/use-cases',
      { name: 'x', title: 't', purpose: 'p', owner: 'o', answers: { [long]: 1 } },
      `answers.${long.slice(0, 64)}`,
    ],
    ['/v1/chat/completions', { ...faces.openaiChat.ask('one'), strata: { bugdet: 1 } }, 'strata.bugdet'],
    ['/v1/what-if', { level: 'policy', scenario: { regions: [] } }, 'scenario.regions'],
  ])('are named in a refusal of %s in few words', async (path, body, param) => {
    const response = await strata.request(path, body)
    const text = await response.clone().text()
    expect(text.length).toBeLessThan(1_000)
    await expectRefusal(faces.openaiChat, response, { code: 'INVALID_REQUEST', param })
  })

  test('are named as they are sent', async () => {
    const past = await strata.request('/v1/keys', { name: 'x', expires_at: '1999-12-31T23:59:59Z' })
    await expectRefusal(faces.openaiChat, past, { code: 'INVALID_REQUEST', param: 'expires_at' })
    const undeclared = await strata.request('/v1/keys', { name: 'x', use_case: 'none' })
    await expectRefusal(faces.openaiChat, undeclared, { code: 'INVALID_REQUEST', param: 'use_case' })
  })
})

describe('what can be read and means nothing', () => {
  test.each([
    {
      what: 'a stretch of time that ends before it begins',
      path: '/v1/prices/rerate',
      body: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      param: 'from',
    },
    {
      what: 'values whose squares are no numbers',
      path: '/v1/forecast',
      body: { series: [{ values: [1e308, -1e308, 1e308, 1e308] }], horizon: 3 },
      param: 'series',
    },
  ])('is refused: $what', async ({ path, body, param }) => {
    await expectRefusal(faces.openaiChat, await strata.request(path, body), { code: 'INVALID_REQUEST', param })
  })

  test('is not found: a generation that is no number', async () => {
    await strata.request('/v1/collections', { name: 'h' })
    const response = await strata.request('/v1/collections/h/generations/abc', undefined, { method: 'DELETE' })
    await expectRefusal(faces.openaiChat, response, { code: 'NOT_FOUND', param: 'generation', says: /"abc"/ })
  })
})

describe('what no database keeps as it is', () => {
  const nul = 'a\0b'

  test.each([
    ['/v1/incidents', { title: nul }, 'title'],
    ['/v1/budgets', { name: 'x', match: { user: nul } }, 'match.user'],
    ['/v1/usage', { events: [{}, { id: nul }] }, 'events.1.id'],
    ['/v1/use-cases', { answers: { [nul]: {} } }, 'answers.ab'],
    ['/v1/chat/completions', { ...faces.openaiChat.ask('one'), strata: { review: nul } }, 'strata.review'],
  ])('is refused in a body of %s, with its place', async (path, body, param) => {
    await expectRefusal(faces.openaiChat, await strata.request(path, body), { code: 'INVALID_REQUEST', param })
  })

  test('is refused in few words, however long the name that holds it', async () => {
    const refused = await strata.request('/v1/incidents', { [`\0${'x'.repeat(100_000)}`]: 1 })
    const text = await refused.text()
    expect([refused.status, text.length < 1_000]).toEqual([400, true])
  })

  test('is refused in a query and in what is provisioned', async () => {
    const asked = await strata.request('/v1/calls?before=a%00b')
    await expectRefusal(faces.openaiChat, asked, { code: 'INVALID_REQUEST', param: 'before' })
    for (const path of ['/scim/v2/Users', '/scim/v2/Groups']) {
      const refused = await strata.request(path, { userName: nul, displayName: nul })
      await expectRefusal(scim, refused, { code: 'INVALID_REQUEST', says: /U\+0000/ })
    }
  })
})

describe('a path of no route', () => {
  test.each([
    ['/scim/v2/Users/x/y', scim],
    ['/v1/messages/batches', faces.anthropic],
    ['/v1/nothing', faces.openaiChat],
  ])('%s is told of in the shape of the face it begins like', async (path, face) => {
    await expectRefusal(face, await strata.request(path), { code: 'ROUTE_NOT_FOUND' })
  })
})

describe('HEAD', () => {
  test.each(['/healthz', '/v1/models', '/v1/models/one', '/openapi.json'])(
    'of %s is GET without the body',
    async (path) => {
      const [get, only] = [await strata.request(path), await strata.request(path, undefined, { method: 'HEAD' })]
      expect([only.status, await only.text()]).toEqual([200, ''])
      expect(only.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength))
    },
  )

  test('of what is only posted to, or is not there, is refused without a body', async () => {
    const posted = await strata.request('/v1/search', undefined, { method: 'HEAD' })
    expect([posted.status, posted.headers.get('allow'), await posted.text()]).toEqual([405, 'POST', ''])
    expect((await strata.request('/v1/calls/none', undefined, { method: 'HEAD' })).status).toBe(404)
    const wrong = await strata.request('/v1/models', undefined, { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('a request that is unusual, but right,', () => {
  const ask = (more: readonly string[]): readonly [string, string] => {
    const body = JSON.stringify(faces.openaiChat.ask('one'))
    const headers = ['content-type: application/json', `content-length: ${body.length}`, ...more]
    return [head('POST', '/v1/chat/completions', headers), body]
  }

  test.each([
    ['waits to be asked for its body', ['expect: 100-continue'], /^HTTP\/1.1 100 Continue$/],
    ['expects what nobody meets', ['expect: the-moon'], /^HTTP\/1.1 200 OK/],
  ] as const)('that %s is answered', async (_name, more, says) => {
    const answer = await send(...ask(more))
    expect(answer.head).toMatch(says)
    expect(mock.requests.length).toBe(1)
    mock.reset()
  })

  test.each([
    ['no key', ['authorization: Bearer wrong'], 401],
    ['too large a body', [`content-length: ${bodyBytesMax + 1}`], 413],
  ] as const)('but has %s is not asked for its body', async (_name, more, status) => {
    const [, path] = ['POST', '/v1/chat/completions']
    const own = more[0].startsWith('authorization') ? [...more, 'content-length: 9'] : more
    const lines = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${strata.key}`, 'expect: 100-continue']
    const named = own[0]?.split(':')[0] ?? ''
    const answer = await send([...lines.filter((line) => !line.startsWith(named)), ...own, '', ''].join('\r\n'))
    expect(answer.status).toBe(status)
  })

  test.each([
    ['/v1/chat/completions', faces.openaiChat.ask('one')],
    ['/v1/messages', faces.anthropic.ask('one')],
  ])('has its first byte of %s within its time, however slowly it is sent', async (path, ask) => {
    const body = JSON.stringify(ask)
    const headers = head('POST', path, ['content-type: application/json', `content-length: ${body.length}`])
    const socket = connect(Number(new URL(strata.url).port), '127.0.0.1')
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    socket.write(headers + body.slice(0, 5))
    await new Promise((wake) => setTimeout(wake, 100))
    socket.write(body.slice(5))
    await once(socket, 'close')
    const id = /^x-strata-call: (\S+)/im.exec(Buffer.concat(received).toString('utf8'))?.[1] ?? ''
    await strata.idle()
    const call = (await (await strata.request(`/v1/calls/${id}`)).json()) as { readonly [name: string]: number }
    expect(call['first_byte_ms']).toBeGreaterThan(0)
    expect(call['first_byte_ms']).toBeLessThanOrEqual(call['duration_ms'] ?? 0)
    mock.reset()
  })

  test('keeps the connection, so that others follow on it', async () => {
    const [first, last] = [head('GET', '/healthz').replace('connection: close\r\n', ''), head('GET', '/v1/models')]
    const answer = await sendAll(first, first, last)
    expect(answer.match(/HTTP\/1.1 200 OK/g)?.length).toBe(3)
  })

  test('names the host in its target too', async () => {
    expect((await send(head('GET', 'http://x/v1/models'))).status).toBe(200)
    expect(await sendAll(head('GET', 'HTTP://x/v1/calls?limit=0'))).toContain('limit')
    expectRefused(await send(head('GET', 'http://x')), 'ROUTE_NOT_FOUND')
  })

  test('but whose body is compressed on its way, or that names no host or two, is refused in the shape of the face', async () => {
    const coded = head('POST', '/v1/chat/completions', ['transfer-encoding: gzip, chunked'])
    expectRefused(await send(coded, '0\r\n\r\n'), 'UNSUPPORTED_MEDIA_TYPE')
    expectRefused(await send('GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n'), 'INVALID_REQUEST')
    expectRefused(await send(head('GET', '/healthz', ['HOST: y'])), 'INVALID_REQUEST')
  })
})

describe('what is no request', () => {
  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 400],
    ['a header without a colon', 'GET /healthz HTTP/1.1\r\nhost: x\r\nnonsense\r\n\r\n', 400],
    [
      'both lengths',
      'POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a length that is no number', 'POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: five\r\n\r\n', 400],
    ['a huge header', `GET /healthz HTTP/1.1\r\nhost: x\r\nx-big: ${'y'.repeat(60_000)}\r\n\r\n`, 431],
    ['thousands of headers', `GET /healthz HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(10_000)}\r\n`, 431],
    ['a huge path', `GET /${'x'.repeat(60_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ] as const)('%s is refused, and the connection closed', async (_name, bytes, status) => {
    const answer = await send(bytes)
    expect(answer.status).toBe(status)
    expect(at(answer.json, ['error', 'code'])).toBe('INVALID_REQUEST')
  })

  test('a request that is never completed holds nothing back', async () => {
    const socket = connect(Number(new URL(strata.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
    await once(socket, 'connect')
    const response = await strata.request('/v1/chat/completions', faces.openaiChat.ask('one'))
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    mock.reset()
    socket.destroy()
    await strata.idle()
  })
})

interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly text: string
  readonly json: JsonValue
}

function head(method: string, path: string, headers: readonly string[] = []): string {
  const own = [`${method} ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${strata.key}`, 'connection: close']
  return [...own, ...headers, '', ''].join('\r\n')
}

/** Sends bytes as they are, and reads until the server has closed the connection. */
async function send(...pieces: readonly string[]): Promise<RawAnswer> {
  const [first = '', text = ''] = (await sendAll(...pieces)).split('\r\n\r\n', 2)
  const json = text.startsWith('{') ? (JSON.parse(text) as JsonValue) : null // whatever JSON.parse gives is JSON
  return { status: Number(first.split(' ')[1]), head: first, text, json }
}

/** The same as text: every answer there is. */
async function sendAll(...pieces: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(strata.url).port), '127.0.0.1')
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  socket.on('error', () => undefined) // The server may close while this still writes.
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
  })
  for (const piece of pieces) {
    if (!socket.writable) break
    if (socket.write(piece)) continue
    await new Promise<void>((resolve) => {
      socket.once('drain', resolve)
      socket.once('close', () => resolve())
    })
  }
  await closed
  return Buffer.concat(received).toString('utf8')
}

function expectRefused(answer: RawAnswer, code: ErrorCode): void {
  expect(answer.status).toBe(errorCatalogue[code].status)
  expect(at(answer.json, ['error', 'code'])).toBe(code)
  expect(at(answer.json, ['error', 'message'])).toContain(errorCatalogue[code].help)
}
