import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CallFacts } from '../src/core/call.ts'
import { faces, type Face } from './kit/faces.ts'
import { startMockUpstream, type Behaviour, type MockRequest, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

/** From the moment the client is gone to the moment the upstream sees it. */
const cancelledWithinMs = 100

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const price = { input: '1', output: '2' }
  strata = await startStrata({
    config: {
      egress: { attemptsMax: 1 },
      endpoints: {
        openai: toEndpoint(mock, 'openai', { price }),
        anthropic: toEndpoint(mock, 'anthropic', { price }),
        'openai-responses': toEndpoint(mock, 'openai-responses', { price }),
      },
      models: {
        openai: { endpoint: 'openai' },
        anthropic: { endpoint: 'anthropic' },
        'openai-responses': { endpoint: 'openai-responses' },
        safe: { fallback: ['openai', 'anthropic'] },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

beforeEach(() => mock.reset())

const endless: Behaviour = { deltaRepeats: Infinity, eventDelayMs: 5 }

/** The face, and the model behind it: relayed, then translated. */
const ways: readonly { readonly name: string; readonly face: Face; readonly model: string }[] = [
  { name: 'chat', face: faces.openaiChat, model: 'openai' },
  { name: 'messages', face: faces.anthropic, model: 'anthropic' },
  { name: 'responses', face: faces.openaiResponses, model: 'openai-responses' },
  { name: 'messages by a chat endpoint', face: faces.anthropic, model: 'openai' },
  { name: 'chat by a messages endpoint', face: faces.openaiChat, model: 'anthropic' },
]

describe.each(ways)('a client of $name that leaves', ({ face, model }) => {
  test('before the first byte: upstream is cancelled at once, the call is recorded as cancelled', async () => {
    mock.next({ silent: true })
    const client = open(face, face.ask(model, { stream: true }))
    await expectCancelled(client, await mock.requestAt(0))
    expect(await newestCall()).toMatchObject({ status: 'cancelled', errorCode: 'CANCELLED', firstByteMs: undefined })
  })

  test('in the middle of a stream: upstream is cancelled at once, and what was generated is charged', async () => {
    mock.next(endless)
    const client = open(face, face.ask(model, { stream: true }))
    await readBytes(await client.response, 2_000)
    await expectCancelled(client, await mock.requestAt(0))
    const root = await newestCall()
    expect(root).toMatchObject({
      status: 'cancelled',
      errorCode: 'CANCELLED',
      firstByteMs: expect.any(Number),
      usage: { source: 'estimated' },
      cost: expect.any(BigInt),
    })
    expect(root?.usage?.outputTotal).toBeGreaterThan(0)
  })

  test('while a stream has stalled: upstream is cancelled at once', async () => {
    mock.next({ stall: { afterEvents: 4, durationMs: Infinity } })
    const client = open(face, face.ask(model, { stream: true }))
    await readBytes(await client.response, 1)
    await expectCancelled(client, await mock.requestAt(0))
  })

  test('during a whole answer: upstream is cancelled at once', async () => {
    mock.next({ firstEventDelayMs: Infinity })
    const client = open(face, face.ask(model))
    await expectCancelled(client, await mock.requestAt(0))
    expect(await newestCall()).toMatchObject({ status: 'cancelled', errorCode: 'CANCELLED' })
  })
})

test('a client that leaves is no failure of the endpoint: no other is asked, and its breaker stays closed', async () => {
  for (let round = 0; round < 6; round++) {
    mock.next({ silent: true })
    const client = open(faces.openaiChat, faces.openaiChat.ask('safe'))
    await expectCancelled(client, await mock.requestAt(round))
  }
  expect(mock.requests.length).toBe(6)
  const health = strata.platform.parts().health.report.endpoints.find(({ id }) => id === 'openai')
  expect(health).toMatchObject({ breaker: 'closed', inFlight: 0 })
})

test('a client that leaves while it sends its request leaves nothing behind', async () => {
  const client = open(faces.openaiChat, undefined)
  client.request.write('{"model":"openai","messages":[')
  await until(() => strata.open === 1)
  client.request.destroy()
  await until(() => strata.open === 0)
  expect(mock.requests.length).toBe(0)
})

describe('a client that does not read', () => {
  const big: Behaviour = { deltaRepeats: Infinity, script: { textDeltas: ['x'.repeat(16_384)] } }
  /** What the buffers of two loopback connections hold, and little more: the kernel lets each grow to several megabytes. */
  const bytesMax = 24 * 1_048_576

  test.each(ways)('$name: holds the upstream back, and memory stays flat', async ({ face, model }) => {
    mock.next(big)
    const rssBefore = process.memoryUsage().rss
    const client = open(face, face.ask(model, { stream: true }))
    const response = await client.response
    response.pause()
    const upstream = await mock.requestAt(0)
    const heldBytes = await settled(() => upstream.bodyBytesSent)
    expect(heldBytes).toBeGreaterThan(1_048_576)
    expect(heldBytes).toBeLessThan(bytesMax)
    expect(upstream.outcome).toBe('open')
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(128 * 1_048_576)

    // It goes on when the client reads on.
    await readBytes(response, heldBytes)
    await until(() => upstream.bodyBytesSent > heldBytes)
    await expectCancelled(client, upstream)
  })
})

interface Client {
  readonly request: ReturnType<typeof httpRequest>
  readonly response: Promise<IncomingMessage>
}

/** A client on a connection of its own, whose end this test decides. */
function open(face: Face, body: unknown): Client {
  const request = httpRequest(`${strata.url}${face.path}`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${strata.key}`, 'content-type': 'application/json' },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', (message: IncomingMessage) => {
      message.on('error', () => undefined) // The test itself cuts it.
      resolve(message)
    })
    request.on('error', reject)
  })
  response.catch(() => undefined)
  if (body !== undefined) request.end(JSON.stringify(body))
  return { request, response }
}

/** Destroys the client's connection; upstream must see it within the bound. */
async function expectCancelled(client: Client, upstream: MockRequest): Promise<void> {
  const pausedMs = watchPauses()
  const leftAtMs = performance.now()
  client.request.destroy()
  await upstream.ended
  const tookMs = (upstream.cancelledAtMs ?? Infinity) - leftAtMs - pausedMs()
  expect(upstream.outcome).toBe('cancelled')
  expect(tookMs).toBeLessThan(cancelledWithinMs)
  await until(() => strata.open === 0)
}

/** How long this process, which is client, server and upstream at once, had to wait for its turn on a busy machine. */
function watchPauses(): () => number {
  const turnMs = 10
  let pausedMs = 0
  let lastMs = performance.now()
  const look = (): void => {
    const nowMs = performance.now()
    pausedMs += Math.max(0, nowMs - lastMs - turnMs)
    lastMs = nowMs
  }
  const timer = setInterval(look, 1)
  return () => {
    clearInterval(timer)
    look()
    return pausedMs
  }
}

function readBytes(response: IncomingMessage, bytesMin: number): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes >= bytesMin) resolve()
    })
    response.resume()
  })
}

async function newestCall(): Promise<CallFacts | undefined> {
  return (await strata.platform.parts().calls.list('default', { limit: 1 }))[0]
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

/** A figure once it has stood still for a third of a second. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read()
    if (now === last && now > 0) return now
    last = now
    await sleep(300)
  }
}
