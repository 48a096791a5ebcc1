import { toRational, zero, type Rational } from './rational.ts'

/** A stretch of time, milliseconds UTC, the end not included. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

export type PeriodLength = 'day' | 'week' | 'month' | 'quarter' | 'year'

const dayMs = 86_400_000

/** The period that an instant lies in: calendar periods in UTC, weeks from Monday. Leap days and years are the calendar's. */
export function periodAt(length: PeriodLength, atMs: number): Span {
  const date = new Date(atMs)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  switch (length) {
    case 'day':
      return { startMs: Date.UTC(year, month, day), endMs: Date.UTC(year, month, day + 1) }
    case 'week': {
      const startMs = Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7))
      return { startMs, endMs: startMs + 7 * dayMs }
    }
    case 'month':
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
    case 'quarter': {
      const first = month - (month % 3)
      return { startMs: Date.UTC(year, first), endMs: Date.UTC(year, first + 3) }
    }
    case 'year':
      return { startMs: Date.UTC(year, 0), endMs: Date.UTC(year + 1, 0) }
  }
}

/** What lies in both; its length is 0 where nothing does. */
export function overlapOf(left: Span, right: Span): Span {
  const startMs = Math.max(left.startMs, right.startMs)
  return { startMs, endMs: Math.max(startMs, Math.min(left.endMs, right.endMs)) }
}

/** Which share of a period a stretch covers, exactly, by the second. */
export function shareOf(period: Span, active: Span): Rational {
  const { startMs, endMs } = overlapOf(period, active)
  const seconds = Math.floor(endMs / 1_000) - Math.floor(startMs / 1_000)
  const all = (period.endMs - period.startMs) / 1_000
  return seconds <= 0 ? zero : toRational(BigInt(seconds), BigInt(all))
}

export function isWithin(span: Span, atMs: number): boolean {
  return span.startMs <= atMs && atMs < span.endMs
}
