import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Call } from '../../core/call.ts'
import type { Follower } from '../../core/cancellation.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import { createCheckedLookup, isAddressLiteral, type NameLookup } from './address.ts'
import type { ConnectOptions, EgressConnection, EgressTarget } from './egress.ts'
import { toCancelled, toDeadlineExceeded, toUpstreamError } from './failure.ts'
import type { Watch, Watched } from './watch.ts'

export interface ConnectionParts extends ConnectOptions {
  readonly target: EgressTarget
  readonly call: Call
  readonly clock: Clock
  readonly watch: Watch
  readonly lookup: NameLookup | undefined
  /** Certificates trusted instead of those that Node trusts, PEM. */
  readonly authorities: readonly string[] | undefined
  readonly onClose: (connection: Connection) => void
}

/** What somebody waits for: at most one thing at a time. */
interface Wait {
  readonly limit: 'connectMs' | 'idleMs'
  readonly sinceMs: number
  readonly resolve: () => void
  readonly reject: (error: PlatformError) => void
}

/** One connection without HTTP on it, watched like every exchange. */
export class Connection implements EgressConnection, Watched, Follower {
  watchPlace = -1
  readonly #parts: ConnectionParts
  readonly #startedMs: number
  readonly #hostname: string
  #socket: Socket | undefined
  /** Stops listening to what the socket gives. */
  #leave: (() => void) | undefined
  #wait: Wait | undefined
  #receivedBytes = 0
  #isSecure = false
  #isEnded = false
  #error: PlatformError | undefined

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#startedMs = parts.clock.monotonicMs()
    this.#hostname = new URL(parts.target.url ?? '').hostname.replace(/^\[|\]$/g, '')
  }

  /** Resolves with itself once it is open, and encrypted where that was asked for. Call it once. */
  async open(): Promise<this> {
    const { target, lookup, call, watch, isSecure } = this.#parts
    const port = Number(new URL(target.url ?? '').port)
    const host = this.#hostname
    watch.add(this)
    call.cancellation.follow(this)
    await this.#awaitEvent('connectMs', (done) => {
      const checked = isAddressLiteral(host) ? {} : { lookup: createCheckedLookup(host, lookup) }
      this.#take(connect({ host, port, autoSelectFamily: true, ...checked }, done))
    })
    if (isSecure) await this.secure()
    return this
  }

  async secure(): Promise<void> {
    const plain = this.#socket
    // What came before is not protected by what comes now: somebody may have put it there.
    if (plain === undefined || this.#isSecure || plain.readableLength > 0) {
      throw this.#fail(
        new PlatformError('UPSTREAM_INVALID', `endpoint ${this.#parts.target.id} speaks before it is asked to`),
      )
    }
    const { authorities } = this.#parts
    await this.#awaitEvent('connectMs', (done) => {
      this.#leave?.()
      const servername = isAddressLiteral(this.#hostname) ? {} : { servername: this.#hostname }
      const ca = authorities === undefined ? {} : { ca: [...authorities] }
      this.#take(connectTls({ socket: plain, host: this.#hostname, ...servername, ...ca }, done))
    })
    this.#isSecure = true
  }

  get isSecure(): boolean {
    return this.#isSecure
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    await this.#awaitEvent('idleMs', (done) => this.#socket?.write(bytes, () => done()))
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error
      const chunk = this.#socket?.read() as Buffer | null | undefined // no encoding is set
      if (chunk !== null && chunk !== undefined) return this.#count(chunk)
      if (this.#isEnded) return undefined
      await this.#awaitEvent('idleMs', () => undefined)
    }
  }

  close(): void {
    this.#fail(new PlatformError('CANCELLED', 'the connection was closed', { details: { sent: true } }))
  }

  /** The call was cancelled, or its parent. */
  cancelled(reason: unknown): void {
    this.#fail(toCancelled(reason, this.#socket !== undefined))
  }

  /** Nothing more is opened or sent: the door is closing. */
  abandon(reason: PlatformError): void {
    this.#fail(reason)
  }

  check(nowMs: number): void {
    const { call, target } = this.#parts
    const { limit, sinceMs } = this.#wait ?? {}
    if (nowMs >= call.deadlineMs) this.#fail(toDeadlineExceeded(call, true))
    else if (nowMs - this.#startedMs >= target.timeouts.totalMs) this.#timeOut('totalMs', 'was not done with')
    else if (limit !== undefined && sinceMs !== undefined && nowMs - sinceMs >= target.timeouts[limit]) {
      this.#timeOut(limit, limit === 'connectMs' ? 'could not be connected to' : 'neither took nor sent anything')
    }
  }

  #take(socket: Socket): void {
    this.#socket = socket
    const onReadable = (): void => {
      if (this.#wait?.limit === 'idleMs') this.#settle()
    }
    const onEnd = (): void => {
      this.#isEnded = true
      this.#settle()
    }
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd)
    // For as long as it lives: an error that nobody hears ends the process.
    socket.on('error', (thrown) => this.#fail(thrown))
    this.#leave = () => socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd)
  }

  /** Waits for `done`, or for what the socket does next. */
  #awaitEvent(limit: Wait['limit'], begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error)
        return
      }
      if (this.#wait !== undefined) {
        reject(new PlatformError('INTERNAL', 'a connection does one thing after the other'))
        return
      }
      this.#wait = { limit, sinceMs: this.#parts.clock.monotonicMs(), resolve, reject }
      begin(() => this.#settle())
    })
  }

  #settle(): void {
    const wait = this.#wait
    if (wait === undefined) return
    if (wait.limit === 'connectMs' && this.#isEnded) {
      this.#fail(new Error('closed'))
      return
    }
    this.#wait = undefined
    wait.resolve()
  }

  #count(chunk: Buffer): Buffer {
    this.#receivedBytes += chunk.length
    if (this.#receivedBytes <= this.#parts.bytesMax) return chunk
    const { id } = this.#parts.target
    throw this.#fail(
      new PlatformError('UPSTREAM_INVALID', `endpoint ${id} sent more than ${this.#parts.bytesMax} bytes`),
    )
  }

  #timeOut(limit: 'connectMs' | 'idleMs' | 'totalMs', what: string): void {
    const { id, timeouts } = this.#parts.target
    const message = `endpoint ${id} ${what} in ${timeouts[limit]} ms (${limit})`
    this.#fail(new PlatformError('UPSTREAM_TIMEOUT', message, { details: { limit, sent: this.#socket !== undefined } }))
  }

  /** Closes it at once; what is waited for rejects. The first error stands. */
  #fail(thrown: unknown): PlatformError {
    if (this.#error !== undefined) return this.#error
    const { target, call, watch, onClose } = this.#parts
    const isOpen = this.#wait?.limit !== 'connectMs'
    this.#error = toUpstreamError(thrown, target, isOpen ? 'answered' : 'unsent')
    watch.remove(this)
    call.cancellation.unfollow(this)
    this.#socket?.destroy()
    onClose(this)
    const wait = this.#wait
    this.#wait = undefined
    wait?.reject(this.#error)
    return this.#error
  }
}
