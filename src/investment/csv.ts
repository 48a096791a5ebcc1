import { PlatformError } from '../core/errors.ts'
import type { Pieces } from '../core/turns.ts'

/** The cells of one line of a CSV file, trimmed. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/** CSV as its cells are read from it: without a byte order mark, its lines parted by LF, however they end. */
export function toLines(text: string): string {
  const whole = text.startsWith('\ufeff') ? text.slice(1) : text
  return whole.includes('\n') ? whole : whole.replaceAll('\r', '\n')
}

interface Place {
  readonly separator: string
  /** Of the first line. */
  readonly line: number
}

/**
 * The lines of CSV (RFC 4180), empty ones too: cells may be quoted, with doubled quotes and line breaks inside. Throws INVALID_REQUEST for a
 * quote that is not closed. Each line is a piece.
 */
export function readCells(text: string, place: Place): Pieces<readonly Row[]> {
  return text.includes('"') ? readQuoted(text, place) : readPlain(text, place)
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
  if (opened !== undefined)
    throw new PlatformError('INVALID_REQUEST', `line ${opened}: a quote is opened and never closed`)
  rows.push({ line: start, cells: [...cells, cell.trim()] })
  return rows
}
