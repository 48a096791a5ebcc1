import { PlatformError } from '../../core/errors.ts'
import { runAtOnce } from '../../core/turns.ts'
import { readCells, toLines } from '../csv.ts'
import { add, compare, parseRational, subtract, sum, toRational, toText, zero, type Rational } from './rational.ts'

/** One line of a vendor's invoice, or of ours: what one model used on one day, and what it cost. */
export interface StatementLine {
  /** `2026-11-23`. */
  readonly day: string
  readonly model: string
  /** `undefined` where the statement does not say. */
  readonly inputTokens: bigint | undefined
  readonly cachedTokens: bigint | undefined
  readonly outputTokens: bigint | undefined
  readonly cost: Rational
  /** Line of the file; 0 for ours. */
  readonly line: number
}

/** What we have on record for a model on a day. */
export interface OwnLine extends StatementLine {
  readonly calls: number
  /** Calls whose cost is not known, and calls whose usage is our own estimate. */
  readonly unknown: number
  readonly estimated: number
}

export interface Explained {
  readonly day: string
  readonly model: string
  readonly line: number | null
  readonly ours: string
  readonly theirs: string
  readonly difference: string
  /** What makes up the difference; the amounts add up to it exactly. */
  readonly because: readonly { readonly reason: string; readonly amount: string }[]
}

export interface Reconciliation {
  readonly lines: readonly Explained[]
  readonly ours: string
  readonly theirs: string
  readonly difference: string
  /** Of the difference, what has no other name than that. */
  readonly unexplained: string
}

/** What a vendor's quantities cost under our price book on that day; `undefined` when the book has no price. */
export type PriceOfDay = (line: StatementLine) => Rational | undefined

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
    'usage_input_tokens_no_cache',
    '输入tokens',
    '输入token数',
  ],
  cached: [
    'cached_tokens',
    'cached tokens',
    'input_cached_tokens',
    'cache_read_tokens',
    'cache_read_input_tokens',
    'usage_input_tokens_cache_read',
  ],
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
} as const

/** Reads a vendor's invoice. Throws INVALID_REQUEST with the line and the column at fault. */
export function readStatement(text: string): readonly StatementLine[] {
  const lines = runAtOnce(readCells(toLines(text), { separator: ',', line: 1 }))
  const [head, ...rows] = lines.filter(({ cells }) => cells.some((cell) => cell !== ''))
  if (head === undefined) throw new PlatformError('INVALID_REQUEST', 'the invoice is empty')
  const columns = findColumns(head.cells)
  return rows.flatMap(({ line, cells }) => {
    const at = (index: number | undefined): string => (index === undefined ? '' : (cells[index] ?? ''))
    if (/^(total|sum|合计)/i.test(at(0))) return []
    const refuse = (what: string, value: string): never => {
      throw new PlatformError('INVALID_REQUEST', `line ${line}: ${what} is "${value.slice(0, 60)}"`)
    }
    const day =
      /\d{4}-\d{2}-\d{2}/.exec(at(columns.day).replaceAll('/', '-'))?.[0] ?? refuse('the day', at(columns.day))
    const count = (index: number | undefined): bigint | undefined => {
      const value = at(index).replaceAll(/[,\s]/g, '')
      if (value === '') return undefined
      return /^\d{1,18}(\.0+)?$/.test(value)
        ? BigInt(value.replace(/\..*/, ''))
        : refuse(`the column ${head.cells[index ?? 0]}`, at(index))
    }
    const money = at(columns.cost).replaceAll(/[,\s$¥€]|USD/g, '')
    const cost = parseRational(expanded(money)) ?? refuse(`the column ${head.cells[columns.cost]}`, at(columns.cost))
    return [
      {
        day,
        model: at(columns.model),
        inputTokens: count(columns.input),
        cachedTokens: count(columns.cached),
        outputTokens: count(columns.output),
        cost,
        line,
      },
    ]
  })
}

/** Spreadsheets write small numbers with an exponent. */
function expanded(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?e(-?\d{1,2})$/i.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const power = Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  const value = power >= 0 ? toRational(digits * 10n ** BigInt(power)) : toRational(digits, 10n ** BigInt(-power))
  return sign + toText(value)
}

function findColumns(head: readonly string[]) {
  const names = head.map((name) => name.toLowerCase())
  const find = (key: keyof typeof columnNames): number | undefined => {
    const index = columnNames[key].map((name) => names.indexOf(name)).find((place) => place >= 0)
    return index
  }
  const need = (key: 'day' | 'model' | 'cost'): number => {
    const index = find(key)
    if (index !== undefined) return index
    throw new PlatformError(
      'INVALID_REQUEST',
      `the invoice has no column for the ${key}; one of: ${columnNames[key].join(', ')}`,
    )
  }
  return {
    day: need('day'),
    model: need('model'),
    cost: need('cost'),
    input: find('input'),
    cached: find('cached'),
    output: find('output'),
  }
}

/**
 * Explains a vendor's invoice by what we have on record, day by day and model by model. Where both know a line, the
 * difference is what other quantities cost at our prices, and what their prices cost at their quantities.
 */
