import type { JsonValue } from './json.ts'

/**
 * What one call used, in one normal form for every vendor. A field is `undefined` when the vendor did not report it:
 * absent is not zero. Totals include their parts: `inputTotal` the cached tokens, `outputTotal` the reasoning.
 */
export interface Usage {
  /** All input tokens, cached ones included. */
  readonly inputTotal: number | undefined
  /** Of `inputTotal`: read from the vendor's cache. */
  readonly cacheRead: number | undefined
  /** Of `inputTotal`: written to the vendor's cache for five minutes (or for the vendor's only term). */
  readonly cacheWrite5m: number | undefined
  /** Of `inputTotal`: written to the vendor's cache for an hour. */
  readonly cacheWrite1h: number | undefined
  /** All output tokens, reasoning included. */
  readonly outputTotal: number | undefined
  /** Of `outputTotal`: spent on reasoning. */
  readonly reasoning: number | undefined
  /**
   * The vendor's own usage object, verbatim, so that a corrected price or reading can be applied later. What the vendor
   * charges by and tells elsewhere in the body (service tier, searches made) stands beside, under `strata`.
   */
  readonly raw: JsonValue | undefined
  /** `reported` by the vendor, or `estimated` here because the stream ended before the vendor could report. */
  readonly source: 'reported' | 'estimated'
  /** Path below `raw` of a figure that is no count (negative, fractional, text): nobody can say what such a usage costs. */
  readonly fault?: string | undefined
}

/** A usage of which nothing is known yet but the fields given. */
export function createUsage(known: Partial<Usage>): Usage {
  return {
    inputTotal: undefined,
    cacheRead: undefined,
    cacheWrite5m: undefined,
    cacheWrite1h: undefined,
    outputTotal: undefined,
    reasoning: undefined,
    raw: undefined,
    source: 'reported',
    ...known,
  }
}
