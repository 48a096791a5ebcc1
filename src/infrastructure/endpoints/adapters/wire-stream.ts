import type { DialectId } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { ByteSink } from '../../../core/model.ts'
import type { WireReader } from '../../dialects/index.ts'
import type { Upstream } from '../adapter.ts'
import {
  createEventReading,
  pumpToEnd,
  type EventReading,
  type StreamDecode,
  type StreamSource,
} from './event-stream.ts'

export interface WireDecode extends StreamDecode {
  readonly dialect: DialectId
  readonly reader: WireReader
}

/**
 * A stream relayed byte for byte, or decoded if its events are read instead. Until one of the two is chosen the upstream
 * is held at its first event; with that event it resolves, so that an upstream that fails before it is a failed try.
 */
export async function openWireStream(source: StreamSource, decode: WireDecode): Promise<Upstream> {
  const { body, clock } = source
  const { reader } = decode
  const opening = createOpening(reader)
  /** What is done with a chunk: until the choice it is kept, then it is relayed or decoded. */
  let take = (chunk: Buffer): boolean => opening.take(chunk)
  const done = pumpToEnd(body, (chunk) => take(chunk))
  // Whoever reads is told; until then a failure waits.
  done.catch(nothing)
  await Promise.race([opening.first, done.then(() => opening.requireSomething())])
  const firstByteMs = source.headFirstByteMs + clock.monotonicMs() - source.headMs
  let reading: EventReading | undefined

  function readEvents(): EventReading {
    if (reading !== undefined) return reading
    decode.texts?.restart()
    reading = createEventReading(
      {
        pump(onChunk) {
          take = onChunk
          body.resume()
          return done
        },
        resume: () => body.resume(),
        cancel: () => body.cancel(),
      },
      decode,
    )
    // The events end or fail as the reading does, so nothing is lost here.
    reading.start(opening.early, nothing).catch(nothing)
    return reading
  }

  async function relay(sink: ByteSink): Promise<void> {
    const write = (forward: Buffer): boolean => {
      const mayGoOn = sink.write(forward)
      if (!mayGoOn) sink.onDrain(() => body.resume())
      return mayGoOn
    }
    take = (chunk) => {
      const forward = reader.read(chunk)
      const mayGoOn = forward === undefined || write(forward)
      if (reader.failure !== undefined) throw reader.failure
      return mayGoOn
    }
    const ready = opening.ready()
    if (ready === undefined || write(ready)) body.resume()
    const cut = await done
    const rest = endOf(reader, cut)
    if (rest !== undefined) write(rest)
  }

  return {
    events: { [Symbol.asyncIterator]: () => readEvents().events[Symbol.asyncIterator]() },
    wire: { type: 'stream', dialect: decode.dialect, relay },
    firstByteMs,
    usage: () => (reading === undefined ? reader.usage : reading.usage()),
    generated: () => (reading === undefined ? reader.generated : reading.generated()),
    cancel: () => body.cancel(),
  }
}

/** The bytes up to and with the first event. */
interface Opening {
  /** As they came, for the events. */
  readonly early: readonly Buffer[]
  /** What of them is forwarded, for the relay; `undefined` before the first event. */
  ready(): Buffer | undefined
  /** Resolves when the first event is there. */
  readonly first: Promise<void>
  take(chunk: Buffer): boolean
  /** At the end of the bytes: throws UPSTREAM_CUT when no event has come. */
  requireSomething(): void
}

function createOpening(reader: WireReader): Opening {
  const early: Buffer[] = []
  let ready: Buffer | undefined
  const { promise: first, resolve } = Promise.withResolvers<void>()
  return {
    early,
    first,
    ready: () => ready,
    take(chunk) {
      early.push(chunk)
      ready = reader.read(chunk)
      if (ready === undefined) return true
      resolve()
      return false
    },
    requireSomething() {
      if (ready === undefined)
        throw new PlatformError('UPSTREAM_CUT', 'the endpoint closed the stream before its first event')
    },
  }
}

/** The bytes that are left, or the reason why the stream has not ended properly: that the connection was cut goes first. */
function endOf(reader: WireReader, cut: PlatformError | undefined): Buffer | undefined {
  try {
    return reader.end()
  } catch (thrown) {
    throw cut ?? thrown
  }
}

const nothing = (): void => undefined
