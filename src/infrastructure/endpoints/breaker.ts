import type { ErrorCode } from '../../core/errors.ts'
import type { HealthDeps } from './health.ts'

/** What a try says of the endpoint: `none` when it ended for reasons of the caller. */
export type Verdict =
  | { readonly type: 'ok' }
  | { readonly type: 'failed'; readonly code: ErrorCode }
  | { readonly type: 'none' }

export interface BreakerReport {
  /** `open`: refused after failures in a row · `half-open`: one try is let through to see. */
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** In a row. */
  readonly failures: number
  readonly lastError: ErrorCode | undefined
}

/** Refuses an endpoint after failures in a row, for a while; then lets one try through to see. */
export interface Breaker {
  /** Closed, or open long enough with no trial under way. */
  mayTry(): boolean
  /** Monotonic milliseconds; 0 when closed. */
  openUntilMs(): number
  /** True when this is the one try that an open breaker lets through. */
  begin(): boolean
  /** The first byte of an answer has come. */
  answered(): void
  end(verdict: Verdict, isTrial: boolean): void
  probed(isWell: boolean): void
  /** Whether a probe would tell anything: it is not closed, and no probe has found the endpoint well since it opened. */
  wantsProbe(): boolean
  report(): BreakerReport
}

export function createBreaker({ clock, config, onBreaker }: HealthDeps): Breaker {
  const { failuresMax, openMs } = config.breaker
  let failures = 0
  let lastError: ErrorCode | undefined
  let openUntilMs: number | undefined
  let isTrialUnderWay = false
  let isFoundWell = false

  function fail(): void {
    failures += 1
    if (failures < failuresMax) return
    if (openUntilMs === undefined) onBreaker('open', lastError)
    openUntilMs = clock.monotonicMs() + openMs
    isFoundWell = false
  }

  return {
    mayTry: () => openUntilMs === undefined || (!isTrialUnderWay && clock.monotonicMs() >= openUntilMs),
    openUntilMs: () => openUntilMs ?? 0,
    begin() {
      const isTrial = openUntilMs !== undefined && !isTrialUnderWay
      isTrialUnderWay ||= isTrial
      return isTrial
    },
    answered() {
      if (openUntilMs === undefined) return
      // It answers, so others may go too; but one more failure opens again, until an answer has come whole.
      openUntilMs = undefined
      failures = failuresMax - 1
      onBreaker('closed', lastError)
    },
    end(verdict, isTrial) {
      if (isTrial) isTrialUnderWay = false
      if (verdict.type === 'none') return
      if (verdict.type === 'ok') {
        failures = 0
        lastError = undefined
        return
      }
      lastError = verdict.code
      fail()
    },
    probed(isWell) {
      if (!isWell) {
        if (!isTrialUnderWay) fail()
      } else if (openUntilMs !== undefined) {
        openUntilMs = Math.min(openUntilMs, clock.monotonicMs())
        isFoundWell = true
      }
    },
    wantsProbe: () => openUntilMs !== undefined && !isFoundWell,
    report: () => ({ breaker: stateAt(clock.monotonicMs(), openUntilMs), failures, lastError }),
  }
}

function stateAt(nowMs: number, openUntilMs: number | undefined): BreakerReport['breaker'] {
  if (openUntilMs === undefined) return 'closed'
  return nowMs < openUntilMs ? 'open' : 'half-open'
}
