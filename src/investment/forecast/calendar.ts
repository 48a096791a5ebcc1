import { zoneMs, type DateForm } from './dates.ts'

/** How far apart the instants of a series lie: so many months of the calendar, days from Monday to Friday, or milliseconds. */
export type Step = { readonly unit: 'months' | 'workdays' | 'ms'; readonly count: number }

const dayMs = 86_400_000

/** The step that lies between most neighbours; `undefined` when there are fewer than two instants. They must ascend. */
export function findStep(instants: readonly number[]): Step | undefined {
  const [first] = instants
  if (first === undefined || instants.length < 2) return undefined
  if (areMonthly(instants)) {
    const months = instants.map(toMonth)
    const count = commonest(months.slice(1).map((month, index) => month - (months[index] ?? 0)))
    if (count !== undefined && count >= 1) return { unit: 'months', count }
  }
  const gaps = instants.slice(1).map((instant, index) => instant - (instants[index] ?? 0))
  const count = commonest(gaps)
  if (count === undefined) return undefined
  if (count === dayMs && areWorkdays(instants)) return { unit: 'workdays', count: 1 }
  const least = gaps.reduce((smallest, gap) => Math.min(smallest, gap), count)
  for (const each of [count, least])
    if (instants.every((instant) => (instant - first) % each === 0)) return { unit: 'ms', count: each }
  return findUneven(instants, gaps) ?? { unit: 'ms', count }
}

/** Clocks that are read a little late: the nearest usual step, where all instants lie near a multiple of it. */
function findUneven(instants: readonly number[], gaps: readonly number[]): Step | undefined {
  const typical = gaps.toSorted((left, right) => left - right)[gaps.length >> 1] ?? 0
  const count = usualSteps.find((usual) => Math.abs(usual - typical) <= usual * nearShare)
  if (count === undefined) return undefined
  const first = Math.round((instants[0] ?? 0) / count) * count
  const isNear = (instant: number): boolean => {
    const places = (instant - first) / count
    return Math.abs(places - Math.round(places)) <= nearShare
  }
  const rounded = new Set(instants.map((instant) => Math.round((instant - first) / count)))
  return instants.every(isNear) && rounded.size === instants.length ? { unit: 'ms', count } : undefined
}

const nearShare = 0.1
const minuteMs = 60_000
const usualSteps = [
  1 / 60,
  1 / 12,
  1 / 6,
  1 / 4,
  1 / 2,
  1,
  5,
  10,
  15,
  20,
  30,
  60,
  120,
  180,
  240,
  360,
  720,
  1_440,
  10_080,
].map((minutes) => minutes * minuteMs)

/** How many steps lie between two instants; not whole when the later one does not fall on a step, or near one. */
export function countSteps(fromMs: number, toMs: number, step: Step): number {
  if (step.unit === 'months') return (toMonth(toMs) - toMonth(fromMs)) / step.count
  if (step.unit === 'workdays') return workdayOf(toMs) - workdayOf(fromMs)
  const places = (toMs - fromMs) / step.count
  return Math.abs(places - Math.round(places)) <= 2 * nearShare ? Math.round(places) : places
}

export function writeDate(fromMs: number, steps: number, { step, form }: { step: Step; form: DateForm }): string {
  const shifted = shift(fromMs, steps, step)
  const [date = '', time = ''] = new Date(shifted + zoneMs(form.zone)).toISOString().split('T')
  const day = date.replaceAll('-', form.separator)
  switch (form.parts) {
    case 'year':
      return date.slice(0, 4)
    case 'quarter':
      return `${date.slice(0, 4)}${form.separator}Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`
    case 'month':
      return day.slice(0, -2 - form.separator.length)
    case 'day':
      return day
    case 'minute':
      return `${day}${form.between}${time.slice(0, 5)}${form.zone}`
    case 'second':
      return `${day}${form.between}${time.slice(0, 8)}${form.zone}`
  }
}

function shift(fromMs: number, steps: number, { unit, count }: Step): number {
  if (unit === 'ms') return fromMs + steps * count
  if (unit === 'months') return addMonths(fromMs, steps * count)
  const [weeks, day] = [Math.floor((workdayOf(fromMs) + steps) / 5), (workdayOf(fromMs) + steps) % 5]
  return mondayMs + (weeks * 7 + day) * dayMs + (fromMs % dayMs)
}

/** The seasons of people's calendar at a step, in steps; `undefined` where the calendar says nothing. */
export function seasonsOf(step: Step): readonly number[] | undefined {
  if (step.unit === 'workdays') return [5]
  if (step.unit === 'months')
    return step.count > 12 ? [] : 12 % step.count === 0 && step.count < 12 ? [12 / step.count] : []
  const hour = 3_600_000
  const perDay = (24 * hour) / step.count
  if (perDay === 1) return [7]
  if (perDay > 1 && Number.isInteger(perDay) && perDay <= 288) return [perDay, 7 * perDay]
  return step.count === 7 * 24 * hour ? [52] : undefined
}

/** How far days of months may lie apart for one a month: the last working day, the 15th or the Monday after. */
const daysApartMax = 4

/** One instant in a month at most, about the same day of it. */
function areMonthly(instants: readonly number[]): boolean {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [leastToEnd, mostToEnd] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [index, instantMs] of instants.entries()) {
    if (index > 0 && toMonth(instantMs) <= toMonth(instants[index - 1] ?? 0)) return false
    const instant = new Date(instantMs)
    const day = instant.getUTCDate()
    const toEnd = new Date(Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth() + 1, 0)).getUTCDate() - day
    if ((instantMs - (instants[0] ?? 0)) % dayMs !== 0) return false
    ;[least, most] = [Math.min(least, day), Math.max(most, day)]
    ;[leastToEnd, mostToEnd] = [Math.min(leastToEnd, toEnd), Math.max(mostToEnd, toEnd)]
  }
  return most - least <= daysApartMax || mostToEnd - leastToEnd <= daysApartMax
}

/** Days of two weeks and more, and none of them a Saturday or Sunday. */
function areWorkdays(instants: readonly number[]): boolean {
  if ((instants.at(-1) ?? 0) - (instants[0] ?? 0) < 11 * dayMs) return false
  return instants.every((instant) => !isWeekend(instant) && instant % dayMs === (instants[0] ?? 0) % dayMs)
}

function isWeekend(instantMs: number): boolean {
  return new Date(instantMs).getUTCDay() % 6 === 0
}

/** A Monday long ago. */
const mondayMs = Date.UTC(1_000, 0, 6)

/** Days from Monday to Friday since a Monday long ago. */
function workdayOf(instantMs: number): number {
  const days = Math.floor((instantMs - mondayMs) / dayMs)
  return Math.floor(days / 7) * 5 + Math.min(4, days % 7)
}

/** Months since year 0. */
function toMonth(instantMs: number): number {
  const instant = new Date(instantMs)
  return instant.getUTCFullYear() * 12 + instant.getUTCMonth()
}

/** The last day of a month is followed by last days; the 31st, in a shorter month, by its last. */
function addMonths(instantMs: number, months: number): number {
  const instant = new Date(instantMs)
  const [year, month, day] = [instant.getUTCFullYear(), instant.getUTCMonth() + months, instant.getUTCDate()]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const isLast = new Date(instantMs + dayMs).getUTCDate() === 1
  return Date.UTC(year, month, isLast ? last : Math.min(day, last)) + (instantMs % dayMs)
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
