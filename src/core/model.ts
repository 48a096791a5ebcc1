import type { AnswerEvent, ChatRequest, DialectId } from './chat.ts'
import type { Call } from './call.ts'
import type { Picodollars } from './money.ts'
import type { Usage } from './usage.ts'

/** Anything that can answer a chat request. Named, listed by /v1/models, composable. */
export interface Model {
  readonly id: string
  readonly traits: Traits
  /**
   * Starts answering. Resolves once it is decided who answers (an endpoint has sent its first byte, or a node has built
   * the text); what fails later is thrown while the answer is read. Rejects with a PlatformError.
   */
  answer(request: ChatRequest, call: Call): Promise<Answer>
  /** Present on models that embed. */
  readonly embed?: (request: EmbedRequest, call: Call) => Promise<Embedded>
  /** Present on models that rerank. */
  readonly rerank?: (request: RerankRequest, call: Call) => Promise<Reranked>
}

/** What is true of a model; of a tree, derived from its leaves. */
export interface Traits {
  /** Tokens of input and output together; `undefined` when not configured and not known. The smallest of the leaves. */
  readonly contextTokens: number | undefined
  readonly inputs: readonly ('text' | 'image' | 'audio' | 'file')[]
  readonly tools: boolean
  readonly does: readonly ('chat' | 'embed' | 'rerank')[]
  /** All regions any leaf processes or stores in; `undefined` when one of them does not say. */
  readonly regions: readonly string[] | undefined
  /** Endpoint calls one request can cause at most, retries included. */
  readonly callsMax: number
  /** Worst-case cost of one request at full context and output; `undefined` when a price or a bound is not known. */
  readonly costMax: Picodollars | undefined
  /** What else the answer hangs on, beside the chat and the labels of the call; nothing when absent. */
  readonly varies?: readonly Variation[]
}

/**
 * What the same chat may be answered differently for: the variables of a prompt, one header, the key that asks, the user it names,
 * what documents the key may see. Who keeps answers tells requests apart by it.
 */
export type Variation = 'variables' | 'key' | 'user' | 'documents' | `header ${string}`

/**
 * An answer under way. Read it exactly once, one of three ways: iterate the normal events; take `wire` when it is in
 * the client's dialect; or `cancel`. Reading to the end, failing and cancelling all settle usage and cost.
 */
export interface Answer extends AsyncIterable<AnswerEvent> {
  /** The upstream's own bytes, while no node has changed the answer. */
  readonly wire: WireAnswer | undefined
  /** Leaves the answer: cancels upstream, charges what was generated. Does nothing once it has ended. */
  cancel(reason: unknown): void
}

export type WireAnswer = WireWhole | WireStream

/** A complete upstream body: valid JSON, an object at the top, usage already read. */
export interface WireWhole {
  readonly type: 'whole'
  readonly dialect: DialectId
  readonly body: Buffer
}

/** An upstream event stream, relayed byte for byte but for the events the client did not ask for. */
export interface WireStream {
  readonly type: 'stream'
  readonly dialect: DialectId
  /**
   * Pumps to the sink until the upstream has ended properly. Rejects with a PlatformError when it is cut, stalls or
   * carries an error event, and when the call is cancelled; nothing of an unfinished event is written after that.
   */
  relay(sink: ByteSink): Promise<void>
}

export interface ByteSink {
  /** False means: write no more until `onDrain` has called back. */
  write(chunk: Buffer): boolean
  onDrain(listener: () => void): void
}

export interface EmbedRequest {
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions: number | undefined
  /** What the texts are, for models that tell questions from what answers them. Embedded as they stand when absent. */
  readonly kind?: EmbedKind | undefined
}

export type EmbedKind = 'query' | 'passage'

export interface Embedded {
  /** One vector per input, in order, all of one length. */
  readonly vectors: readonly (readonly number[])[]
  readonly usage: Usage | undefined
  /**
   * How the model that answered tells questions from passages; empty when it does not, absent when no kind was said. Vectors of
   * different forms are not comparable.
   */
  readonly form?: string | undefined
}

/** Texts to be judged by how well each answers a question. */
export interface RerankRequest {
  readonly model: string
  readonly query: string
  readonly documents: readonly string[]
}

export interface Reranked {
  /** One finite number for each document, in their order; higher is better, comparable among judgements of one model. */
  readonly scores: readonly number[]
  readonly usage: Usage | undefined
}
