import type { Insertable, Kysely, Selectable, Transaction } from 'kysely'
import type { Engine, Store, Tables } from '../../store/index.ts'
import { applyOperations, type Account, type Changes, type Lapse, type Leg, type Page } from './book.ts'
import type { Operation, Outcome, Transfer } from './operations.ts'

/** Which account a budget has for a subject in a period. */
export interface AccountKey {
  readonly tenant: string
  readonly budget: string
  readonly subject: string
  readonly startsAtMs: number
  readonly endsAtMs: number | undefined
  readonly spanMs: number | undefined
  readonly limit: bigint
}

export interface StatedAccount extends Account {
  readonly tenant: string
  readonly budget: string
  readonly subject: string
  readonly startsAtMs: number
  readonly endsAtMs: number | undefined
  readonly nextLapseMs: number | undefined
}

/** The SQL of the ledger. */
export interface LedgerStore {
  /** Does operations in one transaction, under a lock on every account they touch. */
  apply(operations: readonly Operation[], nowMs: number): Promise<readonly Outcome[]>
  /** The number of each account, made where it is missing. */
  open(keys: readonly AccountKey[], nowMs: number): Promise<readonly number[]>
  read(filter: { readonly tenant?: string; readonly numbers?: readonly number[] }): Promise<readonly StatedAccount[]>
}

/** Rows in one statement: SQLite binds 32,766 values at most, a hold has eight. */
const rowsMax = 1_000

export function createLedgerStore(store: Pick<Store, 'sql' | 'transaction' | 'engine'>): LedgerStore {
  const { engine } = store
  return {
    apply: (operations, nowMs) =>
      store.transaction(async (database) => {
        const page = await readPage({ database, engine }, operations, nowMs)
        const known = operations.filter((operation) => isKnown(page, operation))
        const changes = applyOperations(page, known, nowMs)
        await writeChanges(database, changes)
        let next = 0
        return operations.map((operation) => {
          const outcome = isKnown(page, operation) ? changes.outcomes[next++] : undefined
          return outcome ?? { type: 'unknown' }
        })
      }),
    open: (keys, nowMs) => store.transaction((database) => openAccounts(database, keys, nowMs)),
    read: (filter) => readAccounts(store.sql, filter),
  }
}

interface Locked {
  readonly database: Transaction<Tables>
  readonly engine: Engine
}

async function readPage({ database, engine }: Locked, operations: readonly Operation[], nowMs: number): Promise<Page> {
  const holds = [...new Set(operations.flatMap((operation) => ('hold' in operation ? [operation.hold] : [])))]
  const named = operations.flatMap((operation) => accountsOf(operation))
  const held = await selectLegs(database, holds)
  const numbers = [...new Set([...named, ...held.map((leg) => leg.account)])].sort((one, other) => one - other)
  const select = database.selectFrom('account').selectAll().where('number', 'in', numbers).orderBy('number')
  const rows = numbers.length === 0 ? [] : await (engine === 'postgres' ? select.forUpdate() : select).execute()
  const accounts = new Map(rows.map((row) => [row.number, toAccount(row)]))
  const found = [...accounts.keys()]
  // Read again: what was read before the accounts were locked may have changed in between.
  const own = await selectLegs(database, holds)
  const due = await selectDue(database, found, nowMs)
  const legs = [...own, ...due.filter((leg) => !holds.includes(leg.hold))]
  const timed = [...accounts.values()].filter((account) => account.spanMs !== undefined).map(({ id }) => id)
  const lapses = await selectLapses(database, timed)
  const references = operations.flatMap((operation) => (operation.type === 'adjust' ? [operation.reference] : []))
  return {
    accounts,
    legs,
    lapses: lapses.filter((lapse) => lapse.atMs <= nowMs),
    nextLapses: new Map(
      timed.map((id) => [
        id,
        Math.min(...lapses.filter((lapse) => lapse.account === id && lapse.atMs > nowMs).map((lapse) => lapse.atMs)),
      ]),
    ),
    references: await selectReferences(database, references),
  }
}

