import type { Clock } from '../../../core/time.ts'
import { TurnEnd } from '../../../core/turn.ts'
import type { createConnector } from './connecting.ts'
import { HttpConnection, type HttpRequest, type ResponseHandler } from './http-connection.ts'

/** Connections to one origin, each kept for the next request. */
export interface HttpPool {
  /** Sends a request on a free connection, on a new one, or, when as many as may be are busy, when one is free. */
  dispatch(request: HttpRequest, handler: ResponseHandler): void
  /** Takes a request back that has not been given a connection; nothing happens to any other. */
  forget(handler: ResponseHandler): void
  /** Closes every connection; what is under way or waits fails with `reason`. */
  destroy(reason: Error): void
}

export interface HttpPoolDeps {
  readonly connectionsMax: number
  /** Opens a connection; calls back once. What it returns stops the attempt. */
  readonly open: ReturnType<typeof createConnector>
  readonly clock: Clock
}

export function createHttpPool(deps: HttpPoolDeps): HttpPool {
  return new Pool(deps)
}

interface Waiting {
  readonly request: HttpRequest
  readonly handler: ResponseHandler
}

interface Idle {
  readonly connection: HttpConnection
  readonly untilMs: number
}

/** How late an idle connection may be closed, milliseconds; one that is too old is never used. */
const sweepMs = 1_000

class Pool implements HttpPool {
  readonly #deps: HttpPoolDeps
  readonly #waiting: Waiting[] = []
  /** The one that was freed last is at the end, and used next. */
  readonly #idle: Idle[] = []
  readonly #connections = new Set<HttpConnection>()
  readonly #attempts = new Set<() => void>()
  readonly #turn = new TurnEnd()
  #sweep: NodeJS.Timeout | undefined

  constructor(deps: HttpPoolDeps) {
    this.#deps = deps
  }

  dispatch(request: HttpRequest, handler: ResponseHandler): void {
    const free = this.#waiting.length === 0 ? this.#takeIdle() : undefined
    if (free !== undefined) {
      free.send(request, handler)
      return
    }
    this.#waiting.push({ request, handler })
    this.#openMore()
  }

  forget(handler: ResponseHandler): void {
    const at = this.#waiting.findIndex((each) => each.handler === handler)
    if (at !== -1) this.#waiting.splice(at, 1)
  }

  destroy(reason: Error): void {
    const attempts = [...this.#attempts]
    this.#attempts.clear()
    for (const stop of attempts) stop()
    for (const { handler } of this.#waiting.splice(0)) handler.onResponseError(undefined, reason)
    for (const connection of this.#connections) connection.destroy(reason)
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }

  freed(connection: HttpConnection, idleMs: number): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      connection.send(next.request, next.handler)
      return
    }
    this.#idle.push({ connection, untilMs: this.#deps.clock.monotonicMs() + idleMs })
    this.#sweep ??= setInterval(() => this.#closeOld(), sweepMs).unref()
  }

  closed(connection: HttpConnection): void {
    this.#connections.delete(connection)
    const at = this.#idle.findIndex((each) => each.connection === connection)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#openMore()
  }

  #takeIdle(): HttpConnection | undefined {
    const last = this.#idle.pop()
    if (last === undefined || last.untilMs > this.#deps.clock.monotonicMs()) return last?.connection
    // Older ones behind it may have been promised longer; the sweep sorts that out.
    last.connection.destroy(new Error('idle for too long'))
    return this.#takeIdle()
  }

  #closeOld(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    const old = this.#idle.filter(({ untilMs }) => untilMs <= nowMs)
    for (const { connection } of old) connection.destroy(new Error('idle for too long'))
    if (this.#idle.length > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }

  /** As many attempts as there are requests that wait, within the bound. */
  #openMore(): void {
    while (
      this.#attempts.size < this.#waiting.length &&
      this.#attempts.size + this.#connections.size < this.#deps.connectionsMax
    ) {
      this.#open()
    }
  }

  #open(): void {
    const attempt = { stop: (): void => undefined }
    const stop = (): void => attempt.stop()
    this.#attempts.add(stop)
    attempt.stop = this.#deps.open((error, opened) => {
      if (!this.#attempts.delete(stop)) {
        opened?.socket.destroy()
        return
      }
      if (opened === undefined) {
        this.#waiting.shift()?.handler.onResponseError(undefined, error ?? new Error('not connected'))
        this.#openMore()
        return
      }
      const connection = new HttpConnection(opened, this, this.#turn)
      this.#connections.add(connection)
      this.freed(connection, idleMsOfNew)
    })
  }
}

/** A connection that was opened for a request that somebody else has answered meanwhile. */
const idleMsOfNew = 4_000
