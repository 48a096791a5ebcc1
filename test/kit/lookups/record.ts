import { configSchema } from '../../../src/config/index.ts'
import { createSystemClock } from '../../../src/core/time.ts'
import { createLedger } from '../../../src/investment/ledger/index.ts'
import { createStore, toPicodollars, type Store } from '../../../src/store/index.ts'
import { silentLog } from '../silent-log.ts'
import type { History, HistoryOptions } from './history.ts'
import { cutFates, type Figures, isTold, toCost, type Planned, toReported, toTold } from './vendor.ts'

/** What of a history is not as promised, and how much there was to keep. Faults are 0 when every promise is kept. */
export interface Findings {
  readonly requests: number
  readonly cut: number
  /** Cut calls that are charged at what the vendor says. */
  readonly told: number
  /** Cut calls whose vendor could have told, had the process known the id of its answer. */
  readonly unheard: number
  readonly faults: readonly string[]
}

/** Reads the record when all servers have gone, and holds it to what was planned, call by call and book by book. */
export async function judge(place: Pick<HistoryOptions, 'folder' | 'url'>, history: History): Promise<Findings> {
  const config = configSchema.parse({ store: place }).store
  const store = await createStore({ config, clock: createSystemClock(), log: silentLog })
  try {
    await store.flush()
    const faults: string[] = history.isQuiet ? [] : ['some calls are still to be asked about']
    const record = await readRecord(store)
    const calls = record.dispatches.map((row) => readCall(row, record, history))
    for (const call of calls) faults.push(...judgeCall(call, history))
    faults.push(
      ...judgeNumbers(calls, history),
      ...judgeSums(calls, history),
      ...(await judgeBooks(store, calls, record)),
    )
    const cut = calls.filter(({ planned }) => planned !== undefined && cutFates.includes(planned.fate))
    return {
      requests: history.plans.size,
      cut: [...history.plans.values()].filter(({ fate }) => cutFates.includes(fate)).length,
      told: cut.filter(({ lookup }) => lookup?.state === 'booked').length,
      unheard: [...history.plans.values()].filter(({ fate, number }) => {
        return (
          cutFates.includes(fate) &&
          !calls.some(({ planned, lookup }) => planned?.number === number && lookup !== undefined)
        )
      }).length,
      faults,
    }
  } finally {
    await store.close()
  }
}

type Record = Awaited<ReturnType<typeof readRecord>>
type Dispatch = Record['dispatches'][number]

async function readRecord({ sql }: Store) {
  const dispatches = await sql
    .selectFrom('call')
    .selectAll()
    .where('kind', '=', 'dispatch')
    .where('tenant', '=', 'default')
    .execute()
  const lookups = await sql.selectFrom('call_lookup').selectAll().execute()
  const adjustments = await sql.selectFrom('call_adjustment').selectAll().execute()
  const accounts = await sql
    .selectFrom('account')
    .innerJoin('budget', 'budget.id', 'account.budget')
    .select(['number', 'counts', 'spent'])
    .execute()
  const assumed = await sql.selectFrom('transfer').selectAll().where('kind', '=', 'assume').execute()
  return { dispatches, lookups, adjustments, accounts, assumed }
}

interface JudgedCall {
  readonly row: Dispatch
  readonly planned: Planned | undefined
  readonly lookup: Record['lookups'][number] | undefined
  readonly adjustments: Record['adjustments']
  /** Corrections included; `undefined` when nobody knows. */
  readonly cost: bigint | undefined
  readonly figures: Partial<Figures>
}

function readCall(row: Dispatch, record: Record, { numbers, vendor, plans }: History): JudgedCall {
  const lookup = record.lookups.find(({ call_id: id }) => id === row.id)
  const adjustments = record.adjustments.filter(({ call_id: id }) => id === row.id)
  const answer = lookup === undefined ? undefined : (JSON.parse(lookup.answer) as { readonly id?: string }).id // JSON of the record
  const number = numbers.get(row.root_id) ?? (answer === undefined ? undefined : vendor.numberOf(answer))
  const isKnown = lookup?.told_at_ms !== null && lookup?.told_at_ms !== undefined
  const last = adjustments.at(-1)?.after ?? undefined
  const said = isKnown ? lookup : row
  return {
    row,
    planned: number === undefined ? undefined : plans.get(number),
    lookup,
    adjustments,
    cost: last === undefined ? toPicodollars(row.cost) : BigInt(last),
    figures: {
      ...(said.input_total === null ? {} : { input: said.input_total }),
      ...(said.output_total === null ? {} : { output: said.output_total }),
    },
  }
}

