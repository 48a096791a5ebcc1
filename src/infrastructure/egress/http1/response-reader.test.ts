import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NotHttpError, ResponseReader } from './response-reader.ts'

interface Told {
  readonly heads: { readonly status: number; readonly headers: readonly string[] }[]
  body: string
  ends: boolean[]
}

/** What is told of bytes that arrive in these pieces. */
function read(pieces: readonly (string | Uint8Array)[], options: { readonly isClosed?: boolean } = {}): Told {
  const told: Told = { heads: [], body: '', ends: [] }
  const reader = new ResponseReader({
    head: (head) => told.heads.push({ status: head.status, headers: head.pairs() }),
    body: (bytes) => {
      told.body += bytes.toString('latin1')
    },
    end: (isReusable) => told.ends.push(isReusable),
  })
  reader.start()
  // The memory of a piece is used again for the next, as a connection does.
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string, 'latin1')
    reader.read(bytes)
    bytes.fill(0)
  }
  if (options.isClosed === true) reader.close()
  return told
}

const sized = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello'
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name="a;b"\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n'

describe('a response', () => {
  test('of a known length', () => {
    expect(read([sized])).toEqual({
      heads: [{ status: 200, headers: ['content-type', 'text/plain', 'content-length', '5'] }],
      body: 'hello',
      ends: [true],
    })
  })

  test('in chunks, with extensions and a trailer', () => {
    expect(read([chunked])).toMatchObject({ body: 'hello world', ends: [true] })
  })

  test('that lasts until the connection is closed', () => {
    const text = 'HTTP/1.0 200 fine\r\n\r\nhello'
    expect(read([text])).toMatchObject({ body: 'hello', ends: [] })
    expect(read([text], { isClosed: true })).toMatchObject({ body: 'hello', ends: [false] })
  })

  test.each(['204 No Content', '304 Not Modified'])('without a body: %s', (status) => {
    expect(read([`HTTP/1.1 ${status}\r\ncontent-length: 9\r\n\r\n`])).toMatchObject({ body: '', ends: [true] })
  })

  test('after others that only inform', () => {
    const told = read([`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${sized}`])
    expect(told).toMatchObject({ heads: [{ status: 200 }], body: 'hello', ends: [true] })
  })

  test.each([
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nconnection: Upgrade\r\nconnection: CLOSE\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 0\r\n\r\n', true],
    ['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', true],
  ])('says whether another may follow: %j %s', (text, isReusable) => {
    expect(read([text]).ends).toEqual([isReusable])
  })

  test('is the same in whatever pieces it arrives', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 })
    fc.assert(
      fc.property(bodies, fc.boolean(), fc.array(fc.nat(400), { maxLength: 12 }), (parts, isChunked, cuts) => {
        const whole = toResponse(parts, isChunked)
        const places = [0, ...cuts.map((cut) => cut % whole.length).toSorted((a, b) => a - b), whole.length]
        const pieces = places.slice(1).map((end, index) => whole.subarray(places[index] ?? 0, end))
        expect(read(pieces)).toEqual(read([whole]))
        expect(read(pieces)).toMatchObject({ body: Buffer.concat(parts).toString('latin1'), ends: [true] })
      }),
    )
  })
})

function toResponse(parts: readonly Uint8Array[], isChunked: boolean): Buffer {
  const body = Buffer.concat(parts)
  const head = 'HTTP/1.1 200 OK\r\nx-request-id: r1\r\n'
  if (!isChunked) return Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body])
  const chunks = parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')])
  return Buffer.concat([Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n`), ...chunks, Buffer.from('0\r\n\r\n')])
}

test('headers are found by name, in whatever case they came; the first of several', () => {
  const found: (string | undefined)[] = []
  const reader = new ResponseReader({
    head: (head) => found.push(...['retry-after', 'x-b', 'x-c', 'ok'].map((name) => head.find(name))),
    body: () => undefined,
    end: () => undefined,
  })
  reader.start()
  reader.read(Buffer.from('HTTP/1.1 200 Ok: x\r\nX-A: x-b: 1\r\nRetry-AFTER:  3 \r\nretry-after: 4\r\nX-C:\r\n\r\n'))
  expect(found).toEqual(['3', undefined, '', undefined])
})

describe('what is refused', () => {
  const head = 'HTTP/1.1 200 OK\r\n'
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['another version', 'HTTP/2 200\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a change of protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['a length and chunks', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['two lengths', `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n`],
    ['a length that is no number', `${head}content-length: +5\r\n\r\n`],
    ['two lengths in one', `${head}content-length: 5, 5\r\n\r\n`],
    ['an encoding of the transfer nobody asked for', `${head}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['a folded line', `${head}x-long: a\r\n b: c\r\n\r\n`],
    ['a blank before the colon', `${head}content-length : 5\r\n\r\n`],
    ['a line without a colon', `${head}content-length\r\n\r\n`],
    ['a line that ends in a bare LF', `${head}x: a\ncontent-length: 5\r\n\r\n`],
    ['a NUL', `${head}x: a\0b\r\n\r\n`],
    ['a head without an end', `${head}x: ${'a'.repeat(17_000)}`],
    ['a chunk whose size is no number', `${head}transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n`],
    ['a chunk that is longer than it says', `${head}transfer-encoding: chunked\r\n\r\n4\r\nhello\r\n`],
    ['a chunk line that ends in a bare LF', `${head}transfer-encoding: chunked\r\n\r\n5\nhello\r\n`],
    ['a chunk line without an end', `${head}transfer-encoding: chunked\r\n\r\n5;${'a'.repeat(300)}`],
    ['a trailer without an end', `${head}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(5_000)}`],
    ['bytes behind the end', `${sized}HTTP/1.1 200 OK\r\n`],
  ])('%s', (_, text) => {
    expect(() => read([text])).toThrow(NotHttpError)
    expect(() => read(text.match(text.length > 1_000 ? /.{1,99}/gs : /./gs) ?? [])).toThrow(NotHttpError)
  })
})

test('nothing more is told once the reading is stopped', () => {
  const told: string[] = []
  const reader: ResponseReader = new ResponseReader({
    head: () => told.push('head'),
    body: () => {
      told.push('body')
      reader.stop()
    },
    end: () => told.push('end'),
  })
  reader.start()
  reader.read(Buffer.from(chunked))
  expect(reader.close()).toBe(false)
  expect(told).toEqual(['head', 'body'])
})
