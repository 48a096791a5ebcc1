import type { Call } from '../../core/call.ts'
import type { Follower } from '../../core/cancellation.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Answer, ByteSink, WireAnswer, WireStream } from '../../core/model.ts'
import type { SpendHold } from '../../core/spending.ts'
import type { Usage } from '../../core/usage.ts'
import { toCancelled } from '../egress/index.ts'
import type { Endpoint, Upstream } from './adapter.ts'
import type { AnswerCount } from './answer-count.ts'
import type { Settle } from './attempt.ts'
import { textOf } from './adapters/event-stream.ts'
import { keepSecrets } from './discretion.ts'
import { estimateUsage, type TokenBounds } from './estimate.ts'
import { measureInput } from './input-measure.ts'
import type { TokenScale } from './scale.ts'

export interface SettledAnswerParts {
  readonly upstream: Upstream
  readonly request: ChatRequest
  readonly dispatch: Call
  readonly settle: Settle
  /** What is held for it; `undefined` when nothing has to be. */
  readonly hold: SpendHold | undefined
  /** What was put aside for in the budget of the call; `undefined` when it has none. */
  readonly funded: TokenBounds | undefined
  readonly scale: TokenScale
  /** Counts it by the endpoint's own tokenizer; `undefined` where it is not known. */
  readonly count: AnswerCount | undefined
  /** Whose secrets its failures do not tell. */
  readonly endpoint: Pick<Endpoint, 'config'>
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
    // Bytes that are only relayed cannot be ended in between; what is held slice by slice may have to be.
    const wire = parts.hold?.isSliced === true ? undefined : parts.upstream.wire
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
    const { upstream, request, dispatch, settle, scale, count } = this.#parts
    dispatch.cancellation.unfollow(this)
    const usage = error === undefined ? upstream.usage() : this.#estimate()
    const { firstByteMs, wholeBytes } = upstream
    const seen = upstream.generated()
    if (error === undefined) {
      scale.learn({ usage, seen, measureInput: () => measureInput(request) })
      count?.learn(usage, seen)
    }
    settle({ error, usage, firstByteMs, isAnswered: true, countedTokens: wholeBytes ?? seen.units })
  }

  /** The error to throw. */
  fail(thrown: unknown): PlatformError {
    const error = keepSecrets(toPlatformError(thrown), this.#parts.endpoint)
    this.finish(error)
    return error
  }

  /** The money has come to an end: what was generated is charged, and the answer ends as one that reached its bound. */
  #stop(): Usage {
    this.#isOver = true
    const { upstream, dispatch, settle } = this.#parts
    dispatch.cancellation.unfollow(this)
    const countedTokens = upstream.generated().units
    const usage = this.#estimate()
    upstream.cancel(new PlatformError('BUDGET_EXCEEDED', 'the money held for the answer is used up'))
    const { firstByteMs } = upstream
    settle({ error: undefined, usage, firstByteMs, isAnswered: true, countedTokens, detail: { stopped: 'budget' } })
    return usage
  }

  #estimate(): Usage {
    const { upstream, request, scale, count, hold, funded } = this.#parts
    return estimateUsage({
      reported: upstream.usage(),
      request,
      seen: upstream.generated(),
      scale,
      count,
      bounds: [hold?.bounds, funded],
    })
  }

  async *#read(): AsyncGenerator<AnswerEvent> {
    let isWhole = false
    try {
      const { hold, upstream } = this.#parts
      if (hold?.isSliced === true) yield* this.#readWhileHeld(hold)
      else yield* upstream.events
      isWhole = true
      this.finish(undefined)
    } catch (thrown) {
      throw this.fail(thrown)
    } finally {
      // Reached without an end or an error when the reader stops reading.
      if (!isWhole) this.cancel(new PlatformError('CANCELLED', 'the answer was left before its end'))
    }
  }

  /** Each piece goes out once it is paid for. */
  async *#readWhileHeld(hold: SpendHold): AsyncGenerator<AnswerEvent> {
    const { upstream, dispatch } = this.#parts
    let units = 0
    for await (const event of upstream.events) {
      units += textOf(event).length
      const isHeld = hold.cover(units)
      if (isHeld !== true && !(await isHeld)) {
        dispatch.cancellation.throwIfCancelled()
        yield { type: 'usage', usage: this.#stop() }
        yield { type: 'finish', reason: 'length' }
        return
      }
      yield event
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
      throw this.#answer.fail(thrown)
    }
    this.#answer.finish(undefined)
  }
}
