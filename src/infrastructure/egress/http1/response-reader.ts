import { ResponseHead } from './response-head.ts'

/** Who is told what a response says, in the order of the wire. Pieces of the body are views of what was read. */
export interface ResponseSink {
  head(head: ResponseHead): void
  body(bytes: Buffer): void
  /** The body is whole; another request may follow on the connection when it `isReusable`. */
  end(isReusable: boolean): void
}

/** A server that speaks something else, or a framing that two readers could understand in two ways. */
export class NotHttpError extends Error {
  override readonly name = 'NotHttpError'
  readonly code = 'not-http'
}

const headBytesMax = 16_384
/** A size in hexadecimal and what servers write behind it. */
const sizeLineBytesMax = 256
const trailerBytesMax = 16_384
const lineFeed = 10
const carriageReturn = 13
const headEnd = '\r\n\r\n'

type Phase = 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'until-close' | 'over'

/**
 * Reads HTTP/1 responses to requests that are no HEAD, strictly: lines end in CR LF, one framing for each body, bounded
 * heads, chunk lines and trailers. One response after the other; a class because its state changes with every byte.
 */
export class ResponseReader {
  readonly #sink: ResponseSink
  #phase: Phase = 'over'
  /** The beginning of a head, of a chunk's line or of a trailer that has not come whole. */
  #held: Buffer | undefined
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0
  #trailerBytes = 0
  #isReusable = false
  #isStopped = false

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** The next bytes begin the response to a new request. */
  start(): void {
    this.#phase = 'head'
    this.#held = undefined
  }

  /** Nothing more is told, also not of what was read already. */
  stop(): void {
    this.#isStopped = true
    this.#held = undefined
  }

  /** Throws `NotHttpError`, also for bytes that nobody asked for. */
  read(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && !this.#isStopped) {
      if (this.#phase === 'over') throw new NotHttpError('bytes came behind the end of a response')
      at = this.#step(bytes, at)
    }
  }

  /** The connection was closed by its other side: true when that ends the body properly. */
  close(): boolean {
    if (this.#phase !== 'until-close' || this.#isStopped) return false
    this.#end(false)
    return true
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'sized':
      case 'chunk':
        return this.#readSized(bytes, at)
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.#readLine(bytes, at)
      case 'until-close':
        this.#sink.body(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
      case 'over':
        return bytes.length
    }
  }

  /** Heads mostly come whole, and with all of a small body behind them. */
  #readHead(bytes: Buffer, at: number): number {
    const held = this.#held?.length ?? 0
    const part = bytes.subarray(at, at + headBytesMax - held)
    const known = this.#held === undefined ? part : Buffer.concat([this.#held, part])
    const text = known.toString('latin1')
    const length = text.indexOf(headEnd)
    if (length === -1) {
      if (known.length >= headBytesMax) throw new NotHttpError('the head of a response is too large')
      if (!mayBeginHead(text)) throw new NotHttpError('a response does not begin as HTTP')
      this.#held = Buffer.from(known) // a copy: what is read is read into the same memory again
      return at + part.length
    }
    this.#held = undefined
    const head = ResponseHead.read(text.slice(0, length))
    if (head === undefined) throw new NotHttpError('the head of a response is not HTTP/1')
    this.#begin(head)
    return at + length + headEnd.length - held
  }

  #begin(head: ResponseHead): void {
    // What informs comes before the answer itself.
    if (head.status < 200) return
    this.#isReusable = head.isKept && head.framing.type !== 'until-close'
    this.#sink.head(head)
    if (this.#isStopped) return
    switch (head.framing.type) {
      case 'sized':
        this.#left = head.framing.bytes
        this.#phase = 'sized'
        if (this.#left === 0) this.#end(this.#isReusable)
        return
      case 'chunked':
        this.#phase = 'chunk-size'
        return
      case 'until-close':
        this.#phase = 'until-close'
    }
  }

  #readSized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    const isLast = this.#left === 0
    const isChunk = this.#phase === 'chunk'
    if (isLast && isChunk) this.#phase = 'chunk-end'
    this.#sink.body(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    if (isLast && !isChunk && !this.#isStopped) this.#end(this.#isReusable)
    return end
  }

  #readLine(bytes: Buffer, at: number): number {
    const plainEnd = this.#held === undefined ? this.#readPlainLine(bytes, at) : -1
    if (plainEnd !== -1) return plainEnd
    const end = bytes.indexOf(lineFeed, at)
    const part = bytes.subarray(at, end === -1 ? bytes.length : end + 1)
    const line = this.#held === undefined ? part : Buffer.concat([this.#held, part])
    if (line.length > (this.#phase === 'trailer' ? trailerBytesMax : sizeLineBytesMax)) {
      throw new NotHttpError('a line between chunks is too long')
    }
    if (end === -1) {
      this.#held = Buffer.from(line)
      return bytes.length
    }
    this.#held = undefined
    if (line[line.length - 2] !== carriageReturn) throw new NotHttpError('a line between chunks does not end in CR LF')
    this.#takeLine(line.toString('latin1', 0, line.length - 2))
    return end + 1
  }

  /** What stands between the chunks of nearly every stream: an end, and a size and nothing else. -1 when it is not that. */
  #readPlainLine(bytes: Buffer, at: number): number {
    let end = at
    let size = 0
    if (this.#phase === 'chunk-size') {
      for (let digit = toHexadecimal(bytes[end]); digit !== -1 && end - at < 7; digit = toHexadecimal(bytes[++end])) {
        size = size * 16 + digit
      }
      if (size === 0) return -1
    } else if (this.#phase !== 'chunk-end') return -1
    if (bytes[end] !== carriageReturn || bytes[end + 1] !== lineFeed) return -1
    this.#left = size
    this.#phase = size === 0 ? 'chunk-size' : 'chunk'
    return end + 2
  }

  #takeLine(line: string): void {
    if (this.#phase === 'chunk-end') {
      if (line !== '') throw new NotHttpError('a chunk is longer than it said')
      this.#phase = 'chunk-size'
    } else if (this.#phase === 'chunk-size') {
      this.#left = toChunkSize(line)
      this.#trailerBytes = 0
      this.#phase = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (line === '') this.#end(this.#isReusable)
    else {
      this.#trailerBytes += line.length
      if (this.#trailerBytes > trailerBytesMax) throw new NotHttpError('the trailer of a response is too large')
    }
  }

  #end(isReusable: boolean): void {
    this.#phase = 'over'
    this.#isReusable = isReusable
    this.#sink.end(isReusable)
  }
}

/** -1 for what is no digit. */
function toHexadecimal(code = 0): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Whether more bytes could make it the head of a response: what cannot is not waited for. */
function mayBeginHead(text: string): boolean {
  const start = 'HTTP/1.'
  return text.length < start.length ? start.startsWith(text) : text.startsWith(start)
}

const chunkSize = /^([0-9a-f]{1,13})[ \t]*(?:;[^\r\n]*)?$/i

function toChunkSize(line: string): number {
  const digits = chunkSize.exec(line)?.[1]
  if (digits === undefined) throw new NotHttpError('the size of a chunk is no number')
  return Number.parseInt(digits, 16)
}
