import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { GeneratedMeter, type Generated, type TextKeeper } from '../../../core/generated.ts'
import type { Clock } from '../../../core/time.ts'
import type { Usage } from '../../../core/usage.ts'
import { AnswerIdFinder, type SseReader, type StreamDecoder } from '../../dialects/index.ts'
import type { EgressBody } from '../../egress/index.ts'
import type { Upstream } from '../adapter.ts'

/** A streamed body whose head has arrived. */
export interface StreamSource {
  readonly body: EgressBody
  readonly clock: Clock
  /** Monotonic, when the head arrived. */
  readonly headMs: number
  /** From sending to the head. */
  readonly headFirstByteMs: number
}

export interface StreamDecode {
  createReader(): SseReader
  createDecoder(): StreamDecoder
  /** Told once by which id the endpoint knows the answer; `undefined` where nobody wants to know. */
  readonly onAnswerId: ((id: string) => void) | undefined
  /** Where the texts of the events go; `undefined` where nobody counts them. */
  readonly texts: TextKeeper | undefined
}

/** Events decoded ahead of the reader before the upstream is paused. */
const eventsAheadMax = 64

/**
 * A stream translated into events. Resolves with the first of them, so that an upstream that fails before it is a failed
 * try.
 */
export function openEventStream(source: StreamSource, decode: StreamDecode): Promise<Upstream> {
  const { body } = source
  const reading = createEventReading(
    { pump: (onChunk) => pumpToEnd(body, onChunk), resume: () => body.resume(), cancel: () => body.cancel() },
    decode,
  )
  return new Promise((resolve, reject) => {
    let isOpen = false
    const open = (): void => {
      if (isOpen) return
      isOpen = true
      const firstByteMs = source.headFirstByteMs + source.clock.monotonicMs() - source.headMs
      resolve({
        events: reading.events,
        wire: undefined,
        firstByteMs,
        usage: () => reading.usage(),
        generated: () => reading.generated(),
        cancel: () => body.cancel(),
      })
    }
    reading.start([], open).then(open, (thrown: unknown) => {
      // Once open, the reader of the events is told.
      if (!isOpen) reject(thrown)
    })
  })
}

/** Where an event reading gets its bytes from. */
export interface ByteSource {
  /** As `pumpToEnd`. */
  pump(onChunk: (chunk: Buffer) => boolean): Promise<PlatformError | undefined>
  resume(): void
  cancel(): void
}

export interface EventReading {
  readonly events: AsyncIterable<AnswerEvent>
  usage(): Usage | undefined
  generated(): Generated
  /**
   * Reads to the end, beginning with bytes that came before; calls `onFirst` when the first event is there. Settles as the
   * reading does; the events end or fail in the same way.
   */
  start(early: readonly Buffer[], onFirst: () => void): Promise<void>
}

/** Decodes bytes as they arrive and holds them back when nobody reads the events. */
export function createEventReading(source: ByteSource, decode: StreamDecode): EventReading {
  const queue: AnswerEvent[] = []
  let end: { readonly thrown: unknown } | 'whole' | undefined
  let wake: () => void = nothing
  let usage: Usage | undefined
  const generated = new GeneratedMeter(decode.texts)

  function accept(events: readonly AnswerEvent[]): void {
    for (const event of events) {
      usage = measure(event, generated) ?? usage
      queue.push(event)
    }
    if (events.length > 0) wake()
  }

  async function read(early: readonly Buffer[], onFirst: () => void): Promise<void> {
    const reader = decode.createReader()
    const decoder = decode.createDecoder()
    const finder = createFinder(decode)
    const take = (chunk: Buffer): boolean => {
      for (const event of reader.push(chunk)) accept(decoder.decode(finder?.show(event) ?? event))
      if (queue.length > 0) onFirst()
      return queue.length < eventsAheadMax
    }
    for (const chunk of early) take(chunk)
    const cut = await source.pump(take)
    try {
      for (const event of reader.end()) accept(decoder.decode(event))
      accept(decoder.end())
    } catch (thrown) {
      throw cut ?? thrown
    }
  }

  async function* iterate(): AsyncGenerator<AnswerEvent> {
    try {
      for (;;) {
        for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
          yield event
          if (queue.length === 0) source.resume()
        }
        if (end === 'whole') return
        if (end !== undefined) throw end.thrown
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      source.cancel()
    }
  }

  return {
    events: { [Symbol.asyncIterator]: iterate },
    usage: () => usage,
    generated: () => generated,
    async start(early, onFirst) {
      try {
        await read(early, onFirst)
        end = 'whole'
      } catch (thrown) {
        end = { thrown }
        source.cancel()
        throw thrown
      } finally {
        wake()
      }
    },
  }
}

function createFinder({ onAnswerId }: StreamDecode): AnswerIdFinder | undefined {
  return onAnswerId === undefined ? undefined : new AnswerIdFinder(onAnswerId)
}

/**
 * Pumps a body; a connection that is cut is not thrown but returned, for the reader to judge: an answer may have ended
 * properly before its connection did.
 */
export async function pumpToEnd(
  body: EgressBody,
  onChunk: (chunk: Buffer) => boolean,
): Promise<PlatformError | undefined> {
  try {
    await body.pump(onChunk)
    return undefined
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'UPSTREAM_CUT') return thrown
    throw thrown
  }
}

/** Counts the event; the usage it reports. */
function measure(event: AnswerEvent, generated: GeneratedMeter): Usage | undefined {
  const text = textOf(event)
  generated.add(text)
  if (generated.texts !== undefined) keepText(event, text, generated.texts)
  if (event.type !== 'usage') return undefined
  generated.report()
  return event.usage
}

function keepText(event: AnswerEvent, text: string, texts: TextKeeper): void {
  if (event.type === 'tool-call-start') texts.keep(`call-${event.index}/name`, event.name)
  else if (event.type === 'tool-call-delta') texts.keep(`call-${event.index}`, text)
  else if (text !== '') texts.keep(event.type, text)
}

/** What the event adds to what was generated. */
export function textOf(event: AnswerEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text
    case 'tool-call-delta':
      return event.arguments
    default:
      return ''
  }
}

const nothing = (): void => undefined
