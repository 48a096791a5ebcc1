import type { Call } from '../../core/call.ts'
import type { Follower } from '../../core/cancellation.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import type { EgressBody, EgressRequest, EgressResponse, EgressTarget } from './egress.ts'
import { toCancelled, toDeadlineExceeded, toUpstreamError, type Progress } from './failure.ts'
import { toPublicHeaders } from './headers.ts'
import type { HttpController, ResponseHandler, ResponseHead } from './http1/index.ts'
import { followRedirect, isRedirect } from './redirect.ts'
import type { Route } from './routes.ts'
import type { Watch, Watched } from './watch.ts'

/** Bytes that may arrive while nobody takes them before the upstream is paused: pausing for a moment costs more than keeping. */
const unreadBytesMax = 65_536

export interface ExchangeParts {
  readonly route: Route
  readonly request: EgressRequest
  readonly target: EgressTarget
  readonly call: Call
  readonly clock: Clock
  readonly watch: Watch
}

type Phase = 'connect' | 'first-byte' | 'body' | 'over'

type BodyEnd = { readonly type: 'whole' } | { readonly type: 'failed'; readonly error: PlatformError }

/**
 * One request and its response: the connection's handler, the response's body and the watched item in one object,
 * because it is made for every request.
 */
export class Exchange implements ResponseHandler, EgressBody, Watched, Follower {
  watchPlace = -1
  readonly #parts: ExchangeParts
  readonly #startedMs: number
  #phase: Phase = 'connect'
  /** When the present wait began: for a connection, for the first byte of the answer, for the next chunk. */
  #waitingSinceMs: number
  /** Part of the body has arrived. The head alone is no answer: vendors send it at once and think afterwards. */
  #hasBody = false
  #controller: HttpController | undefined
  #redirects = 0
  #path: string
  #isSent = false
  #resolveHead: ((response: EgressResponse) => void) | undefined
  #rejectHead: ((error: unknown) => void) | undefined

