/** `total`: once and for all · `sliding`: any stretch of the budget's span · the others: by the calendar, UTC. */
export const periods = ['total', 'hour', 'day', 'week', 'month', 'sliding'] as const
export type Period = (typeof periods)[number]

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** The first Monday of the epoch, on which weeks begin. */
const mondayMs = 4 * dayMs

/** The period that an instant lies in; a period without end has none. Weeks begin on Monday. */
export function toPeriod(
  period: Period,
  nowMs: number,
): { readonly startsAtMs: number; readonly endsAtMs: number | undefined } {
  switch (period) {
    case 'total':
    case 'sliding':
      return { startsAtMs: 0, endsAtMs: undefined }
    case 'hour':
      return toStep(nowMs, hourMs, 0)
    case 'day':
      return toStep(nowMs, dayMs, 0)
    case 'week':
      return toStep(nowMs, 7 * dayMs, mondayMs)
    case 'month': {
      const date = new Date(nowMs)
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
      return { startsAtMs: Date.UTC(year, month, 1), endsAtMs: Date.UTC(year, month + 1, 1) }
    }
  }
}

function toStep(nowMs: number, stepMs: number, firstMs: number): { startsAtMs: number; endsAtMs: number } {
  const startsAtMs = Math.floor((nowMs - firstMs) / stepMs) * stepMs + firstMs
  return { startsAtMs, endsAtMs: startsAtMs + stepMs }
}
