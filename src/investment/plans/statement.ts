import { PlatformError } from '../../core/errors.ts'
import { runAtOnce } from '../../core/turns.ts'
import { findMark, findReader, readDecimal, readRows, type DecimalMark } from '../forecast/index.ts'
import { multiply, parseRational, toRational, type Rational } from './rational.ts'

/** One line of a vendor's invoice, or of ours: what one model used on one day, and what it cost. */
export interface StatementLine {
  /** `2026-11-23`, in UTC. */
  readonly day: string
  readonly model: string
  /** With those read from and written to caches. `undefined` where the statement does not say, as for all counts. */
  readonly inputTokens: bigint | undefined
  readonly cachedTokens: bigint | undefined
  /** Written to caches for five minutes, and for an hour. */
  readonly written5mTokens?: bigint | undefined
  readonly written1hTokens?: bigint | undefined
  readonly outputTokens: bigint | undefined
  /** In dollars. */
  readonly cost: Rational
  /** Line of the file; 0 for ours. */
  readonly line: number
}

/** Columns by the names that vendors' exports give them, most exact first. */
const columnNames = {
  day: [
    'day',
    'date',
    'usage_date',
    'usage date',
    'start_date',
    'start date',
    'start_time',
    'usage_date_utc',
    'period',
    'chargeperiodstart',
    '日期',
    '账单日期',
  ],
  model: [
    'model',
    'model_name',
    'model name',
    'model_version',
    'sku',
    'skuid',
    'x_model',
    'line_item',
    'line item',
    'item',
    'description',
    '模型',
    '模型名称',
  ],
  input: [
    'input_tokens',
    'input tokens',
    'prompt_tokens',
    'n_context_tokens_total',
    'usage_input_tokens',
    '输入tokens',
    '输入token数',
  ],
  uncached: ['usage_input_tokens_no_cache', 'uncached_input_tokens', 'input_tokens_uncached'],
  cached: [
    'cached_tokens',
    'cached tokens',
    'input_cached_tokens',
    'cache_read_tokens',
    'cache_read_input_tokens',
    'usage_input_tokens_cache_read',
    'n_cached_context_tokens_total',
  ],
  written5m: ['usage_input_tokens_cache_write_5m', 'cache_creation_input_tokens', 'cache_write_tokens'],
  written1h: ['usage_input_tokens_cache_write_1h'],
  output: [
    'output_tokens',
    'output tokens',
    'completion_tokens',
    'n_generated_tokens_total',
    'usage_output_tokens',
    '输出tokens',
    '输出token数',
  ],
  cost: [
    'cost',
    'amount',
    'cost_usd',
    'cost (usd)',
    'amount_usd',
    'amount (usd)',
    'usd',
    'total',
    'total_cost',
    'cost_in_major',
    'billedcost',
    'charge',
    '金额',
    '应付金额',
    '费用',
  ],
  currency: ['currency', 'billingcurrency', 'billing_currency', 'currency_code', '币种', '货币'],
} as const

type Columns = Readonly<Partial<Record<keyof typeof columnNames, number>>> & {
  readonly day: number
  readonly model: number
  readonly cost: number
}

export interface StatementOptions {
  /** Dollars for one unit of the currency of the statement, where that is another. */
  readonly usdRate?: Rational | undefined
  /** Found in the file when absent. */
  readonly decimal?: DecimalMark | undefined
}

/**
 * Reads a vendor's invoice: CSV with any usual separator, decimal mark and form of dates. Throws INVALID_REQUEST with the line and the
 * column at fault, for what may mean two things, and for another currency without a rate.
 */
export function readStatement(text: string, options: StatementOptions = {}): readonly StatementLine[] {
  const { rows: all, separator } = runAtOnce(readRows(text))
  const [head, ...rest] = all
  if (head === undefined) throw new PlatformError('INVALID_REQUEST', 'the invoice is empty')
  const columns = findColumns(head.cells)
  const rows = rest.filter(({ cells }) => !isTotal(cells, columns))
  const read = findReader(rows, columns.day, 'date')
  const numbers = [columns.cost, ...countColumns.map((name) => columns[name])].filter((column) => column !== undefined)
  const placed = rows.flatMap(({ cells, line }) => numbers.map((column) => ({ cell: cells[column] ?? '', line })))
  const mark = options.decimal ?? findMark(placed, separator)
  return rows.map(({ line, cells }) => {
    const row = { line, cells, head: head.cells, mark }
    const told = cells[columns.day] ?? ''
    const dated = read?.(told)
    if (dated === undefined || !['day', 'minute', 'second'].includes(dated.form.parts))
      throw refuse(line, 'the day', told)
    const count = (name: (typeof countColumns)[number]): bigint | undefined => readCount(row, columns[name])
    const [cached, written5m, written1h] = [count('cached'), count('written5m'), count('written1h')]
    const uncached = count('uncached')
    const input = uncached === undefined ? count('input') : [uncached, cached, written5m, written1h].reduce(addUp)
    return {
      day: new Date(dated.atMs).toISOString().slice(0, 10),
      model: cells[columns.model] ?? '',
      inputTokens: input,
      cachedTokens: cached,
      written5mTokens: written5m,
      written1hTokens: written1h,
      outputTokens: count('output'),
      cost: readCost(row, columns, options),
      line,
    }
  })
}

