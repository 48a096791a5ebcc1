import { PlatformError } from '../../core/errors.ts'
import { countSteps, findDate, findStep, seasonsOf, writeDate, type DateForm, type Step } from './calendar.ts'
import { isMissing, readNumber, readRows, type Row } from './rows.ts'

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
  readonly valuesMax: number
  readonly seriesMax: number
}

/**
 * Reads series from CSV, with commas, semicolons or tabs, with a header or without, with dates or without. Throws
 * INVALID_REQUEST with the line and what is wrong there.
 */
export function readSeriesFile(text: string, options: SeriesFileOptions): readonly FileSeries[] {
  const rows = readRows(text)
  const [first] = rows
  if (first === undefined) throw new PlatformError('INVALID_REQUEST', 'the file is empty')
  const hasHeader = isHeader(first, rows[1])
  const table: Table = { header: hasHeader ? first : undefined, body: withNameFirst(hasHeader ? rows.slice(1) : rows) }
  if (table.body.length === 0) throw fault(first.line, 'there is a header and nothing after it')
  const layout = options.layout ?? findLayout(table)
  const series = read(layout, table)
  if (series.length > options.seriesMax) {
    throw new PlatformError(
      'INVALID_REQUEST',
      `the file has ${series.length} series; at most ${options.seriesMax} are read`,
    )
  }
  for (const each of series) check(each, options)
  return series
}

/** Long files have the name before the date or after it. */
function withNameFirst(rows: readonly Row[]): readonly Row[] {
  const isSwapped = rows.every(
    ({ cells }) => cells.length === 3 && findDate(cells[0] ?? '') !== undefined && isWord(cells[1] ?? ''),
  )
  if (!isSwapped) return rows
  return rows.map(({ line, cells: [date = '', name = '', value = ''] }) => ({ line, cells: [name, date, value] }))
}

interface Table {
  readonly header: Row | undefined
  readonly body: readonly Row[]
}

/** A series as it lies in the file, with the line of its first value. */
interface Lying extends FileSeries {
  readonly line: number
}

function read(layout: Layout, table: Table): readonly Lying[] {
  switch (layout) {
    case 'rows':
      return table.body.map(readRow)
    case 'long':
      return readLong(table)
    case 'columns':
      return readColumns(table)
  }
}

function check({ name, values, line }: Lying, { valuesMax }: SeriesFileOptions): void {
  if (values.every((value) => value === undefined)) throw fault(line, `the series "${name}" has no value`)
  if (values.length > valuesMax) {
    throw fault(line, `the series "${name}" has ${values.length} values; at most ${valuesMax} are read`)
  }
}

/** A first line of words, over lines that are not. */
function isHeader(first: Row, second: Row | undefined): boolean {
  const words = first.cells.filter(
    (cell) => !isMissing(cell) && readNumber(cell) === undefined && findDate(cell) === undefined,
  )
  if (words.length === 0) return false
  if (first.cells.length === 1) return true
  // A row of a wide file begins with a name and goes on with numbers; a header has a word in its second cell too.
  const [, ...rest] = first.cells
  if (rest.some((cell) => words.includes(cell))) return true
  const isNamed = (row: Row | undefined): boolean => row !== undefined && isWord(row.cells[0] ?? '')
  return second !== undefined && !isNamed(second) && rest.every((cell) => readNumber(cell) === undefined)
}

function isWord(cell: string): boolean {
  return !isMissing(cell) && readNumber(cell) === undefined && findDate(cell) === undefined
}

function findLayout({ header, body }: Table): Layout {
  const isNamed = body.every(({ cells }) => isWord(cells[0] ?? ''))
  const hasDates = body.every(({ cells }) => findDate(cells[1] ?? '') !== undefined && cells.length === 3)
  if (isNamed && hasDates) return 'long'
  if (!isNamed)
    return body.length === 1 && header === undefined && (body[0]?.cells.length ?? 0) > 2 ? 'rows' : 'columns'
  const names = body.map(({ cells }) => cells[0])
  if (body.every(({ cells }) => cells.length <= 2)) return new Set(names).size < names.length ? 'long' : 'columns'
  // Named columns over named rows could be either: numbered columns, as V1, V2, are those of a wide file.
  const isNumbered =
    header === undefined || header.cells.slice(1).every((cell) => /^\D{0,8}\d+$/.test(cell) || isMissing(cell))
  return isNumbered ? 'rows' : 'columns'
}

function readRow({ cells, line }: Row): Lying {
  const isNamed = isWord(cells[0] ?? '')
  const numbers = isNamed ? cells.slice(1) : cells
  let length = numbers.length
  while (length > 0 && isMissing(numbers[length - 1] ?? '')) length--
  const values = numbers
    .slice(0, length)
    .map((cell, index) => toValue(cell, { line, column: index + (isNamed ? 2 : 1) }))
  return { name: isNamed ? (cells[0] ?? '') : `line ${line}`, values, line, seasons: undefined, dateAfter: undefined }
}

