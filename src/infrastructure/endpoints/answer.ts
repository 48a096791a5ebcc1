import type { Call } from '../../core/call.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Answer, WireAnswer } from '../../core/model.ts'
import { toCancelled } from '../egress/index.ts'
import type { Upstream } from './adapter.ts'
import type { Settle } from './attempt.ts'
import { estimateUsage } from './estimate.ts'

export interface SettledAnswerParts {
  readonly upstream: Upstream
  readonly request: ChatRequest
  readonly dispatch: Call
  readonly settle: Settle
}

/**
 * The answer of one try. However it ends, read whole, cut, left or never read before the call is cancelled, the try is
 * settled once: with the usage reported, or, when it ended too early for that, with an estimate of what was generated.
 */
export function createSettledAnswer(parts: SettledAnswerParts): Answer {
  const { upstream, dispatch } = parts
  const { firstByteMs } = upstream
  let isOver = false
  let stopListening = nothingToStop

  function finish(error: PlatformError | undefined): void {
    if (isOver) return
    isOver = true
    stopListening()
    const usage =
      error === undefined
        ? upstream.usage()
        : estimateUsage(upstream.usage(), parts.request, upstream.generatedLength())
    parts.settle({ error, usage, firstByteMs })
  }

  function leave(reason: unknown): void {
    if (isOver) return
    upstream.cancel(reason)
    finish(toCancelled(reason, true))
  }

  // A call cancelled while the answer was on its way here is left at once.
  stopListening = dispatch.cancellation.onCancel(leave)
  const wire = toSettledWire(upstream.wire, finish)
  // A whole body has arrived, been paid for and is in memory: reading it cannot change what it cost.
  if (wire?.type === 'whole') finish(undefined)
  return { wire, cancel: leave, [Symbol.asyncIterator]: () => readEvents(upstream, finish, leave) }
}

type Finish = (error: PlatformError | undefined) => void

function toSettledWire(wire: WireAnswer | undefined, finish: Finish): WireAnswer | undefined {
  if (wire === undefined || wire.type === 'whole') return wire
  return {
    type: 'stream',
    dialect: wire.dialect,
    async relay(sink) {
      try {
        await wire.relay(sink)
      } catch (thrown) {
        const error = toPlatformError(thrown)
        finish(error)
        throw error
      }
      finish(undefined)
    },
  }
}

async function* readEvents(
  upstream: Upstream,
  finish: Finish,
  leave: (reason: unknown) => void,
): AsyncGenerator<AnswerEvent> {
  let isWhole = false
  try {
    yield* upstream.events
    isWhole = true
    finish(undefined)
  } catch (thrown) {
    const error = toPlatformError(thrown)
    finish(error)
    throw error
  } finally {
    // Reached without an end or an error when the reader stops reading.
    if (!isWhole) leave(new PlatformError('CANCELLED', 'the answer was left before its end'))
  }
}

const nothingToStop = (): void => undefined
