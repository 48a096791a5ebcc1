/** The sockets through which the rooms meet. Each is filled by one room and handed to the others by `platform/`. */
import type { PlaceSovereignty } from './ports-sovereignty.ts'
import type { Answer, Embedded, EmbedRequest, Reranked, RerankRequest, Traits } from './model.ts'
import type { ErrorCode } from './errors.ts'
import type { Call, CallFacts, Principal } from './call.ts'
import type { ChatRequest } from './chat.ts'
import type { JsonObject } from './json.ts'
import type { Picodollars } from './money.ts'
import type { SpanPlace } from './places.ts'
import type { AnswerReference } from './ports-lookups.ts'
import type { Charge } from './spending.ts'
import type { TierChoice } from './usage-units.ts'
import type { Usage } from './usage.ts'

/** Filled by store: the durable record of calls. Each act is durable against the death of the process on return. */
export interface CallRecorder {
  /** Before any byte leaves: which endpoint is about to be called, for which call. Said again when more is held for it. */
  intend(intent: DispatchIntent): void
  /** By which id the vendor knows the answer that begins to come, for a dispatch that was intended. Once each. */
  identify(identified: IdentifiedAnswer): void
  /** All facts of one call tree, at once. Closes every intent of the tree. */
  settle(facts: readonly CallFacts[]): void
}

export interface DispatchIntent {
  readonly callId: string
  readonly rootId: string
  readonly tenant: string
  readonly keyId: string
  readonly endpoint: string
  readonly vendorModel: string
  /** Milliseconds UTC. */
  readonly atMs: number
  /** What is held for it: what it counts as when nobody lives to see its end. */
  readonly charges?: readonly Charge[] | undefined
  /** How the vendor knows its answer, once that was told. */
  readonly answer?: AnswerReference | undefined
}

export interface IdentifiedAnswer {
  readonly callId: string
  readonly rootId: string
  readonly answer: AnswerReference
}

/** A version of a document that has been deleted. */
export interface WithdrawnVersion {
  readonly version: string
  readonly document: string
  /** Milliseconds UTC. */
  readonly atMs: number
}

/** Filled by tools: which of the versions that something was answered from are gone for good. */
export interface WithdrawnVersions {
  listWithdrawn(tenant: string, versions: readonly string[]): Promise<readonly WithdrawnVersion[]>
}

/** Filled by governance: may data with these labels go to a place that processes and stores there? */
export interface RegionGate {
  /** Unknown regions of the place are refused. `processing` and `storage` must each lie inside the allowed ones. */
  decide(place: Place, allowedRegions: readonly string[]): RegionVerdict
  /** Until when what is decided at an instant holds, milliseconds UTC; for good when absent. */
  validUntilMs?(atMs: number): number
}

export interface Place {
  readonly processing: readonly string[] | undefined
  readonly storage: readonly string[] | undefined
  /** Who runs it, under which law, and what shows that; nothing is known when absent. */
  readonly sovereignty?: PlaceSovereignty | undefined
}

export type RegionVerdict = { readonly type: 'pass' } | { readonly type: 'deny'; readonly reason: string }

/** Filled by investment: what a usage costs under the price book in force. */
export interface Pricer {
  /** The price that applies to a vendor's model at an instant; `undefined` when the book has none. */
  find(query: PriceQuery): Price | undefined
}

export interface PriceQuery {
  /** The endpoint's configured id: operators may price an endpoint itself. */
  readonly endpoint: string
  /** The vendor as the price catalogue calls it, where known: `openai`, `anthropic`, `deepseek`. */
  readonly vendor: string | undefined
  readonly model: string
  /** Milliseconds UTC. */
  readonly atMs: number
}

export interface TokensMax {
  readonly input: number
  readonly output: number
  /** The service tiers in which the answer may be given, of which the dearest counts; the ordinary one alone when absent. */
  readonly tiers?: TierChoice | undefined
}

export interface Price {
  readonly version: string
  /** Exact cost; `undefined` when the usage lacks a figure that the price needs. */
  cost(usage: Usage): Picodollars | undefined
  /** An upper bound for a request of that many tokens, without tool fees and advice of others. */
  costMax(tokens: TokensMax): Picodollars
}

/** Filled by platform: embeds by a model of the configuration in force. Each time is a call: admitted, metered, recorded. */
export interface TextEmbedder {
  /** Rejects as a request would: MODEL_NOT_FOUND, REGION_REFUSED, BUDGET_EXCEEDED, UPSTREAM_… */
  embed(request: EmbedRequest, as: EmbedAs): Promise<Embedded>
}

/** Filled by platform: judges texts by a model of the configuration in force. Each time is a call, as for embedding. */
export interface TextReranker {
  /** Rejects as a request would: MODEL_NOT_FOUND, REGION_REFUSED, BUDGET_EXCEEDED, UPSTREAM_… */
  rerank(request: RerankRequest, as: EmbedAs): Promise<Reranked>
}

/** Filled by platform: asks a model of the configuration in force once, as a request would. */
export interface TextAsker {
  /** The text of the answer. Rejects as a request would, and with DEADLINE_EXCEEDED after `durationMsMax`. */
  ask(
    asked: { readonly model: string; readonly prompt: string },
    as: Pick<EmbedAs, 'principal' | 'durationMsMax'>,
  ): Promise<string>
}

export interface EmbedAs {
  readonly principal: Principal
  /** The call this is part of; one of its own when absent. */
  readonly call?: Call | undefined
  /** Regions the texts are bound to, beside those the principal may use. */
  readonly regions?: readonly string[] | undefined
  readonly durationMsMax: number
}

