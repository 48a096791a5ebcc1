import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { ByteList } from '../../core/byte-list.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { LentBytes } from '../../core/lent-bytes.ts'
import type { ByteSink } from '../../core/model.ts'
import type { TurnAct, TurnEnd } from '../../core/turn.ts'
import { toJsonBody, type JsonBody } from './json-body.ts'
import { refuseNul } from './faults.ts'

/** One HTTP request and its response, with the few things every face needs of them. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  /** Monotonic milliseconds at which the headers had arrived. */
  readonly startedMonotonicMs: number
  readonly isBegun: boolean
  /** Throws INVALID_REQUEST for a query with U+0000, which no database keeps as it is. */
  query(): URLSearchParams
  header(name: string): string | undefined
  /** The headers that begin with `x-`, by lower-case name, without credentials. */
  ownHeaders(): Readonly<Record<string, string>>
  /** The key of `authorization: Bearer …` or `x-api-key: …`; `undefined` when neither is there. */
  credential(): string | undefined
  /** Throws BODY_TOO_LARGE; CANCELLED when the client leaves before the end. */
  readBytes(): Promise<ByteList>
  /** What was read ahead of its reader, who is given it next. */
  giveBack(bytes: ByteList): void
  /** Nobody reads the body of the request any more: its memory is free as soon as what is being sent of it is sent. */
  letGoOfBody(): void
  /**
   * The body as a JSON object and its text. Throws UNSUPPORTED_MEDIA_TYPE, INVALID_ENCODING, INVALID_JSON or
   * INVALID_REQUEST besides.
   */
  readJson(): Promise<JsonBody>
  sendJson(status: number, body: unknown, headers?: HeaderList): void
  /** Begins a response whose bytes follow through `sink` and `end`. */
  begin(status: number, headers: HeaderList): void
  readonly sink: ByteSink
  write(text: string): Promise<void>
  end(chunk?: Buffer | string): void
  /** Ends a response that has begun and does not come to its end; the chunk says why. */
  endBroken(chunk?: Buffer | string): void
  /** Cuts the connection: the only honest end of a response that can carry no error any more. */
  destroy(): void
  /** Calls back when the client has left before the end of the response. One listener. */
  onGone(listener: () => void): void
  /** The response is over, finished or not; the server says so once. */
  closed(): void
}

/** From this size the memory of a body is given back as soon as its answer is over. */
const lentBytesMin = 32_768
/** Bodies up to this go out as text; copying a larger one costs more than gathering. */
const textWriteBytesMax = 16_384

/** Names and values in turn, as node:http writes them without looking at each. */
export type HeaderList = readonly string[]

export interface ExchangeOptions {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly bodyBytesMax: number
  readonly startedMonotonicMs: number
  /** When what is written goes to the system. */
  readonly turn: TurnEnd
}

export function createExchange(options: ExchangeOptions, parameters: Readonly<Record<string, string>>): Exchange {
  return new NodeExchange(options, parameters)
}

class NodeExchange implements Exchange, TurnAct {
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly startedMonotonicMs: number
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #bodyBytesMax: number
  #rejectRead: ((error: PlatformError) => void) | undefined
  #gone: (() => void) | undefined
  #givenBack: ByteList | undefined
  #body: LentBytes | undefined
  readonly #turn: TurnEnd
  /** Something has been written in this turn. */
  #isHeld = false
  #isEnding = false
  #ending: Buffer | string | undefined

  constructor(options: ExchangeOptions, parameters: Readonly<Record<string, string>>) {
    this.method = options.message.method ?? 'GET'
    this.path = options.path
    this.parameters = parameters
    this.startedMonotonicMs = options.startedMonotonicMs
    this.#message = options.message
    this.#response = options.response
    this.#bodyBytesMax = options.bodyBytesMax
    this.#turn = options.turn
  }

  get isBegun(): boolean {
    return this.#response.headersSent
  }

  get sink(): ByteSink {
    const response = this.#response
    return {
      write: (chunk) => {
        this.#hold()
        return response.write(chunk)
      },
      onDrain: (listener) => {
        response.once('drain', listener)
      },
    }
  }

