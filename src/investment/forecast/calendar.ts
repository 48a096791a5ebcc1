/** The instant a cell names, and how it is written. */
export interface Dated {
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly form: DateForm
}

/** How dates of a file are written, so that those that follow are written the same. */
export interface DateForm {
  readonly parts: 'year' | 'month' | 'day' | 'minute' | 'second'
  readonly separator: string
  readonly between: string
  readonly zone: string
}

/** How far apart the instants of a series lie: so many months of the calendar, or so many milliseconds. */
export type Step = { readonly unit: 'months' | 'ms'; readonly count: number }

const datePattern =
  /^(\d{4})(?:([-/.年])(\d{1,2})(?:(?:\2|月)(\d{1,2})日?|月)?(?:([T ])(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/

/** Year first, as in ISO 8601; `undefined` for anything else, a bare number that is no likely year among it. */
export function findDate(cell: string): Dated | undefined {
  const match = datePattern.exec(cell)
  if (match === null) return undefined
  const [, year = '', separator = '-', month, day, between = 'T', hour, minute, second, zone = ''] = match
  if (month === undefined && (Number(year) < 1000 || Number(year) > 2999)) return undefined
  const atMs = Date.UTC(
    Number(year),
    Number(month ?? 1) - 1,
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  )
  const isReal = new Date(atMs).getUTCMonth() === Number(month ?? 1) - 1 && Number(hour ?? 0) < 24
  if (!isReal || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined
  const parts =
    month === undefined
      ? 'year'
      : day === undefined
        ? 'month'
        : hour === undefined
          ? 'day'
          : second === undefined
            ? 'minute'
            : 'second'
  return { atMs: atMs - zoneMs(zone), form: { parts, separator: separator === '年' ? '-' : separator, between, zone } }
}

/** The step that lies between most neighbours; `undefined` when there are fewer than two instants. They must ascend. */
export function findStep(instants: readonly number[]): Step | undefined {
  const months = instants.map(toMonth)
  if (instants.length >= 2 && months.every((month) => month !== undefined)) {
    const count = commonest(months.slice(1).map((month, index) => (month ?? 0) - (months[index] ?? 0)))
    if (count !== undefined && count >= 1) return { unit: 'months', count }
  }
  const count = commonest(instants.slice(1).map((instant, index) => instant - (instants[index] ?? 0)))
  return count === undefined ? undefined : { unit: 'ms', count }
}

/** How many steps lie between two instants; not whole when the later one does not fall on a step. */
export function countSteps(fromMs: number, toMs: number, step: Step): number {
  if (step.unit === 'ms') return (toMs - fromMs) / step.count
  return ((toMonth(toMs) ?? 0) - (toMonth(fromMs) ?? 0)) / step.count
}

export function writeDate(fromMs: number, steps: number, { step, form }: { step: Step; form: DateForm }): string {
  const shifted = step.unit === 'ms' ? fromMs + steps * step.count : addMonths(fromMs, steps * step.count)
  const [date = '', time = ''] = new Date(shifted + zoneMs(form.zone)).toISOString().split('T')
  const day = date.replaceAll('-', form.separator)
  switch (form.parts) {
    case 'year':
      return date.slice(0, 4)
    case 'month':
      return day.slice(0, 7)
    case 'day':
      return day
    case 'minute':
      return `${day}${form.between}${time.slice(0, 5)}${form.zone}`
    case 'second':
      return `${day}${form.between}${time.slice(0, 8)}${form.zone}`
  }
}

/** The seasons of people's calendar at a step, in steps; `undefined` where the calendar says nothing. */
export function seasonsOf(step: Step): readonly number[] | undefined {
  if (step.unit === 'months')
    return step.count > 12 ? [] : 12 % step.count === 0 && step.count < 12 ? [12 / step.count] : []
  const hour = 3_600_000
  const perDay = (24 * hour) / step.count
  if (perDay === 1) return [7]
  if (perDay > 1 && Number.isInteger(perDay) && perDay <= 288) return [perDay, 7 * perDay]
  return step.count === 7 * 24 * hour ? [52] : undefined
}

/** Months since year 0 of an instant that begins or ends a month; `undefined` for others. */
function toMonth(instantMs: number): number | undefined {
  const instant = new Date(instantMs)
  const isFirst = instant.getUTCDate() === 1
  const isLast = new Date(instantMs + 86_400_000).getUTCDate() === 1
  if (!(isFirst || isLast) || instantMs % 86_400_000 !== 0) return undefined
  return instant.getUTCFullYear() * 12 + instant.getUTCMonth()
}

function addMonths(instantMs: number, months: number): number {
  const instant = new Date(instantMs)
  const isFirst = instant.getUTCDate() === 1
  const target = Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth() + months + (isFirst ? 0 : 1), 1)
  return isFirst ? target : target - 86_400_000
}

function zoneMs(zone: string): number {
  if (zone === '' || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function commonest(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>()
  let best: number | undefined
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1
    counts.set(value, count)
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value
  }
  return best
}
