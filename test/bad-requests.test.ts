import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorCatalogue, type ErrorCode } from '../src/core/errors.ts'
import type { JsonValue } from '../src/core/json.ts'
import { at, faces } from './kit/faces.ts'
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
  expect(strata.open).toBe(0)
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
    while (strata.open > 0) await new Promise((resolve) => setTimeout(resolve, 5))
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
  const [first = '', text = ''] = Buffer.concat(received).toString('utf8').split('\r\n\r\n', 2)
  const json = text === '' ? null : (JSON.parse(text) as JsonValue) // whatever JSON.parse gives is JSON
  return { status: Number(first.split(' ')[1]), head: first, text, json }
}

function expectRefused(answer: RawAnswer, code: ErrorCode): void {
  expect(answer.status).toBe(errorCatalogue[code].status)
  expect(at(answer.json, ['error', 'code'])).toBe(code)
  expect(at(answer.json, ['error', 'message'])).toContain(errorCatalogue[code].help)
}