export function reconcile(
  theirs: readonly StatementLine[],
  ours: readonly OwnLine[],
  priceOf: PriceOfDay,
): Reconciliation {
  const known = new Map(ours.map((line) => [keyOf(line), line]))
  const merged = mergeLines(theirs, ours)
  const lines = merged.map((line) => explain(line, known.get(keyOf(line)), priceOf))
  const seen = new Set(merged.map(keyOf))
  const absent = ours
    .filter((line) => !seen.has(keyOf(line)) && (line.cost.n !== 0n || line.unknown > 0))
    .map((line) =>
      toExplained(line, {
        line: null,
        ours: line.cost,
        theirs: zero,
        because: [{ reason: 'on record here, not on the invoice', amount: { n: -line.cost.n, d: line.cost.d } }],
      }),
    )
  const all = [...lines, ...absent].toSorted((left, right) =>
    left.day + left.model < right.day + right.model ? -1 : 1,
  )
  const total = (name: 'ours' | 'theirs' | 'difference'): string =>
    toText(sum(all.map((line) => parseRational(line[name]) ?? zero)))
  const unexplained = sum(
    all.flatMap(({ because }) =>
      because.filter(({ reason }) => reason === unexplainedReason).map(({ amount }) => parseRational(amount) ?? zero),
    ),
  )
  return {
    lines: all,
    ours: total('ours'),
    theirs: total('theirs'),
    difference: total('difference'),
    unexplained: toText(unexplained),
  }
}

const unexplainedReason = 'unexplained'

interface Reason {
  readonly reason: string
  readonly amount: Rational
}

function explain(theirs: StatementLine, ours: OwnLine | undefined, priceOf: PriceOfDay): Explained {
  if (ours === undefined) {
    const because =
      theirs.cost.n === 0n ? [] : [{ reason: 'on the invoice, not sent through here', amount: theirs.cost }]
    return toExplained(theirs, { line: theirs.line, ours: zero, theirs: theirs.cost, because })
  }
  const difference = subtract(theirs.cost, ours.cost)
  return toExplained(theirs, {
    line: theirs.line,
    ours: ours.cost,
    theirs: theirs.cost,
    because: reasonsOf(theirs, ours, { difference, priceOf }),
  })
}

function reasonsOf(
  theirs: StatementLine,
  ours: OwnLine,
  { difference, priceOf }: { readonly difference: Rational; readonly priceOf: PriceOfDay },
): readonly Reason[] {
  if (difference.n === 0n) return []
  if (isWithinRounding(difference)) return [{ reason: 'rounding', amount: difference }]
  const notes = [
    ...(ours.unknown > 0 ? [`${ours.unknown} calls of unknown cost`] : []),
    ...(ours.estimated > 0 ? [`${ours.estimated} calls with estimated usage`] : []),
  ]
  const suffix = notes.length === 0 ? '' : ` (${notes.join(', ')})`
  const hasQuantities = theirs.inputTokens !== undefined && theirs.outputTokens !== undefined
  const expected = hasQuantities ? priceOf(theirs) : undefined
  if (expected === undefined) {
    const reason = ours.unknown > 0 ? `calls without a cost here${suffix}` : unexplainedReason
    return [{ reason, amount: difference }]
  }
  const quantity = subtract(expected, ours.cost)
  const price = subtract(theirs.cost, expected)
  const tokens = (line: StatementLine): bigint => (line.inputTokens ?? 0n) + (line.outputTokens ?? 0n)
  const isMore = tokens(theirs) - tokens(ours)
  const told =
    isMore === 0n
      ? 'same number of tokens, priced by the day'
      : `${isMore > 0n ? '+' : ''}${isMore} tokens on the invoice`
  return [
    { reason: `quantity: ${told}${suffix}`, amount: quantity },
    {
      reason: isWithinRounding(price) ? 'rounding' : 'price: the vendor charged another rate than the price book has',
      amount: price,
    },
  ].filter(({ amount }) => amount.n !== 0n)
}

/** Half a cent: what is left of a sum that was rounded for people. */
function isWithinRounding({ n, d }: Rational): boolean {
  return compare({ n: n < 0n ? -n : n, d }, toRational(1n, 200n)) <= 0
}

/** Lines of one day and model are one line here: vendors list input and output apart, and we may know one by several names. */
function mergeLines(lines: readonly StatementLine[], ours: readonly OwnLine[]): readonly StatementLine[] {
  const merged = new Map<string, StatementLine>()
  for (const each of lines) {
    const line = { ...each, model: nameOf(each, ours) }
    const before = merged.get(keyOf(line))
    if (before === undefined) merged.set(keyOf(line), line)
    else {
      merged.set(keyOf(line), {
        ...before,
        inputTokens: addCounts(before.inputTokens, line.inputTokens),
        cachedTokens: addCounts(before.cachedTokens, line.cachedTokens),
        outputTokens: addCounts(before.outputTokens, line.outputTokens),
        cost: add(before.cost, line.cost),
      })
    }
  }
  return [...merged.values()]
}

/** The model as we name it: exactly, or the longest of our names that the vendor's line holds. */
function nameOf(line: StatementLine, ours: readonly OwnLine[]): string {
  const names = [...new Set(ours.filter(({ day }) => day === line.day).map(({ model }) => model))]
  const told = line.model.toLowerCase()
  if (names.includes(line.model)) return line.model
  const held = names.filter((name) => told.includes(name.toLowerCase()) || name.toLowerCase().includes(told))
  return held.toSorted((left, right) => right.length - left.length)[0] ?? line.model
}

function addCounts(left: bigint | undefined, right: bigint | undefined): bigint | undefined {
  return left === undefined && right === undefined ? undefined : (left ?? 0n) + (right ?? 0n)
}

function keyOf({ day, model }: Pick<StatementLine, 'day' | 'model'>): string {
  return `${day}\n${model}`
}

interface Sides {
  readonly line: number | null
  readonly ours: Rational
  readonly theirs: Rational
  readonly because: readonly Reason[]
}

function toExplained({ day, model }: StatementLine, { line, ours, theirs, because }: Sides): Explained {
  return {
    day,
    model,
    line,
    ours: toText(ours),
    theirs: toText(theirs),
    difference: toText(subtract(theirs, ours)),
    because: because.map(({ reason, amount }) => ({ reason, amount: toText(amount) })),
  }
}