  #unread: Buffer[] = []
  #unreadBytes = 0
  /** Who takes the body: a function of the reader's, or this exchange itself, which collects it. */
  #taker: ((chunk: Buffer) => boolean) | Exchange | undefined
  #resolveBody: ((body?: Buffer) => void) | undefined
  #rejectBody: ((error: unknown) => void) | undefined
  #collected: Buffer[] | undefined
  #collectedBytes = 0
  #bytesMax = 0
  /** The reader asked to be given nothing more until `resume`. */
  #isHeld = false
  #isPaused = false
  #end: BodyEnd | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.#path = parts.route.basePath + parts.request.path
    this.#startedMs = parts.clock.monotonicMs()
    this.#waitingSinceMs = this.#startedMs
  }

  /** Sends the request; resolves with the head of the response. Call it once. */
  start(): Promise<EgressResponse> {
    return new Promise((resolve, reject) => {
      this.#resolveHead = resolve
      this.#rejectHead = reject
      const { call, watch } = this.#parts
      call.cancellation.follow(this)
      if (this.#phase === 'over') return
      watch.add(this)
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const { route, request } = this.#parts
    const { method, headers, body = method === 'GET' ? undefined : '' } = request
    try {
      route.pool.dispatch({ head: route.toHead({ method, path: this.#path, headers }), body }, this)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** The call was cancelled: the client has left, or a sibling has won. */
  cancelled(reason: unknown): void {
    this.#fail(toCancelled(reason, this.#isSent))
  }

  // The connection's side.

  onRequestStart(controller: HttpController): void {
    this.#controller = controller
    this.#isSent = true
    this.#phase = 'first-byte'
    this.#waitingSinceMs = this.#parts.clock.monotonicMs()
  }

  onResponseStart(controller: HttpController, head: ResponseHead): void {
    if (isRedirect(head.status)) {
      this.#redirect(controller, head.find('location'))
      return
    }
    this.#phase = 'body'
    const resolve = this.#resolveHead
    this.#resolveHead = undefined
    this.#rejectHead = undefined
    resolve?.(new Response(head, this, this.#parts.clock.monotonicMs() - this.#startedMs))
  }

  onResponseData(controller: HttpController, chunk: Buffer): void {
    if (this.#phase !== 'body') return
    this.#waitingSinceMs = this.#parts.clock.monotonicMs()
    this.#hasBody = true
    if (this.#taker !== undefined && !this.#isHeld && this.#unread.length === 0) {
      this.#deliver(chunk)
    } else {
      this.#unread.push(chunk)
      this.#unreadBytes += chunk.length
    }
    if (!this.#isPaused && this.#unreadBytes > unreadBytesMax) {
      this.#isPaused = true
      controller.pause(this)
    }
  }

  onResponseEnd(): void {
    if (this.#phase !== 'body') return
    this.#end = { type: 'whole' }
    this.#flush()
  }

  onResponseError(_: HttpController | undefined, thrown: Error): void {
    if (this.#phase === 'over') return
    const error = toUpstreamError(thrown, this.#parts.target, this.#progress())
    if (this.#rejectHead !== undefined) {
      this.#fail(error)
      return
    }
    // What had arrived is still delivered; the error comes after it.
    this.#end = { type: 'failed', error }
    this.#flush()
  }

  // The reader's side.

  pump(onChunk: (chunk: Buffer) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolveBody = resolve as () => void
      this.#rejectBody = reject
      this.#read(onChunk)
    })
  }

  collect(bytesMax: number): Promise<Buffer> {
    this.#bytesMax = bytesMax
    return new Promise((resolve, reject) => {
      this.#resolveBody = resolve as (body?: Buffer) => void // called with the body whenever `bytesMax` is set
      this.#rejectBody = reject
      this.#read(this)
    })
  }

  resume(): void {
    this.#isHeld = false
    this.#flush()
    if (this.#isPaused && !this.#isHeld && this.#phase === 'body' && this.#end === undefined) {
      this.#isPaused = false
      this.#waitingSinceMs = this.#parts.clock.monotonicMs()
      this.#controller?.resume(this)
    }
  }

  cancel(): void {
    this.#fail(new PlatformError('CANCELLED', 'the answer was left before its end', { details: { sent: true } }))
  }

  // The watch's side.

  check(nowMs: number): void {
    const { call, target } = this.#parts
    const { timeouts } = target
    const waitedMs = nowMs - this.#waitingSinceMs
    if (nowMs >= call.deadlineMs) this.#fail(toDeadlineExceeded(call, this.#isSent))
    else if (nowMs - this.#startedMs >= timeouts.totalMs) this.#timeOut('totalMs', 'did not finish its answer')
    else if (this.#end !== undefined) return
    else if (this.#phase === 'connect' && waitedMs >= timeouts.connectMs) {
      this.#timeOut('connectMs', 'could not be connected to')
    } else if (this.#phase !== 'connect' && !this.#hasBody && waitedMs >= timeouts.firstByteMs) {
      this.#timeOut('firstByteMs', 'did not begin to answer')
    } else if (this.#hasBody && !this.#isPaused && waitedMs >= timeouts.idleMs) {
      this.#timeOut('idleMs', 'sent nothing more')
    }
  }

  #timeOut(limit: keyof EgressTarget['timeouts'], what: string): void {
    const { target } = this.#parts
    this.#fail(
      new PlatformError(
        'UPSTREAM_TIMEOUT',
        `endpoint ${target.id} ${what} in ${target.timeouts[limit]} ms (${limit})`,
        {
          details: { limit, sent: this.#isSent },
        },
      ),
    )
  }

  #progress(): Progress {
    if (this.#phase === 'body') return 'answered'
    return this.#isSent ? 'sent' : 'unsent'
  }

  #redirect(controller: HttpController, location: string | undefined): void {
    const { target, route, request } = this.#parts
    try {
      this.#path = followRedirect({
        endpoint: target.id,
        origin: route.origin,
        method: request.method,
        path: this.#path,
        location,
        followed: this.#redirects++,
      })
    } catch (thrown) {
      this.#fail(toUpstreamError(thrown, target, 'sent'))
      return
    }
    this.#phase = 'connect'
    this.#waitingSinceMs = this.#parts.clock.monotonicMs()
    controller.abort(this)
    this.#controller = undefined
    this.#dispatch()
  }

  #read(taker: ((chunk: Buffer) => boolean) | Exchange): void {
    if (this.#taker !== undefined) throw new PlatformError('INTERNAL', 'the body of a response is read only once')
    this.#taker = taker
    if (this.#phase === 'over') this.#settleBody()
    else this.resume()
  }

  #deliver(chunk: Buffer): void {
    try {
      if (this.#taker === this) this.#collect(chunk)
      else if (typeof this.#taker === 'function' && !this.#taker(chunk)) this.#isHeld = true
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #collect(chunk: Buffer): void {
    this.#collectedBytes += chunk.length
    if (this.#collectedBytes > this.#bytesMax) {
      const { id } = this.#parts.target
      throw new PlatformError('UPSTREAM_INVALID', `endpoint ${id} sent an answer of more than ${this.#bytesMax} bytes`)
    }
    if (this.#collected === undefined) this.#collected = [chunk]
    else this.#collected.push(chunk)
  }

  /** Gives the reader what has arrived, and the end when that was all. */
  #flush(): void {
    if (this.#taker === undefined) return
    let next = 0
    while (!this.#isHeld && this.#phase === 'body' && next < this.#unread.length) {
      const chunk = this.#unread[next++]
      if (chunk === undefined) break
      this.#unreadBytes -= chunk.length
      this.#deliver(chunk)
    }
    if (next > 0) this.#unread = this.#unread.slice(next)
    if (this.#end !== undefined && this.#unread.length === 0 && this.#phase === 'body') {
      this.#release()
      this.#settleBody()
    }
  }

  #fail(error: unknown): void {
    if (this.#phase === 'over') return
    this.#release()
    this.#unread = []
    this.#end = { type: 'failed', error: toUpstreamError(error, this.#parts.target, this.#progress()) }
    if (this.#controller === undefined) this.#parts.route.pool.forget(this)
    else this.#controller.abort(this)
    if (this.#rejectHead === undefined) this.#settleBody(error)
    else this.#rejectHead(this.#end.error)
  }

  #settleBody(thrown?: unknown): void {
    if (this.#end?.type === 'failed') this.#rejectBody?.(thrown ?? this.#end.error)
    else if (this.#taker === this) this.#resolveBody?.(join(this.#collected ?? [], this.#collectedBytes))
    else this.#resolveBody?.()
  }

  #release(): void {
    this.#phase = 'over'
    this.#parts.watch.remove(this)
    this.#parts.call.cancellation.unfollow(this)
  }
}

/** Its headers are looked at when somebody asks for them. */
class Response implements EgressResponse {
  readonly status: number
  readonly contentType: string | undefined
  readonly firstByteMs: number
  readonly body: EgressBody
  readonly #head: ResponseHead
  #headers: EgressResponse['headers'] | undefined

  constructor(head: ResponseHead, body: EgressBody, firstByteMs: number) {
    this.status = head.status
    this.contentType = head.find('content-type')
    this.firstByteMs = firstByteMs
    this.body = body
    this.#head = head
  }

  get headers(): EgressResponse['headers'] {
    return (this.#headers ??= toPublicHeaders(this.#head.pairs()))
  }
}

function join(chunks: readonly Buffer[], bytes: number): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes)
}
