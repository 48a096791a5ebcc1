import type { Config } from '../../config/index.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'

/** How an endpoint is doing, from the traffic it had. */
export interface EndpointHealth {
  readonly id: string
  /** `open`: refused after failures in a row · `half-open`: one try is let through to see. */
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Tries under way. */
  readonly inFlight: number
  /** Failures in a row. */
  readonly failures: number
  readonly lastError: ErrorCode | undefined
  /** Moving average of the time to the first byte, milliseconds; `undefined` before the first. */
  readonly firstByteMs: number | undefined
  /** Milliseconds until it may be tried again; 0 when it may now. */
  readonly restMs: number
}

/** The running account of one endpoint. Times are the monotonic clock's. */
export interface HealthAccount {
  readonly inFlight: number
  /** Whether a try may go there now: the breaker is closed, or open long enough and no trial is under way. */
  mayTry(): boolean
  /** Milliseconds until the breaker or the endpoint's own retry-after lets tries through; 0 when now. */
  restMs(): number
  /** A try goes out; true when it is the one that an open breaker lets through. Its end must be told by `end`, once. */
  begin(): boolean
  /** The first byte of its answer has come. */
  answered(firstByteMs: number): void
  end(verdict: Verdict, isTrial: boolean): void
  /** The endpoint asked for rest: others go first until it is over. */
  rest(ms: number): void
  /** What a probe found: well lets one try through an open breaker at once, not well counts as a failure. */
  probed(isWell: boolean): void
  /** The first-byte time not exceeded by that share of recent tries; `undefined` with too few of them. */
  quantile(share: number): number | undefined
  /** Expected milliseconds to the first byte; fades while nothing is sent there, so that a slow endpoint is tried again. */
  expectedMs(): number
  /** Monotonic milliseconds of the last sign of life or death. */
  readonly lastHeardMs: number
  report(id: string): EndpointHealth
}

/** What a try says of the endpoint: `none` when it ended for reasons of the caller. */
export type Verdict =
  | { readonly type: 'ok' }
  | { readonly type: 'failed'; readonly code: ErrorCode }
  | { readonly type: 'none' }

/** Weight of the newest first-byte time in the moving average. */
const newestShare = 0.2
/** The average halves in this time without traffic. */
const fadeHalfMs = 30_000
/** First-byte times kept for the quantile. */
const samplesMax = 256

export interface HealthDeps {
  readonly clock: Clock
  readonly config: Config['egress']
  /** Told when the breaker opens after a failure, and when an answer closes it. */
  readonly onBreaker: (state: 'open' | 'closed', lastError: ErrorCode | undefined) => void
}

export function createHealthAccount(deps: HealthDeps): HealthAccount {
  const { clock, config } = deps
  let inFlight = 0
  let failures = 0
  let lastError: ErrorCode | undefined
  let openUntilMs: number | undefined
  let isTrialUnderWay = false
  let restUntilMs = 0
  let averageMs: number | undefined
  let lastHeardMs = clock.monotonicMs()
  let samplesSeen = 0
  const samples: number[] = []

  function breaker(): EndpointHealth['breaker'] {
    if (openUntilMs === undefined) return 'closed'
    return clock.monotonicMs() < openUntilMs ? 'open' : 'half-open'
  }

  function open(): void {
    if (openUntilMs === undefined) deps.onBreaker('open', lastError)
    openUntilMs = clock.monotonicMs() + config.breaker.openMs
  }

  const account: HealthAccount = {
    get inFlight() {
      return inFlight
    },
    get lastHeardMs() {
      return lastHeardMs
    },
    mayTry() {
      if (openUntilMs === undefined) return true
      return !isTrialUnderWay && clock.monotonicMs() >= openUntilMs
    },
    restMs() {
      return Math.max(0, Math.max(openUntilMs ?? 0, restUntilMs) - clock.monotonicMs())
    },
    begin() {
      inFlight += 1
      const isTrial = openUntilMs !== undefined && !isTrialUnderWay
      isTrialUnderWay ||= isTrial
      return isTrial
    },
    answered(firstByteMs) {
      lastHeardMs = clock.monotonicMs()
      averageMs = averageMs === undefined ? firstByteMs : averageMs + newestShare * (firstByteMs - averageMs)
      samples[samplesSeen++ % samplesMax] = firstByteMs
      if (openUntilMs === undefined) return
      // The trial answers, so others may go too; but one more failure opens again, until an answer has come whole.
      openUntilMs = undefined
      deps.onBreaker('closed', lastError)
      failures = config.breaker.failuresMax - 1
    },
    end(verdict, isTrial) {
      inFlight -= 1
      if (isTrial) isTrialUnderWay = false
      if (verdict.type === 'none') return
      lastHeardMs = clock.monotonicMs()
      if (verdict.type === 'ok') {
        failures = 0
        lastError = undefined
        return
      }
      failures += 1
      lastError = verdict.code
      if (failures >= config.breaker.failuresMax) open()
    },
    rest(ms) {
      restUntilMs = Math.max(restUntilMs, clock.monotonicMs() + ms)
    },
    probed(isWell) {
      lastHeardMs = clock.monotonicMs()
      if (isWell) {
        if (openUntilMs !== undefined) openUntilMs = Math.min(openUntilMs, lastHeardMs)
        return
      }
      failures += 1
      if (failures >= config.breaker.failuresMax && !isTrialUnderWay) open()
    },
    quantile(share) {
      if (samplesSeen < config.hedgesSampleMin) return undefined
      const sorted = samples.toSorted((left, right) => left - right)
      return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    },
    expectedMs() {
      if (averageMs === undefined) return 0
      return averageMs * 0.5 ** ((clock.monotonicMs() - lastHeardMs) / fadeHalfMs)
    },
    report(id) {
      return { id, breaker: breaker(), inFlight, failures, lastError, firstByteMs: averageMs, restMs: account.restMs() }
    },
  }
  return account
}