function accountsOf(operation: Operation): readonly number[] {
  if ('legs' in operation) return operation.legs.map((leg) => leg.account)
  return 'account' in operation ? [operation.account] : []
}

/** An operation on an account that does not exist is one on nothing. */
function isKnown(page: Page, operation: Operation): boolean {
  return accountsOf(operation).every((number) => page.accounts.has(number))
}

async function selectLegs(database: Kysely<Tables>, holds: readonly string[]): Promise<readonly Leg[]> {
  if (holds.length === 0) return []
  const rows = await database.selectFrom('hold').selectAll().where('id', 'in', holds).execute()
  return rows.map(toLeg)
}

async function selectDue(
  database: Kysely<Tables>,
  accounts: readonly number[],
  nowMs: number,
): Promise<readonly Leg[]> {
  if (accounts.length === 0) return []
  const rows = await database
    .selectFrom('hold')
    .selectAll()
    .where('account', 'in', accounts)
    .where('state', '=', 'live')
    .where('deadline_ms', '<=', nowMs)
    .execute()
  return rows.map(toLeg)
}

async function selectLapses(database: Kysely<Tables>, accounts: readonly number[]): Promise<readonly Lapse[]> {
  if (accounts.length === 0) return []
  const rows = await database.selectFrom('lapse').selectAll().where('account', 'in', accounts).execute()
  return rows.map((row) => ({ account: row.account, atMs: row.at_ms, amount: BigInt(row.amount) }))
}

async function selectReferences(database: Kysely<Tables>, references: readonly string[]): Promise<ReadonlySet<string>> {
  if (references.length === 0) return new Set()
  const rows = await database.selectFrom('transfer').select('reference').where('reference', 'in', references).execute()
  return new Set(rows.flatMap((row) => (row.reference === null ? [] : [row.reference])))
}

async function writeChanges(database: Transaction<Tables>, changes: Changes): Promise<void> {
  const { accounts, legs, lapsed, lapses, transfers } = changes
  for (const { id, limit, spent, held } of accounts) {
    await database
      .updateTable('account')
      .set({ limit_amount: limit.toString(), spent: spent.toString(), held: held.toString() })
      .where('number', '=', id)
      .execute()
  }
  for (const rows of inParts(legs.map(toLegRow))) {
    await database
      .insertInto('hold')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['id', 'account']).doUpdateSet((excluded) => ({
          amount: excluded.ref('excluded.amount'),
          posted: excluded.ref('excluded.posted'),
          deadline_ms: excluded.ref('excluded.deadline_ms'),
          state: excluded.ref('excluded.state'),
        })),
      )
      .execute()
  }
  for (const { account, atMs } of lapsed)
    await database.deleteFrom('lapse').where('account', '=', account).where('at_ms', '=', atMs).execute()
  for (const lapse of lapses) await addLapse(database, lapse)
  for (const rows of inParts(transfers.map(toTransferRow))) await database.insertInto('transfer').values(rows).execute()
}

async function addLapse(database: Transaction<Tables>, { account, atMs, amount }: Lapse): Promise<void> {
  const place = database.selectFrom('lapse').select('amount').where('account', '=', account).where('at_ms', '=', atMs)
  const known = await place.executeTakeFirst()
  const sum = (amount + BigInt(known?.amount ?? 0)).toString()
  await database
    .insertInto('lapse')
    .values({ account, at_ms: atMs, amount: sum })
    .onConflict((conflict) => conflict.columns(['account', 'at_ms']).doUpdateSet({ amount: sum }))
    .execute()
}

async function openAccounts(
  database: Transaction<Tables>,
  keys: readonly AccountKey[],
  nowMs: number,
): Promise<readonly number[]> {
  const numbers: number[] = []
  for (const key of keys) {
    const made = await database
      .insertInto('account')
      .values(toAccountRow(key))
      .onConflict((conflict) => conflict.columns(['tenant', 'budget', 'subject', 'starts_at_ms']).doNothing())
      .returning('number')
      .executeTakeFirst()
    if (made !== undefined && key.limit > 0n) {
      const funded = { kind: 'fund', debit: 'limit', credit: 'open', amount: key.limit, atMs: nowMs } as const
      const transfer = { ...funded, account: made.number, hold: undefined, reference: undefined }
      await database.insertInto('transfer').values(toTransferRow(transfer)).execute()
    }
    numbers.push(made?.number ?? (await findAccount(database, key)))
  }
  return numbers
}

