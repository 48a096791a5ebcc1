import type { Call } from '../../core/call.ts'
import type { Follower } from '../../core/cancellation.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Answer, ByteSink, WireAnswer, WireStream } from '../../core/model.ts'
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
  return new SettledAnswer(parts)
}

/** A class, because one is made for every request. */
class SettledAnswer implements Answer, Follower {
  readonly wire: WireAnswer | undefined
  readonly #parts: SettledAnswerParts
  #isOver = false

  constructor(parts: SettledAnswerParts) {
    this.#parts = parts
    const { wire } = parts.upstream
    this.wire = wire?.type === 'stream' ? new SettledStream(wire, this) : wire
    // A whole body has arrived, been paid for and is in memory: reading it cannot change what it cost. A call that was
    // cancelled while its answer was on its way here is left all the same.
    if (wire?.type === 'whole' && !parts.dispatch.cancellation.isCancelled) this.finish(undefined)
    else parts.dispatch.cancellation.follow(this)
  }

  [Symbol.asyncIterator](): AsyncIterator<AnswerEvent> {
    return this.#read()
  }

  cancel(reason: unknown): void {
    if (this.#isOver) return
    this.#parts.upstream.cancel(reason)
    this.finish(toCancelled(reason, true))
  }

  cancelled(reason: unknown): void {
    this.cancel(reason)
  }

  /** The end, well or not; the first statement stands. */
  finish(error: PlatformError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    const { upstream, request, dispatch, settle } = this.#parts
    dispatch.cancellation.unfollow(this)
    const usage =
      error === undefined ? upstream.usage() : estimateUsage(upstream.usage(), request, upstream.generatedLength())
    settle({ error, usage, firstByteMs: upstream.firstByteMs })
  }

  async *#read(): AsyncGenerator<AnswerEvent> {
    let isWhole = false
    try {
      yield* this.#parts.upstream.events
      isWhole = true
      this.finish(undefined)
    } catch (thrown) {
      const error = toPlatformError(thrown)
      this.finish(error)
      throw error
    } finally {
      // Reached without an end or an error when the reader stops reading.
      if (!isWhole) this.cancel(new PlatformError('CANCELLED', 'the answer was left before its end'))
    }
  }
}

/** A relayed stream whose end is the end of the try. */
class SettledStream implements WireStream {
  readonly type = 'stream'
  readonly dialect: WireStream['dialect']
  readonly #wire: WireStream
  readonly #answer: SettledAnswer

  constructor(wire: WireStream, answer: SettledAnswer) {
    this.dialect = wire.dialect
    this.#wire = wire
    this.#answer = answer
  }

  async relay(sink: ByteSink): Promise<void> {
    try {
      await this.#wire.relay(sink)
    } catch (thrown) {
      const error = toPlatformError(thrown)
      this.#answer.finish(error)
      throw error
    }
    this.#answer.finish(undefined)
  }
}
