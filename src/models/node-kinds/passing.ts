import type { ErrorCode } from '../../core/errors.ts'

/** Whether another model, or another try, may do better after this error. */
export function isPassedOn(code: ErrorCode): boolean {
  return passedOn.has(code)
}

/**
 * Absent are the client leaving, the deadline, a store that cannot record any try, and every refusal of the request as
 * such: the next model would refuse it too, or worse, would not.
 */
const passedOn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNSUPPORTED_PARAMETER',
  'CONTEXT_TOO_LONG',
  'REGION_REFUSED',
  'PERSONAL_DATA_REFUSED',
  'PRICE_UNKNOWN',
  'BUDGET_SPENT',
  'BUDGET_EXCEEDED',
  'ANSWER_REFUSED',
  'OVERLOADED',
  'NO_ENDPOINT',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_OVERLOADED',
  'UPSTREAM_UNAUTHENTICATED',
  'UPSTREAM_FAILED',
  'UPSTREAM_INVALID',
  'UPSTREAM_CUT',
  'ADDRESS_REFUSED',
  'REDIRECT_REFUSED',
  'RUNTIME_MISSING',
  'RUNTIME_FAILED',
  'INTERNAL',
])
