import { PlatformError } from '../../core/errors.ts'
import type { Pieces } from '../../core/turns.ts'

/** The cells of one line of a CSV file, trimmed. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

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
  const whole = text.startsWith('\ufeff') ? text.slice(1) : text
  if (whole.includes('\0')) throw refuse('the file has NUL bytes: it is no CSV, or not in UTF-8')
  const body = whole.includes('\n') ? whole : whole.replaceAll('\r', '\n')
  const { start, line, named } = skipPreamble(body)
  const rest = body.slice(start)
  if (/^\s*[{<]/.test(rest))
    throw refuse(
      `line ${line}: the file begins as ${rest.trimStart().startsWith('<') ? 'HTML' : 'JSON'}; it is read as CSV`,
    )
  const [head = ''] = rest.split('\n', 1)
  const bare = head.replace(/"[^"]*"/g, '""')
  const separator = named ?? separators.reduce((best, each) => (count(bare, each) > count(bare, best) ? each : best))
  const rows = yield* rest.includes('"') ? readQuoted(rest, { separator, line }) : readPlain(rest, { separator, line })
  return { rows: cutEmptyEnd(rows.filter(({ cells }) => cells.some((cell) => cell !== ''))), separator }
}

/** `#` with a separator after it is the name of a column that counts. */
const isComment = /^#(?!\s*[,;\t|])/

interface Place {
  readonly separator: string
  /** Of the first line. */
  readonly line: number
}

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

function* readPlain(text: string, { separator, line }: Place): Pieces<readonly Row[]> {
  const rows: Row[] = []
  for (const content of text.split('\n')) {
    rows.push({ line: line + rows.length, cells: content.split(separator).map((cell) => cell.trim()) })
    yield
  }
  return rows
}

function* readQuoted(text: string, { separator, line: from }: Place): Pieces<readonly Row[]> {
  const rows: Row[] = []
  let [line, start] = [from, from]
  let cells: string[] = []
  let cell = ''
  let opened: number | undefined
  for (let place = 0; place < text.length; place++) {
    const character = text[place]
    if (character === '\n') line++
    if (opened !== undefined) {
      if (character !== '"') cell += character
      else if (text[place + 1] === '"') cell += text[place++]
      else opened = undefined
    } else if (character === '"' && cell.trim() === '') [opened, cell] = [line, '']
    else if (character === separator) {
      cells.push(cell.trim())
      cell = ''
    } else if (character === '\n') {
      rows.push({ line: start, cells: [...cells, cell.trim()] })
      ;[cells, cell, start] = [[], '', line]
      yield
    } else cell += character
  }
  if (opened !== undefined) throw refuse(`line ${opened}: a quote is opened and never closed`)
  rows.push({ line: start, cells: [...cells, cell.trim()] })
  return rows
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
