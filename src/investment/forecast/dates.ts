/** The instant a cell names, and how it is written. */
export interface Dated {
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly form: DateForm
}

/** How dates of a file are written, so that those that follow are written the same; what has not the year first is followed by what has. */
export interface DateForm {
  readonly parts: 'year' | 'quarter' | 'month' | 'day' | 'minute' | 'second'
  readonly separator: string
  readonly between: string
  readonly zone: string
}

/** `undefined` for what it does not read. */
export type DateReader = (cell: string) => Dated | undefined

const time = String.raw`(?:([T ]|,? )(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?(?: ?([AaPp])\.?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?`
const yearFirst = new RegExp(String.raw`^(\d{4})([-/.年])(\d{1,2})(?:(?:\2|月)(\d{1,2})日?${time}|月)?$`)
const compact = /^(\d{4})(\d{2})(\d{2})?$/
const numeric = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${time}$`)
const dayAndMonth = new RegExp(
  String.raw`^(\d{1,2})(?:st|nd|rd|th)?[- /.]*([A-Za-z]{3,9})\.?[-, /]*(\d{4}|\d{2})${time}$`,
)
const monthAndDay = new RegExp(String.raw`^([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})${time}$`)
const monthOfYear = /^([A-Za-z]{3,9})\.?[- /']*(\d{4}|\d{2})$/
const quarter = /^(?:(\d{4})[- ]?([Qq]|季度?)([1-4])|[Qq]([1-4])[- /]?(\d{4}))$/
const week = /^(\d{4})-?[Ww](\d{2})(?:-?([1-7]))?$/

/** What can be meant in one way only: the year first, as in ISO 8601, months by name, quarters and weeks. Never what is a number too. */
export const findDate: DateReader = (cell) => {
  if (!/^[\dA-Za-z]/.test(cell) || !/\d\D|\D\d/.test(cell) || /^\d+\.\d*$/.test(cell)) return undefined
  return findYearFirst(cell) ?? findNamed(cell) ?? findQuarter(cell) ?? findWeek(cell)
}

/** A bare year, which is a number too. */
export const findYear: DateReader = (cell) => {
  if (!/^\d{4}$/.test(cell) || Number(cell) < 1_000 || Number(cell) > 2_999) return undefined
  return toDated({ year: cell }, {})
}

/** `2026.01`, which is one as well. */
export const findPointed: DateReader = (cell) => (/^\d{4}\.\d{2}$/.test(cell) ? findYearFirst(cell) : undefined)

/** `05/01/2026`, of which nobody can tell alone whether it is in January or in May. */
export const findDayFirst: DateReader = (cell) => findNumeric(cell, false)
export const findMonthFirst: DateReader = (cell) => findNumeric(cell, true)

/** `20260105` and `202601`: digits that only a column of them makes dates. */
export const findCompact: DateReader = (cell) => {
  const [, year = '', month = '', day] = compact.exec(cell) ?? []
  if (Number(year) < 1900 || Number(year) > 2100) return undefined
  return toDated({ year, month, day }, { separator: '' })
}

/** Seconds or milliseconds since 1970, from 2001 to 2100. */
export const findEpoch: DateReader = (cell) => {
  const match = /^(\d{10}|\d{13})(?:\.\d+)?$/.exec(cell)
  if (match === null) return undefined
  const atMs = Number(match[1]) * (match[1]?.length === 10 ? 1_000 : 1)
  if (atMs > 4_102_444_800_000) return undefined
  return { atMs, form: { parts: 'second', separator: '-', between: 'T', zone: 'Z' } }
}

function findYearFirst(cell: string): Dated | undefined {
  const match = yearFirst.exec(cell)
  if (match === null) return undefined
  const [, year = '', separator = '', month, day] = match
  return toDated({ year, month, day, ...timeOf(match, 5) }, { separator: separator === '年' ? '-' : separator })
}

function findNumeric(cell: string, isMonthFirst: boolean): Dated | undefined {
  const match = numeric.exec(cell)
  if (match === null) return undefined
  const [, first, , second, year = ''] = match
  const [month, day] = isMonthFirst ? [first, second] : [second, first]
  return toDated({ year, month, day, ...timeOf(match, 5) }, {})
}

function findNamed(cell: string): Dated | undefined {
  const other = dayAndMonth.exec(cell)
  if (other !== null) {
    const [, day, name = '', year = ''] = other
    return toDated({ year, month: monthOf(name), day, ...timeOf(other, 4) }, {})
  }
  const match = monthAndDay.exec(cell)
  if (match !== null) {
    const [, name = '', day, year = ''] = match
    return toDated({ year, month: monthOf(name), day, ...timeOf(match, 4) }, {})
  }
  const [, name = '', year = ''] = monthOfYear.exec(cell) ?? []
  return name === '' ? undefined : toDated({ year, month: monthOf(name) }, {})
}

function findQuarter(cell: string): Dated | undefined {
  const match = quarter.exec(cell)
  if (match === null) return undefined
  const [year = '', number] = [match[1] ?? match[5], match[3] ?? match[4]]
  const dated = toDated({ year, month: String(Number(number) * 3 - 2) }, {})
  return dated && { ...dated, form: { ...dated.form, parts: 'quarter', separator: /^\d{4}[Qq]/.test(cell) ? '' : '-' } }
}

/** ISO 8601: the first week has the year's first Thursday. */
function findWeek(cell: string): Dated | undefined {
  const [, year, number, day = '1'] = week.exec(cell) ?? []
  if (year === undefined || Number(number) < 1 || Number(number) > 53) return undefined
  const fourth = Date.UTC(Number(year), 0, 4)
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs
  const atMs = monday + ((Number(number) - 1) * 7 + Number(day) - 1) * dayMs
  return { atMs, form: { parts: 'day', separator: '-', between: 'T', zone: '' } }
}

const dayMs = 86_400_000
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthsWhole =
  /^(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)$/i

/** Whether a word names a month. */
export function isMonthName(word: string): boolean {
  return monthsWhole.test(word)
}

function monthOf(name: string): string {
  return isMonthName(name) ? String(monthNames.indexOf(name.slice(0, 3).toLowerCase()) + 1) : '0'
}

interface Parts {
  readonly year: string
  readonly month?: string | undefined
  readonly day?: string | undefined
  readonly hour?: string | undefined
  readonly minute?: string | undefined
  readonly second?: string | undefined
  readonly half?: string | undefined
  readonly between?: string | undefined
  readonly zone?: string | undefined
}

function timeOf(match: RegExpExecArray, from: number): Omit<Parts, 'year'> {
  const [between, hour, minute, second, half, zone] = match.slice(from, from + 6)
  return { between, hour, minute, second, half, zone }
}

/** `undefined` for a date or a time that is on no calendar and no clock. */
function toDated(parts: Parts, written: { readonly separator?: string }): Dated | undefined {
  const { year, month, day, minute, second, between = 'T' } = parts
  const hour = hourOf(parts)
  const zone = parts.zone === 'UTC' || parts.zone === 'GMT' ? 'Z' : (parts.zone ?? '')
  const fullYear = year.length === 2 ? Number(year) + (Number(year) < 70 ? 2_000 : 1_900) : Number(year)
  const [monthIndex, date] = [Number(month ?? 1) - 1, Number(day ?? 1)]
  const atMs = Date.UTC(fullYear, monthIndex, date, hour, Number(minute ?? 0), Number(second ?? 0))
  const instant = new Date(atMs)
  const isReal = monthIndex >= 0 && instant.getUTCMonth() === monthIndex && instant.getUTCDate() === date && hour < 24
  if (!isReal || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined
  const form = { separator: written.separator ?? '-', between: between === 'T' ? 'T' : ' ', zone }
  if (month === undefined) return { atMs, form: { parts: 'year', ...form } }
  if (day === undefined) return { atMs, form: { parts: 'month', ...form } }
  if (parts.hour === undefined) return { atMs, form: { parts: 'day', ...form } }
  return { atMs: atMs - zoneMs(zone), form: { parts: second === undefined ? 'minute' : 'second', ...form } }
}

function hourOf({ hour, half }: Parts): number {
  if (half === undefined) return Number(hour ?? 0)
  return (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

/** What a zone is ahead of UTC. */
export function zoneMs(zone: string): number {
  if (zone === '') return 0
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? []
  if (sign === undefined) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
