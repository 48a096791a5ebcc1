import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { AnswerEvent } from '../../core/chat.ts'
import { nothingGenerated, type TextKeeper } from '../../core/generated.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import { findInBandError } from '../dialects/index.ts'
import type { Upstream } from '../endpoints/index.ts'
import type { DoorFetch } from './door-fetch.ts'
import { createPartReader, toParts } from './events.ts'
import type { VendorWays } from './ways.ts'

/** A try under way: its connection, its vendor, and what a thrown thing means there. */
export interface AnswerPlace {
  /** Where the texts of a streamed answer go; `undefined` where nobody counts them. */
  readonly texts: TextKeeper | undefined
  readonly door: DoorFetch
  readonly ways: VendorWays
  readonly toFailure: (thrown: unknown) => PlatformError
}

/** An answer that came whole. Throws UPSTREAM_INVALID when there is nothing in it, and the error that it holds. */
export function toWhole(result: LanguageModelV4GenerateResult, place: AnswerPlace): Upstream {
  const isNothing = result.content.length === 0 && result.finishReason.raw === undefined
  if (isNothing) throw new PlatformError('UPSTREAM_INVALID', 'the endpoint answered JSON that holds no answer')
  const reader = createReader(place)
  const { usage, providerMetadata } = result
  const body = result.response?.body
  const failed = isJsonObject(body) ? findInBandError(body) : undefined
  if (failed !== undefined) throw failed
  const finishReason = (isJsonObject(body) ? place.ways.end?.(body) : undefined) ?? result.finishReason
  const events = [
    { type: 'raw' as const, rawValue: body },
    ...toParts(result.content),
    {
      type: 'finish' as const,
      // A whole body cannot be cut: one that does not say why it ended has ended.
      finishReason: { ...finishReason, raw: finishReason.raw ?? 'unsaid' },
      usage,
      ...(providerMetadata === undefined ? {} : { providerMetadata }),
    },
  ].flatMap((part) => reader.read(part))
  return {
    events: { [Symbol.asyncIterator]: () => iterate(events) },
    wire: undefined,
    firstByteMs: place.door.elapsedMs(),
    usage: () => reader.usage(),
    // The vendor has ended its answer: what it did not report, an estimate would not mend.
    generated: () => nothingGenerated,
    cancel: () => undefined,
  }
}

/** Resolves with the first event, so that an endpoint that fails before it is a failed try. */
export async function openStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  place: AnswerPlace,
): Promise<Upstream> {
  const { door, toFailure } = place
  const parts = stream.getReader()
  const reader = createReader(place)
  let isFinished = false

  /** The next events, at least one; `undefined` after the last. */
  async function next(): Promise<readonly AnswerEvent[] | undefined> {
    while (!isFinished) {
      const { done, value } = await parts.read()
      if (done) throw new PlatformError('UPSTREAM_CUT', 'the endpoint closed the stream before its end')
      const events = reader.read(value)
      isFinished = events.at(-1)?.type === 'finish'
      if (events.length > 0) return events
    }
    return undefined
  }

  async function* run(first: readonly AnswerEvent[] | undefined): AsyncGenerator<AnswerEvent> {
    try {
      for (let events = first; events !== undefined; events = await next()) yield* events
    } catch (thrown) {
      throw toFailure(thrown)
    } finally {
      if (!isFinished) door.cancel()
    }
  }

  const first = await next()
  return {
    events: run(first),
    wire: undefined,
    firstByteMs: door.elapsedMs(),
    usage: () => reader.usage(),
    generated: () => reader.generated(),
    cancel: () => door.cancel(),
  }
}

function createReader({ door, ways, texts }: AnswerPlace) {
  return createPartReader({
    proofs: ways.proofs,
    usage: ways.usage,
    words: ways.words,
    texts,
    isContinued: () => door.requestCount() > 1,
  })
}

async function* iterate(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events
}
