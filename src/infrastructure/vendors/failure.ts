import { PlatformError, type ErrorCode } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { findInBandError, type UpstreamFailure } from '../dialects/index.ts'

/** What a refusal means by its status and its words; vendors' own words for a cause win over a status that misleads. */
export function toRefusal(
  decodeError: (failure: UpstreamFailure) => PlatformError,
  failure: UpstreamFailure,
): PlatformError {
  const error = decodeError(failure)
  const word = failure.headers['x-amzn-errortype']?.split(/[:,]/)[0]?.trim() ?? ''
  const code = codesByWord[word] ?? codeOf(failure)
  if (code === undefined || code === error.code) return error
  const { param, retryAfterMs, details } = error
  return new PlatformError(code, error.message, { param, retryAfterMs, details })
}

/** Bedrock's types of errors whose status says something else. */
const codesByWord: Readonly<Record<string, ErrorCode>> = {
  ServiceQuotaExceededException: 'UPSTREAM_RATE_LIMITED',
  ThrottlingException: 'UPSTREAM_RATE_LIMITED',
  ModelNotReadyException: 'UPSTREAM_OVERLOADED',
  ModelErrorException: 'UPSTREAM_FAILED',
  ModelStreamErrorException: 'UPSTREAM_FAILED',
  ExpiredTokenException: 'UPSTREAM_UNAUTHENTICATED',
  UnrecognizedClientException: 'UPSTREAM_UNAUTHENTICATED',
}

function codeOf({ status, body }: UpstreamFailure): ErrorCode | undefined {
  if (status === 424) return 'UPSTREAM_FAILED' // a model behind the endpoint failed
  return status === 400 && body.includes('"API_KEY_INVALID"') ? 'UPSTREAM_UNAUTHENTICATED' : undefined // Google
}

/** The error in the text of a body that came with 200; `undefined` when it is not JSON or holds none. */
export function findErrorIn(text: string): PlatformError | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isJsonObject(body) && (body['error'] ?? undefined) !== undefined ? findInBandError(body) : undefined
  } catch {
    return undefined // not JSON
  }
}

/** Where a try stood when a package threw. */
export interface FailurePlace {
  readonly endpointId: string
  readonly wasSent: boolean
}

/**
 * What a package throws: an error of ours inside its own, an error event of the stream, an error in a body that came with
 * 200, a request it cannot say, or else something that is not of the dialect. Its own errors hold the request and the
 * answer, so they are not kept as causes, which may be logged.
 */
export function toFailure(thrown: unknown, place: FailurePlace): PlatformError {
  for (let cause = thrown, depth = 0; cause !== undefined && depth < 8; depth++) {
    if (cause instanceof PlatformError) return cause
    const inside = findInside(cause)
    if (inside !== undefined) return inside
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return place.wasSent ? notOfTheDialect(thrown, place) : notSayable(thrown, place)
}

function findInside(cause: unknown): PlatformError | undefined {
  if (!(cause instanceof Error)) return isJsonObject(cause) ? toStreamError(cause) : undefined
  const body = 'responseBody' in cause ? cause.responseBody : undefined
  return typeof body === 'string' ? findErrorIn(body) : undefined
}

/** An error event as the packages describe it: message, type, code and status, with the vendor's own words as data. */
function toStreamError(told: JsonObject): PlatformError | undefined {
  const { data, message, type, code, statusCode } = told
  const words = isJsonObject(data) ? (isJsonObject(data['error']) ? data['error'] : data) : {}
  return findInBandError({
    error: {
      ...words,
      message: typeof message === 'string' ? message : words['message'],
      type: [type, code].filter((word) => typeof word === 'string').join(' '),
      ...statusOf(statusCode),
    },
  })
}

/** A status that says more than the words beside it; a plain 500 does not, and 424 is a failure behind the endpoint. */
function statusOf(statusCode: JsonValue | undefined): { readonly code?: number } {
  if (typeof statusCode !== 'number' || statusCode === 500) return {}
  return { code: statusCode === 424 ? 502 : statusCode }
}

function notOfTheDialect(thrown: unknown, { endpointId }: FailurePlace): PlatformError {
  return new PlatformError(
    'UPSTREAM_INVALID',
    `endpoint ${endpointId} answered something that is not of its dialect; check endpoints.${endpointId}.url and .dialect`,
    { cause: nameOf(thrown) },
  )
}

/** Before anything was sent a package only refuses what its vendor has no words for. */
function notSayable(thrown: unknown, { endpointId }: FailurePlace): PlatformError {
  const isRefusal = thrown instanceof Error && thrown.name.startsWith('AI_')
  if (!isRefusal) return new PlatformError('INTERNAL', 'something unexpected happened', { cause: thrown })
  const what = 'functionality' in thrown && typeof thrown.functionality === 'string' ? thrown.functionality : undefined
  const shown = what === undefined ? 'part of the request' : what.slice(0, 120)
  return new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${endpointId} cannot be sent this: ${shown}`, {
    param: 'messages',
    cause: nameOf(thrown),
  })
}

function nameOf(thrown: unknown): Error {
  return new Error(thrown instanceof Error ? thrown.name : typeof thrown)
}
