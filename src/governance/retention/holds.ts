import type { CallStart, HoldRow } from './store.ts'

/** Whether a hold covers a call of the tenant. */
export function covers(hold: HoldRow, tenant: string, { startedAtMs, useCase }: CallStart): boolean {
  return hold.tenant === tenant && (hold.use_case === null || hold.use_case === useCase) && isWithin(hold, startedAtMs)
}

/** Whether an instant lies in the span of a hold. */
export function isWithin({ from_ms: fromMs, until_ms: untilMs }: HoldRow, atMs: number): boolean {
  return (fromMs === null || atMs >= fromMs) && (untilMs === null || atMs < untilMs)
}
