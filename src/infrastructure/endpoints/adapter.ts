import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import type { Generated, TextKeeper } from '../../core/generated.ts'
import type { Embedded, EmbedRequest, Reranked, RerankRequest, WireAnswer } from '../../core/model.ts'
import type { Usage } from '../../core/usage.ts'
import type { EndpointConfig } from '../../config/index.ts'
import type { Permit } from '../egress/index.ts'

/** One configured endpoint: its id, its settings as configured, and the regions and credentials it was given. */
export interface Endpoint {
  readonly id: string
  readonly config: EndpointConfig
}

/**
 * How endpoints of a dialect are talked to. One try each: retries, balancing, health, pricing and the record are the
 * caller's. Registered by dialect in `platform/adapters.ts`.
 */
export interface Adapter {
  /** Where an endpoint is reached, asked once for each; absent for dialects that are not reached over the network. */
  readonly locate?: ((config: EndpointConfig) => EndpointLocation) | undefined
  /** Whether a request without text decoding can be forwarded: the client's dialect is the endpoint's. */
  answer(request: ChatRequest, attempt: Attempt): Promise<Upstream>
  embed(request: EmbedTexts, attempt: Attempt): Promise<Embedded>
  /** Absent for dialects that do not rerank. */
  readonly rerank?: ((request: RerankRequest, attempt: Attempt) => Promise<Reranked>) | undefined
}

/** Texts as the model wants to read them, whatever their kind. */
export interface EmbedTexts extends Omit<EmbedRequest, 'kind'> {
  /** What the request says of their kind beside. */
  readonly parameter?: { readonly name: string; readonly value: string } | undefined
}

export interface EndpointLocation {
  /** Base URL; the vendor's own where the configuration names none. */
  readonly url: string
  /** Headers that tell the endpoint who calls, and those its dialect always sends. */
  readonly credentials: Readonly<Record<string, string>>
  /** The vendor as the price catalogue names it, where the dialect or the URL tells. */
  readonly vendor: string | undefined
  /** Below the base URL: a GET there costs nothing and answers when the endpoint is well. */
  readonly probePath: string | undefined
}

export interface Attempt {
  readonly endpoint: Endpoint
  /** Carries the dispatch call: its deadline, its cancellation, its place in the tree. */
  readonly permit: Permit
  /** Where the texts of a streamed answer go; `undefined` where nobody counts them. */
  readonly texts?: TextKeeper | undefined
}

/** An answer as one endpoint gives it. Read `events` or `wire`, once. */
export interface Upstream {
  readonly events: AsyncIterable<AnswerEvent>
  readonly wire: WireAnswer | undefined
  /** From sending to the first byte, milliseconds. */
  readonly firstByteMs: number
  /** What the endpoint has reported so far; `undefined` when nothing. Read after the end, after a failure or a cancel. */
  usage(): Usage | undefined
  /** So far, for the estimate when the endpoint did not get to report. */
  generated(): Generated
  /** Of an answer that came whole: the bytes of its body. */
  readonly wholeBytes?: number | undefined
  cancel(reason: unknown): void
}
