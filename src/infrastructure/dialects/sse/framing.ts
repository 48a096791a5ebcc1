import { PlatformError } from '../../../core/errors.ts'

/** One server-sent event as it lies in the bytes. The object is reused: read it inside the callback only. */
export interface Frame {
  readonly buffer: Buffer
  /** The bytes of the whole event in `buffer`, its blank line included. */
  readonly start: number
  readonly end: number
  /** Where in the chunk just pushed the event ends. */
  readonly chunkEnd: number
  /** The value of its single `data` line; `dataStart` is `noLine` when there is none, `manyLines` when there are several. */
  readonly dataStart: number
  readonly dataEnd: number
  /** The value of its last `event` line, or `noLine`. */
  readonly nameStart: number
  readonly nameEnd: number
  /** The first line that is no field of the specification, or `noLine`. */
  readonly strangeStart: number
  readonly strangeEnd: number
  /** Offsets in `buffer` of its lines: start, end, start, end … */
  readonly lines: readonly number[]
}

export const noLine = -1
export const manyLines = -2

/** What is done with the events of a byte stream. */
export interface FrameHandler {
  onFrame(frame: Frame): void
  /** The LF of a CRLF whose CR has already ended the event before; at `offset` of the chunk. */
  onLateLineFeed(offset: number): void
}

/** Cuts a byte stream into server-sent events. Looks at each byte once. */
export interface Framer {
  /**
   * Calls the handler for each event that ends in the chunk, and answers with the offset in the chunk at which the
   * unfinished event begins. Throws UPSTREAM_INVALID when an event grows past the bound.
   */
  push(chunk: Buffer): number
  /** Calls the handler for what is left when the bytes end without a blank line. */
  end(): void
}

type MutableFrame = { -readonly [key in keyof Frame]: Frame[key] }

const lineFeed = 10
const carriageReturn = 13
const colon = 58
const space = 32

/**
 * Lines end in LF, CR or CRLF; a blank line ends an event (WHATWG HTML, 9.2.6). The unfinished event is kept as the
 * chunks it came in, and joined once.
 */
export function createFramer(handler: FrameHandler, eventBytesMax: number): Framer {
  return new ByteFramer(handler, eventBytesMax)
}

/** A class for speed: it stands under every relayed byte. */
class ByteFramer implements Framer {
  readonly #handler: FrameHandler
  readonly #eventBytesMax: number
  readonly #frame = createFrame()
  /** Of the event under way, from its first byte. */
  readonly #lines: number[] = []
  #pending: Buffer[] = []
  #pendingBytes = 0
  #lineStart = 0
  #isAfterReturn = false
  #isFirstEvent = true

  constructor(handler: FrameHandler, eventBytesMax: number) {
    this.#handler = handler
    this.#eventBytesMax = eventBytesMax
  }

  /** Goes from one end of a line to the next, which are searched for a word at a time. */
  push(chunk: Buffer): number {
    const { length } = chunk
    let from = 0
    let origin = -this.#pendingBytes // of the event's first byte, in the chunk
    let start = this.#lineStart // of the line under way, from the event's first byte
    let feed = find(chunk, lineFeed, 0)
    let carriage = find(chunk, carriageReturn, 0)
    let lastReturn = this.#isAfterReturn ? -1 : -2
    for (let offset = Math.min(feed, carriage); offset < length; offset = Math.min(feed, carriage)) {
      if (offset === carriage) {
        lastReturn = offset
        carriage = find(chunk, carriageReturn, offset + 1)
      } else {
        feed = find(chunk, lineFeed, offset + 1)
        if (lastReturn === offset - 1) {
          start = offset + 1 - origin
          if (start !== 1) continue
          this.#handler.onLateLineFeed(offset)
          from = offset + 1
          origin = from
          start = 0
          continue
        }
      }
      const at = offset - origin
      if (at > start) {
        this.#lines.push(start, at)
        start = at + 1
        continue
      }
      this.#emit(chunk, from, offset + 1)
      from = offset + 1
      origin = from
      start = 0
    }
    this.#lineStart = start
    this.#isAfterReturn = lastReturn === length - 1
    this.#keep(chunk, from)
    return from
  }

