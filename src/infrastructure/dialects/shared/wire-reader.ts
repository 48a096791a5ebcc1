import { PlatformError } from '../../../core/errors.ts'
import type { Usage } from '../../../core/usage.ts'
import type { WireReader, WireReaderOptions } from '../dialect.ts'
import { createFramer, type Frame, joinData, manyLines, noLine } from '../sse/index.ts'
import { estimateTokensOfLength } from './estimate.ts'

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
  /** UTF-16 units generated so far, and of these those of scripts above U+3000. */
  generated(): { readonly units: number; readonly wide: number }
}

/**
 * Forwards whole events unchanged and shows each to the observer once. What precedes a fault is forwarded first: the
 * fault is thrown by the next call.
 */
export function createWireReaderOf(observer: WireObserver, options: WireReaderOptions): WireReader {
  let current: Buffer = Buffer.alloc(0)
  let pieces: Buffer[] = []
  let takenTo = 0 // bytes of the current chunk before this are in `pieces`, or left out
  let wholeTo = 0 // end of the last whole event in the current chunk
  let isLastLeftOut = false
  let failure: PlatformError | undefined

  function leaveOut(from: number, to: number): void {
    if (from > takenTo) pieces.push(current.subarray(takenTo, from))
    takenTo = to
  }

  const framer = createFramer(
    {
      onFrame(frame) {
        isLastLeftOut = look(observer, frame)
        if (frame.buffer !== current) {
          if (!isLastLeftOut) pieces.push(frame.buffer)
          takenTo = frame.chunkEnd
        } else if (isLastLeftOut) leaveOut(frame.start, frame.chunkEnd)
        wholeTo = frame.chunkEnd
      },
      onLateLineFeed(offset) {
        wholeTo = offset + 1
        if (isLastLeftOut) leaveOut(offset, wholeTo)
      },
    },
    options.eventBytesMax,
  )

  function take(chunk: Buffer, act: () => void): Buffer | undefined {
    if (failure !== undefined) throw failure
    current = chunk
    pieces = []
    takenTo = 0
    wholeTo = 0
    try {
      act()
    } catch (thrown) {
      failure =
        thrown instanceof PlatformError
          ? thrown
          : new PlatformError('INTERNAL', 'a wire reader broke', { cause: thrown })
    }
    if (takenTo === 0 && pieces.length === 0 && wholeTo === chunk.length && wholeTo > 0) return chunk
    if (wholeTo > takenTo) pieces.push(chunk.subarray(takenTo, wholeTo))
    const [first] = pieces
    if (first === undefined) {
      if (failure !== undefined) throw failure
      return undefined
    }
    return pieces.length === 1 ? first : Buffer.concat(pieces)
  }

  return {
    read: (chunk) => take(chunk, () => framer.push(chunk)),
    end() {
      let rest: Buffer | undefined
      try {
        rest = take(Buffer.alloc(0), () => framer.end())
      } catch (thrown) {
        // An event that broke off is a cut, whatever its bytes look like.
        if (thrown instanceof PlatformError && thrown.code === 'UPSTREAM_INVALID' && !observer.isComplete()) throw cut()
        throw thrown
      }
      if (!observer.isComplete()) throw cut()
      return rest
    },
    get usage() {
      return observer.usage()
    },
    get failure() {
      return failure
    },
    get generatedLength() {
      return observer.generated().units
    },
    get generatedTokens() {
      return estimateTokensOfLength(observer.generated())
    },
  }
}

function look(observer: WireObserver, frame: Frame): boolean {
  if (frame.dataStart >= 0) return observer.observe(frame.buffer, frame.dataStart, frame.dataEnd)
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
