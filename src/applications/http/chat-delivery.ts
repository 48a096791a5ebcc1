import { collectAnswer } from '../../core/answer.ts'
import type { Call, CallFacts } from '../../core/call.ts'
import type { Citation, UnsupportedStatement } from '../../core/chat.ts'
import type { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import type { Answer, WireStream } from '../../core/model.ts'
import { isShort } from '../../core/shortfall.ts'
import type { Clock } from '../../core/time.ts'
import { sumDispatches } from '../../core/totals.ts'
import type { AnswerMeta, Dialect, StreamEncoder } from '../../infrastructure/dialects/index.ts'
import type { Delivery } from '../flow-parts.ts'
import type { ReadChat } from './chat-request.ts'
import type { Exchange } from './exchange.ts'
import { errorHeaders } from './server.ts'
import {
  countCalls,
  overheadMs,
  toAnswerExtension,
  toMarksJson,
  toRouteHeader,
  toSpent,
  type Evidence,
} from './extension.ts'

export interface ChatDeliveryOptions {
  readonly exchange: Exchange
  readonly dialect: Dialect
  readonly clock: Clock
  /** What was read of the request; `undefined` while it has not been read. */
  readonly read: () => ReadChat | undefined
}

/**
 * Sends an answer in the client's dialect: the upstream's own bytes where they are in that dialect and nothing has to
 * be added, else the events, encoded.
 */
export function createChatDelivery(options: ChatDeliveryOptions): Delivery<Answer> {
  return new ChatDelivery(options)
}

class ChatDelivery implements Delivery<Answer> {
  readonly #options: ChatDeliveryOptions
  #firstByteMs: number | undefined
  /** What `complete` still has to write: the end of a stream, or a whole body. */
  #ending: Buffer | string | undefined
  #call: Call | undefined
  #encoder: StreamEncoder | undefined

  constructor(options: ChatDeliveryOptions) {
    this.#options = options
  }

  send(answer: Answer, call: Call): Promise<void> | undefined {
    this.#call = call
    const isStream = this.#options.read()?.request.stream === true
    const wire = answer.wire?.dialect === this.#options.dialect.id ? answer.wire : undefined
    if (wire?.type === 'whole' && !isStream) {
      this.#takeWhole(wire.body)
      return undefined
    }
    if (wire?.type === 'stream' && isStream && !this.#wantsReport()) return this.#relay(wire)
    return isStream ? this.#sendEvents(answer, call) : this.#sendWhole(answer, call)
  }

  complete(facts: readonly CallFacts[]): void {
    const { exchange } = this.#options
    if (exchange.isBegun) {
      exchange.end(this.#ending)
      return
    }
    if (this.#options.read()?.request.stream === true) {
      this.#beginStream()
      exchange.end(this.#ending)
      return
    }
    const body = this.#withReport(this.#ending ?? '')
    exchange.begin(200, this.#wholeHeaders(body, facts))
    exchange.end(body)
  }

  fail(error: PlatformError, call: Call | undefined): void {
    const { exchange, dialect } = this.#options
    if (exchange.isBegun) exchange.endBroken(this.#streamEncoder().fail(error))
    else {
      const callHeaders = call === undefined ? [] : ['x-strata-call', call.id]
      exchange.sendJson(error.status, dialect.encodeError(error), [...errorHeaders(error), ...callHeaders])
    }
  }

  firstByteMs(): number | undefined {
    return this.#firstByteMs
  }

  onGone(listener: () => void): void {
    this.#options.exchange.onGone(listener)
  }

  #relay(wire: WireStream): Promise<void> {
    const { sink } = this.#options.exchange
    return wire.relay({
      write: (chunk) => {
        this.#beginStream()
        return sink.write(chunk)
      },
      onDrain: (listener) => sink.onDrain(listener),
    })
  }

  async #sendEvents(answer: Answer, call: Call): Promise<void> {
    const { exchange } = this.#options
    const encoder = this.#streamEncoder()
    const citations: Citation[] = []
    const unsupported: UnsupportedStatement[] = []
    for await (const event of answer) {
      if (event.type === 'citation') citations.push(event.citation)
      if (event.type === 'unsupported') unsupported.push(event.statement)
      const text = encoder.encode(event)
      if (text === '') continue
      this.#beginStream()
      await exchange.write(text)
      call.cancellation.throwIfCancelled()
    }
    const evidence = { citations, unsupported }
    this.#ending = encoder.end(this.#extensionOf(call, evidence))
  }

  async #sendWhole(answer: Answer, call: Call): Promise<void> {
    const complete = await collectAnswer(answer)
    const body = this.#options.dialect.encodeAnswer(complete, this.#meta(call))
    const extension = this.#extensionOf(call, complete)
    this.#takeWhole(JSON.stringify(extension === undefined ? body : { ...body, strata: extension }))
  }

  /** A whole body goes out as soon as the call is on record, which is as good as now. */
  #takeWhole(body: Buffer | string): void {
    this.#ending = body
    this.#firstByteMs = this.#elapsedMs()
  }

  /** A relayed whole body gets the report when the client asked for it, or has to know; then it is spliced in, last. */
  #withReport(body: Buffer | string): Buffer | string {
    if (typeof body === 'string' || this.#call === undefined) return body
    const extension = this.#options.read()?.extension
    const isWanted = extension === undefined ? isShort(this.#call) : extension.report
    if (!isWanted) return body
    const text = body.toString('utf8')
    const report = JSON.stringify(toAnswerExtension(this.#call, { citations: [] }))
    return `${text.slice(0, text.lastIndexOf('}')).trimEnd()},"strata":${report}}`
  }

  #wholeHeaders(body: Buffer | string, facts: readonly CallFacts[]): readonly string[] {
    const cost = toSpent(sumDispatches(facts))
    const startedMs = this.#options.exchange.startedMonotonicMs
    return [
      'content-type',
      'application/json; charset=utf-8',
      'content-length',
      String(typeof body === 'string' ? Buffer.byteLength(body) : body.length),
      'x-strata-call',
      this.#call?.id ?? '',
      'x-strata-cost',
      cost === undefined ? 'unknown' : toDollars(cost),
      'x-strata-calls',
      String(countCalls(facts)),
      'x-strata-route',
      toRouteHeader(facts),
      'x-strata-overhead-ms',
      overheadMs(startedMs, this.#options.clock.monotonicMs(), facts).toFixed(3),
    ]
  }

  #beginStream(): void {
    if (this.#firstByteMs !== undefined) return
    this.#firstByteMs = this.#elapsedMs()
    this.#options.exchange.begin(200, [
      'content-type',
      'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
      'x-accel-buffering',
      'no',
      'x-strata-call',
      this.#call?.id ?? '',
    ])
  }

  #streamEncoder(): StreamEncoder {
    this.#encoder ??= this.#options.dialect.createStreamEncoder(this.#meta(this.#call))
    return this.#encoder
  }

  #meta(call: Call | undefined): AnswerMeta {
    const body = this.#options.read()?.body ?? {}
    const streamOptions = body['stream_options']
    return {
      callId: call?.id ?? '',
      model: call?.name ?? '',
      createdAtMs: call?.startedAtMs ?? this.#options.clock.now(),
      includeUsage: isJsonObject(streamOptions) && streamOptions['include_usage'] === true,
      body,
    }
  }

  #wantsReport(): boolean {
    return this.#options.read()?.extension?.report === true
  }

  /** The report; where it is not wanted, only what has to be said. */
  #extensionOf(call: Call, evidence: Evidence): JsonObject | undefined {
    if (this.#options.read()?.extension?.report !== false) return toAnswerExtension(call, evidence)
    const marks = toMarksJson(call)
    return Object.keys(marks).length === 0 ? undefined : marks
  }

  /** Since the call began, as its duration counts, and not since its head was read, which is a little before. */
  #elapsedMs(): number {
    const startedMs = this.#call?.startedMonotonicMs ?? this.#options.exchange.startedMonotonicMs
    return this.#options.clock.monotonicMs() - startedMs
  }
}
