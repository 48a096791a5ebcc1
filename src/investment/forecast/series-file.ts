import { PlatformError } from '../../core/errors.ts'
import { runAtOnce, type Pieces } from '../../core/turns.ts'
import type { Row } from '../csv.ts'
import { countSteps, findStep, seasonsOf, writeDate, type Step } from './calendar.ts'
import { fault, findRoles, isAnyDate, isIndex, isWord, type Roles, type Table } from './columns.ts'
import { findDate, findYear, isMonthName, type Dated, type DateForm } from './dates.ts'
import { findMark, isMissing, readNumber, type DecimalMark, type PlacedCell } from './numbers.ts'
import { readRows } from './rows.ts'

/** One series of a file, oldest value first. */
export interface FileSeries {
  readonly name: string
  readonly values: readonly (number | undefined)[]
  /** What the dates of the file say of its seasons; `undefined` without dates. */
  readonly seasons: readonly number[] | undefined
  /** The date of the step so many after the last value; `undefined` without dates. */
  readonly dateAfter: ((steps: number) => string) | undefined
}

/** How the series of a file lie: each in a column, each in a row after its name, or long: name, date, value. */
export type Layout = 'columns' | 'rows' | 'long'

export interface SeriesFileOptions {
  /** Found in the file when absent. */
  readonly layout?: Layout | undefined
  /** The same. */
  readonly decimal?: DecimalMark | undefined
  readonly valuesMax: number
  readonly seriesMax: number
}

/**
 * Reads series from CSV, with any usual separator, decimal mark and form of dates, with a header or without, in any order of its dates. Throws
 * INVALID_REQUEST with the line and what is wrong there, and for what can be read in two ways.
 */
export function readSeriesFile(text: string, options: SeriesFileOptions): readonly FileSeries[] {
  return runAtOnce(readSeries(text, options))
}

/** The same in pieces: lines, columns and series. */
export function* readSeries(text: string, options: SeriesFileOptions): Pieces<readonly FileSeries[]> {
  const { rows, separator } = yield* readRows(text)
  const [first] = rows
  if (first === undefined) throw new PlatformError('INVALID_REQUEST', 'the file is empty')
  const hasHeader = isHeader(first, rows[1])
  const body = hasHeader ? rows.slice(1) : rows
  if (body.length === 0) throw fault(first.line, 'there is a header and nothing after it')
  const table: Table = {
    header: hasHeader ? first : undefined,
    body,
    width: body.reduce((most, { cells }) => Math.max(most, cells.length), 0),
  }
  const series = yield* readTable(table, { ...options, separator })
  if (series.length > options.seriesMax) {
    throw new PlatformError(
      'INVALID_REQUEST',
      `the file has ${series.length} series; at most ${options.seriesMax} are read`,
    )
  }
  for (const each of series) check(each, options)
  return series
}

/** A series as it lies in the file, with the line of its first value. */
interface Lying extends FileSeries {
  readonly line: number
}

interface Reading extends SeriesFileOptions {
  readonly separator: string
}

function* readTable(table: Table, options: Reading): Pieces<readonly Lying[]> {
  const layout = options.layout ?? findLayout(table)
  if (layout === 'rows') return yield* readInRows(table, options)
  checkWidth(table)
  const roles = yield* findRoles(table, options.layout === undefined ? undefined : layout === 'long')
  if (roles !== undefined) return yield* readDated(table, roles, options)
  return layout === 'long' ? readPairs(table, options) : yield* readColumns(table, options)
}

function check({ name, values, line }: Lying, { valuesMax }: SeriesFileOptions): void {
  if (values.every((value) => value === undefined)) throw fault(line, `the series "${name}" has no value`)
  if (values.length > valuesMax) {
    throw fault(line, `the series "${name}" has ${values.length} values; at most ${valuesMax} are read`)
  }
}

