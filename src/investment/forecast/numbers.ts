import { PlatformError } from '../../core/errors.ts'

/** What stands between whole and broken parts of a number; the other of the two may then group thousands. */
export type DecimalMark = 'point' | 'comma'

/** An empty cell, or one of the usual words for a missing value. */
export function isMissing(cell: string): boolean {
  return cell === '' || missingWords.has(cell.toLowerCase())
}

const missingWords = new Set(['na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', '-', '--', '–', '—', '.', '?'])

/**
 * The finite number a cell stands for: thousands may be grouped, and a currency, a per cent sign (`15%` is 15), a sign or the
 * parentheses of a negative amount may stand around it. `undefined` when it stands for none.
 */
export function readNumber(cell: string, mark: DecimalMark): number | undefined {
  const text = readDecimal(cell, mark)
  const value = Number(text)
  return text !== undefined && Number.isFinite(value) ? value : undefined
}

/** The same, to its last digit: decimal text with a point, perhaps with a sign and an exponent. */
export function readDecimal(cell: string, mark: DecimalMark): string | undefined {
  if (plainNumber.test(cell) && (mark === 'point' || !cell.includes('.'))) return cell
  const { isNegative, core } = undress(cell)
  if (!(mark === 'point' ? withPoint : withComma).test(core)) return undefined
  const plain = mark === 'point' ? core.replace(/[, '’]/g, '') : core.replace(/[. '’]/g, '').replace(',', '.')
  return `${isNegative ? '-' : ''}${plain}`
}

/** Whether a cell is a number with one decimal mark or the other. */
export function isNumber(cell: string): boolean {
  return readNumber(cell, 'point') !== undefined || readNumber(cell, 'comma') !== undefined
}

/** As most numbers are written: what is said of them at once needs no second look. */
const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const withPoint = /^(?:\d{1,3}(?:([, '’])\d{3})(?:\1\d{3})*(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const withComma = /^(?:\d{1,3}(?:([. '’])\d{3})(?:\1\d{3})*(?:,\d*)?|\d+,?\d*|,\d+)(?:e[+-]?\d+)?$/i
const currency =
  /^(?:[$€£¥￥₹₩]|(?:USD|EUR|GBP|CNY|RMB|JPY|CHF|INR)(?![A-Z]))\s*|\s*(?:[$€£¥￥₹₩%元]|USD|EUR|GBP|CNY|RMB|JPY|CHF|INR)$/gi

/** The digits of a number, and its sign. */
function undress(cell: string): { readonly isNegative: boolean; readonly core: string } {
  const even = cell.replace(/[\u00a0\u2007\u2009\u202f]/g, ' ').replace(/[\u2212\uff0d]/g, '-')
  const inside = /^\((.+)\)$/.exec(even)?.[1]
  const bare = (inside ?? even).trim().replace(currency, '')
  const match = /^([+-]?)\s*(.*)$/.exec(bare)
  const isNegative = inside !== undefined || match?.[1] === '-'
  return { isNegative, core: (match?.[2] ?? '').replace(currency, '').trim() }
}

export interface PlacedCell {
  readonly cell: string
  readonly line: number
}

/**
 * The decimal mark that the numbers of a file show. Where `1,234` or `1.234` are all that there is and the separator says nothing, both
 * could be: that is refused, and so are two marks in one file.
 */
export function findMark(cells: Iterable<PlacedCell>, separator: string): DecimalMark {
  const shown: Partial<Record<DecimalMark, PlacedCell>> = {}
  let open: PlacedCell | undefined
  for (const placed of cells) {
    // Nothing new is said by a number with a point where points are known to be decimal.
    if (!/[.,]/.test(placed.cell) || (shown.point !== undefined && plainNumber.test(placed.cell))) continue
    const { core } = undress(placed.cell)
    if (!/[.,]/.test(core) || !(withPoint.test(core) || withComma.test(core))) continue
    const mark = markOf(core)
    if (mark === undefined) open ??= separator === ';' || (core.includes(',') && separator !== ',') ? placed : undefined
    else shown[mark] ??= placed
  }
  const { point, comma } = shown
  if (point !== undefined && comma !== undefined) {
    const [first, second] = point.line < comma.line ? [point, comma] : [comma, point]
    throw new PlatformError(
      'INVALID_REQUEST',
      `line ${second.line}: "${second.cell}" has another decimal mark than "${first.cell}" in line ${first.line}`,
    )
  }
  if (comma !== undefined) return 'comma'
  if (point !== undefined || open === undefined) return 'point'
  throw new PlatformError(
    'INVALID_REQUEST',
    `line ${open.line}: "${open.cell}" may mean thousands or decimals; write it without groups, or say --decimal point or --decimal comma`,
  )
}

/** `undefined` for one group of three digits, which is thousands or decimals. */
function markOf(core: string): DecimalMark | undefined {
  const [points, commas] = [core.split('.').length - 1, core.split(',').length - 1]
  if (points > 0 && commas > 0) return core.lastIndexOf('.') > core.lastIndexOf(',') ? 'point' : 'comma'
  if (points + commas > 1) return points > 0 ? 'comma' : 'point'
  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(core)) return undefined
  return points > 0 ? 'point' : 'comma'
}