/** One call: the vendor's figure where it told, the estimate as it was where it did not, and each once. */
function judgeCall(
  { row, planned, lookup, adjustments, cost, figures }: JudgedCall,
  { heard }: History,
): readonly string[] {
  const fault = (text: string): string => `${planned?.fate ?? 'unknown'} ${planned?.telling ?? ''} ${row.id}: ${text}`
  if (planned === undefined)
    return lookup === undefined ? [] : [fault('is asked about although no client and no vendor know it')]
  const { number, way, fate, telling } = planned
  const faults: string[] = []
  const isFigure = (expected: Figures): boolean =>
    figures.input === expected.input && figures.output === expected.output
  if (fate === 'whole') {
    if (lookup !== undefined) faults.push(fault('is asked about although its end was seen'))
    if (!isFigure(toReported(number)) || cost !== toCost(way, toReported(number)))
      faults.push(fault('is not charged as reported'))
    return faults
  }
  if (lookup === undefined) {
    if (heard.has(number)) faults.push(fault('is not asked about although its id was heard'))
    if (adjustments.length > 0) faults.push(fault('is corrected although nobody was asked'))
    return faults
  }
  if (lookup.state !== (isTold(telling) ? 'booked' : 'none'))
    return [fault(`ended as ${lookup.state}: ${lookup.reason ?? ''}`)]
  if (!isTold(telling)) return adjustments.length === 0 ? [] : [fault('is corrected although its vendor did not tell')]
  const expected = toCost(way, toTold(number))
  if (!isFigure(toTold(number)) || cost !== expected) faults.push(fault(`costs ${cost} instead of ${expected}`))
  if (adjustments.length !== 1) faults.push(fault(`is corrected ${adjustments.length} times`))
  return faults
}

function judgeNumbers(calls: readonly JudgedCall[], { vendor, plans }: History): readonly string[] {
  const faults: string[] = []
  const known = calls.flatMap(({ planned }) => (planned === undefined ? [] : [planned.number]))
  if (new Set(known).size !== known.length) faults.push('a request has two dispatches')
  if (calls.length < vendor.arrived.size)
    faults.push(`${vendor.arrived.size - calls.length} requests that came to the vendor are not on record`)
  if (calls.length > plans.size) faults.push(`${calls.length - plans.size} dispatches are of no request`)
  return faults
}

/** What the server says of usage and of a bill: the sum of what is known of each call. */
function judgeSums(calls: readonly JudgedCall[], { usage, payable }: History): readonly string[] {
  const faults: string[] = []
  const sum = (name: 'input' | 'output'): number => calls.reduce((all, { figures }) => all + (figures[name] ?? 0), 0)
  const told = (read: (row: History['usage'][number]) => unknown): bigint =>
    usage.reduce((all, row) => all + BigInt(String(read(row))), 0n)
  const cost = sumOf(calls)
  if (told((row) => row['input_tokens']) !== BigInt(sum('input')))
    faults.push('the sum of input is not that of the calls')
  if (told((row) => row['output_tokens']) !== BigInt(sum('output')))
    faults.push('the sum of output is not that of the calls')
  const dollars = usage.reduce(
    (all, row) => all + parsePicodollars((row['cost'] as { readonly usd?: string } | null)?.usd),
    0n,
  )
  if (dollars !== cost) faults.push(`usage comes to ${dollars} instead of ${cost}`)
  const billed = BigInt(payable.replace('.', ''))
  if (billed !== cost) faults.push(`the invoice comes to ${billed} instead of ${cost}`)
  return faults
}

/** Budgets: what is known of each call, and for those cut short of which nothing is, what was held for them. */
async function judgeBooks(
  store: Store,
  calls: readonly JudgedCall[],
  { accounts, assumed }: Record,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const { number, counts, spent } of accounts) {
    const known =
      counts === 'money'
        ? sumOf(calls)
        : calls.reduce((all, { figures }) => all + BigInt((figures.input ?? 0) + (figures.output ?? 0)), 0n)
    const held = assumed
      .filter(({ account }) => account === number)
      .reduce((all, { amount }) => all + BigInt(amount), 0n)
    const replaced = calls.reduce((all, { lookup }) => {
      if (lookup?.state !== 'booked') return all
      const own = (lookup.assumed ?? '').split(',').find((each) => each.startsWith(`${number}:`))
      return all + BigInt(own?.slice(own.indexOf(':') + 1) ?? 0)
    }, 0n)
    if (BigInt(spent) !== known + held - replaced)
      faults.push(`the budget of ${counts} says ${spent} instead of ${known + held - replaced}`)
  }
  const audit = await createLedger({ store, clock: createSystemClock() }).audit(3_600_000)
  const { unequal, unheld, phantoms, overspent, unsound } = audit
  if (unequal + unheld + phantoms + overspent + unsound > 0)
    faults.push(`the books do not fold: ${JSON.stringify(audit)}`)
  return faults
}

function sumOf(calls: readonly JudgedCall[]): bigint {
  return calls.reduce((all, { cost }) => all + (cost ?? 0n), 0n)
}

function parsePicodollars(dollars = '0'): bigint {
  const [whole = '0', fraction = ''] = dollars.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}
