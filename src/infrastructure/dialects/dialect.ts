import type { AnswerEvent, Chat, DialectId, WireRequest } from '../../core/chat.ts'
import type { CompleteAnswer } from '../../core/answer.ts'
import type { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Generated, TextKeeper } from '../../core/generated.ts'
import type { Usage } from '../../core/usage.ts'

/** One API's shapes, both ways: what clients send and get, what endpoints get and send. Pure: no I/O, no clock. */
export interface Dialect extends ClientSide, EndpointSide {
  readonly id: DialectId
}

/** Towards a client that speaks the dialect. */
export interface ClientSide {
  /** Throws INVALID_REQUEST or UNSUPPORTED_PARAMETER with `param` as the path of the fault (`messages[2].content`). */
  decodeRequest(body: JsonObject): Chat
  encodeAnswer(answer: CompleteAnswer, meta: AnswerMeta): JsonObject
  /** The text of the event stream, event by event. */
  createStreamEncoder(meta: AnswerMeta): StreamEncoder
  /** The error in the dialect's own shape. */
  encodeError(error: PlatformError): JsonObject
}

/** What an answer is stamped with. */
export interface AnswerMeta {
  /** In the dialect's form is up to the encoder: `chatcmpl-…`, `msg_…`, `resp_…` are made from this call id. */
  readonly callId: string
  readonly model: string
  /** Milliseconds UTC. */
  readonly createdAtMs: number
  /** Whether the client asked for usage in the stream (OpenAI chat); others always report it. */
  readonly includeUsage: boolean
  /** The client's own request body, for dialects that echo parts of it (Responses). */
  readonly body: JsonObject
}

export interface StreamEncoder {
  /** SSE text to write for one event; empty when the event adds nothing yet. */
  encode(event: AnswerEvent): string
  /** SSE text that ends a stream which went well, after the `finish` event. */
  end(extension: JsonObject | undefined): string
  /** SSE text of the in-band error that ends a stream which failed; never looks like success. */
  fail(error: PlatformError): string
}

/** Towards an endpoint that speaks the dialect. */
export interface EndpointSide {
  /** Path below the endpoint's base URL, with a leading slash: `/chat/completions`. */
  readonly path: string
  /** Headers for a credential, and any the dialect always sends (`anthropic-version`). */
  headers(key: string | undefined): Readonly<Record<string, string>>
  encodeRequest(chat: Chat, target: RequestTarget): JsonObject
  /**
   * The client's own body for an endpoint of the same dialect: every byte as it was but the model's name, the `strata`
   * extension (removed), and `stream_options.include_usage` (always asked of streams). A duplicate of one of these keys
   * makes it write the body anew, so that two parsers cannot read two things.
   */
  patchRequest(wire: WireRequest, target: RequestTarget): string | readonly Uint8Array[]
  /** Throws UPSTREAM_INVALID when the body is not of the dialect. A usage event is included when the body reports any. */
  decodeAnswer(body: JsonObject): readonly AnswerEvent[]
  createStreamDecoder(): StreamDecoder
  /** Usage of a whole body; `undefined` when it reports none. */
  readUsage(body: JsonObject): Usage | undefined
  /** Reads beside a stream that is relayed unchanged. */
  createWireReader(options: WireReaderOptions): WireReader
  /** What the endpoint's refusal means. `body` is its text, at most 64 KiB, JSON or not. */
  readonly decodeError: (failure: UpstreamFailure) => PlatformError
}

export interface RequestTarget {
  readonly model: string
  readonly stream: boolean
  /** Where the dialect demands a bound on output and the client gave none. */
  readonly outputTokensMax: number | undefined
  /** No more output than this may be asked for, whatever the client says: what has been held for it. */
  readonly outputTokensCap?: number | undefined
}

export interface UpstreamFailure {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Milliseconds UTC, to read a retry-after that is a date. */
  readonly nowMs: number
}

export interface StreamDecoder {
  /** Events of one SSE event. Throws the PlatformError that an in-band error event means, UPSTREAM_INVALID on garbage. */
  decode(event: SseEvent): readonly AnswerEvent[]
  /** The rest at the end of the bytes. Throws UPSTREAM_CUT when the stream has not ended the way the dialect ends one. */
  end(): readonly AnswerEvent[]
}

export interface SseEvent {
  /** The `event:` field; empty when absent. */
  readonly event: string
  /** The `data:` lines joined by LF. */
  readonly data: string
}

export interface WireReaderOptions {
  /** Leave out the usage event the client did not ask for (OpenAI chat). */
  readonly stripUsage: boolean
  /** An event longer than this throws UPSTREAM_INVALID. */
  readonly eventBytesMax: number
  /** Told once by which id the endpoint knows the answer, where somebody wants to know. */
  readonly onAnswerId?: ((id: string) => void) | undefined
  /** Given the texts of the events, where somebody wants to count them: then each event is parsed. */
  readonly texts?: TextKeeper | undefined
}

/** Takes the upstream's bytes, gives back those to forward: whole events only, unchanged. Each event is parsed at most once. */
export interface WireReader {
  /** Bytes ready to forward, `undefined` when no event is complete yet. Throws the PlatformError of an in-band error event. */
  read(chunk: Buffer): Buffer | undefined
  /** Bytes still to forward at the end. Throws UPSTREAM_CUT when the stream has not ended properly. */
  end(): Buffer | undefined
  /** The last usage reported, `undefined` when none was. */
  readonly usage: Usage | undefined
  /** Text, reasoning and tool arguments seen so far: the basis of an estimate when the stream is left early. */
  readonly generated: Generated
  /** The fault met, once one was met: `read` forwards what precedes a fault and throws it only when called again. */
  readonly failure: PlatformError | undefined
}
