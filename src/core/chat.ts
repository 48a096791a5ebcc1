import type { JsonObject, JsonValue } from './json.ts'
import type { ByteList } from './byte-list.ts'
import type { SkimmedMember } from './json-skim.ts'
import type { Usage } from './usage.ts'
import type { FilePlace } from './places.ts'

/** The dialects Strata speaks natively, to clients and to endpoints. */
export type DialectId = 'openai-chat' | 'openai-responses' | 'anthropic-messages'

/**
 * A chat request as the tree of models sees it. `chat` is decoded from the client's body on first use, so that a
 * request which is only forwarded in its own dialect is never decoded.
 */
export interface ChatRequest {
  /** The name the client asked for. */
  readonly model: string
  readonly stream: boolean
  /** The client's bound on output tokens; `undefined` when it gave none. */
  readonly outputTokensMax: number | undefined
  /** The client's own body, present as long as nothing in the tree has changed the request. */
  readonly wire: WireRequest | undefined
  /** What came with the request beside its chat; absent for a request that was made here. */
  readonly aside?: RequestAside | undefined
  readonly chat: Chat
}

/** What nodes may choose by, and endpoints never see. */
export interface RequestAside {
  /** The client's headers that begin with `x-`, by lower-case name; never credentials. */
  readonly headers: Readonly<Record<string, string>>
  /** `strata.variables` of the body. */
  readonly variables: JsonObject | undefined
}

/** The body as the client sent it. */
export interface WireRequest {
  readonly dialect: DialectId
  /** The JSON text, valid, an object at the top. Of a large body it is made when first asked for. */
  readonly text: string
  /** Of a large body, members that are large themselves are parsed when first asked for, and may throw INVALID_JSON then. */
  readonly body: JsonObject
  /** Of a large body: its bytes, and where its top-level members lie in them. */
  readonly skim: { readonly bytes: ByteList; readonly members: readonly SkimmedMember[] } | undefined
  /** Request headers the dialect gives a meaning to (`anthropic-beta`, `anthropic-version`, `openai-beta`); never credentials. */
  readonly headers: Readonly<Record<string, string>>
}

/** A chat in the normal form every dialect can be read into and written from. */
export interface Chat {
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice | undefined
  readonly parallelToolCalls: boolean | undefined
  readonly responseFormat: ResponseFormat | undefined
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly topK: number | undefined
  readonly outputTokensMax: number | undefined
  readonly stop: readonly string[]
  readonly seed: number | undefined
  readonly frequencyPenalty: number | undefined
  readonly presencePenalty: number | undefined
  readonly reasoningEffort: ReasoningEffort | undefined
  /** Bound on reasoning tokens, where the client gave a number instead of an effort. */
  readonly reasoningTokensMax: number | undefined
  readonly user: string | undefined
  /** Top-level fields of the client's body that have no place above, with the dialect they belong to. */
  readonly extra: { readonly dialect: DialectId; readonly fields: JsonObject } | undefined
}

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export type Role = 'system' | 'user' | 'assistant' | 'tool'

/** One turn. `developer` messages are read as `system`. Tool results are messages of role `tool`. */
export interface Message {
  readonly role: Role
  readonly parts: readonly Part[]
}

export type Part =
  | { readonly type: 'text'; readonly text: string; readonly cacheControl?: JsonValue | undefined }
  | {
      readonly type: 'image'
      readonly source: MediaSource
      readonly detail: string | undefined
      readonly cacheControl?: JsonValue | undefined
    }
  | { readonly type: 'audio'; readonly source: MediaSource }
  | {
      readonly type: 'file'
      readonly source: MediaSource
      readonly name: string | undefined
      readonly cacheControl?: JsonValue | undefined
    }
  | {
      readonly type: 'reasoning'
      readonly text: string
      readonly signature: string | undefined
      readonly redacted: boolean
    }
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly arguments: string }
  | {
      readonly type: 'tool-result'
      readonly callId: string
      readonly parts: readonly Part[]
      readonly isError: boolean
      readonly cacheControl?: JsonValue | undefined
    }

export type MediaSource =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'id'; readonly id: string }

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject
  readonly strict: boolean | undefined
  readonly cacheControl?: JsonValue | undefined
}

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly name: string }

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly description: string | undefined
      readonly schema: JsonObject
      readonly strict: boolean | undefined
    }

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'refusal' | 'other'

/** Part of an answer, in order. Deltas of one part are never interleaved with another part of the same kind and index. */
export type AnswerEvent =
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly text: string }
  /** Ends a reasoning part; the signature lets the same vendor accept the part back in a later turn. */
  | { readonly type: 'reasoning-end'; readonly signature: string | undefined; readonly redacted: string | undefined }
  | { readonly type: 'refusal-delta'; readonly text: string }
  | { readonly type: 'tool-call-start'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly arguments: string }
  | { readonly type: 'tool-call-end'; readonly index: number }
  | { readonly type: 'citation'; readonly citation: Citation }
  /** A statement that nothing given as evidence bears out. */
  | { readonly type: 'unsupported'; readonly statement: UnsupportedStatement }
  | { readonly type: 'usage'; readonly usage: Usage }
  /** Last, exactly once, unless the answer throws. */
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly stopSequence?: string | undefined }

/** A claim's evidence: a span of one version of a document, and where in the answer it supports the text. */
export interface Citation {
  /** Where the span stands in the file: page and box, sheet and cell, slide; absent where that is not known. */
  readonly place?: FilePlace | undefined
  readonly collection: string
  readonly document: string
  /** The name people know the document by: its path or title. */
  readonly source: string
  readonly version: string
  /** UTF-16 code units into the canonical text of the version; `text` is exactly that slice. */
  readonly start: number
  readonly end: number
  readonly text: string
  /** UTF-16 code units into the answer's text; `undefined` when the citation supports the whole answer. */
  readonly answerStart: number | undefined
  readonly answerEnd: number | undefined
  /** SPDX id of the licence, and what has to stand beside a quotation, where they are on record. */
  readonly licence?: string | undefined
  readonly attribution?: string | undefined
  /** How the quote was found: letter by letter, or with case, width and blanks folded; absent where nothing was quoted. */
  readonly verdict?: 'exact' | 'folded' | undefined
}

/** UTF-16 code units into the answer's text. */
export interface UnsupportedStatement {
  readonly answerStart: number
  readonly answerEnd: number
  /** The words given as a quote stand in no passage; or facts of the statement do not stand where it cites. */
  readonly reason: 'quote-not-found' | 'facts-missing'
  /** Numbers, dates and names of the statement that the cited sentences do not have. */
  readonly missing: readonly string[]
}

/** The same request with another chat: what the client wrote no longer stands for it. */
export function withChat(request: ChatRequest, chat: Chat): ChatRequest {
  const { model, stream, aside } = request
  return { model, stream, outputTokensMax: chat.outputTokensMax, wire: undefined, aside, chat }
}

/** A chat of which only the fields given are known. */
export function createChat(known: Partial<Chat>): Chat {
  return {
    messages: [],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    responseFormat: undefined,
    temperature: undefined,
    topP: undefined,
    topK: undefined,
    outputTokensMax: undefined,
    stop: [],
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    reasoningEffort: undefined,
    reasoningTokensMax: undefined,
    user: undefined,
    extra: undefined,
    ...known,
  }
}