/** Filled by infrastructure: calls endpoints by id, with balancing, retries and health. */
export interface EndpointCaller {
  /** The traits of one configured endpoint; `undefined` when there is none of that id. */
  findTraits(endpointId: string): Traits | undefined
  /** Every configured endpoint's id. */
  list(): readonly string[]
  /** How an endpoint is now; `undefined` when there is none of that id. */
  findState(endpointId: string): EndpointState | undefined
  answer(choice: EndpointChoice, request: ChatRequest, call: Call): Promise<Answer>
  embed(choice: EndpointChoice, request: EmbedRequest, call: Call): Promise<Embedded>
  rerank(choice: EndpointChoice, request: RerankRequest, call: Call): Promise<Reranked>
}

export interface EndpointState {
  /** Whether a try may go there now. */
  readonly isOpen: boolean
  /** It is on this machine: reached without the network. */
  readonly isLocal: boolean
  /** Tries under way. */
  readonly inFlight: number
  /** Moving average of the time to the first byte, milliseconds; `undefined` before the first. */
  readonly firstByteMs: number | undefined
  /** Upper bound of the cost of a request; `undefined` without a price, or without any bound on its output. */
  costMax(tokens: { readonly input: number; readonly output: number | undefined }): Picodollars | undefined
  /** Upper estimate of the energy of an answer, watt-hours; `undefined` where it cannot be known before, or its output has no bound. */
  energyWhMax(outputTokens: number | undefined): number | undefined
}

/** A leaf of the tree of models: endpoints that are interchangeable, and how to choose among them. */
export interface EndpointChoice {
  readonly endpoints: readonly string[]
  readonly balance: 'least-loaded' | 'price' | 'latency' | 'order'
  /** Start a second try at another endpoint when the first byte takes longer than this quantile (0…1) of recent ones. */
  readonly hedgeQuantile: number | undefined
}

/** Filled by tools: searches what may be seen of collections. */
export interface KnowledgeSearch {
  /** Best first; none when nothing found is likely to answer. */
  search(query: KnowledgeQuery): Promise<readonly Passage[]>
}

export interface KnowledgeQuery {
  readonly tenant: string
  readonly collections: readonly string[]
  readonly query: string
  /** Whether `"phrases"`, `-words` and `field:value` in the query are operators; all of it is words when absent. */
  readonly syntax?: 'plain' | 'operators' | undefined
  readonly passagesMax: number
  /** Who asks: `key:…`, `user:…`, `group:…`. Absent for whoever may see everything of the tenant. */
  readonly principals?: readonly string[] | undefined
  /** Regions the request is allowed; documents bound to another are not seen. Absent for no such bound. */
  readonly regions?: readonly string[] | undefined
  /** Ids of documents that are not seen, whoever asks: their rights forbid it. */
  readonly excluded?: readonly string[] | undefined
  /** Searches what was in force at that instant, milliseconds UTC; now when absent. */
  readonly asOfMs?: number | undefined
  /** On whose account a question is embedded where a collection has vectors; search is lexical when absent. */
  readonly by?: { readonly principal: Principal; readonly call?: Call | undefined } | undefined
  /** The model that puts the question in other words, which are searched for beside it; none when absent. */
  readonly rewriteWith?: string | undefined
  /** 0…1: gives nothing when the best passage is less likely to answer than this; the calibrated bound when absent. */
  readonly confidenceMin?: number | undefined
}

/** A span of one version of a document: `text` is exactly the slice `start…end` (UTF-16) of the canonical text. */
export interface Passage {
  readonly collection: string
  readonly document: string
  readonly source: string
  readonly version: string
  readonly start: number
  readonly end: number
  readonly text: string
  /** Titles of the sections the span lies in, outermost first. */
  readonly headings: readonly string[]
  /** Higher is better; comparable within one result only. */
  readonly score: number
  /** The region its document is bound to: whoever is given it may not carry it out of there. Bound to none when absent. */
  readonly region?: string | undefined
  /** Where its stretches stand in the file, ascending; absent where that is not known. */
  readonly places?: readonly SpanPlace[] | undefined
  /** What the rank comes from. Absent on passages that no search has ranked. */
  readonly why?: PassageReasons | undefined
}

/** Why a passage stands where it stands. */
export interface PassageReasons {
  /** What each signal adds to the score. */
  readonly signals: Readonly<Record<string, number>>
  /** Cosine of its vector with that of the question, -1…1; absent when it was found by its words alone. */
  readonly similarity?: number | undefined
  /** What a model that judged it gave, or why none did and the order is that of the signals; absent where none was asked. */
  readonly rerank?: { readonly score: number } | { readonly failed: ErrorCode } | undefined
  /** Words of the question that stand in it or its headings, as the index has them. */
  readonly terms: readonly string[]
  /** The sentences in it that hold most of the question. */
  readonly best: { readonly start: number; readonly end: number }
  /** Other places that say the same: `shared` is the part of all words that both have, 0…1, 1 for the same text. */
  readonly copies: readonly {
    readonly document: string
    readonly source: string
    readonly version: string
    readonly start: number
    readonly end: number
    readonly shared: number
  }[]
}

/** Filled by infrastructure/edge: answers from given passages by quoting them; needs no weights. */
export interface Extractor {
  extract(question: string, passages: readonly Passage[]): Extraction
}

/** Quotes that answer the question, best first; none means the passages do not answer it. */
export interface Extraction {
  readonly quotes: readonly Quote[]
}

export interface Quote {
  /** Index into the passages given. */
  readonly passage: number
  /** UTF-16 code units into the passage's text. */
  readonly start: number
  readonly end: number
  readonly score: number
}

/** Facts that several rooms put into logs and metrics; filled by telemetry. */
export interface EventLog {
  debug(fields: JsonObject, message: string): void
  info(fields: JsonObject, message: string): void
  warn(fields: JsonObject, message: string): void
  error(fields: JsonObject, message: string): void
}