  end(): void {
    const bytes = this.#pendingBytes
    if (bytes === 0) return
    if (bytes > this.#lineStart) this.#lines.push(this.#lineStart, bytes)
    const rest = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    this.#emit(rest, 0, rest.length)
  }

  #keep(chunk: Buffer, from: number): void {
    if (from === chunk.length) return
    this.#pending.push(from === 0 ? chunk : chunk.subarray(from))
    this.#pendingBytes += chunk.length - from
    if (this.#pendingBytes > this.#eventBytesMax) throw tooLong(this.#eventBytesMax)
  }

  #emit(chunk: Buffer, from: number, to: number): void {
    if (this.#pendingBytes + to - from > this.#eventBytesMax) throw tooLong(this.#eventBytesMax)
    const frame = this.#frame
    const lines = this.#lines
    const isWhole = this.#pendingBytes === 0
    frame.buffer = isWhole ? chunk : Buffer.concat([...this.#pending, chunk.subarray(from, to)])
    frame.start = isWhole ? from : 0
    frame.end = isWhole ? to : frame.buffer.length
    frame.chunkEnd = to
    frame.lines = lines
    if (frame.start !== 0)
      for (let index = 0; index < lines.length; index++) lines[index] = valueAt(lines, index) + from
    if (this.#isFirstEvent && lines.length > 0) {
      lines[0] = valueAt(lines, 0) + markLength(frame.buffer, valueAt(lines, 0))
    }
    this.#isFirstEvent = false
    readFields(frame)
    this.#pending = []
    this.#pendingBytes = 0
    this.#handler.onFrame(frame)
    lines.length = 0
  }
}

/** The next one of a byte, the end of the chunk when there is none. */
function find(chunk: Buffer, byte: number, from: number): number {
  const offset = chunk.indexOf(byte, from)
  return offset < 0 ? chunk.length : offset
}

/** The `data` of an event: its lines joined by LF; `undefined` when it has none. */
export function joinData(frame: Frame): Buffer | undefined {
  if (frame.dataStart === noLine) return undefined
  if (frame.dataStart !== manyLines) return frame.buffer.subarray(frame.dataStart, frame.dataEnd)
  const parts: Buffer[] = []
  for (let index = 0; index < frame.lines.length; index += 2) {
    const end = valueAt(frame.lines, index + 1)
    const valueStart = matchField(frame.buffer, valueAt(frame.lines, index), { end, name: dataField })
    if (valueStart === noLine) continue
    if (parts.length > 0) parts.push(newLine)
    parts.push(frame.buffer.subarray(valueStart, end))
  }
  return Buffer.concat(parts)
}

const newLine = Buffer.from('\n')
const dataField = Buffer.from('data')
const eventField = Buffer.from('event')
const idField = Buffer.from('id')
const retryField = Buffer.from('retry')

function readFields(frame: MutableFrame): void {
  const { buffer, lines } = frame
  frame.dataStart = noLine
  frame.nameStart = noLine
  frame.strangeStart = noLine
  for (let index = 0; index < lines.length; index += 2) {
    const start = valueAt(lines, index)
    const end = valueAt(lines, index + 1)
    const data = matchField(buffer, start, { end, name: dataField })
    if (data !== noLine) {
      frame.dataStart = frame.dataStart === noLine ? data : manyLines
      frame.dataEnd = end
      continue
    }
    const name = matchField(buffer, start, { end, name: eventField })
    if (name !== noLine) {
      frame.nameStart = name
      frame.nameEnd = end
      continue
    }
    if (buffer[start] === colon || start === end || frame.strangeStart !== noLine) continue
    if (matchField(buffer, start, { end, name: idField }) !== noLine) continue
    if (matchField(buffer, start, { end, name: retryField }) !== noLine) continue
    frame.strangeStart = start
    frame.strangeEnd = end
  }
}

/** Offset of the field's value when the line is that field, else `noLine`. One space after the colon is not of the value. */
function matchField(buffer: Buffer, start: number, field: { readonly end: number; readonly name: Buffer }): number {
  const { end, name } = field
  const after = start + name.length
  if (after > end) return noLine
  for (let index = 0; index < name.length; index++) if (buffer[start + index] !== name[index]) return noLine
  if (after === end) return end
  if (buffer[after] !== colon) return noLine
  return after + 1 < end && buffer[after + 1] === space ? after + 2 : after + 1
}

/** Three when a byte order mark stands there, else none. */
function markLength(buffer: Buffer, start: number): number {
  return buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf ? 3 : 0
}

function valueAt(list: readonly number[], index: number): number {
  return list[index] ?? 0
}

function tooLong(eventBytesMax: number): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', `an event of the stream is longer than ${eventBytesMax} bytes`)
}

function createFrame(): MutableFrame {
  return {
    buffer: Buffer.alloc(0),
    start: 0,
    end: 0,
    chunkEnd: 0,
    dataStart: noLine,
    dataEnd: 0,
    nameStart: noLine,
    nameEnd: 0,
    strangeStart: noLine,
    strangeEnd: 0,
    lines: [],
  }
}
