import type { JsonValue } from '../../src/core/json.ts'
import type { MockFailure, UsageMode } from './dialects/mock-dialect.ts'
import type { Script } from './script.ts'

/** How the mock treats one request. Everything absent is done properly; whatever is given is combined. */
export interface Behaviour {
  // What is said.
  /** What the model says; the mock's own script when absent. */
  readonly script?: Script
  readonly usage?: UsageMode
  /** Sends the streamed deltas this many times over; `Infinity` streams until the client leaves. */
  readonly deltaRepeats?: number

  // A different answer. The first one present wins, in this order.
  /** Takes the request and never answers. */
  readonly silent?: boolean
  /** These bytes instead of any HTTP response; then the connection is closed. */
  readonly raw?: string | Uint8Array
  /** 307 (or `status`) to this place: a path, or a URL of another origin. */
  readonly redirectTo?: string
  /** Answers JSON with the method, path, headers and body received. */
  readonly echo?: boolean
  /** This body, as it is. */
  readonly body?: string | Uint8Array
  /** This JSON as body; `null` is the JSON null. */
  readonly json?: JsonValue
  /** The dialect's own error body, with `status` (500 when absent); with `errorAfterEvents` the error inside the stream. */
  readonly error?: Partial<MockFailure>

  // The head.
  readonly status?: number
  /** Added to the head, or replacing what stands there (by lower-case name). */
  readonly headers?: Readonly<Record<string, string>>
  readonly contentType?: string
  /** Where and how a refusal says when to try again. */
  readonly retryHint?: RetryHint
  /** How the end of the body is told; `length` for whole answers and `chunked` for streams when absent. */
  readonly framing?: 'length' | 'chunked' | 'close'

  // Pace, milliseconds; `Infinity` waits until the client leaves.
  /** Before the head. */
  readonly headDelayMs?: number
  /** Between the head and the first event or byte of the body. */
  readonly firstEventDelayMs?: number
  /** Before every further event. */
  readonly eventDelayMs?: number
  /** Before usage that is `late`; 50 when absent. */
  readonly usageDelayMs?: number
  /** One pause in the middle of a stream. */
  readonly stall?: { readonly afterEvents: number; readonly durationMs: number }

  // How a stream goes wrong.
  /** The wire form of events. */
  readonly sse?: SseForm
  /** These bytes between two events: garbage, comments, an event of your own. */
  readonly insert?: { readonly afterEvents: number; readonly bytes: string | Uint8Array }
  /** After this many events the dialect's in-band error, then a proper end of the body. */
  readonly errorAfterEvents?: number
  /** Ends the body properly after this many events: what is missing is the dialect's own ending. */
  readonly endAfterEvents?: number
  /** Leaves out the event that ends the stream (`[DONE]`, `response.completed`, `message_stop`). */
  readonly withoutTerminator?: boolean

  // How bytes go wrong.
  /** Bytes of body per write; 1 splits every multi-byte character. */
  readonly writeBytes?: number
  /** Breaks off at this byte of the body, or before the head. */
  readonly cut?: { readonly at: number | 'head'; readonly how: CutKind }
}

/** `reset`: a TCP reset · `close`: the connection closes with the body unfinished · `end`: the body ends as if complete. */
export type CutKind = 'reset' | 'close' | 'end'

export type RetryHint =
  | { readonly type: 'seconds'; readonly seconds: number }
  /** `retry-after` as an HTTP date. */
  | { readonly type: 'date'; readonly atMs: number }
  | { readonly type: 'milliseconds'; readonly ms: number }
  /** `x-ratelimit-reset-requests` in the vendors' own form: `1s`, `6m0s`, `120ms`. */
  | { readonly type: 'reset'; readonly value: string }
  /** In the message: "Please try again in 1.5s." */
  | { readonly type: 'message'; readonly seconds: number }
  /** In the body, as Google's RetryInfo. */
  | { readonly type: 'retry-info'; readonly seconds: number }

/** The event stream as the specification allows it, and in a few ways it does not. */
export interface SseForm {
  readonly lineEnd?: '\n' | '\r' | '\r\n'
  /** Starts the stream with a byte order mark. */
  readonly bom?: boolean
  /** A comment line before every event. */
  readonly comments?: boolean
  /** JSON over several `data:` lines. */
  readonly multiLine?: boolean
  /** `data:x` rather than `data: x`. */
  readonly withoutSpace?: boolean
  /** Leaves out the blank line after the last event. */
  readonly withoutLastBlankLine?: boolean
  /** Spaces after the JSON of each event. */
  readonly trailingSpaces?: boolean
}
