import type { JsonObject } from './json.ts'

/** What a code means to a client: the HTTP status, whether the same request may succeed later, and how to mend it. */
export interface ErrorEntry {
  readonly status: number
  readonly retryable: boolean
  readonly help: string
}

/** Every error Strata can answer with. The code is the contract: messages may be reworded, codes may not. */
export const errorCatalogue = {
  INVALID_JSON: entry(400, false, 'Send one JSON object; the message names the position of the first fault.'),
  INVALID_ENCODING: entry(400, false, 'Encode the request body as UTF-8.'),
  INVALID_REQUEST: entry(400, false, 'Change the field that the message names; /openapi.json describes the shape.'),
  UNSUPPORTED_PARAMETER: entry(400, false, 'Remove the parameter, or choose a model whose endpoint understands it.'),
  BASE_URL_FORBIDDEN: entry(400, false, 'Addresses of endpoints are configuration; remove the URL from the request.'),
  BODY_TOO_LARGE: entry(413, false, 'Send a smaller body, or raise server.bodyBytesMax.'),
  UNSUPPORTED_MEDIA_TYPE: entry(415, false, 'Send content-type: application/json, and the body as it is.'),
  UNAUTHENTICATED: entry(401, false, 'Send a key as "Authorization: Bearer …" or "x-api-key: …".'),
  KEY_EXPIRED: entry(401, false, 'Ask for a new key: strata keys create.'),
  KEY_REVOKED: entry(401, false, 'Ask for a new key: strata keys create.'),
  FORBIDDEN: entry(403, false, 'Use a key of the role, or the tenant, that the message names.'),
  MODEL_FORBIDDEN: entry(403, false, 'Use a model the key is scoped to; GET /v1/models lists them.'),
  REGION_REFUSED: entry(
    403,
    false,
    'Allow the region for the key, or choose a model that stays inside the allowed regions.',
  ),
  POLICY_REFUSED: entry(
    403,
    false,
    'A policy pack forbids the use case; the message names the article. GET /v1/policies/decisions explains it.',
  ),
  POLICY_REVIEW: entry(
    403,
    false,
    'Answer the questions and provide the documents that the message names, under governance.useCases.',
  ),
  REVIEW_PENDING: entry(
    423,
    true,
    'A person has to decide first: send the same request again with strata.review set to the id in details.review.',
  ),
  REVIEW_REFUSED: entry(
    403,
    false,
    'A person stopped it, or nobody decided in time; the message says which. GET /v1/reviews/{id} shows it.',
  ),
  PERSONAL_DATA_REFUSED: entry(
    403,
    false,
    'Leave out what the message names, or ask a model whose endpoints may see personal data.',
  ),
  COPYRIGHT_REFUSED: entry(
    403,
    false,
    'Ask for a summary instead of the text, or record a licence that lets the work be given again.',
  ),
  GUARD_REFUSED: entry(
    403,
    false,
    'Leave out what the message names; if it is nothing of the kind, ask the operator about governance.guards.',
  ),
  GUARD_FAILED: entry(
    503,
    true,
    'A guard could not tell in time; try again, or raise its ms, or set its onError to open.',
  ),
  PRICE_UNKNOWN: entry(403, false, 'Add the price under investment.prices, or set investment.unknownPrice to flag.'),
  BUDGET_EXCEEDED: entry(
    402,
    false,
    'The message names the budget: raise its limit (PATCH /v1/budgets/{id}), or wait until resets_at.',
  ),
  RATE_LIMITED: entry(429, true, 'Wait as long as retry-after says; GET /v1/budgets lists the limits of the tenant.'),
  BUDGET_SPENT: entry(402, false, 'Raise the budget of the request or of the model, or ask for less output.'),
  ANSWER_REFUSED: entry(
    502,
    true,
    'No answer passed the checks of the model; relax them, let it repair more often, or escalate to a stronger model.',
  ),
  SETTLEMENT_REFUSED: entry(
    409,
    false,
    'A record of an edge node was changed on its way or at rest, or is none; the message says which. Nothing of the delivery was taken.',
  ),
  ROUTE_NOT_FOUND: entry(404, false, 'GET /openapi.json lists the routes.'),
  METHOD_NOT_ALLOWED: entry(405, false, 'Use a method that the allow header lists.'),
  MODEL_NOT_FOUND: entry(404, false, 'GET /v1/models lists the models this key may use.'),
  NOT_FOUND: entry(404, false, 'Check the id; what belongs to another tenant is not found either.'),
  CONFLICT: entry(409, false, 'Read the current state, then repeat the change on it.'),
  IDEMPOTENCY_CONFLICT: entry(
    409,
    false,
    'Use a new idempotency key for another request; GET /v1/calls/{id} shows what became of the one it was used for.',
  ),
  IDEMPOTENCY_IN_WORK: entry(
    409,
    true,
    'The first request with this idempotency key is still in work: wait as long as retry-after says, then repeat it.',
  ),
  OVERLOADED: entry(503, true, 'Wait as long as retry-after says, then try again.'),
  NO_ENDPOINT: entry(503, true, 'Every endpoint of the model is down or cooling off; GET /readyz tells which.'),
  UPSTREAM_UNREACHABLE: entry(502, true, 'Check the URL of the endpoint and the network between.'),
  UPSTREAM_TIMEOUT: entry(504, true, 'Try again, or raise the timeout of the endpoint that the message names.'),
  UPSTREAM_RATE_LIMITED: entry(429, true, 'Wait as long as retry-after says; add endpoints to spread the load.'),
  UPSTREAM_OVERLOADED: entry(503, true, 'Wait as long as retry-after says; add endpoints to fall back to.'),
  UPSTREAM_UNAUTHENTICATED: entry(
    502,
    false,
    'The key configured for the endpoint was refused by its vendor; replace it.',
  ),
  UPSTREAM_REJECTED: entry(400, false, 'The endpoint refused the request; its own message is quoted.'),
  UPSTREAM_FAILED: entry(502, true, 'The endpoint failed; its own message is quoted where it gave one.'),
  UPSTREAM_INVALID: entry(
    502,
    true,
    'The endpoint answered something that is not of its dialect; check the URL and the dialect.',
  ),
  UPSTREAM_CUT: entry(502, true, 'The endpoint closed the stream before its end; what had arrived was delivered.'),
  ADDRESS_REFUSED: entry(502, false, 'The name resolves to a private address that the configured URL does not name.'),
  REDIRECT_REFUSED: entry(502, false, 'The endpoint redirects to another origin; configure the final URL.'),
  DEADLINE_EXCEEDED: entry(504, true, 'Ask for less, or raise server.requestMsMax.'),
  CANCELLED: entry(499, false, 'The client left before the answer was complete.'),
  CONTEXT_TOO_LONG: entry(400, false, 'Shorten the messages, or choose a model with a longer context.'),
  RUNTIME_MISSING: entry(
    503,
    false,
    'Install the local runtime that the message names: strata runtime add llama|onnx|ocr|tokenizers.',
  ),
  RUNTIME_FAILED: entry(502, true, 'The local runtime stopped; it is started again for the next request.'),
  CONFIG_INVALID: entry(500, false, 'Mend the key that the message names; the running configuration stays in force.'),
  ROUTER_INVALID: entry(
    422,
    false,
    'Train the router again: strata route train; a file of another version is not read.',
  ),
  CERTIFICATE_INVALID: entry(422, false, 'Issue it again: strata route certify; a certificate is never edited.'),
  DOCUMENT_REFUSED: entry(
    422,
    false,
    'The reason says what is wrong with the file; the guide to knowledge lists the formats that are read.',
  ),
  PERIOD_CLOSED: entry(
    409,
    false,
    'What is billed stays as it is; make the change from the end of the billed period on.',
  ),
  PERIOD_OPEN: entry(409, false, 'Wait for the end of the period, or ask for a preview.'),
  STORE_UNAVAILABLE: entry(503, true, 'The database does not answer; check store.url and the disk.'),
  INTERNAL: entry(500, false, 'A defect of Strata; report it with the call id.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue

/** A code that has left the catalogue since the row was written reads as `INTERNAL`. */
export function toErrorCode(code: string | null): ErrorCode | undefined {
  if (code === null) return undefined
  return code in errorCatalogue ? (code as ErrorCode) : 'INTERNAL' // just looked up
}

export interface PlatformErrorOptions {
  /** The field, key or place at fault, as a path: `messages[2].content`. */
  readonly param?: string | undefined
  /** How long a client should wait before it tries again. */
  readonly retryAfterMs?: number | undefined
  /** Safe to show to the client: never content, never a secret. */
  readonly details?: JsonObject | undefined
  readonly cause?: unknown
}

/** The one error class. `code` is for programs, `message` says what is wrong and where; the catalogue says how to mend it. */
export class PlatformError extends Error {
  readonly code: ErrorCode
  readonly param: string | undefined
  readonly retryAfterMs: number | undefined
  readonly details: JsonObject | undefined

  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PlatformError'
    this.code = code
    this.param = options.param
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable
  }

  get help(): string {
    return errorCatalogue[this.code].help
  }
}

/** Any thrown thing as a PlatformError: itself, or `INTERNAL` that keeps the cause and shows nothing of it. */
export function toPlatformError(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown
  return new PlatformError('INTERNAL', 'something unexpected happened', { cause: thrown })
}

/** What went wrong inside, for the log: the kind and place of the defect, never request content. */
export function describeCause(error: PlatformError): string {
  const cause = error.cause ?? error
  return cause instanceof Error ? (cause.stack ?? cause.message).split('\n').slice(0, 6).join(' | ') : typeof cause
}

function entry(status: number, retryable: boolean, help: string): ErrorEntry {
  return { status, retryable, help }
}