const countColumns = ['input', 'uncached', 'cached', 'written5m', 'written1h', 'output'] as const

interface StatementRow {
  readonly line: number
  readonly cells: readonly string[]
  readonly head: readonly string[]
  readonly mark: DecimalMark
}

function addUp(left: bigint | undefined, right: bigint | undefined): bigint {
  return (left ?? 0n) + (right ?? 0n)
}

function isTotal(cells: readonly string[], { day, cost }: Columns): boolean {
  return (
    !/\d/.test(cells[day] ?? '') &&
    cells.some((cell, at) => at !== cost && /^(?:grand |sub)?(?:total|sum)\b|^(?:合计|总计|小计)/i.test(cell))
  )
}

function readCount({ line, cells, head, mark }: StatementRow, column: number | undefined): bigint | undefined {
  const told = column === undefined ? '' : (cells[column] ?? '')
  if (column === undefined || told === '') return undefined
  const value = toExact(readDecimal(told, mark))
  if (value === undefined || value.d !== 1n || value.n < 0n || value.n > countMax)
    throw refuse(line, `the column ${head[column]}`, told)
  return value.n
}

const countMax = 10n ** 18n

function readCost(
  { line, cells, head, mark }: StatementRow,
  columns: Columns,
  { usdRate }: StatementOptions,
): Rational {
  const told = cells[columns.cost] ?? ''
  const value = told.includes('%') ? undefined : toExact(readDecimal(told, mark))
  if (value === undefined) throw refuse(line, `the column ${head[columns.cost]}`, told)
  const named = columns.currency === undefined ? '' : (cells[columns.currency] ?? '')
  const currency =
    named || (/[€£¥￥₹₩元]|\b(?:EUR|GBP|CNY|RMB|JPY|CHF|INR)\b/i.exec(`${told} ${head[columns.cost]}`)?.[0] ?? 'USD')
  if (/^(?:usd|us dollars?|us\$|\$|美元)$/i.test(currency)) return value
  if (usdRate !== undefined) return multiply(value, usdRate)
  throw new PlatformError(
    'INVALID_REQUEST',
    `line ${line}: the cost is in ${currency.slice(0, 20)}, and what is on record is in dollars; say what one is in dollars: --usd-rate 0.14`,
  )
}

/** Of decimal text, perhaps with an exponent, as spreadsheets write small numbers. */
function toExact(text: string | undefined): Rational | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,2}))?$/i.exec(text ?? '') ?? []
  const digits = parseRational(`${sign === '-' ? '-' : ''}${whole}${fraction}`)
  if (digits === undefined) return undefined
  const power = Number(exponent) - fraction.length
  return power >= 0 ? toRational(digits.n * 10n ** BigInt(power)) : toRational(digits.n, 10n ** BigInt(-power))
}

function refuse(line: number, what: string, told: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `line ${line}: ${what} is "${told.slice(0, 60)}"`)
}

function findColumns(head: readonly string[]): Columns {
  const names = head.map((name) => name.toLowerCase())
  const find = (key: keyof typeof columnNames): number | undefined =>
    columnNames[key].map((name) => names.indexOf(name)).find((place) => place >= 0)
  const need = (key: 'day' | 'model' | 'cost'): number => {
    const index = find(key)
    if (index !== undefined) return index
    throw new PlatformError(
      'INVALID_REQUEST',
      `the invoice has no column for the ${key}; one of: ${columnNames[key].join(', ')}`,
    )
  }
  const others = (['currency', ...countColumns] as const).flatMap((key) => {
    const index = find(key)
    return index === undefined ? [] : [[key, index] as const]
  })
  return { day: need('day'), model: need('model'), cost: need('cost'), ...Object.fromEntries(others) }
}

/**
 * Whether a line of an invoice and a name of ours mean one model: equal but for the vendor before and the version behind, or one stands in the
 * other as whole words. A name that goes on (`gpt-4o-mini`) is of another model; a line that names none is of none.
 */
export function isSameModel(told: string, name: string): boolean {
  return holds(told, name) || holds(name, told)
}

function holds(text: string, name: string): boolean {
  const words = toBase(name)
    .split(/[-._ ]+/)
    .filter((word) => word !== '')
  if (words.length === 0) return false
  const pattern = words.map((word) => word.replaceAll(/[^a-z0-9]/g, String.raw`\$&`)).join('[-._ ]+')
  return new RegExp(
    `(?:^|[^a-z0-9-])${pattern}${version}(?![a-z0-9]|[-._][a-z0-9]|[-._ ]+(?:${variants})(?![a-z]))`,
  ).test(text.toLowerCase())
}

/** Without the vendor before it and the version behind it. */
function toBase(name: string): string {
  const bare = name.toLowerCase().replace(/^.*\//, '').trim()
  return bare.replace(new RegExp(`${version}$`), '') || bare
}

const version = String.raw`(?:[-@:._ ](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest|v\d+(?::\d+)?))*`
const variants =
  'mini|nano|micro|lite|pro|turbo|max|plus|flash|high|low|large|medium|small|audio|realtime|vision|preview|instruct|thinking|fast|omni|codex|search|transcribe|tts|image|coder'