/** A first line of words, over lines that are not; or of a name and dates. */
function isHeader(first: Row, second: Row | undefined): boolean {
  const { cells } = first
  const words = cells.filter(isWord)
  if (findDatesAbove(first, second) !== undefined) return true
  if (words.length === 0) return countsColumns(first, second)
  if (cells.length === 1) return true
  // A row of a wide file begins with a name and goes on with numbers; a header has a word in its second cell too.
  const rest = cells.slice(1)
  if (rest.some(isWord)) return second !== undefined && isLikeHeader(cells, second.cells)
  const isNamed = (row: Row | undefined): boolean => row !== undefined && isWord(row.cells[0] ?? '')
  return second !== undefined && !isNamed(second) && rest.every((cell) => isMissing(cell))
}

/** `0,1,2` over numbers that are not whole, as programs write it. */
function countsColumns({ cells }: Row, second: Row | undefined): boolean {
  const doCount =
    cells.length > 2 && cells.every((cell, index) => Number(cell) === index + Number(cells[0]) && cell !== '')
  return doCount && second !== undefined && second.cells.some((cell) => !/^-?\d*$/.test(cell))
}

/** Not where the line below has words in the same places: then both are rows. */
function isLikeHeader(first: readonly string[], second: readonly string[]): boolean {
  return first.some((cell, column) => isWord(cell) !== isWord(second[column] ?? ''))
}

/** Where the dates of `name,2026-01,2026-02` over `chat,1,2` begin; `undefined` where there are none. */
function findDatesAbove({ cells }: Row, second: Row | undefined): number | undefined {
  const dates = cells.map(findHead)
  let start = cells.length
  while (start > 0 && dates[start - 1] !== undefined) start--
  if (second === undefined || start === 0 || cells.length - start < 2) return undefined
  const areYears = dates.slice(start).every((date) => date?.form.parts === 'year')
  const gaps = dates.slice(start + 1).map((date, index) => (date?.atMs ?? 0) - (dates[start + index]?.atMs ?? 0))
  const doRise = gaps.every((gap) => gap > 0 && (!areYears || Math.abs(gap - (gaps[0] ?? 0)) <= 2 * 86_400_000))
  return doRise && !second.cells.slice(start).some(isAnyDate) ? start : undefined
}

function findHead(cell: string): Dated | undefined {
  return findDate(cell) ?? findYear(cell)
}

/** Cells of a row that tell whether it goes on with numbers. */
const sampleMost = 10

function findLayout({ header, body }: Table): Layout {
  if (header !== undefined && findDatesAbove(header, body[0]) !== undefined) return 'rows'
  const isNamed = body.every(({ cells }) => isWord(cells[0] ?? ''))
  if (!isNamed)
    return body.length === 1 &&
      header === undefined &&
      (body[0]?.cells.length ?? 0) > 2 &&
      !body[0]?.cells.some(isAnyDate)
      ? 'rows'
      : 'columns'
  const names = body.map(({ cells }) => cells[0])
  if (body.every(({ cells }) => cells.length <= 2)) return new Set(names).size < names.length ? 'long' : 'columns'
  if (body.some(({ cells }) => cells.slice(1, sampleMost).some((cell) => isWord(cell) || isAnyDate(cell))))
    return 'columns'
  // Named columns over named rows could be either: numbered columns, as V1, V2, and months are those of a wide file.
  const isNumbered = header?.cells
    .slice(1)
    .every((cell) => /^\D{0,8}\d+$/.test(cell) || isMonthName(cell) || isMissing(cell))
  return isNumbered === false ? 'columns' : 'rows'
}

function checkWidth({ header, body }: Table): void {
  const wide = header === undefined ? undefined : body.find(({ cells }) => cells.length > header.cells.length)
  if (wide === undefined || header === undefined) return
  const what = `there are ${wide.cells.length} cells, and the header names ${header.cells.length}`
  throw fault(wide.line, header.cells.length === 1 ? `${what}; is line ${header.line} a title?` : what)
}

