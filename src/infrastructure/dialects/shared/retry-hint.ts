import { isJsonObject } from '../../../core/json.ts'
import type { UpstreamFailure } from '../dialect.ts'
import { isArray } from './fields.ts'

/** A hint longer than a day is somebody's clock or unit gone wrong. */
const hintMsMax = 86_400_000

/**
 * How long the endpoint asks to wait, milliseconds; `undefined` when it does not say. In this order: `retry-after-ms`,
 * `retry-after` (seconds or a date), the reset of the limit that is used up, Google's RetryInfo, "try again in 46.7s".
 */
export function readRetryHint(failure: UpstreamFailure, body: unknown, message: string): number | undefined {
  const found =
    toFinite(failure.headers['retry-after-ms']) ??
    readRetryAfter(failure) ??
    readReset(failure) ??
    readRetryInfo(body) ??
    readSentence(message)
  if (found === undefined || found < 0 || found > hintMsMax) return undefined
  return Math.ceil(found)
}

function readRetryAfter(failure: UpstreamFailure): number | undefined {
  const text = failure.headers['retry-after']
  if (text === undefined) return undefined
  const seconds = toFinite(text)
  if (seconds !== undefined) return seconds * 1_000
  const dateMs = Date.parse(text)
  return Number.isNaN(dateMs) ? readDuration(text) : Math.max(0, dateMs - failure.nowMs)
}

const resetPattern = /^(?:x|anthropic)-ratelimit-(?:reset(?:-(.+))?|(.+)-reset)$/

/** The latest reset among the limits that have nothing left; where none says so, the earliest reset. */
function readReset(failure: UpstreamFailure): number | undefined {
  if (failure.status !== 429 && failure.status !== 503 && failure.status !== 529) return undefined
  const spent: number[] = []
  const all: number[] = []
  for (const [name, text] of Object.entries(failure.headers)) {
    const match = resetPattern.exec(name)
    if (match === null) continue
    const waitMs = readInstant(text, failure.nowMs)
    if (waitMs === undefined) continue
    all.push(waitMs)
    const limit = match[1] ?? match[2] ?? ''
    const left =
      failure.headers[`x-ratelimit-remaining${limit === '' ? '' : `-${limit}`}`] ??
      failure.headers[`anthropic-ratelimit-${limit}-remaining`]
    if (left !== undefined && Number(left) <= 0) spent.push(waitMs)
  }
  if (spent.length > 0) return Math.max(...spent)
  return all.length > 0 ? Math.min(...all) : undefined
}

/** A wait written as a duration (`6m0s`), as seconds, as a Unix time in seconds or milliseconds, or as a date. */
function readInstant(text: string, nowMs: number): number | undefined {
  const plain = toFinite(text)
  if (plain !== undefined) {
    if (plain > 1e12) return Math.max(0, plain - nowMs)
    if (plain > 1e9) return Math.max(0, plain * 1_000 - nowMs)
    return plain * 1_000
  }
  const duration = readDuration(text)
  if (duration !== undefined) return duration
  const dateMs = Date.parse(text)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/

/** Go's form of a duration: `1h2m3.5s`, `120ms`. */
function readDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (!durationPattern.test(trimmed)) return undefined
  let totalMs = 0
  for (const [, count = '', unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(count) * (unitsMs[unit] ?? 0)
  }
  return totalMs
}

function readRetryInfo(body: unknown): number | undefined {
  const root: unknown = isArray(body) ? body[0] : body
  const error = isJsonObject(root) ? root['error'] : undefined
  const details = isJsonObject(error) ? error['details'] : undefined
  if (!isArray(details)) return undefined
  for (const detail of details) {
    const delay = isJsonObject(detail) ? detail['retryDelay'] : undefined
    if (typeof delay === 'string') return readDuration(delay)
  }
  return undefined
}

function readSentence(message: string): number | undefined {
  const match =
    /(?:try again|retry)(?:ing)? (?:in|after) ((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d))+\b|\d+(?:\.\d+)? ?seconds?)/i.exec(
      message,
    )
  const span = match?.[1]
  if (span === undefined) return undefined
  return readDuration(span.replace(/ ?seconds?/i, 's').replaceAll(/\s+/g, ''))
}

function toFinite(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
