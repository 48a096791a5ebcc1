import { PlatformError } from '../../../core/errors.ts'
import type { SseEvent } from '../dialect.ts'
import { createFramer, type Frame, joinData, noLine } from './framing.ts'

/** Reads server-sent events out of bytes, however they are cut. */
export interface SseReader {
  /** Events that end in the chunk, in order. A fault that follows them is thrown by the next call. */
  push(chunk: Buffer): readonly SseEvent[]
  /**
   * The last event, when the bytes ended without its blank line: vendors do end so. Throws UPSTREAM_CUT when an object
   * broke off: the specification would leave it out, but it may have been the usage of an answer that was all there.
   */
  end(): readonly SseEvent[]
}

/**
 * Meets WHATWG HTML 9.2.6 but for the end: an event without its blank line counts. Comments, `id` and `retry` are left
 * out. Throws UPSTREAM_INVALID when an event is longer than `eventBytesMax`.
 */
export function createSseReader(options: { readonly eventBytesMax: number }): SseReader {
  let events: SseEvent[] = []
  let failure: { readonly thrown: unknown } | undefined
  const framer = createFramer(
    {
      onFrame(frame) {
        const event = toEvent(frame)
        if (event !== undefined) events.push(event)
      },
      onLateLineFeed: () => undefined,
    },
    options.eventBytesMax,
  )

  function take(act: () => void): readonly SseEvent[] {
    if (failure !== undefined) throw failure.thrown
    try {
      act()
    } catch (thrown) {
      failure = { thrown }
      if (events.length === 0) throw thrown
    }
    const taken = events
    events = []
    return taken
  }

  return { push: (chunk) => take(() => framer.push(chunk)), end: () => take(() => framer.end()).map(requireWhole) }
}

function requireWhole(event: SseEvent): SseEvent {
  if (!event.data.trimStart().startsWith('{')) return event
  try {
    JSON.parse(event.data)
    return event
  } catch (thrown) {
    throw new PlatformError('UPSTREAM_CUT', 'the stream of the endpoint broke off in the middle of an event', {
      cause: thrown,
    })
  }
}

/**
 * An event without a `data` line is not dispatched; one that is a bare JSON object, or one behind `error:`, as some servers
 * send errors (llama.cpp), is.
 */
function toEvent(frame: Frame): SseEvent | undefined {
  const event = frame.nameStart === noLine ? '' : frame.buffer.toString('utf8', frame.nameStart, frame.nameEnd)
  if (frame.dataStart >= 0) return { event, data: frame.buffer.toString('utf8', frame.dataStart, frame.dataEnd) }
  const data = joinData(frame)
  if (data !== undefined) return { event, data: data.toString('utf8') }
  if (frame.strangeStart === noLine) return undefined
  const strange = frame.buffer.toString('utf8', frame.strangeStart, frame.strangeEnd)
  return { event, data: /^error: *\{/.test(strange) ? strange.slice('error:'.length).trimStart() : strange }
}