function* readInRows({ header, body }: Table, options: Reading): Pieces<readonly Lying[]> {
  const datesFrom = header === undefined ? undefined : findDatesAbove(header, body[0])
  const mark = markOf(options, body, (column) => column >= (datesFrom ?? 0))
  return yield* mapInPieces(body, ({ cells, line }) => {
    const isNamed = isWord(cells[0] ?? '') || datesFrom !== undefined
    const start = datesFrom ?? (isNamed ? 1 : 0)
    let length = cells.length
    while (length > start && isMissing(cells[length - 1] ?? '')) length--
    const name = isNamed ? cells.slice(0, start).join(' / ') : `line ${line}`
    const values = cells
      .slice(start, length)
      .map((cell, index) => toValue({ cell, line, column: index + start + 1 }, mark))
    if (header === undefined || datesFrom === undefined || values.length === 0)
      return { name, values, line, ...undated }
    const placed = values.map((value, index) => {
      const cell = header.cells[index + start] ?? ''
      return { dated: findHead(cell), value, line, cell }
    })
    return toSeries(name, placed.filter(isPlaced))
  })
}

const undated = { seasons: undefined, dateAfter: undefined } as const

/** Name and value, without dates. */
function readPairs(table: Table, options: Reading): readonly Lying[] {
  const mark = markOf(options, table.body, (column) => column > 0)
  return groupRows(table.body, [0]).map(([name, rows]) => ({
    name,
    values: rows.map(({ cells, line }) => toValue({ cell: cells[1] ?? '', line, column: 2 }, mark)),
    line: rows[0]?.line ?? 1,
    ...undated,
  }))
}

function* readColumns(table: Table, options: Reading): Pieces<readonly Lying[]> {
  const { header, body, width } = table
  const hasLabels = width > 1 && (body.every(({ cells }) => isWord(cells[0] ?? '')) || isIndex(table, 0))
  const [first] = body
  if (hasLabels && first !== undefined && /^(?:ds|dates?|datetime|timestamp|日期)$/i.test(header?.cells[0] ?? ''))
    throw fault(first.line, `"${(first.cells[0] ?? '').slice(0, 40)}" is not a date; write it as 2026-01-31`)
  const start = hasLabels ? 1 : 0
  const mark = markOf(options, body, (column) => column >= start)
  const columns = Array.from({ length: width - start }, (_, index) => index + start)
  const filled = columns.filter(
    (column) => (header?.cells[column] ?? '') !== '' || body.some(({ cells }) => !isMissing(cells[column] ?? '')),
  )
  return yield* mapInPieces(filled, (column) => ({
    name: nameOf(table, column),
    values: body.map(({ cells, line }) => toValue({ cell: cells[column] ?? '', line, column: column + 1 }, mark)),
    line: body[0]?.line ?? 1,
    ...undated,
  }))
}

function nameOf({ header }: Table, column: number): string {
  const name = header?.cells[column] ?? ''
  return name === '' ? `column ${column + 1}` : name
}

/** A value with its date and the place it stands at. */
interface Placed {
  readonly dated: Dated
  readonly value: number | undefined
  readonly line: number
  readonly cell: string
}

function isPlaced(placed: Omit<Placed, 'dated'> & { readonly dated: Dated | undefined }): placed is Placed {
  return placed.dated !== undefined
}

function* readDated(
  table: Table,
  { date, read: readDate, names, values }: Roles,
  options: Reading,
): Pieces<readonly Lying[]> {
  const mark = markOf(options, table.body, (column) => values.includes(column))
  const series: Lying[] = []
  for (const [name, rows] of groupRows(table.body, names)) {
    yield
    const dates = yield* mapInPieces(rows, ({ cells, line }) => toDated({ cell: cells[date] ?? '', line }, readDate))
    const own = yield* mapInPieces(values, (column) => {
      const called =
        names.length === 0 ? nameOf(table, column) : values.length === 1 ? name : `${name} ${nameOf(table, column)}`
      const placed = rows.map(({ cells, line }, index) => {
        const value = toValue({ cell: cells[column] ?? '', line, column: column + 1 }, mark)
        return { dated: dates[index], value, line, cell: cells[date] ?? '' }
      })
      return toSeries(called, placed.filter(isPlaced))
    })
    series.push(...own)
  }
  return series
}