  query(): URLSearchParams {
    const url = this.#message.url ?? ''
    const start = url.indexOf('?')
    const query = start === -1 ? '' : url.slice(start + 1)
    const parameters = new URLSearchParams(query)
    if (query.includes('%00')) for (const [name, value] of parameters) refuseNul({ [name]: value })
    return parameters
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name]
    return typeof value === 'string' ? value : value?.[0]
  }

  ownHeaders(): Readonly<Record<string, string>> {
    const own: Record<string, string> = {}
    for (const name of Object.keys(this.#message.headers)) {
      if (name.startsWith('x-') && name !== 'x-api-key') own[name] = this.header(name) ?? ''
    }
    return own
  }

  credential(): string | undefined {
    const { authorization } = this.#message.headers
    if (authorization?.startsWith('Bearer ') === true) return authorization.slice(7)
    if (authorization !== undefined && /^bearer /i.test(authorization)) return authorization.slice(7).trim()
    return this.header('x-api-key')
  }

  giveBack(bytes: ByteList): void {
    this.#givenBack = bytes
  }

  letGoOfBody(): void {
    this.#body?.letGo()
    this.#body = undefined
  }

  readBytes(): Promise<ByteList> {
    if (this.#givenBack !== undefined) {
      const bytes = this.#givenBack
      this.#givenBack = undefined
      return Promise.resolve(bytes)
    }
    const message = this.#message
    const bytesMax = this.#bodyBytesMax
    const declared = message.headers['content-length']
    if (declared !== undefined && Number(declared) > bytesMax) return Promise.reject(this.#tooLarge())
    if (isCoded(message.headers)) return Promise.reject(unsupported('transfer-encoding', 'is not chunked alone'))
    // Whoever waits to be asked for its body is asked now, and not before it has shown that it may send one.
    if (message.headers.expect !== undefined && continues.test(message.headers.expect)) this.#response.writeContinue()
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let length = 0
      message.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > bytesMax) {
          message.pause()
          reject(this.#tooLarge())
        } else chunks.push(chunk)
      })
      message.on('end', () => {
        this.#rejectRead = undefined
        // A small body becomes text at once, and is young garbage by then.
        if (length < lentBytesMin) return resolve({ chunks, length })
        this.#body = new LentBytes(chunks, length)
        resolve(this.#body)
      })
      this.#rejectRead = reject
    })
  }

  readJson(): Promise<JsonBody> {
    try {
      requireJson(this.#message.headers)
    } catch (thrown) {
      return Promise.reject(toPlatformError(thrown))
    }
    return this.readBytes().then(toJsonBody)
  }

  sendJson(status: number, body: unknown, headers: HeaderList = []): void {
    if (this.#response.headersSent || this.#response.destroyed) return
    const text = JSON.stringify(body)
    this.begin(status, [
      'content-type',
      'application/json; charset=utf-8',
      'content-length',
      String(Buffer.byteLength(text)),
      ...headers,
    ])
    this.end(text)
  }

  begin(status: number, headers: HeaderList): void {
    // An unread rest of the request would be taken for the next request on this connection. The list is only read.
    const isRead = this.#message.complete || !hasBody(this.#message.headers)
    this.#response.writeHead(status, isRead ? (headers as string[]) : [...headers, 'connection', 'close'])
  }

  write(text: string): Promise<void> {
    if (text === '' || this.#response.destroyed) return Promise.resolve()
    this.#hold()
    if (this.#response.write(text)) return Promise.resolve()
    return new Promise((resolve) => {
      const go = (): void => {
        this.#response.off('drain', go)
        this.#response.off('close', go)
        resolve()
      }
      this.#response.on('drain', go)
      this.#response.on('close', go)
    })
  }

  end(chunk?: Buffer | string): void {
    this.#ending = chunk
    this.#isEnding = true
    if (!this.#isHeld) this.#turn.add(this)
  }

  turnEnded(): void {
    const wasHeld = this.#isHeld
    this.#isHeld = false
    const isEnding = this.#isEnding
    this.#isEnding = false
    if (this.#response.destroyed) return
    if (isEnding) this.#end(this.#ending)
    else if (wasHeld) this.#response.socket?.uncork()
  }

  #hold(): void {
    if (this.#isHeld || this.#response.socket === null) return
    this.#isHeld = true
    this.#response.socket.cork()
    this.#turn.add(this)
  }

  #end(chunk?: Buffer | string): void {
    if (chunk === undefined) this.#response.end()
    else if (typeof chunk === 'string') this.#response.end(chunk)
    // As Latin-1 text every byte stays itself, and head and body go out as one write instead of a gathered one.
    else if (chunk.length <= textWriteBytesMax) this.#response.end(chunk.toString('latin1'), 'latin1')
    else this.#response.end(chunk)
  }

  endBroken(chunk?: Buffer | string): void {
    this.end(chunk)
  }

  destroy(): void {
    // What was written is sent, as far as it goes.
    this.turnEnded()
    this.#response.destroy()
  }

  onGone(listener: () => void): void {
    this.#gone = listener
  }

  closed(): void {
    this.#rejectRead?.(new PlatformError('CANCELLED', 'the client left before the request was complete'))
    if (!this.#response.writableFinished) this.#gone?.()
  }

  #tooLarge(): PlatformError {
    return new PlatformError('BODY_TOO_LARGE', `the request body is larger than ${this.#bodyBytesMax} bytes`)
  }
}

const continues = /(?:^|\W)100-continue(?:$|\W)/i

/** The parser says that a request is complete only after it has been handed over, also where nothing can follow its head. */
function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** Whether a body is compressed, or worse, on its way: the parser takes off `chunked` alone. */
function isCoded(headers: IncomingHttpHeaders): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}

/** JSON by any of its names. A form or plain text is what a web page may send anywhere without being asked. */
const jsonType = /^(?:application|text)\/(?:[\w.+-]+\+)?json[ \t]*(?:;|$)/i

/** A request that does not say what its body is is believed to have sent JSON. */
function requireJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type']
  if (type !== undefined && type !== 'application/json' && !jsonType.test(type)) {
    throw unsupported('content-type', 'is not JSON')
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw unsupported('content-encoding', 'is not accepted: send the body as it is')
  }
}

function unsupported(header: string, what: string): PlatformError {
  return new PlatformError('UNSUPPORTED_MEDIA_TYPE', `the ${header} of the request ${what}`, { param: header })
}
