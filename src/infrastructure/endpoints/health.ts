import type { Config } from '../../config/index.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Clock } from '../../core/time.ts'
import { createBreaker, type BreakerReport, type Verdict } from './breaker.ts'
import { createLatency } from './latency.ts'

/** How an endpoint is doing, from the traffic it had. */
export interface EndpointHealth extends BreakerReport {
  readonly id: string
  /** Tries under way. */
  readonly inFlight: number
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
  /** Whether a probe would tell anything that is not known. */
  wantsProbe(): boolean
  /** The first-byte time not exceeded by that share of recent tries; `undefined` with too few of them. */
  quantile(share: number): number | undefined
  /** Expected milliseconds to the first byte; fades while nothing is sent there, so that a slow endpoint is tried again. */
  expectedMs(): number
  /** Monotonic milliseconds of the last sign of life or death. */
  readonly lastHeardMs: number
  report(id: string): EndpointHealth
}

export interface HealthDeps {
  readonly clock: Clock
  readonly config: Config['egress']
  /** Told when the breaker opens after a failure, and when an answer closes it. */
  readonly onBreaker: (state: 'open' | 'closed', lastError: ErrorCode | undefined) => void
}

export function createHealthAccount(deps: HealthDeps): HealthAccount {
  const { clock, config } = deps
  const breaker = createBreaker(deps)
  const latency = createLatency()
  let inFlight = 0
  let restUntilMs = 0
  let lastHeardMs = clock.monotonicMs()

  const account: HealthAccount = {
    get inFlight() {
      return inFlight
    },
    get lastHeardMs() {
      return lastHeardMs
    },
    mayTry: () => breaker.mayTry(),
    restMs: () => Math.max(0, Math.max(breaker.openUntilMs(), restUntilMs) - clock.monotonicMs()),
    begin() {
      inFlight += 1
      return breaker.begin()
    },
    answered(firstByteMs) {
      lastHeardMs = clock.monotonicMs()
      latency.add(firstByteMs)
      breaker.answered()
    },
    end(verdict, isTrial) {
      inFlight -= 1
      if (verdict.type !== 'none') lastHeardMs = clock.monotonicMs()
      breaker.end(verdict, isTrial)
    },
    rest(ms) {
      restUntilMs = Math.max(restUntilMs, clock.monotonicMs() + ms)
    },
    probed(isWell) {
      lastHeardMs = clock.monotonicMs()
      breaker.probed(isWell)
    },
    wantsProbe: () => breaker.wantsProbe(),
    quantile: (share) => (latency.count() < config.hedgesSampleMin ? undefined : latency.quantile(share)),
    expectedMs: () => latency.expectedMs(clock.monotonicMs() - lastHeardMs),
    report(id) {
      return { id, ...breaker.report(), inFlight, firstByteMs: latency.averageMs(), restMs: account.restMs() }
    },
  }
  return account
}
