import type { Socket } from 'node:net'
import { lentBytesOf } from '../../../core/lent-bytes.ts'
import type { TurnAct, TurnEnd } from '../../../core/turn.ts'
import type { OpenSocket } from './connecting.ts'
import { NotHttpError, ResponseReader, type ResponseSink } from './response-reader.ts'
import type { ResponseHead } from './response-head.ts'

/** What is sent: a body in pieces goes out as one. */
export interface HttpRequest {
  /** Latin-1, every line with its end, without the line of the length and the empty one. */
  readonly head: string
  readonly body: string | Uint8Array | readonly Uint8Array[] | undefined
}

/** Who waits for a response. After an error, and after `abort`, nothing more is told. */
export interface ResponseHandler {
  /** A connection is there, and the request goes out on it now. */
  onRequestStart(controller: HttpController): void
  onResponseStart(controller: HttpController, head: ResponseHead): void
  /** Bytes of the body, the handler's own. */
  onResponseData(controller: HttpController, bytes: Buffer): void
  onResponseEnd(controller: HttpController): void
  /** `controller` is absent when there was no connection. */
  onResponseError(controller: HttpController | undefined, error: Error): void
}

/** A request under way. Once its response is over, the connection is somebody else's: its former handler moves nothing any more. */
export interface HttpController {
  /** Closes the connection at once; nothing more is told. */
  abort(handler: ResponseHandler): void
  pause(handler: ResponseHandler): void
  resume(handler: ResponseHandler): void
}

export interface ConnectionOwner {
  /** The response is over, and the connection waits for another request, of which it may have `idleMs` to come. */
  freed(connection: HttpConnection, idleMs: number): void
  closed(connection: HttpConnection): void
}

/** Servers that do not say how long they keep an idle connection close it after 5 s in many cases. */
const idleMsAssumed = 4_000
/** A connection is left this much earlier than the server says: what is sent at that moment would be lost. */
const idleMarginMs = 2_000
const idleMsMax = 600_000
/** Text of more characters is not joined to its head. */
const joinedLengthMax = 16_384

/** One connection of the system's, and the one request at a time that is under way on it. */
export class HttpConnection implements HttpController, ResponseSink, TurnAct {
  readonly #socket: Socket
  readonly #turn: TurnEnd
  readonly #isBorrowed: boolean
  readonly #owner: ConnectionOwner
  readonly #reader = new ResponseReader(this)
  #handler: ResponseHandler | undefined
  /** What goes out when the turn ends. */
  #request: HttpRequest | undefined
  #idleMs = idleMsAssumed
  #isPaused = false
  #isClosed = false

  constructor(opened: OpenSocket, owner: ConnectionOwner, turn: TurnEnd) {
    const { socket } = opened
    this.#socket = socket
    this.#turn = turn
    this.#isBorrowed = opened.isBorrowed
    this.#owner = owner
    opened.onBytes((bytes) => this.#take(bytes))
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.on('end', () => this.#ended())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('closed')))
    socket.unref()
  }

  /** Sends a request; the connection must be free. */
  send(request: HttpRequest, handler: ResponseHandler): void {
    this.#handler = handler
    this.#reader.start()
    this.#socket.ref()
    handler.onRequestStart(this)
    if (this.#isClosed) return
    // Memory that is lent may be taken back before the turn ends; what is being written is held.
    if (typeof request.body !== 'string') return this.#write(request)
    this.#request = request
    this.#turn.add(this)
  }

  turnEnded(): void {
    const request = this.#request
    this.#request = undefined
    if (request !== undefined) this.#write(request)
  }

  /** Closes it; a request that is under way fails with `reason`. */
  destroy(reason: Error): void {
    this.#fail(reason)
  }

  abort(handler: ResponseHandler): void {
    if (this.#handler !== handler) return
    this.#handler = undefined
    this.#close()
  }

  pause(handler: ResponseHandler): void {
    if (this.#handler !== handler) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(handler: ResponseHandler): void {
    if (this.#handler === handler) this.#flow()
  }

  head(head: ResponseHead): void {
    this.#idleMs = toIdleMs(head.find('keep-alive'))
    this.#handler?.onResponseStart(this, head)
  }

  body(bytes: Buffer): void {
    this.#handler?.onResponseData(this, this.#isBorrowed ? Buffer.from(bytes) : bytes)
  }

  end(isReusable: boolean): void {
    const handler = this.#handler
    this.#handler = undefined
    // A server that answers before it has been told all may not read the rest.
    const isTold = this.#request === undefined && this.#socket.writableLength === 0
    const isFree = isReusable && this.#idleMs > 0 && isTold
    if (!isFree) this.#close()
    else if (this.#isPaused) this.#flow()
    this.#socket.unref()
    handler?.onResponseEnd(this)
    if (isFree && !this.#isClosed) this.#owner.freed(this, this.#idleMs)
  }

  #flow(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  #write({ head, body }: HttpRequest): void {
    const socket = this.#socket
    if (body === undefined) socket.write(`${head}\r\n`, 'latin1')
    else if (typeof body === 'string') this.#writeText(head, body)
    else {
      const pieces = body instanceof Uint8Array ? [body] : body
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
      socket.cork()
      socket.write(`${head}content-length: ${length}\r\n\r\n`, 'latin1')
      for (const piece of pieces) writePiece(socket, piece)
      socket.uncork()
    }
  }

  #writeText(head: string, body: string): void {
    const socket = this.#socket
    const whole = `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`
    if (body.length <= joinedLengthMax && isAscii(head)) {
      socket.write(whole + body, 'utf8')
      return
    }
    socket.cork()
    socket.write(whole, 'latin1')
    socket.write(body, 'utf8')
    socket.uncork()
  }

  #take(bytes: Buffer): void {
    try {
      this.#reader.read(bytes)
    } catch (thrown) {
      this.#fail(thrown instanceof Error ? thrown : new NotHttpError('a response could not be read'))
    }
  }

  #ended(): void {
    if (!this.#reader.close()) this.#fail(new Error('closed'))
  }

  #fail(error: Error): void {
    if (this.#isClosed) return
    const handler = this.#handler
    this.#handler = undefined
    this.#close()
    handler?.onResponseError(this, error)
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#request = undefined
    this.#reader.stop()
    this.#socket.destroy()
    this.#owner.closed(this)
  }
}

/**
 * The system reads from the memory of a buffer until its write is complete, however the request that it belonged to has
 * ended meanwhile: memory given back earlier would be somebody else's by then, and would be sent.
 */
export function writePiece(socket: Socket, piece: Uint8Array): void {
  const lent = lentBytesOf(piece)
  if (lent === undefined) {
    socket.write(piece)
    return
  }
  lent.hold()
  socket.write(piece, () => lent.letGo())
}

/** `timeout=5, max=100`: how long a server keeps an idle connection. */
function toIdleMs(said: string | undefined): number {
  if (said === undefined) return idleMsAssumed
  const seconds = /(?:^|[,\s])timeout=(\d{1,7})/i.exec(said)?.[1]
  return seconds === undefined ? idleMsAssumed : Math.min(Number(seconds) * 1_000 - idleMarginMs, idleMsMax)
}

function isAscii(text: string): boolean {
  return !/[\u0080-\u00ff]/.test(text)
}