function readLong({ body }: Table): readonly Lying[] {
  const groups = new Map<string, Row[]>()
  for (const row of body) {
    const name = row.cells[0] ?? ''
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return [...groups].map(([name, rows]) => {
    const hasDates = (rows[0]?.cells.length ?? 0) >= 3
    const dates = hasDates ? readDates(rows, 1) : undefined
    const column = hasDates ? 2 : 1
    return toSeries(name, rows, { column, dates })
  })
}

function readColumns({ header, body }: Table): readonly Lying[] {
  const width = Math.max(...body.map(({ cells }) => cells.length))
  const wide = header === undefined ? undefined : body.find(({ cells }) => cells.length > header.cells.length)
  if (wide !== undefined && header !== undefined)
    throw fault(wide.line, `there are ${wide.cells.length} cells, and the header names ${header.cells.length}`)
  const firstCells = body.map(({ cells }) => cells[0] ?? '')
  const hasDates = width > 1 && areDates(firstCells)
  const hasLabels = !hasDates && width > 1 && (firstCells.every(isWord) || isCounting(firstCells, header))
  const dates = hasDates ? readDates(body, 0) : undefined
  const start = hasDates || hasLabels ? 1 : 0
  return Array.from({ length: width - start }, (_, index) => {
    const column = index + start
    const name = header?.cells[column] ?? ''
    return toSeries(name === '' ? `column ${column + 1}` : name, body, { column, dates })
  })
}

/** Bare years are numbers too: they are dates where they ascend. */
function areDates(cells: readonly string[]): boolean {
  const dates = cells.map(findDate)
  if (dates.some((date) => date === undefined)) return false
  return dates.every((date, index) => date?.form.parts !== 'year' || date.atMs > (dates[index - 1]?.atMs ?? -Infinity))
}

/** A first column that only counts the rows, and is called so, is no series. */
function isCounting(cells: readonly string[], header: Row | undefined): boolean {
  const first = Number(cells[0])
  const isNamedSo =
    header !== undefined && /^(|#|index|idx|step|t|time|period|row|no|n|序号|期)$/i.test(header.cells[0] ?? '')
  return isNamedSo && cells.every((cell, index) => Number(cell) === first + index)
}

interface Dates {
  readonly step: Step | undefined
  /** Steps of each row after the first. */
  readonly places: readonly number[]
  readonly lastMs: number
  readonly form: DateForm
}

function readDates(rows: readonly Row[], column: number): Dates {
  const dated = rows.map(({ cells, line }) => {
    const cell = cells[column] ?? ''
    const found = findDate(cell)
    if (found === undefined) throw fault(line, `"${cell.slice(0, 40)}" is not a date, written with the year first`)
    return { ...found, line }
  })
  for (const [index, { atMs, line }] of dated.entries()) {
    const before = dated[index - 1]?.atMs
    if (before === undefined || atMs > before) continue
    throw fault(
      line,
      atMs === before ? 'its date stands there already' : 'its date is earlier than that of the line before',
    )
  }
  const instants = dated.map(({ atMs }) => atMs)
  const step = findStep(instants)
  const [first, last] = [dated[0], dated.at(-1)]
  if (first === undefined || last === undefined) throw new PlatformError('INVALID_REQUEST', 'there are no dates')
  const places = dated.map(({ atMs, line }) => {
    const place = step === undefined ? 0 : countSteps(first.atMs, atMs, step)
    if (!Number.isInteger(place)) throw fault(line, 'its date does not lie a whole number of steps after the first')
    return place
  })
  return { step, places, lastMs: last.atMs, form: last.form }
}

function toSeries(name: string, rows: readonly Row[], place: { column: number; dates: Dates | undefined }): Lying {
  const { column, dates } = place
  const values: (number | undefined)[] = []
  for (const [index, { cells, line }] of rows.entries()) {
    const at = dates?.places[index] ?? index
    if (at > 10 * rows.length + 100) throw fault(line, 'its date leaves a gap of more steps than there are values')
    while (values.length < at) values.push(undefined)
    values.push(toValue(cells[column] ?? '', { line, column: column + 1 }))
  }
  const step = dates?.step
  const dateAfter =
    dates === undefined || step === undefined
      ? undefined
      : (steps: number) => writeDate(dates.lastMs, steps, { step, form: dates.form })
  return {
    name,
    values,
    line: rows[0]?.line ?? 1,
    seasons: step === undefined ? undefined : seasonsOf(step),
    dateAfter,
  }
}

function toValue(cell: string, { line, column }: { line: number; column: number }): number | undefined {
  if (isMissing(cell)) return undefined
  const value = readNumber(cell)
  if (value === undefined) throw fault(line, `column ${column}: "${cell.slice(0, 40)}" is not a number`)
  return value
}

function fault(line: number, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `line ${line}: ${what}`)
}
