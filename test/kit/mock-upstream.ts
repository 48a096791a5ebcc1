import { createServer, type Socket } from 'node:net'
import { isJsonObject, type JsonValue } from '../../src/core/json.ts'
import { listenOnLoopback } from '../../src/core/testing.ts'
import { createSystemClock, type Clock } from '../../src/core/time.ts'
import type { Behaviour } from './behaviour.ts'
import { createExchange, type Exchange, type MockRequest, type RequestParts } from './exchange.ts'
import type { PlanOptions } from './plan.ts'
import { createRequestReader, type RawRequest } from './request-reader.ts'
import { defaultScript, type Script } from './script.ts'

/** An endpoint on loopback that says what it is told to say, misbehaves as it is told to, and remembers who asked. */
export interface MockUpstream {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** Base URL for clients and endpoints: the origin and `/v1`. */
  readonly url: string
  /** In the order received. Live: a request goes on changing until it has ended. */
  readonly requests: readonly MockRequest[]
  readonly connections: ConnectionCounts
  /** What the model says from now on. */
  script(script: Script): void
  /** Behaviours for the next requests, one each, in order. GET requests take none, so that probes do not use them up. */
  next(...behaviours: readonly Behaviour[]): void
  /** For every request of a model that `next` does not cover. */
  forModel(model: string, behaviour: Behaviour): void
  /** For every other request; `undefined` behaves properly. */
  respondWith(choose: (request: MockRequest) => Behaviour | undefined): void
  /** Forgets scripts, behaviours and requests; connections stay open. */
  reset(): void
  /** The request of that number, counted from 0 since the last reset, once it has come. Rejects after `timeoutMs` (30 s). */
  requestAt(index: number, timeoutMs?: number): Promise<MockRequest>
  /** Destroys every connection and stops listening. */
  close(): Promise<void>
}

export interface ConnectionCounts {
  readonly opened: number
  readonly open: number
  /** Most at once. */
  readonly openMax: number
  /** Connections whose client left in the middle of sending a request. */
  readonly brokenOff: number
}

export interface MockUpstreamOptions {
  readonly clock?: Clock
  /** 0, the default, lets the system choose. */
  readonly port?: number
  /** Names for the list of models. */
  readonly models?: readonly string[]
  readonly script?: Script
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Listens on 127.0.0.1. Close it when the test is done. */
export async function startMockUpstream(options: MockUpstreamOptions = {}): Promise<MockUpstream> {
  const clock = options.clock ?? createSystemClock()
  const director = createDirector(options.script ?? defaultScript)
  const requests: MockRequest[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<Socket>()
  const counts: Mutable<ConnectionCounts> = { opened: 0, open: 0, openMax: 0, brokenOff: 0 }
  let received = 0

  const server = createServer({ noDelay: true }, (socket) => {
    counts.opened++
    counts.openMax = Math.max(counts.openMax, ++counts.open)
    sockets.add(socket)
    serve(socket, {
      connection: counts.opened,
      clock,
      nextNumber: () => ++received,
      onBrokenOff: () => counts.brokenOff++,
      planOptions: () => ({ script: director.script, models: options.models ?? ['mock'], nowMs: clock.now() }),
      onRequest(request) {
        requests.push(request)
        const behaviour = director.choose(request)
        for (const check of waiting) check()
        return behaviour
      },
    })
    socket.once('close', () => {
      counts.open--
      sockets.delete(socket)
    })
  })
  const port = await listenOnLoopback(server, options.port)
  const origin = `http://127.0.0.1:${port}`

  return {
    origin,
    url: `${origin}/v1`,
    requests,
    connections: counts,
    ...director.controls,
    reset() {
      director.reset()
      requests.length = 0
    },
    requestAt: (index, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(timer)
          waiting.delete(check)
        }
        const check = (): void => {
          const request = requests[index]
          if (request === undefined) return
          finish()
          resolve(request)
        }
        const timer = setTimeout(() => {
          finish()
          reject(new Error(`request ${index} has not come within ${timeoutMs} ms; ${requests.length} have`))
        }, timeoutMs)
        waiting.add(check)
        check()
      }),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

interface Director {
  readonly script: Script
  readonly controls: Pick<MockUpstream, 'script' | 'next' | 'forModel' | 'respondWith'>
  choose(request: MockRequest): Behaviour
  reset(): void
}

/** Decides which behaviour a request gets: the queue, then the model's, then the function's. */
function createDirector(firstScript: Script): Director {
  let script = firstScript
  let queue: Behaviour[] = []
  let byModel = new Map<string, Behaviour>()
  let chooseOther: (request: MockRequest) => Behaviour | undefined = () => undefined
  return {
    get script() {
      return script
    },
    controls: {
      script(said) {
        script = said
      },
      next(...behaviours) {
        queue.push(...behaviours)
      },
      forModel(model, behaviour) {
        byModel.set(model, behaviour)
      },
      respondWith(choose) {
        chooseOther = choose
      },
    },
    choose(request) {
      const queued = request.method === 'GET' ? undefined : queue.shift()
      return queued ?? byModel.get(request.model ?? '') ?? chooseOther(request) ?? {}
    },
    reset() {
      script = firstScript
      queue = []
      byModel = new Map()
      chooseOther = () => undefined
    },
  }
}

interface ServeOptions {
  readonly connection: number
  readonly clock: Clock
  nextNumber(): number
  onRequest(request: MockRequest): Behaviour
  onBrokenOff(): void
  planOptions(): PlanOptions
}

/** Serves one connection: its requests one after another, as HTTP/1.1 demands. */
function serve(socket: Socket, options: ServeOptions): void {
  let last: Promise<void> = Promise.resolve()
  let current: Exchange | undefined
  let isGone = false
  const reader = createRequestReader({
    onRequest(raw) {
      last = last.then(async () => {
        if (isGone) return
        const exchange = createExchange(toRequest(raw, options), { socket, clock: options.clock })
        current = exchange
        await exchange.answer(options.onRequest(exchange.request), options.planOptions())
        current = undefined
      })
    },
    onInvalid: () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
  })
  const onGone = (): void => {
    if (isGone) return
    isGone = true
    if (reader.isInside) options.onBrokenOff()
    current?.leave()
  }
  socket.on('data', (chunk) => reader.push(chunk))
  socket.on('error', onGone)
  socket.on('end', onGone)
  socket.on('close', onGone)
}

function toRequest(raw: RawRequest, options: ServeOptions): RequestParts {
  const text = raw.body.toString()
  const json = parseJson(text)
  const body = isJsonObject(json) ? json : {}
  return {
    ...raw,
    number: options.nextNumber(),
    path: raw.target.split('?')[0] ?? raw.target,
    text,
    json,
    model: typeof body['model'] === 'string' ? body['model'] : undefined,
    stream: body['stream'] === true,
    connection: options.connection,
    receivedAtMs: options.clock.monotonicMs(),
  }
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue // whatever JSON.parse gives is JSON
  } catch {
    return undefined
  }
}