async function findAccount(database: Transaction<Tables>, key: AccountKey): Promise<number> {
  const row = await database
    .selectFrom('account')
    .select('number')
    .where('tenant', '=', key.tenant)
    .where('budget', '=', key.budget)
    .where('subject', '=', key.subject)
    .where('starts_at_ms', '=', key.startsAtMs)
    .executeTakeFirstOrThrow()
  return row.number
}

async function readAccounts(
  database: Kysely<Tables>,
  filter: { readonly tenant?: string; readonly numbers?: readonly number[] },
): Promise<readonly StatedAccount[]> {
  let query = database.selectFrom('account').selectAll().orderBy('number')
  if (filter.tenant !== undefined) query = query.where('tenant', '=', filter.tenant)
  if (filter.numbers !== undefined) query = query.where('number', 'in', [...filter.numbers, -1])
  const rows = await query.execute()
  const lapses = await database
    .selectFrom('lapse')
    .select(({ fn }) => ['account', fn.min('at_ms').as('at_ms')])
    .groupBy('account')
    .execute()
  const next = new Map(lapses.map((row) => [row.account, Number(row.at_ms)]))
  return rows.map((row) => ({
    ...toAccount(row),
    tenant: row.tenant,
    budget: row.budget,
    subject: row.subject,
    startsAtMs: row.starts_at_ms,
    endsAtMs: row.ends_at_ms ?? undefined,
    nextLapseMs: next.get(row.number),
  }))
}

export function toAccount(row: Selectable<Tables['account']>): Account {
  return {
    id: row.number,
    spanMs: row.span_ms ?? undefined,
    limit: BigInt(row.limit_amount),
    spent: BigInt(row.spent),
    held: BigInt(row.held),
  }
}

function toAccountRow(key: AccountKey): Insertable<Tables['account']> {
  return {
    tenant: key.tenant,
    budget: key.budget,
    subject: key.subject,
    starts_at_ms: key.startsAtMs,
    ends_at_ms: key.endsAtMs ?? null,
    span_ms: key.spanMs ?? null,
    limit_amount: key.limit.toString(),
    spent: '0',
    held: '0',
  }
}

export function toLeg(row: Tables['hold']): Leg {
  return {
    hold: row.id,
    account: row.account,
    owner: row.owner,
    purpose: row.purpose,
    amount: BigInt(row.amount),
    posted: BigInt(row.posted),
    deadlineMs: row.deadline_ms,
    state: row.state,
  }
}

function toLegRow(leg: Leg): Tables['hold'] {
  return {
    id: leg.hold,
    account: leg.account,
    owner: leg.owner,
    purpose: leg.purpose,
    amount: leg.amount.toString(),
    posted: leg.posted.toString(),
    deadline_ms: leg.deadlineMs,
    state: leg.state,
  }
}

export function toTransfer(
  row: Pick<Selectable<Tables['transfer']>, 'debit' | 'credit' | 'amount'>,
): Pick<Transfer, 'debit' | 'credit' | 'amount'> {
  // The columns hold what was written by this file and by the fold of the journal, which use these names only.
  return { debit: row.debit as Transfer['debit'], credit: row.credit as Transfer['credit'], amount: BigInt(row.amount) }
}

function toTransferRow(transfer: Transfer): Insertable<Tables['transfer']> {
  return {
    account: transfer.account,
    kind: transfer.kind,
    debit: transfer.debit,
    credit: transfer.credit,
    amount: transfer.amount.toString(),
    hold: transfer.hold ?? null,
    reference: transfer.reference ?? null,
    at_ms: transfer.atMs,
  }
}

function inParts<T>(rows: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = []
  for (let at = 0; at < rows.length; at += rowsMax) parts.push(rows.slice(at, at + rowsMax))
  return parts
}
