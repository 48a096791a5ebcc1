import { PlatformError } from '../../core/errors.ts'

/** The cells of one line of a CSV file, trimmed. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/**
 * The lines of a CSV file that are not empty, RFC 4180: cells may be quoted, with doubled quotes inside. The separator is the
 * one of comma, semicolon and tab that the first line has most of. Throws INVALID_REQUEST for a quote that is not closed.
 */
export function readRows(text: string): readonly Row[] {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text
  const [head = ''] = body.split('\n', 1)
  const separator = [',', ';', '\t'].reduce((best, each) => (count(head, each) > count(head, best) ? each : best))
  return body.includes('"') ? readQuoted(body, separator) : readPlain(body, separator)
}

/** An empty cell, or one of the usual words for a missing value. */
export function isMissing(cell: string): boolean {
  return cell === '' || missingWords.has(cell.toLowerCase())
}

/** The finite number a cell stands for, with a point for decimals; `undefined` when it stands for none. */
export function readNumber(cell: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) return undefined
  const value = Number(cell)
  return Number.isFinite(value) ? value : undefined
}

const missingWords = new Set(['na', 'n/a', 'nan', 'null', 'none', '-', '?'])

function readPlain(text: string, separator: string): readonly Row[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, cells: line.split(separator).map((cell) => cell.trim()) }))
    .filter(hasContent)
}

function readQuoted(text: string, separator: string): readonly Row[] {
  const rows: Row[] = []
  let [line, start] = [1, 1]
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
    } else cell += character
  }
  if (opened !== undefined)
    throw new PlatformError('INVALID_REQUEST', `line ${opened}: a quote is opened and never closed`)
  rows.push({ line: start, cells: [...cells, cell.trim()] })
  return rows.filter(hasContent)
}

function hasContent({ cells }: Row): boolean {
  return cells.length > 1 || cells[0] !== ''
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
