import { PlatformError } from '../../core/errors.ts'
import type { Pieces } from '../../core/turns.ts'
import type { Row } from '../csv.ts'
import {
  findCompact,
  findDate,
  findDayFirst,
  findEpoch,
  findMonthFirst,
  findPointed,
  findYear,
  type DateReader,
} from './dates.ts'
import { isMissing, isNumber } from './numbers.ts'

/** The lines of a file beneath its header, if it has one. */
export interface Table {
  readonly header: Row | undefined
  readonly body: readonly Row[]
  readonly width: number
}

/** What a column holds; a date of each row where it holds dates. */
export type Column =
  | { readonly kind: 'empty' | 'number' | 'word' }
  | { readonly kind: 'date'; readonly read: DateReader }

/** Where so many of a column's cells are dates, or numbers, the others are wrong, and not the column another. */
const cellShare = 0.5

function readColumn({ header, body }: Table, column: number): Column {
  const cells = body.map(({ cells: own }) => own[column] ?? '').filter((cell) => !isMissing(cell))
  if (cells.length === 0) return { kind: 'empty' }
  const read = findReader(body, column, header?.cells[column] ?? '')
  if (read !== undefined) return { kind: 'date', read }
  const numbers = cells.reduce((sum, cell) => sum + (isNumber(cell) ? 1 : 0), 0)
  return { kind: numbers >= cellShare * cells.length ? 'number' : 'word' }
}

const dateHeads =
  /^(?:ds|date|dates|datetime|time|timestamp|ts|day|week|month|quarter|year|period|epoch|unix|日期|时间|月份|年月|年份|年|月|日)$|(?:date|time|timestamp)$/i
/** Cells that are looked at before all are. */
const sampleMost = 20

export function findReader(body: readonly Row[], column: number, head: string): DateReader | undefined {
  const cells = body.flatMap(({ cells: own, line }) => {
    const cell = own[column] ?? ''
    return isMissing(cell) ? [] : [{ cell, line }]
  })
  const texts = cells.map(({ cell }) => cell)
  const fits = (read: DateReader): boolean => {
    const count = (among: readonly string[]): number =>
      among.filter((cell) => read(cell) !== undefined).length / among.length
    return count(texts.slice(0, sampleMost)) >= cellShare && count(texts) >= cellShare
  }
  if (fits(findDate)) return findDate
  const [dayFirst, monthFirst] = [fits(findDayFirst), fits(findMonthFirst)]
  if (dayFirst || monthFirst) return chooseOrder(cells, { dayFirst, monthFirst })
  const isNamed = dateHeads.test(head)
  if (!(isNamed || column === 0) || body.every(({ cells: own }) => own.length === 1)) return undefined
  // What is a number too must be so in each cell, and be called a date or ascend as dates do.
  const isEach = (read: DateReader): boolean =>
    texts.every((cell) => read(cell) !== undefined) && (isNamed || doAscend(texts, read))
  if (isEach(findYear)) return findYear
  if (isEach(findCompact)) return findCompact
  if (isNamed && isEach(findPointed)) return findPointed
  return isNamed && isEach(findEpoch) ? findEpoch : undefined
}

function doAscend(cells: readonly string[], read: DateReader): boolean {
  return cells.every(
    (cell, index) =>
      index === 0 || (read(cell)?.atMs ?? 0) > (read(cells[index - 1] ?? '')?.atMs ?? Number.POSITIVE_INFINITY),
  )
}

/** Days of the month above 12 tell the order, and so does a step that is even in one of them alone. */
function chooseOrder(
  cells: readonly { readonly cell: string; readonly line: number }[],
  fits: { readonly dayFirst: boolean; readonly monthFirst: boolean },
): DateReader {
  const [first] = cells
  const texts = cells.map(({ cell }) => cell)
  const reads = (read: DateReader): number => texts.filter((cell) => read(cell) !== undefined).length
  if (texts.some((cell) => /^\d{1,2}\./.test(cell))) return findDayFirst
  if (!(fits.dayFirst && fits.monthFirst)) return fits.dayFirst ? findDayFirst : findMonthFirst
  if (reads(findDayFirst) !== reads(findMonthFirst))
    return reads(findDayFirst) > reads(findMonthFirst) ? findDayFirst : findMonthFirst
  const [day, month] = [evenness(texts, findDayFirst), evenness(texts, findMonthFirst)]
  if (day > evenMin && month < evenMin) return findDayFirst
  if (month > evenMin && day < evenMin) return findMonthFirst
  throw fault(
    first?.line ?? 1,
    `"${first?.cell ?? ''}" may have the day first or the month; write the year first, as 2026-01-31`,
  )
}

const evenMin = 0.75

