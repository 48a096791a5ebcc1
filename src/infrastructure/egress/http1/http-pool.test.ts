import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createCertificate } from '../../../../test/kit/certificate.ts'
import { listenOnLoopback } from '../../../core/testing.ts'
import { createFakeClock, createSystemClock, type Clock } from '../../../core/time.ts'
import {
  createConnector,
  createHttpPool,
  writeHead,
  type HttpController,
  type HttpPool,
  type ResponseHandler,
} from './index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Upstream {
  readonly port: number
  readonly sockets: Socket[]
  /** Requests so far, each whole. */
  readonly requests: string[]
}

/** Answers each request by what `answer` writes; a request is over when its length has come. */
async function listen(answer: (socket: Socket, request: string, number: number) => void): Promise<Upstream> {
  const upstream = { port: 0, sockets: [] as Socket[], requests: [] as string[] }
  const server: Server = createServer((socket) => {
    upstream.sockets.push(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0)
      if (head === -1 || text.length < head + 4 + length) return
      upstream.requests.push(text)
      const request = text
      text = ''
      answer(socket, request, upstream.requests.length)
    })
  })
  closing.push(() => {
    for (const socket of upstream.sockets) socket.destroy()
    server.close()
  })
  upstream.port = await listenOnLoopback(server)
  return upstream
}

interface PoolOptions {
  readonly connectionsMax?: number
  readonly clock?: Clock
  readonly origin?: string
  readonly authorities?: readonly string[]
}

function createPool(port: number, options: PoolOptions = {}): HttpPool {
  const { connectionsMax = 10, clock = createSystemClock(), origin = `http://127.0.0.1:${port}` } = options
  const { authorities } = options
  const open = createConnector({ origin: new URL(origin), connectMs: 1_000, lookup: undefined, authorities })
  const pool = createHttpPool({ connectionsMax, open, clock })
  closing.push(() => pool.destroy(new Error('the test is over')))
  return pool
}

interface Received {
  readonly status: number
  readonly body: string
}

