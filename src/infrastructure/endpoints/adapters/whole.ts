import { nothingGenerated } from '../../../core/generated.ts'
import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { Dialect } from '../../dialects/index.ts'
import type { Upstream } from '../adapter.ts'

export interface WholeParts {
  readonly dialect: Dialect
  readonly body: Buffer
  readonly object: JsonObject
  readonly firstByteMs: number
  readonly isRelayable: boolean
}

/** A body as a JSON object. Throws UPSTREAM_INVALID, never quoting it. */
export function readWhole(body: Buffer, endpointId: string): JsonObject {
  const value = readJson(body, endpointId)
  if (isJsonObject(value)) return value
  throw new PlatformError('UPSTREAM_INVALID', `endpoint ${endpointId} answered JSON that is not an object`)
}

/** As `readWhole`, of any kind. */
export function readJson(body: Buffer, endpointId: string): JsonValue {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue // what JSON.parse gives
  } catch (thrown) {
    throw new PlatformError('UPSTREAM_INVALID', `endpoint ${endpointId} answered something that is not JSON`, {
      cause: thrown,
    })
  }
}

/**
 * An answer that came whole. One that is relayed is decoded only if somebody reads its events; one that is translated is
 * decoded at once, so that a body that is not of the dialect counts as a failed try.
 */
export function toWhole(parts: WholeParts): Upstream {
  return new WholeUpstream(parts)
}

/** A class, because one is made for every answer: it reads its own events. */
class WholeUpstream implements Upstream, AsyncIterable<AnswerEvent> {
  readonly events = this
  readonly wire: Upstream['wire']
  readonly firstByteMs: number
  readonly wholeBytes: number
  readonly #parts: WholeParts
  readonly #usage: Usage | undefined
  readonly #decoded: readonly AnswerEvent[] | undefined

  constructor(parts: WholeParts) {
    const { dialect, object, body, isRelayable } = parts
    this.#parts = parts
    this.#usage = dialect.readUsage(object)
    this.#decoded = isRelayable ? undefined : dialect.decodeAnswer(object)
    this.wire = isRelayable ? { type: 'whole', dialect: dialect.id, body } : undefined
    this.firstByteMs = parts.firstByteMs
    this.wholeBytes = body.length
  }

  usage(): Usage | undefined {
    return this.#usage
  }

  /** The vendor has ended its answer: what it did not report, an estimate would not mend. */
  generated(): typeof nothingGenerated {
    return nothingGenerated
  }

  cancel(): void {
    // Nothing is still to come.
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnswerEvent> {
    yield* this.#decoded ?? this.#parts.dialect.decodeAnswer(this.#parts.object)
  }
}