/** The share of steps between different dates that are as long as most, months being one length. */
function evenness(cells: readonly string[], read: DateReader): number {
  const instants = [...new Set(cells.map((cell) => read(cell)?.atMs ?? 0))].toSorted((left, right) => left - right)
  const counts = new Map<number, number>()
  for (const [index, instant] of instants.entries()) {
    if (index === 0) continue
    const days = Math.round((instant - (instants[index - 1] ?? 0)) / 86_400_000)
    const length = days >= 28 && days <= 31 ? 30 : days
    counts.set(length, (counts.get(length) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values()) / Math.max(1, instants.length - 1)
}

/** Which columns of a table with dates hold what. */
export interface Roles {
  readonly date: number
  readonly read: DateReader
  /** Their cells together name the series of a row. None where each column of values is a series. */
  readonly names: readonly number[]
  readonly values: readonly number[]
}

/** `undefined` for a table without a column of dates. Each column is a piece. */
export function* findRoles(table: Table, isLong: boolean | undefined): Pieces<Roles | undefined> {
  const columns: Column[] = []
  for (let column = 0; column < table.width; column++) {
    columns.push(readColumn(table, column))
    yield
  }
  const date = findDates(table, columns)
  if (date === undefined) return undefined
  const { place, read } = date
  const numbers = columns.flatMap(({ kind }, column) => (kind === 'number' ? [column] : []))
  const words = columns.flatMap(({ kind }, column) => (kind === 'word' ? [column] : []))
  const names = isLong === false ? [] : findNames(table, { date: place, words, numbers, isLong: isLong === true })
  const values = numbers.filter((column) => !names.includes(column) && !isIndex(table, column))
  if (values.length > 0) return { date: place, read, names, values }
  // A named column without a value is the series that was meant, if there is no other.
  const empty = columns.findIndex(({ kind }, column) => kind === 'empty' && isHeaded(table, column))
  if (empty === -1) throw refuseWithout(table, place, names)
  return { date: place, read, names, values: [empty] }
}

function findDates(
  table: Table,
  columns: readonly Column[],
): { readonly place: number; readonly read: DateReader } | undefined {
  let best: { readonly place: number; readonly read: DateReader; readonly different: number } | undefined
  for (const [place, column] of columns.entries()) {
    if (column.kind !== 'date') continue
    const different = new Set(table.body.map(({ cells }) => cells[place])).size
    if (best === undefined || different > best.different) best = { place, read: column.read, different }
  }
  return best
}

interface Found {
  readonly date: number
  readonly words: readonly number[]
  readonly numbers: readonly number[]
  readonly isLong: boolean
}

const nameHeads = /^(?:.*[_ -])?(?:id|key|name|series|item|store|sku|code|编号|名称)$/i

/** The columns whose cells, with the date, stand in one row only; words rather than numbers, few different ones rather than many. */
function findNames(table: Table, { date, words, numbers, isLong }: Found): readonly number[] {
  const [before] = words
  const isNamed = before !== undefined && table.width === 3 && before < date
  if (isAlone(table, [date])) return (isLong || isNamed) && before !== undefined ? [before] : []
  const varied = words
    .filter((column) => variety(table, column) > 1)
    .toSorted((left, right) => variety(table, left) - variety(table, right))
  const one = varied.find((column) => isAlone(table, [date, column]))
  if (one !== undefined) return [one]
  if (varied.length > 0) return varied.toSorted((left, right) => left - right)
  const numbered = numbers.find(
    (column) => (column < date || nameHeads.test(table.header?.cells[column] ?? '')) && isAlone(table, [date, column]),
  )
  return numbered === undefined ? [] : [numbered]
}

function isAlone({ body }: Table, columns: readonly number[]): boolean {
  return new Set(body.map(({ cells }) => columns.map((column) => cells[column] ?? '').join('\n'))).size === body.length
}

function variety({ body }: Table, column: number): number {
  return new Set(body.map(({ cells }) => cells[column] ?? '')).size
}

function isHeaded({ header }: Table, column: number): boolean {
  return (header?.cells[column] ?? '') !== ''
}

/** A column that only counts the rows, and is called so, is no series. */
export function isIndex({ header, body }: Table, column: number): boolean {
  if (column !== 0 || header === undefined) return false
  const first = Number(body[0]?.cells[0])
  const isCalledSo = /^(|#|index|idx|step|t|time|period|row|no|n|unnamed: 0|序号|期)$/i.test(header.cells[0] ?? '')
  return isCalledSo && body.every(({ cells }, index) => Number(cells[0]) === first + index)
}

function refuseWithout({ body, width }: Table, date: number, names: readonly number[]): PlatformError {
  const column = Array.from({ length: width }, (_, each) => each).findLast(
    (each) => each !== date && !names.includes(each),
  )
  const [first] = body
  if (column === undefined) return fault(first?.line ?? 1, 'there are dates and no values beside them')
  const cell = first?.cells[column] ?? ''
  return fault(first?.line ?? 1, `column ${column + 1}: "${cell.slice(0, 40)}" is not a number`)
}

/** Whether a cell is neither missing nor a number nor a date, whoever wrote it. */
export function isWord(cell: string): boolean {
  return !isMissing(cell) && !isNumber(cell) && !isAnyDate(cell)
}

export function isAnyDate(cell: string): boolean {
  return findDate(cell) !== undefined || findDayFirst(cell) !== undefined || findMonthFirst(cell) !== undefined
}

export function fault(line: number, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `line ${line}: ${what}`)
}
