import { PlatformError } from '../../core/errors.ts'
import type { Pieces } from '../../core/turns.ts'
import { readCells, toLines, type Row } from '../csv.ts'

export interface Rows {
  readonly rows: readonly Row[]
  readonly separator: string
}

const separators = [',', ';', '\t', '|']

/**
 * The lines of a CSV file that are not empty, RFC 4180: cells may be quoted, with doubled quotes inside; lines end in any of the usual ways.
 * The separator is the one of comma, semicolon, tab and bar that the first line has most of, or that a first line `sep=;` names; lines before
 * the first that begin with `#` are comments, unless that is the whole first cell. Cells that are empty in all lines at their end are left
 * out. Throws INVALID_REQUEST for a quote that is not closed and for what is no text. Each line is a piece.
 */
export function* readRows(text: string): Pieces<Rows> {
  if (text.includes('\0')) throw refuse('the file has NUL bytes: it is no CSV, or not in UTF-8')
  const body = toLines(text)
  const { start, line, named } = skipPreamble(body)
  const rest = body.slice(start)
  if (/^\s*[{<]/.test(rest))
    throw refuse(
      `line ${line}: the file begins as ${rest.trimStart().startsWith('<') ? 'HTML' : 'JSON'}; it is read as CSV`,
    )
  const [head = ''] = rest.split('\n', 1)
  const bare = head.replace(/"[^"]*"/g, '""')
  const separator = named ?? separators.reduce((best, each) => (count(bare, each) > count(bare, best) ? each : best))
  const rows = yield* readCells(rest, { separator, line })
  return { rows: cutEmptyEnd(rows.filter(({ cells }) => cells.some((cell) => cell !== ''))), separator }
}

/** `#` with a separator after it is the name of a column that counts. */
const isComment = /^#(?!\s*[,;\t|])/

function skipPreamble(body: string): {
  readonly start: number
  readonly line: number
  readonly named: string | undefined
} {
  let [start, line] = [0, 1]
  let named: string | undefined
  for (;;) {
    const end = body.indexOf('\n', start)
    const text = body.slice(start, end === -1 ? body.length : end).trim()
    const asked = /^"?sep=(.)"?$/i.exec(text)?.[1]
    if (end === -1 || !(text === '' || isComment.test(text) || asked !== undefined)) return { start, line, named }
    if (asked !== undefined) named = asked
    start = end + 1
    line++
  }
}

function cutEmptyEnd(rows: readonly Row[]): readonly Row[] {
  let width = 0
  for (const { cells } of rows) {
    let own = cells.length
    while (own > width && cells[own - 1] === '') own--
    width = Math.max(width, own)
  }
  return rows.map((row) => (row.cells.length > width ? { line: row.line, cells: row.cells.slice(0, width) } : row))
}

function refuse(what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', what)
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
