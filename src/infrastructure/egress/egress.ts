import type { Call } from '../../core/call.ts'
import type { Place, Price } from '../../core/ports.ts'
import type { AnswerReference, LookupWay } from '../../core/ports-lookups.ts'
import type { SpendHold, SpendMeasure } from '../../core/spending.ts'

/** The one door out. Nothing leaves, by any path, without a permit; a permit is given for one try of one call. */
export interface Egress {
  /**
   * Decides and records, in this order: the target's regions lie in the call's → its price is known, or the policy lets
   * it pass → the intent is in the record. Local targets (the llama and extract dialects) pass here too. Throws
   * REGION_REFUSED, PRICE_UNKNOWN, DEADLINE_EXCEEDED or CANCELLED; nothing has been sent then.
   */
  admit(target: EgressTarget, call: Call): Permit
  /**
   * The same for what may cost something: before the intent is recorded, the worst case is held in every account the call
   * falls under. At once where none limits it; else it may have to wait. Throws or rejects with BUDGET_EXCEEDED or
   * RATE_LIMITED besides. What is held is settled by whoever has the permit.
   */
  admitSpending(target: EgressTarget, call: Call, measure: () => SpendMeasure): Permit | Promise<Permit>
  /**
   * Sends one request under a permit, which is used up by it. Resolves with the head of the response. Rejects with
   * UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_INVALID (no HTTP), ADDRESS_REFUSED, REDIRECT_REFUSED,
   * CONFIG_INVALID (a header that cannot be sent), DEADLINE_EXCEEDED, CANCELLED, or OVERLOADED once closed. Its
   * `details.sent` says whether anything may have left.
   */
  send(permit: Permit, request: EgressRequest): Promise<EgressResponse>
  /**
   * Puts on record by which id the vendor knows the answer that begins to come, so that it can be asked what it used should
   * nobody live to read that. The first id of a permit stands; what costs nothing has none.
   */
  identify(permit: Permit, id: string, lookup: LookupWay | undefined): void
  /**
   * Opens one connection without HTTP on it to the host and port of the target's URL, whatever its scheme says, under a
   * permit, which is used up by it. The same checks and times hold as for `send`; `firstByteMs` is not one of them, `idleMs` is for each
   * read and write. Credentials of the target are not sent: whoever speaks knows where they belong. Rejects as `send` does.
   */
  connect(permit: Permit, options: ConnectOptions): Promise<EgressConnection>
  /** Closes every connection; what is under way fails. */
  close(): Promise<void>
}

/** Where something may be sent: configuration, never request input. */
export interface EgressTarget extends Place {
  /** The endpoint's id, or what the target is for: `telemetry.traces`. */
  readonly id: string
  /** Base URL; `undefined` for a target that is not reached over the network. */
  readonly url: string | undefined
  /** Credential headers, sent to the URL's origin only. */
  readonly credentials: Readonly<Record<string, string>>
  readonly vendor: string | undefined
  readonly vendorModel: string
  /** Nothing is bought there, so no price is asked for: probes, trace export. */
  readonly isFree?: boolean | undefined
  readonly timeouts: Timeouts
}

export interface Timeouts {
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly totalMs: number
}

/** Proof that a target was admitted for a call. Only `admit` makes one. */
export interface Permit {
  readonly target: EgressTarget
  readonly call: Call
  /** The price in force when it was admitted; `undefined` when it is not known or the target is free. */
  readonly price: Price | undefined
  /** What is held for it; `undefined` when no account limits it. */
  readonly hold?: SpendHold | undefined
  /** How the vendor knows the answer; `undefined` until it has said so. */
  readonly answer?: AnswerReference | undefined
}

export interface ConnectOptions {
  /** Encrypted from the first byte on. Certificates are checked against the host of the URL, always. */
  readonly isSecure: boolean
  /** Most that is read from it, bytes. */
  readonly bytesMax: number
}

/** One connection; one thing after the other. Close it when done. Rejections are those of the body of a response. */
export interface EgressConnection {
  readonly isSecure: boolean
  /** What comes next, as it comes; `undefined` at the end. Rejects with UPSTREAM_INVALID past `bytesMax`. */
  read(): Promise<Buffer | undefined>
  write(bytes: string | Uint8Array): Promise<void>
  /** From now on encrypted. Rejects with UPSTREAM_INVALID where bytes that were not encrypted still wait to be read. */
  secure(): Promise<void>
  close(): void
}

export interface EgressRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PROPFIND'
  /** Below the target's base URL, with a leading slash, query included. */
  readonly path: string
  /** Lower-case names. Credentials come from the target; `authorization`, `x-api-key`, `cookie` and the like are refused here. */
  readonly headers: Readonly<Record<string, string>>
  /** A list of pieces is sent as one body. */
  readonly body: string | Uint8Array | readonly Uint8Array[] | undefined
}

export interface EgressResponse {
  readonly status: number
  readonly contentType: string | undefined
  /** Lower-case names; cookies, credentials and hop-by-hop headers are left out. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds from sending to the head of the response. */
  readonly firstByteMs: number
  readonly body: EgressBody
}

/** The body of a response. Read it once, by `collect` or by `pump`, or `cancel` it; unread bodies hold their connection. */
export interface EgressBody {
  /** The whole body. Rejects with UPSTREAM_INVALID past `bytesMax`, or as `pump` does. */
  collect(bytesMax: number): Promise<Buffer>
  /**
   * Calls `onChunk` for each chunk as it arrives; false pauses the upstream until `resume`. Resolves at a proper end;
   * rejects with UPSTREAM_CUT, UPSTREAM_TIMEOUT (idle, total), DEADLINE_EXCEEDED, CANCELLED, or what `onChunk` throws.
   */
  pump(onChunk: (chunk: Buffer) => boolean): Promise<void>
  resume(): void
  /** Closes the connection at once; a `pump` or `collect` under way rejects with CANCELLED. */
  cancel(): void
}
