import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../test/kit/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { listenOnLoopback } from '../../core/testing.ts'
import { createHarness, createTarget, quickTimeouts, type Harness } from './harness.ts'

const chat = { path: '/chat/completions', body: '{"model":"m","messages":[],"stream":true}' }

let mock: MockUpstream
let harness: Harness
const servers: Server[] = []
const sockets = new Set<Socket>()

beforeEach(async () => {
  mock = await startMockUpstream()
  harness = createHarness()
})

afterEach(async () => {
  await harness.egress.close()
  await mock.close()
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A bare TCP server; returns its base URL. */
async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  servers.push(server)
  return `http://127.0.0.1:${await listenOnLoopback(server)}`
}

describe('a response', () => {
  test('gives status, headers, time and body', async () => {
    mock.next({ echo: true, headers: { 'x-request-id': 'r1' } })
    const response = await harness.send(createTarget(mock.url), harness.call(), { path: '/chat/completions' })
    expect(response.status).toBe(200)
    expect(response.headers['x-request-id']).toBe('r1')
    expect(response.firstByteMs).toBeGreaterThan(0)
    expect(JSON.parse((await response.body.collect(100_000)).toString())).toMatchObject({ method: 'POST', body: '{}' })
  })

  test('keeps its bytes until somebody reads them', async () => {
    mock.next({ json: { late: true } })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    await sleep(60)
    expect((await response.body.collect(1_000)).toString()).toBe('{"late":true}')
  })

  test('larger than the bound is left', async () => {
    mock.next({ deltaRepeats: Infinity })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    await expect(response.body.collect(10_000)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('rejects with what its reader throws, and leaves the upstream', async () => {
    mock.next({ deltaRepeats: Infinity })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    const thrown = new Error('enough')
    const pumped = response.body.pump(() => {
      throw thrown
    })
    await expect(pumped).rejects.toBe(thrown)
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('cut in the middle delivers what had arrived, then says so', async () => {
    mock.next({ cut: { at: 100, how: 'reset' }, eventDelayMs: 1 })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    let bytes = 0
    const pumped = response.body.pump((chunk) => {
      bytes += chunk.length
      return true
    })
    await expect(pumped).rejects.toMatchObject({ code: 'UPSTREAM_CUT', details: { sent: true } })
    expect(bytes).toBe(100)
  })
})

describe('a slow reader', () => {
  test('pauses the upstream: what is kept in memory is bounded, and nothing is lost', async () => {
    const total = 32 * 1_048_576
    let upstream: Socket | undefined
    const url = await serve((socket) => {
      upstream = socket
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
        socket.write(Buffer.alloc(total, 120))
      })
    })
    const patient = { ...quickTimeouts, idleMs: 5_000 }
    const response = await harness.send(createTarget(url, { timeouts: patient }), harness.call(), chat)
    let bytes = 0
    let isOpen = false
    const pumped = response.body.pump((chunk) => {
      bytes += chunk.length
      return isOpen
    })
    await sleep(200)
    const held = bytes
    // Far less than the body has left the server's memory: socket buffers and one window of ours.
    expect(held).toBeLessThan(1_048_576)
    expect(upstream?.writableLength ?? 0).toBeGreaterThan(total / 2)
    await sleep(100)
    expect(bytes).toBe(held)
    isOpen = true
    response.body.resume()
    await pumped
    expect(bytes).toBe(total)
  })

  test('is not blamed on the upstream: the idle time does not run while it is held', async () => {
    const url = await serve((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4000000\r\n\r\n')
        socket.write(Buffer.alloc(4_000_000, 120))
      })
    })
    const response = await harness.send(createTarget(url), harness.call(), chat)
    let chunks = 0
    const pumped = response.body.pump(() => {
      chunks += 1
      return chunks > 1
    })
    await sleep(quickTimeouts.idleMs + 200)
    response.body.resume()
    await pumped
    expect(chunks).toBeGreaterThan(1)
  })
})

describe('time runs out', () => {
  test('while connecting: nothing was sent', async () => {
    const stuck = createHarness({ lookup: () => undefined })
    const sent = stuck.send(createTarget('http://stuck:9'), stuck.call())
    await expect(sent).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', details: { limit: 'connectMs', sent: false } })
    await stuck.egress.close()
  })

  test('before the head', async () => {
    mock.next({ silent: true })
    const sent = harness.send(createTarget(mock.url), harness.call(), chat)
    await expect(sent).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { limit: 'firstByteMs', sent: true },
    })
    const request = await mock.requestAt(0)
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('between the head and the first byte of the body: a head alone is no answer', async () => {
    mock.next({ firstEventDelayMs: Infinity })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    await expect(response.body.collect(1_000)).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { limit: 'firstByteMs' },
    })
  })

  test('between the head and the first byte only after firstByteMs, not after idleMs', async () => {
    mock.next({ firstEventDelayMs: 300 })
    const timeouts = { ...quickTimeouts, firstByteMs: 5_000, idleMs: 100 }
    const response = await harness.send(createTarget(mock.url, { timeouts }), harness.call(), chat)
    expect((await response.body.collect(1_000_000)).length).toBeGreaterThan(100)
  })

  test('between two chunks', async () => {
    mock.next({ stall: { afterEvents: 3, durationMs: Infinity } })
    const response = await harness.send(createTarget(mock.url), harness.call(), chat)
    await expect(response.body.pump(() => true)).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { limit: 'idleMs' },
    })
  })

  test('for the whole answer, though it never stops', async () => {
    mock.next({ deltaRepeats: Infinity, eventDelayMs: 20 })
    const timeouts = { ...quickTimeouts, totalMs: 300 }
    const response = await harness.send(createTarget(mock.url, { timeouts }), harness.call(), chat)
    await expect(response.body.pump(() => true)).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { limit: 'totalMs' },
    })
  })

  test('of the call itself', async () => {
    mock.next({ silent: true })
    const sent = harness.send(createTarget(mock.url), harness.call({ durationMsMax: 150 }), chat)
    await expect(sent).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

describe('a client that leaves', () => {
  const closesWithinMs = 100

  test('before the head closes the upstream within 100 ms', async () => {
    mock.next({ silent: true })
    const call = harness.call()
    const sent = harness.send(createTarget(mock.url), call, chat)
    const request = await mock.requestAt(0)
    const leftMs = performance.now()
    call.cancel(new Error('the socket closed'))
    await expect(sent).rejects.toMatchObject({ code: 'CANCELLED' })
    await request.ended
    expect(request.outcome).toBe('cancelled')
    expect((request.cancelledAtMs ?? Infinity) - leftMs).toBeLessThan(closesWithinMs)
  })

  test('in the middle of a stream closes the upstream within 100 ms', async () => {
    mock.next({ deltaRepeats: Infinity, eventDelayMs: 5 })
    const call = harness.call()
    const response = await harness.send(createTarget(mock.url), call, chat)
    const pumped = response.body.pump(() => true)
    const request = await mock.requestAt(0)
    await sleep(30)
    const leftMs = performance.now()
    call.cancel(new Error('the socket closed'))
    await expect(pumped).rejects.toMatchObject({ code: 'CANCELLED' })
    await request.ended
    expect((request.cancelledAtMs ?? Infinity) - leftMs).toBeLessThan(closesWithinMs)
  })

  test('while it holds the stream back closes the upstream too', async () => {
    mock.next({ deltaRepeats: Infinity })
    const call = harness.call()
    const response = await harness.send(createTarget(mock.url), call, chat)
    const pumped = response.body.pump(() => false)
    const request = await mock.requestAt(0)
    await sleep(50)
    call.cancel(new Error('the socket closed'))
    await expect(pumped).rejects.toMatchObject({ code: 'CANCELLED' })
    await request.ended
    expect(request.outcome).toBe('cancelled')
  })

  test('before there is a connection sends nothing, also not later', async () => {
    let answerLookup: () => void = () => undefined
    const waiting = createHarness({
      lookup: (_hostname, done) => {
        answerLookup = () => done(null, [{ address: '127.0.0.1', family: 4 }])
      },
    })
    const call = waiting.call()
    const sent = waiting.send(createTarget(mock.url.replace('127.0.0.1', 'vllm')), call, chat)
    await sleep(20)
    call.cancel(new Error('the socket closed'))
    await expect(sent).rejects.toMatchObject({ code: 'CANCELLED', details: { sent: false } })
    answerLookup()
    await sleep(50)
    expect(mock.requests.length).toBe(0)
    await waiting.egress.close()
  })

  test('with a reason of ours is told that reason', async () => {
    mock.next({ silent: true })
    const call = harness.call()
    const sent = harness.send(createTarget(mock.url), call, chat)
    await mock.requestAt(0)
    call.cancel(new PlatformError('DEADLINE_EXCEEDED', 'too late'))
    await expect(sent).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', message: 'too late' })
  })
})

describe('a connection that fails', () => {
  test('to be made sent nothing', async () => {
    const url = await serve((socket) => socket.destroy())
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
    await expect(harness.send(createTarget(url), harness.call())).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      retryable: true,
      details: { sent: false, reason: 'ECONNREFUSED' },
    })
  })

  test('for want of a name sent nothing', async () => {
    const lost = createHarness({
      lookup: (_hostname, done) => done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []),
    })
    await expect(lost.send(createTarget('http://api.vendor.example'), lost.call())).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      details: { sent: false, reason: 'ENOTFOUND' },
    })
    await lost.egress.close()
  })

  test('on a kept-alive connection the server has given up is worth another try', async () => {
    let requests = 0
    const url = await serve((socket) => {
      socket.on('data', () => {
        requests += 1
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
        else socket.resetAndDestroy()
      })
    })
    const target = createTarget(url)
    await (await harness.send(target, harness.call())).body.collect(10)
    await sleep(20)
    await expect(harness.send(target, harness.call())).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      retryable: true,
      details: { sent: true },
    })
    expect(requests).toBe(2)
  })

  test('to speak HTTP is no answer', async () => {
    mock.next({ raw: 'SSH-2.0-OpenSSH_9.9\r\n' })
    const error: unknown = await harness
      .send(createTarget(mock.url), harness.call(), chat)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID', details: { sent: true } })
    expect(inspect(error)).not.toContain('OpenSSH')
  })

  test('because the door is closed says so, and what is under way ends', async () => {
    mock.next({ silent: true })
    const target = createTarget(mock.url)
    const sent = harness.send(target, harness.call(), chat)
    await mock.requestAt(0)
    await Promise.all([expect(sent).rejects.toMatchObject({ code: 'OVERLOADED' }), harness.egress.close()])
    await expect(harness.send(target, harness.call(), chat)).rejects.toMatchObject({ code: 'OVERLOADED' })
  })
})
