import { PlatformError } from '../../../core/errors.ts'
import type { Generated } from '../../../core/generated.ts'
import type { Usage } from '../../../core/usage.ts'
import type { WireReader, WireReaderOptions } from '../dialect.ts'
import { AnswerIdFinder } from './answer-id.ts'
import { createFramer, type Frame, type Framer, joinData, manyLines, noLine } from '../sse/index.ts'

/** What a dialect reads beside a relayed stream. */
export interface WireObserver {
  /**
   * Looks at the data of one event, bytes `start…end` of `buffer`. True when the event is not to be forwarded. Throws
   * the PlatformError of an in-band error.
   */
  observe(buffer: Buffer, start: number, end: number): boolean
  /** Whether the stream may end here. */
  isComplete(): boolean
  usage(): Usage | undefined
  /** So far. */
  generated(): Generated
}

/**
 * Forwards whole events unchanged and shows each to the observer once. What precedes a fault is forwarded first: the
 * fault is thrown by the next call.
 */
export function createWireReaderOf(observer: WireObserver, options: WireReaderOptions): WireReader {
  return new ObservedReader(observer, options)
}

/** A class for speed: it stands under every relayed chunk. */
class ObservedReader implements WireReader {
  readonly #observer: WireObserver
  readonly #framer: Framer
  readonly #finder: AnswerIdFinder | undefined
  #failure: PlatformError | undefined
  #chunk: Buffer = nothing
  #pieces: Buffer[] = []
  /** Bytes of the chunk before this are in the pieces, or left out. */
  #takenTo = 0
  /** End of the last whole event in the chunk. */
  #wholeTo = 0
  #isLastLeftOut = false

  constructor(observer: WireObserver, options: WireReaderOptions) {
    this.#observer = observer
    this.#finder = options.onAnswerId === undefined ? undefined : new AnswerIdFinder(options.onAnswerId)
    this.#framer = createFramer(
      { onFrame: (frame) => this.#onFrame(frame), onLateLineFeed: (offset) => this.#onLateLineFeed(offset) },
      options.eventBytesMax,
    )
  }

  get usage(): Usage | undefined {
    return this.#observer.usage()
  }

  get failure(): PlatformError | undefined {
    return this.#failure
  }

  get generated(): Generated {
    return this.#observer.generated()
  }

  read(chunk: Buffer): Buffer | undefined {
    this.#begin(chunk)
    try {
      this.#framer.push(chunk)
    } catch (thrown) {
      this.#failure = toFailure(thrown)
    }
    return this.#take()
  }

  end(): Buffer | undefined {
    this.#begin(nothing)
    try {
      this.#framer.end()
    } catch (thrown) {
      // An event that broke off is a cut, whatever its bytes look like.
      const failure = toFailure(thrown)
      this.#failure = failure.code === 'UPSTREAM_INVALID' ? cut() : failure
    }
    if (!this.#observer.isComplete()) this.#failure ??= cut()
    if (this.#failure !== undefined) throw this.#failure
    return this.#take()
  }

  #begin(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#chunk = chunk
    this.#pieces = []
    this.#takenTo = 0
    this.#wholeTo = 0
  }

  #take(): Buffer | undefined {
    const chunk = this.#chunk
    this.#chunk = nothing
    if (this.#takenTo === 0 && this.#pieces.length === 0 && this.#wholeTo === chunk.length && chunk.length > 0) {
      return chunk
    }
    if (this.#wholeTo > this.#takenTo) this.#pieces.push(chunk.subarray(this.#takenTo, this.#wholeTo))
    const pieces = this.#pieces
    this.#pieces = []
    if (pieces.length > 0) return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  #onFrame(frame: Frame): void {
    this.#isLastLeftOut = look(this.#observer, frame)
    if (this.#finder !== undefined && frame.dataEnd > frame.dataStart && frame.dataStart >= 0)
      this.#finder.look(frame.buffer, frame.dataStart, frame.dataEnd)
    if (frame.buffer !== this.#chunk) {
      if (!this.#isLastLeftOut) this.#pieces.push(frame.buffer)
      this.#takenTo = frame.chunkEnd
    } else if (this.#isLastLeftOut) this.#leaveOut(frame.start, frame.chunkEnd)
    this.#wholeTo = frame.chunkEnd
  }

  #onLateLineFeed(offset: number): void {
    this.#wholeTo = offset + 1
    if (this.#isLastLeftOut) this.#leaveOut(offset, offset + 1)
  }

  #leaveOut(from: number, to: number): void {
    if (from > this.#takenTo) this.#pieces.push(this.#chunk.subarray(this.#takenTo, from))
    this.#takenTo = to
  }
}

const nothing = Buffer.alloc(0)

function toFailure(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown
  return new PlatformError('INTERNAL', 'reading beside a stream went wrong', { cause: thrown })
}

function look(observer: WireObserver, frame: Frame): boolean {
  if (frame.dataStart >= 0) {
    if (frame.dataEnd === frame.dataStart) return false // empty data keeps a connection alive
    return observer.observe(frame.buffer, frame.dataStart, frame.dataEnd)
  }
  if (frame.dataStart === manyLines) {
    const data = joinData(frame) ?? Buffer.alloc(0)
    return observer.observe(data, 0, data.length)
  }
  if (frame.strangeStart !== noLine) return observer.observe(frame.buffer, frame.strangeStart, frame.strangeEnd)
  return false // a comment, or a name without data: nothing is dispatched
}

/** The stream stopped before the dialect's own end. */
export function cut(): PlatformError {
  return new PlatformError('UPSTREAM_CUT', 'the stream of the endpoint broke off before its end')
}

/** An event's data as JSON. Throws UPSTREAM_INVALID without quoting it. */
export function parseData(buffer: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(buffer.toString('utf8', start, end))
  } catch (thrown) {
    throw notJson(thrown)
  }
}

export function notJson(cause?: unknown): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the endpoint sent an event that is not JSON', { cause })
}
