import { add, compare, parseRational, subtract, sum, toRational, toText, zero, type Rational } from './rational.ts'
import { isSameModel, type StatementLine } from './statement.ts'

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
  // Who does not say what was cached is not taken to have charged all of it in full.
  const cachedTokens = theirs.cachedTokens ?? least(ours.cachedTokens, theirs.inputTokens)
  const expected = hasQuantities ? priceOf({ ...theirs, cachedTokens }) : undefined
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
        written5mTokens: addCounts(before.written5mTokens, line.written5mTokens),
        written1hTokens: addCounts(before.written1hTokens, line.written1hTokens),
        outputTokens: addCounts(before.outputTokens, line.outputTokens),
        cost: add(before.cost, line.cost),
      })
    }
  }
  return [...merged.values()]
}

/** The model as we name it: exactly, or the longest of our names for the same model. */
function nameOf(line: StatementLine, ours: readonly OwnLine[]): string {
  const names = [...new Set(ours.filter(({ day }) => day === line.day).map(({ model }) => model))]
  if (names.includes(line.model)) return line.model
  const same = names.filter((name) => isSameModel(line.model, name))
  return same.toSorted((left, right) => right.length - left.length)[0] ?? line.model
}

function least(left: bigint | undefined, right: bigint | undefined): bigint | undefined {
  return left !== undefined && right !== undefined && right < left ? right : left
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