function* mapInPieces<From, To>(list: readonly From[], make: (each: From) => To): Pieces<readonly To[]> {
  const made: To[] = []
  for (const each of list) {
    yield
    made.push(make(each))
  }
  return made
}

function toDated({ cell, line }: PlacedCell, readDate: Roles['read']): Dated {
  const found = readDate(cell)
  if (found !== undefined) return found
  if (isMissing(cell)) throw fault(line, 'its date is missing')
  throw fault(line, `"${cell.slice(0, 40)}" is not a date as those of the other lines are`)
}

/** The rows of each series, by the cells that name it. */
function groupRows(body: readonly Row[], names: readonly number[]): readonly (readonly [string, readonly Row[]])[] {
  if (names.length === 0) return [['', body]]
  const groups = new Map<string, Row[]>()
  for (const row of body) {
    const name = names.map((column) => row.cells[column] ?? '').join(' / ')
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return [...groups]
}

/** The values at even steps, in the order of their dates, whatever order they stand in. */
function toSeries(name: string, unordered: readonly Placed[]): Lying {
  const placed = unordered.toSorted((left, right) => left.dated.atMs - right.dated.atMs)
  for (const [index, { dated, line, cell }] of placed.entries()) {
    const before = placed[index - 1]
    if (before === undefined || before.dated.atMs < dated.atMs) continue
    throw fault(
      Math.max(line, before.line),
      `the date ${cell} stands in line ${Math.min(line, before.line)} already; a series has one value for each`,
    )
  }
  const [first, last] = [placed[0], placed.at(-1)]
  if (first === undefined || last === undefined) throw new PlatformError('INVALID_REQUEST', 'there are no dates')
  const step = findStep(placed.map(({ dated }) => dated.atMs))
  const values: (number | undefined)[] = []
  for (const { dated, value, line } of placed) {
    const place = step === undefined ? 0 : countSteps(first.dated.atMs, dated.atMs, step)
    if (!Number.isInteger(place)) throw fault(line, 'its date does not lie a whole number of steps after the first')
    if (place > 10 * placed.length + 100) throw fault(line, 'its date leaves a gap of more steps than there are values')
    while (values.length < place) values.push(undefined)
    values.push(value)
  }
  return {
    name,
    values,
    line: first.line,
    seasons: step && seasonsOf(step),
    dateAfter: step && followDates(last.dated, step),
  }
}

function followDates({ atMs, form }: { atMs: number; form: DateForm }, step: Step): (steps: number) => string {
  return (steps) => writeDate(atMs, steps, { step, form })
}

/** The decimal mark that is asked for, or that the cells of the columns taken show. */
function markOf(
  { decimal, separator }: Reading,
  body: readonly Row[],
  isTaken: (column: number) => boolean,
): DecimalMark {
  return decimal ?? findMark(cellsOf(body, isTaken), separator)
}

function* cellsOf(body: readonly Row[], isTaken: (column: number) => boolean): Iterable<PlacedCell> {
  for (const { cells, line } of body) {
    for (const [column, cell] of cells.entries()) if (isTaken(column)) yield { cell, line }
  }
}

function toValue(
  { cell, line, column }: PlacedCell & { readonly column: number },
  mark: DecimalMark,
): number | undefined {
  if (isMissing(cell)) return undefined
  const value = readNumber(cell, mark)
  if (value === undefined) throw fault(line, `column ${column}: "${cell.slice(0, 40)}" is not a number`)
  return value
}