/** Sends a request; `onStart` is given the controller when it goes out. */
function send(
  pool: HttpPool,
  body: string | Uint8Array | readonly Uint8Array[] | undefined = '{}',
  onStart: (controller: HttpController, handler: ResponseHandler) => void = () => undefined,
): Promise<Received> {
  const head = writeHead({ method: 'POST', path: '/p', host: 'h', headers: ['content-type', 'application/json'] })
  return new Promise((resolve, reject) => {
    let status = 0
    const chunks: Buffer[] = []
    const handler: ResponseHandler = {
      onRequestStart: (controller) => onStart(controller, handler),
      onResponseStart(_, { status: given }) {
        status = given
      },
      onResponseData(_, bytes) {
        chunks.push(bytes)
      },
      onResponseEnd: () => resolve({ status, body: Buffer.concat(chunks).toString('utf8') }),
      onResponseError: (_, error) => reject(error),
    }
    pool.dispatch({ head, body }, handler)
  })
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe('a request', () => {
  test.each([
    ['ASCII', '{"a":1}'],
    ['other letters', '{"a":"北京 é 😀"}'],
    ['no body', ''],
  ])('arrives as it was, with its length: %s', async (_, body) => {
    const upstream = await listen((socket) => socket.write(ok))
    const pool = createPool(upstream.port)
    const large = body.repeat(5_000)
    await send(pool, body)
    await send(pool, large)
    await send(pool, [Buffer.from(body), Buffer.from(large)])
    expect(upstream.requests.map(toBody)).toEqual([body, large, body + large])
    expect(upstream.requests[0]).toMatch(
      /^POST \/p HTTP\/1\.1\r\nhost: h\r\nconnection: keep-alive\r\ncontent-type: application\/json\r\ncontent-length: \d+\r\n\r\n/,
    )
  })

  test.each([
    ['/a b', []],
    ['/a\r\nx: y', []],
    ['http://elsewhere/', []],
    ['/a', ['x', 'a\r\nb: c']],
    ['/a', ['x y', 'a']],
    ['/a', ['x', '北']],
  ])('that cannot be sent is refused: %j %j', (path, headers) => {
    expect(() => writeHead({ method: 'GET', path, host: 'h', headers })).toThrow(/cannot be sent/)
  })
})

function toBody(request: string): string {
  return Buffer.from(request.slice(request.indexOf('\r\n\r\n') + 4), 'latin1').toString('utf8')
}

describe('a connection', () => {
  test('is used again, and a body read into the same memory stays what it was', async () => {
    const upstream = await listen((socket, _, number) => socket.write(ok.replace('ok', `${number}${number}`)))
    const pool = createPool(upstream.port)
    const first = await send(pool)
    const second = await send(pool)
    expect([first.body, second.body]).toEqual(['11', '22'])
    expect(upstream.sockets).toHaveLength(1)
  })

  test('brings a large body whole, and one that ends with it', async () => {
    const large = Array.from({ length: 200_000 }, (_, index) => String(index)).join()
    const upstream = await listen((socket, _, number) => {
      if (number === 1) socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${large.length}\r\n\r\n${large}`)
      else socket.end(`HTTP/1.1 200 OK\r\n\r\n${large}`)
    })
    const pool = createPool(upstream.port)
    expect((await send(pool)).body).toBe(large)
    expect((await send(pool)).body).toBe(large)
    expect(upstream.sockets).toHaveLength(1)
  })

  test('is bounded in number: requests wait their turn, and go out in order', async () => {
    const upstream = await listen((socket, _, number) => setTimeout(() => socket.write(ok), number === 1 ? 30 : 1))
    const pool = createPool(upstream.port, { connectionsMax: 2 })
    await Promise.all(['1', '2', '3', '4', '5', '6'].map((body) => send(pool, body)))
    expect(upstream.sockets).toHaveLength(2)
    expect(upstream.requests.map(toBody)).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  test('is not used again when the server says so, speaks unasked, or answers before it was told all', async () => {
    const answers = [
      ok.replace('content-length', 'connection: close\r\ncontent-length'),
      ok.replace('content-length', 'keep-alive: timeout=1\r\ncontent-length'),
      `${ok}HTTP/1.1 200 OK\r\n\r\n`,
      ok,
    ]
    const upstream = await listen((socket, _, number) => socket.write(answers[number - 1] ?? ok))
    const pool = createPool(upstream.port)
    for (const _ of answers) expect(await send(pool)).toMatchObject({ status: 200, body: 'ok' })
    expect(upstream.sockets).toHaveLength(4)
  })

  test('that was idle for too long is not used again', async () => {
    const clock = createFakeClock(0)
    const answers = [ok, ok, ok.replace('content-length', 'keep-alive: timeout=30\r\ncontent-length'), ok]
    const upstream = await listen((socket, _, number) => socket.write(answers[number - 1] ?? ok))
    const pool = createPool(upstream.port, { clock })
    await send(pool)
    clock.advance(3_900)
    await send(pool)
    expect(upstream.sockets).toHaveLength(1)
    clock.advance(4_100)
    await send(pool)
    expect(upstream.sockets).toHaveLength(2)
    clock.advance(20_000)
    await send(pool)
    expect(upstream.sockets).toHaveLength(2)
  })

  test('that is paused gives nothing, and is no longer paused for the next request', async () => {
    const upstream = await listen((socket) => socket.write(ok))
    const pool = createPool(upstream.port)
    await send(pool)
    const paused = send(pool, '{}', (controller, handler) => {
      controller.pause(handler)
      setTimeout(() => controller.resume(handler), 30)
    })
    expect(await paused).toMatchObject({ body: 'ok' })
    expect(await send(pool)).toMatchObject({ body: 'ok' })
    expect(upstream.sockets).toHaveLength(1)
  })

  test('that breaks says so, and the next request has another', async () => {
    const upstream = await listen((socket, _, number) => {
      if (number === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal', () => socket.destroy())
      else socket.write(ok)
    })
    const pool = createPool(upstream.port)
    await expect(send(pool)).rejects.toThrow('closed')
    expect(await send(pool)).toMatchObject({ body: 'ok' })
  })

  test('of a request that was aborted is closed, and nothing more is told', async () => {
    const upstream = await listen(() => undefined)
    const pool = createPool(upstream.port)
    let abort = (): void => undefined
    let isTold = false
    void send(pool, '{}', (controller, handler) => {
      abort = () => controller.abort(handler)
    }).finally(() => {
      isTold = true
    })
    while (upstream.requests.length === 0) await sleep(1)
    const closed = once(upstream.sockets[0] as Socket, 'close') // it has connected
    abort()
    await closed
    expect(isTold).toBe(false)
  })

  test('of a request that is aborted in the turn it began in never sends it', async () => {
    const upstream = await listen((socket) => socket.write(ok))
    const pool = createPool(upstream.port)
    await send(pool)
    const closed = once(upstream.sockets[0] as Socket, 'close') // it has connected
    void send(pool, '{"left":true}', (controller, handler) => queueMicrotask(() => controller.abort(handler)))
    await closed
    await send(pool, '{"next":true}')
    expect(upstream.requests.map(toBody)).toEqual(['{}', '{"next":true}'])
  })

  test("is nobody else's to close or to pause: who had it before moves nothing any more", async () => {
    const upstream = await listen((socket, _, number) => setTimeout(() => socket.write(ok), number === 1 ? 0 : 20))
    const pool = createPool(upstream.port)
    let meddle = (): void => undefined
    await send(pool, '{}', (controller, handler) => {
      meddle = () => {
        controller.pause(handler)
        controller.abort(handler)
      }
    })
    const next = send(pool)
    meddle()
    expect(await next).toMatchObject({ body: 'ok' })
    expect(upstream.sockets).toHaveLength(1)
  })

  test('that cannot be made fails the request that waited longest, and the pool goes on', async () => {
    const upstream = await listen((socket) => socket.write(ok))
    const dead = createPool(1)
    await expect(Promise.all([send(dead), send(dead)])).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(send(dead)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await send(createPool(upstream.port))).toMatchObject({ body: 'ok' })
  })

  test('is closed with the pool: what is under way and what waits fail with the reason', async () => {
    const upstream = await listen(() => undefined)
    const pool = createPool(upstream.port, { connectionsMax: 1 })
    const sent = [send(pool), send(pool)].map((each) => each.catch((error: unknown) => error))
    while (upstream.requests.length === 0) await sleep(1)
    const reason = new Error('closing')
    pool.destroy(reason)
    expect(await Promise.all(sent)).toEqual([reason, reason])
  })
})

describe('an encrypted connection', () => {
  async function listenTls(): Promise<{
    readonly origin: string
    readonly certificate: string
    readonly told: string[]
  }> {
    const { certificate, key } = createCertificate()
    const told: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      closing.push(() => socket.destroy())
      const secure = new TLSSocket(socket, { isServer: true, cert: certificate, key })
      secure.on('error', () => undefined)
      secure.on('data', (bytes: Buffer) => {
        told.push(bytes.toString('utf8'))
        secure.write(ok)
      })
    })
    closing.push(() => server.close())
    const port = await listenOnLoopback(server)
    return { origin: `https://localhost:${port}`, certificate, told }
  }

  test('is used again like any other', async () => {
    const { origin, certificate, told } = await listenTls()
    const pool = createPool(0, { origin, authorities: [certificate] })
    for (const body of ['{"a":1}', '{"a":2}']) expect(await send(pool, body)).toMatchObject({ status: 200, body: 'ok' })
    expect(told.join('')).toContain('{"a":2}')
  })

  test('is checked: what is not signed by an authority is not spoken to', async () => {
    const { origin, told } = await listenTls()
    await expect(send(createPool(0, { origin }))).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(told).toEqual([])
  })
})
