/** Injected everywhere time matters, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. May jump when the machine's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary start, with fraction; never goes back. For durations and deadlines. */
  monotonicMs(): number
}

export function createSystemClock(): Clock {
  return { now: () => Date.now(), monotonicMs: () => performance.now() }
}

export interface FakeClock extends Clock {
  /** Moves both clocks forward by `ms`. */
  advance(ms: number): void
}

/** A clock that moves only when told to; starts at `startMs` UTC and monotonic 0. */
export function createFakeClock(startMs: number): FakeClock {
  let elapsedMs = 0
  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    advance(ms) {
      elapsedMs += ms
    },
  }
}

/** ISO 8601 in UTC with milliseconds, as every JSON body of Strata writes an instant. */
export function toIso(instantMs: number): string {
  return new Date(instantMs).toISOString()
}

/**
 * Milliseconds UTC of a day (its midnight UTC) or of an instant with its zone, ISO 8601; `undefined` for anything else: an instant
 * without a zone would mean another one on each machine, and 30 February is none.
 */
export function parseInstant(text: string): number | undefined {
  const [, day, time] =
    /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? []
  const midnight = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`)
  if (day === undefined || Number.isNaN(midnight) || toIso(midnight).slice(0, 10) !== day) return undefined
  const instant = time === undefined ? midnight : Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}
