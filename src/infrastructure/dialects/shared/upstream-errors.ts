import { type ErrorCode, PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { UpstreamFailure } from '../dialect.ts'
import { isArray } from './fields.ts'
import { readRetryHint } from './retry-hint.ts'

/** What an endpoint's refusal means: a status outside 2xx, whatever its body is. */
export function decodeUpstreamFailure(failure: UpstreamFailure): PlatformError {
  const body = tryParse(failure.body)
  const told = readTold(body)
  const words = told.message ?? textOf(failure.body)
  const code = codeOf(failure.status, told)
  const quoted = quote(words)
  const said = quoted === '' ? 'and said nothing' : `and said: ${quoted}`
  return new PlatformError(code, `the endpoint answered ${failure.status} ${said}`, {
    retryAfterMs: readRetryHint(failure, body, words),
    details: { upstreamStatus: failure.status },
  })
}

/**
 * The error inside a stream or a body that came with 200. `undefined` when the object holds none: `{error}`,
 * `{object: "error"}` and `{type: "error"}` do.
 */
export function findInBandError(body: JsonObject): PlatformError | undefined {
  const error = body['error'] ?? false
  const isError = (error !== false && error !== '') || body['object'] === 'error' || body['type'] === 'error'
  if (!isError) return undefined
  const told = readTold(body)
  const status = told.status ?? statusOfType(told.type)
  const quoted = quote(told.message ?? '')
  const said = quoted === '' ? '' : ` and said: ${quoted}`
  return new PlatformError(codeOf(status, told), `the endpoint failed inside its answer${said}`, {
    retryAfterMs: readRetryHint({ status, headers: {}, body: '', nowMs: 0 }, body, told.message ?? ''),
    ...(told.status === undefined ? {} : { details: { upstreamStatus: told.status } }),
  })
}

/** An answer that its vendor ended with a word for a failure of its own. */
export function toEndedInError(word: string): PlatformError {
  return new PlatformError('UPSTREAM_FAILED', `the endpoint ended its answer in an error, ${quote(word)}`)
}

interface Told {
  readonly message: string | undefined
  /** The vendor's word for the error: its `type`, `code` or `status`, whichever says most. */
  readonly type: string
  readonly status: number | undefined
}

/** The forms in use: OpenAI's, Anthropic's, Google's, FastAPI's `detail`, Bedrock's `message`, a bare string. */
function readTold(body: unknown): Told {
  const root: unknown = isArray(body) ? body[0] : body
  if (typeof root === 'string') return { message: root, type: '', status: undefined }
  if (!isJsonObject(root)) return { message: undefined, type: '', status: undefined }
  const error = root['error'] ?? root['detail'] ?? root
  if (typeof error === 'string') return { message: error, type: wordsOf(root), status: statusIn(root) }
  const inner = isJsonObject(error) ? error : root
  const message = inner['message'] ?? inner['msg'] ?? root['message']
  return {
    message: typeof message === 'string' ? message : undefined,
    type: wordsOf(inner),
    status: statusIn(inner) ?? statusIn(root),
  }
}

function wordsOf(error: JsonObject): string {
  return [error['code'], error['type'], error['status']].filter((word) => typeof word === 'string').join(' ')
}

function statusIn(error: JsonObject): number | undefined {
  for (const key of ['code', 'status', 'status_code']) {
    const value = Number(error[key] ?? Number.NaN)
    if (Number.isInteger(value) && value >= 400 && value < 600) return value
  }
  return undefined
}

/** The status that a vendor would have sent had its stream not begun. */
function statusOfType(type: string): number {
  if (/overloaded|unavailable|capacity/i.test(type)) return 503
  if (/rate_?limit|too_many|resource_exhausted|quota/i.test(type)) return 429
  if (/auth|permission|api_key/i.test(type)) return 401
  if (/invalid|bad_?request|not_found|context_length|too_large/i.test(type)) return 400
  return 500
}

const contextPattern =
  /context[_ ](?:length|window|size)|maximum context|prompt is too long|input (?:is |token count )?(?:is )?too long|too many (?:input )?tokens|reduce the length of (?:the|your) (?:messages|prompt|input)|exceeds the (?:available|maximum|model'?s?) (?:context|input)/i

function codeOf(status: number, told: Told): ErrorCode {
  const words = `${told.type} ${told.message ?? ''}`
  switch (status) {
    case 401:
    case 402:
    case 403:
      return 'UPSTREAM_UNAUTHENTICATED'
    case 408:
    case 504:
      return 'UPSTREAM_TIMEOUT'
    case 429:
      return 'UPSTREAM_RATE_LIMITED'
    case 503:
    case 529:
      return 'UPSTREAM_OVERLOADED'
  }
  if (status >= 500) return 'UPSTREAM_FAILED'
  if (status >= 400) return contextPattern.test(words) ? 'CONTEXT_TOO_LONG' : 'UPSTREAM_REJECTED'
  return 'UPSTREAM_INVALID'
}

const quotedLengthMax = 300

/** What may be shown of an endpoint's words: one line, bounded, without anything that looks like a key. */
function quote(words: string): string {
  const plain = words.replaceAll(/\s+/g, ' ').trim()
  const safe = keyPatterns.reduce((text, pattern) => text.replaceAll(pattern, '[removed]'), plain)
  return safe.length > quotedLengthMax ? `${safe.slice(0, quotedLengthMax - 1)}…` : safe
}

/** Bearer tokens, prefixed keys of the vendors, named secrets, and long runs that mix letters and digits. */
const keyPatterns = [
  /\bbearer\s+[^\s"',]+/gi,
  /\b(?:sk|pk|rk|gsk|xai|hf|nvapi|key|r8|pplx|AKIA|ASIA|AIza|ya29)[-_.]?[A-Za-z0-9*][A-Za-z0-9_*.-]{7,}/g,
  /\b(?:api[-_ ]?key|token|secret|password|authorization)["']?\s*[:=]\s*["']?[^\s"',]+/gi,
  /\b(?=[A-Za-z0-9_]*\d)(?=[A-Za-z0-9_]*[A-Za-z])[A-Za-z0-9_]{24,}\b/g,
]

/** The readable words of a body that is not JSON: HTML without its tags, styles and scripts. */
function textOf(body: string): string {
  const head = body.slice(0, 8_192)
  if (!/<(?:html|!doctype|body|head|title|h1)\b/i.test(head)) return head
  const title = /<title[^>]*>([^<]*)</i.exec(head)?.[1] ?? ''
  const words = head.replaceAll(/<(script|style|head)\b[\s\S]*?(?:<\/\1>|$)/gi, ' ').replaceAll(/<[^>]*>/g, ' ')
  return `${title} ${words}`
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: quoted as text
  }
}
