import { once } from 'node:events'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { JsonValue } from '../../src/core/json.ts'
import type { Clock } from '../../src/core/time.ts'
import type { Behaviour, CutKind } from './behaviour.ts'
import { planResponse, type Plan, type PlanOptions } from './plan.ts'
import type { RawRequest } from './request-reader.ts'

/** One request, and what became of it. Live: it goes on changing until it has ended. */
export interface MockRequest extends RawRequest {
  /** From 1, over the life of the mock. */
  readonly number: number
  /** Without query. */
  readonly path: string
  readonly text: string
  /** `undefined` when the body is no JSON. */
  readonly json: JsonValue | undefined
  /** `model` of the body. */
  readonly model: string | undefined
  /** `stream` of the body. */
  readonly stream: boolean
  /** Number of the connection it came on, from 1. */
  readonly connection: number
  /** Monotonic milliseconds of the mock's clock, like all times here. */
  readonly receivedAtMs: number
  /** `open` while the answer is under way; `cancelled` when the client left before its end, `cut` when the mock broke off. */
  readonly outcome: 'open' | 'answered' | 'cancelled' | 'cut'
  /** When the client was seen to have left before the answer's end. */
  readonly cancelledAtMs: number | undefined
  readonly endedAtMs: number | undefined
  /** Bytes of the answer's body handed to the system, without framing. */
  readonly bodyBytesSent: number
  /** Resolves when the outcome is known. */
  readonly ended: Promise<void>
}

export type RequestParts = Omit<MockRequest, 'outcome' | 'cancelledAtMs' | 'endedAtMs' | 'bodyBytesSent' | 'ended'>

/** One request and its answer on a connection. */
export interface Exchange {
  readonly request: MockRequest
  /** Resolves when the outcome is known. */
  answer(behaviour: Behaviour, options: PlanOptions): Promise<void>
  /** The client has left. */
  leave(): void
}

export interface ExchangeDeps {
  readonly socket: Socket
  readonly clock: Clock
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Long enough for the client to take what was sent, which a reset would otherwise throw away. */
const resetDelayMs = 20

export function createExchange(parts: RequestParts, { socket, clock }: ExchangeDeps): Exchange {
  const gone = new AbortController()
  const { request, conclude } = createLiveRequest(parts, clock)

  async function write(bytes: Uint8Array): Promise<void> {
    if (!socket.write(bytes)) await once(socket, 'drain', { signal: gone.signal })
  }

  async function breakOff(how: CutKind): Promise<void> {
    if (how === 'reset') await pause(resetDelayMs, gone.signal)
    conclude('cut')
    if (how === 'reset') socket.resetAndDestroy()
    else socket.end()
  }

  /** False when the body was broken off. */
  async function writeBody(plan: Plan, behaviour: Behaviour): Promise<boolean> {
    const cutAt = typeof behaviour.cut?.at === 'number' ? behaviour.cut.at : Infinity
    for (const piece of plan.pieces) {
      await pause(piece.delayMs, gone.signal)
      for (const bytes of slice(piece.bytes, behaviour.writeBytes)) {
        const kept = bytes.subarray(0, Math.max(0, cutAt - request.bodyBytesSent))
        request.bodyBytesSent += kept.length
        if (kept.length > 0) await write(plan.framing === 'chunked' ? toChunk(kept) : kept)
        if (kept.length < bytes.length) return false
        if (behaviour.writeBytes !== undefined) await turn(undefined, { signal: gone.signal })
      }
    }
    return true
  }

  async function perform(behaviour: Behaviour, options: PlanOptions): Promise<void> {
    await pause(behaviour.silent === true ? Infinity : (behaviour.headDelayMs ?? 0), gone.signal)
    if (behaviour.cut?.at === 'head') return breakOff(behaviour.cut.how)
    if (behaviour.raw !== undefined) {
      await write(Buffer.from(behaviour.raw))
      return breakOff('close')
    }
    const plan = planResponse(request, behaviour, options)
    await write(Buffer.from(toHead(plan, behaviour), 'latin1'))
    const isWhole = await writeBody(plan, behaviour)
    if (!isWhole && behaviour.cut !== undefined && behaviour.cut.how !== 'end') return breakOff(behaviour.cut.how)
    if (plan.framing === 'chunked') await write(Buffer.from('0\r\n\r\n'))
    conclude(isWhole ? 'answered' : 'cut')
    if (plan.framing === 'close') socket.end()
  }

  return {
    request,
    async answer(behaviour, options) {
      try {
        await perform(behaviour, options)
      } catch (thrown) {
        // The only expected failure is the client's leaving; `leave` has concluded the request then.
        if (!gone.signal.aborted) throw thrown
      }
    },
    leave() {
      conclude('cancelled')
      gone.abort()
    },
  }
}

/** The request as tests see it, and the act that ends it: the first outcome stands. */
function createLiveRequest(
  parts: RequestParts,
  clock: Clock,
): { readonly request: Mutable<MockRequest>; readonly conclude: (outcome: MockRequest['outcome']) => void } {
  const end = Promise.withResolvers<void>()
  const request: Mutable<MockRequest> = {
    ...parts,
    outcome: 'open',
    cancelledAtMs: undefined,
    endedAtMs: undefined,
    bodyBytesSent: 0,
    ended: end.promise,
  }
  const conclude = (outcome: MockRequest['outcome']): void => {
    if (request.outcome !== 'open') return
    request.outcome = outcome
    request.endedAtMs = clock.monotonicMs()
    if (outcome === 'cancelled') request.cancelledAtMs = request.endedAtMs
    end.resolve()
  }
  return { request, conclude }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (durationMs <= 0) return
  if (durationMs !== Infinity) return sleep(durationMs, undefined, { signal })
  await once(signal, 'abort')
  signal.throwIfAborted()
}

function* slice(bytes: Uint8Array, sliceBytes: number | undefined): Generator<Uint8Array> {
  if (sliceBytes === undefined) return yield bytes
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes)
}

function toChunk(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

function toHead(plan: Plan, behaviour: Behaviour): string {
  const lines = [`HTTP/1.1 ${plan.status} ${STATUS_CODES[plan.status] ?? 'Unknown'}`]
  for (const [name, value] of Object.entries(plan.headers)) lines.push(`${name}: ${value}`)
  if (plan.framing === 'length') lines.push(`content-length: ${toDeclaredBytes(plan, behaviour)}`)
  if (plan.framing === 'chunked') lines.push('transfer-encoding: chunked')
  lines.push(plan.framing === 'close' ? 'connection: close' : 'connection: keep-alive', '', '')
  return lines.join('\r\n')
}

/** A body that ends early as if complete declares what it has; one that is cut declares what it should have had. */
function toDeclaredBytes(plan: Plan, behaviour: Behaviour): number {
  const bodyBytes = plan.bodyBytes ?? 0
  return behaviour.cut?.how === 'end' && behaviour.cut.at !== 'head' ? Math.min(bodyBytes, behaviour.cut.at) : bodyBytes
}
