import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createSystemClock } from '../../src/core/time.ts'
import type { LoadOptions, LoadResult, Quantiles } from './load-options.ts'

/**
 * Load with an exact schedule or an exact count, over raw sockets. Run as `node bench/kit/load.ts OPTIONS_FILE`; prints
 * one line of JSON. A request is sent when it is due whether or not earlier ones have been answered (open loop), so that
 * a slow answer cannot hide the wait of those behind it. Latency counts from the moment of sending.
 */
const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadOptions // written by runLoad
const clock = createSystemClock()
const chunkedEnd = '\r\n0\r\n\r\n'
process.stdout.write(`${JSON.stringify(await run(options))}\n`)
process.exit(0)

interface Recorder {
  readonly firstByteMs: number[]
  readonly wholeMs: number[]
  readonly lateMs: number[]
  failed: number
}

async function run({ target, load }: LoadOptions): Promise<LoadResult> {
  const lines = Object.entries({ ...target.headers, 'content-length': String(Buffer.byteLength(target.body)) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const request = Buffer.from(
    `POST ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n${head}\r\n${target.body}`,
  )
  const recorder: Recorder = { firstByteMs: [], wholeMs: [], lateMs: [], failed: 0 }
  const client = createClient(target.port, request)
  if (load.type === 'open') {
    const unheard: Recorder = { firstByteMs: [], wholeMs: [], lateMs: [], failed: 0 }
    await runOpen(client, { ...load, seconds: load.warmUpSeconds }, unheard)
  }
  const startedMs = clock.monotonicMs()
  if (load.type === 'closed') await runClosed(client, load, recorder)
  else await runOpen(client, load, recorder)
  return {
    answered: recorder.wholeMs.length,
    failed: recorder.failed,
    durationMs: clock.monotonicMs() - startedMs,
    firstByteMs: toQuantiles(recorder.firstByteMs),
    wholeMs: toQuantiles(recorder.wholeMs),
    lateMs: toQuantiles(recorder.lateMs),
  }
}

/** Each connection sends the next request when its last is answered, until `count` are. */
async function runClosed(
  client: Client,
  load: { readonly connections: number; readonly count: number },
  recorder: Recorder,
): Promise<void> {
  let left = load.count
  const work = async (): Promise<void> => {
    while (left-- > 0) await client.send(recorder)
  }
  await Promise.all(Array.from({ length: load.connections }, work))
}

async function runOpen(
  client: Client,
  load: { readonly perSecond: number; readonly seconds: number },
  recorder: Recorder,
): Promise<void> {
  const intervalMs = 1_000 / load.perSecond
  const count = Math.round(load.perSecond * load.seconds)
  const answers: Promise<void>[] = []
  const startMs = clock.monotonicMs() + 10
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      for (;;) {
        if (answers.length === count) return resolve()
        const dueMs = startMs + answers.length * intervalMs
        const waitMs = dueMs - clock.monotonicMs()
        if (waitMs > 0) return void setTimeout(tick, waitMs)
        recorder.lateMs.push(-waitMs)
        answers.push(client.send(recorder))
      }
    }
    tick()
  })
  await Promise.all(answers)
}

interface Client {
  /** Sends the request on an idle connection, or on a new one; resolves when it is answered or has failed. */
  send(recorder: Recorder): Promise<void>
}

function createClient(port: number, request: Buffer): Client {
  const idle: Connection[] = []
  return {
    send: (recorder) =>
      new Promise((resolve) => {
        let connection = idle.pop()
        // The other side may have closed an idle connection.
        while (connection?.isClosed() === true) connection = idle.pop()
        const used = connection ?? createConnection(port)
        used.send(request, {
          onEnd(firstByteMs, wholeMs) {
            recorder.firstByteMs.push(firstByteMs)
            recorder.wholeMs.push(wholeMs)
            idle.push(used)
            resolve()
          },
          onFail() {
            recorder.failed++
            resolve()
          },
        })
      }),
  }
}

interface Connection {
  isClosed(): boolean
  send(request: Buffer, outcome: Outcome): void
}

interface Outcome {
  onEnd(firstByteMs: number, wholeMs: number): void
  onFail(): void
}

function createConnection(port: number): Connection {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let outcome: Outcome | undefined
  let sentMs = 0
  let firstByteMs = 0
  let head: Buffer | undefined
  /** Bytes of the body still to come; `undefined` for a chunked one, whose end shows in its last bytes. */
  let missing: number | undefined
  let isInBody = false
  let tail = ''

  function finish(): void {
    const ended = outcome
    outcome = undefined
    ended?.onEnd(firstByteMs, clock.monotonicMs() - sentMs)
  }

  function takeBody(bytes: Buffer): void {
    if (bytes.length > 0 && firstByteMs === 0) firstByteMs = clock.monotonicMs() - sentMs
    if (missing !== undefined) {
      missing -= bytes.length
      if (missing <= 0) finish()
      return
    }
    tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - chunkedEnd.length))).slice(-chunkedEnd.length)
    if (tail === chunkedEnd) finish()
  }

  socket.on('data', (chunk) => {
    if (isInBody) return takeBody(chunk)
    head = head === undefined ? chunk : Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const text = head.toString('latin1', 0, end)
    if (!text.startsWith('HTTP/1.1 2')) return void socket.destroy()
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
    missing = length === undefined ? undefined : Number(length)
    isInBody = true
    // The blank line belongs to the tail: an empty chunked body ends right after it.
    tail = '\r\n'
    takeBody(head.subarray(end + 4))
  })
  socket.on('error', () => undefined)
  socket.on('close', () => outcome?.onFail())

  return {
    isClosed: () => socket.destroyed || socket.readableEnded,
    send(request, next) {
      outcome = next
      head = undefined
      isInBody = false
      firstByteMs = 0
      sentMs = clock.monotonicMs()
      socket.write(request)
    },
  }
}

/** Exact, from all values: a run has few enough. */
function toQuantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).toSorted()
  const at = (quantile: number): number | undefined =>
    sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) }
}
