import { CanonicalBuilder, toInline, type Cell } from '../canonical/index.ts'
import type { SourceFile } from '../preparation.ts'
import { decodeText, refuse } from '../reading/index.ts'
import { toNotices } from './notices.ts'
import type { Canonical, ParseContext } from './parser.ts'

/** Tables of separated values as one table; every cell knows where it stands in the file. */
export function readCsv(file: SourceFile, context: ParseContext): Canonical {
  const decoded = decodeText(file)
  const { text } = decoded
  const separator = findSeparator(text)
  const rows: Cell[][] = []
  let cells = 0
  for (const row of readRows(text, separator)) {
    cells += row.length
    if (cells > context.limits.nodesMax) {
      throw refuse(
        file.source,
        'memory',
        `has more cells than knowledge.parsing.nodesMax (${context.limits.nodesMax}) allows`,
      )
    }
    const line = row.map(
      ({ value, start, end }, column): Cell => ({
        inline: toInline(value.replace(/\s*[\r\n]+\s*/g, ' ').trim()),
        origin: { cell: `${columnName(column)}${rows.length + 1}`, source: { start, end } },
      }),
    )
    if (line.some((cell) => cell.inline.text !== '')) rows.push(line)
  }
  const builder = new CanonicalBuilder()
  builder.beginPage({ kind: 'text' })
  builder.table(rows)
  builder.endPage()
  for (const notice of toNotices(decoded)) builder.notice(notice)
  return builder.build()
}

/** `A`, `Z`, `AA`: the column with that number, from 0. */
export function columnName(column: number): string {
  let name = ''
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    name = String.fromCharCode(65 + (rest % 26)) + name
  }
  return name
}

const separators = [',', ';', '\t', '|', '，'] as const
/** How much of a file is looked at to find what separates its values. */
const sampleLength = 20_000

/** The separator that parts the first rows into columns most evenly. */
function findSeparator(text: string): string {
  const sample = text.slice(0, sampleLength)
  let best: { readonly separator: string; readonly score: number } = { separator: ',', score: 0 }
  for (const separator of separators) {
    const widths = [...readRows(sample, separator)].slice(0, 50).map((row) => row.length)
    const [width = 1] = widths
    if (width < 2) continue
    const even = widths.filter((each) => Math.abs(each - width) <= (widths.length > 3 ? 0 : 1)).length
    const score = even / widths.length + Math.min(width, 20) / 1_000
    if (score > best.score) best = { separator, score }
  }
  return best.separator
}

interface Value {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Rows as RFC 4180 has them; a quote that is never closed ends with the file. */
function* readRows(text: string, separator: string): Generator<readonly Value[]> {
  let row: Value[] = []
  let at = 0
  while (at <= text.length) {
    const { next, ...value } = text[at] === '"' ? readQuoted(text, at, separator) : readPlain(text, at, separator)
    row.push(value)
    const sign = text[next]
    if (sign === separator) at = next + 1
    else {
      if (row.length > 1 || row[0]?.value !== '') yield row
      row = []
      at = next + (sign === '\r' && text[next + 1] === '\n' ? 2 : 1)
    }
  }
}

function readPlain(text: string, start: number, separator: string): Value & { readonly next: number } {
  let end = start
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++
  return { value: text.slice(start, end), start, end, next: end }
}

function readQuoted(text: string, start: number, separator: string): Value & { readonly next: number } {
  const pieces: string[] = []
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0)
      return { value: pieces.join('') + text.slice(from), start: start + 1, end: text.length, next: text.length }
    pieces.push(text.slice(from, quote))
    if (text[quote + 1] === '"') {
      pieces.push('"')
      from = quote + 2
      continue
    }
    const rest = readPlain(text, quote + 1, separator)
    return { value: pieces.join('') + rest.value, start: start + 1, end: quote, next: rest.next }
  }
}
