import { assert } from '../../core/assert.ts'
import { toLapseMs, type Charge } from '../../core/spending.ts'

/** What a batch says of money and limits: what calls came to, and what those may have come to that nobody saw end. */
export interface Posting {
  readonly charges: readonly TimedCharge[]
  /** Of dispatches that their process did not live to settle: as much as was held for them. */
  readonly assumed: readonly TimedCharge[]
  readonly atMs: number
}

export interface TimedCharge extends Charge {
  /** When what was charged began to count, milliseconds UTC. */
  readonly sinceMs: number
  /** The tree that was charged. */
  readonly rootId: string
  /** The dispatch; only of what is assumed, since each of those may turn out to be another amount. */
  readonly callId?: string
}

/** The database inside the transaction of a batch. Places in the text are `$1`, `$2`, each once and in order. */
export interface Rows {
  readonly isPostgres: boolean
  query(text: string, values: readonly (string | number | null)[]): Promise<readonly Record<string, unknown>[]>
}

interface Hold {
  readonly id: string
  readonly account: number
  amount: bigint
  posted: bigint
  state: string
}

interface Account {
  readonly number: number
  readonly spanMs: number | undefined
  readonly limit: bigint
  spent: bigint
  held: bigint
}

interface Moved {
  readonly hold: Hold
  readonly kind: 'post' | 'assume' | 'release' | 'overrun'
  readonly debit: 'held' | 'open'
  readonly credit: 'spent' | 'open'
  amount: bigint
}

interface Charged {
  readonly rootId: string
  readonly callId: string | undefined
  readonly account: number
  amount: bigint
}

interface Owner {
  readonly journalId: string
  /** Its process is dead or done: what it still holds comes free. */
  readonly isClosing: boolean
}

/**
 * Books what calls were charged, in the transaction that writes the calls: from the holds of the process's purses into what
 * is spent. What a live hold does not cover is an overrun. A hold whose lease ran out is over, and its money
 * free again: what comes late is taken from what is free, and only the rest is an overrun. At its end a process holds nothing.
 */
export async function post(rows: Rows, owner: Owner, posting: Posting): Promise<void> {
  const { charges, assumed, atMs } = posting
  if (charges.length === 0 && assumed.length === 0 && !owner.isClosing) return
  const books = await openBooks(rows, owner, [...charges, ...assumed])
  if (books === undefined) return
  for (const charge of charges) books.charge(charge, 'post')
  for (const charge of assumed) books.charge(charge, 'assume')
  if (owner.isClosing) books.end()
  await books.write(atMs)
}

/** `undefined` when the process holds nothing, as most do that end. */
async function openBooks(
  rows: Rows,
  { journalId, isClosing }: Owner,
  charges: readonly Charge[],
): Promise<Books | undefined> {
  const ids = [...new Set(charges.map(({ purse }) => `${journalId}/${purse}`))]
  const named = `id in (${ids.map((_, index) => `$${index + 1}`).join(', ') || "''"})`
  const condition = isClosing ? `${named} or (owner = $${ids.length + 1} and state = 'live')` : named
  const values = isClosing ? [...ids, journalId] : ids
  const [some] = await rows.query(`select id from hold where ${condition} limit 1`, values)
  if (some === undefined) return undefined
  const lock = rows.isPostgres ? ' for update' : ''
  const accounts = await rows.query(
    `select number, span_ms, limit_amount, spent, held from account where number in (select account from hold where ${condition})
     order by number${lock}`,
    values,
  )
  const holds = await rows.query(`select id, account, amount, posted, state from hold where ${condition}`, values)
  return new Books(rows, { journalId, accounts: accounts.map(toAccount), holds: holds.map(toHold) })
}

interface BooksParts {
  readonly journalId: string
  readonly accounts: readonly Account[]
  readonly holds: readonly Hold[]
}

/** A class because it is state that changes charge by charge. */
class Books {
  readonly #rows: Rows
  readonly #journalId: string
  readonly #accounts: ReadonlyMap<number, Account>
  readonly #holds: ReadonlyMap<string, Hold>
  readonly #byPurse = new Map<number, Hold>()
  readonly #moved = new Map<string, Moved>()
  readonly #charged = new Map<string, Charged>()
  readonly #assumed = new Map<string, Charged>()
  readonly #lapses = new Map<string, { readonly account: number; readonly atMs: number; amount: bigint }>()

  constructor(rows: Rows, { journalId, accounts, holds }: BooksParts) {
    this.#rows = rows
    this.#journalId = journalId
    this.#accounts = new Map(accounts.map((account) => [account.number, account]))
    this.#holds = new Map(holds.map((hold) => [hold.id, hold]))
  }

  charge(charge: TimedCharge, kind: 'post' | 'assume'): void {
    const { purse, amount, sinceMs, rootId, callId } = charge
    const hold = this.#findHold(purse)
    if (hold === undefined || amount <= 0n) return
    const account = this.#accountOf(hold)
    note(this.#charged, { rootId, callId: undefined, account: account.number, amount })
    if (callId !== undefined) note(this.#assumed, { rootId, callId, account: account.number, amount })
    const isLive = hold.state === 'live'
    const room = isLive ? hold.amount - hold.posted : account.limit - account.spent - account.held
    const within = amount < room ? amount : room > 0n ? room : 0n
    if (isLive) hold.posted += within
    this.#move({ hold, kind, debit: isLive ? 'held' : 'open', credit: 'spent' }, within)
    this.#move({ hold, kind: 'overrun', debit: 'open', credit: 'spent' }, amount - within)
    const { spanMs, number } = account
    if (spanMs === undefined) return
    const atMs = toLapseMs(sinceMs, spanMs)
    const lapse = this.#lapses.get(`${number} ${atMs}`) ?? { account: number, atMs, amount: 0n }
    lapse.amount += amount
    this.#lapses.set(`${number} ${atMs}`, lapse)
  }

  /** Gives back what is left of every hold. */
  end(): void {
    for (const hold of this.#holds.values()) {
      if (hold.state !== 'live') continue
      this.#move({ hold, kind: 'release', debit: 'held', credit: 'open' }, hold.amount - hold.posted)
      hold.amount = hold.posted
      hold.state = 'posted'
    }
  }

  async write(atMs: number): Promise<void> {
    for (const moved of this.#moved.values()) await this.#writeTransfer(moved, atMs)
    for (const { number, spent, held } of this.#accounts.values()) {
      const values = [spent.toString(), held.toString(), number]
      await this.#rows.query('update account set spent = $1, held = $2 where number = $3', values)
    }
    for (const { id, account, amount, posted, state } of this.#holds.values()) {
      const values = [amount.toString(), posted.toString(), state, id, account]
      await this.#rows.query(
        'update hold set amount = $1, posted = $2, state = $3 where id = $4 and account = $5',
        values,
      )
    }
    for (const lapse of this.#lapses.values()) await this.#writeLapse(lapse)
    if (this.#charged.size > 0) await this.#writeCharged()
    for (const assumed of Map.groupBy(this.#assumed.values(), ({ callId }) => callId).values())
      await this.#writeAssumed(assumed)
  }

  async #writeTransfer({ hold, kind, debit, credit, amount }: Moved, atMs: number): Promise<void> {
    assert(debit !== credit && amount > 0n, 'a transfer moves something from one pot to another')
    await this.#rows.query(
      'insert into transfer (account, kind, debit, credit, amount, hold, at_ms) values ($1, $2, $3, $4, $5, $6, $7)',
      [hold.account, kind, debit, credit, amount.toString(), hold.id, atMs],
    )
  }

  async #writeLapse({ account, atMs, amount }: { account: number; atMs: number; amount: bigint }): Promise<void> {
    const [known] = await this.#rows.query('select amount from lapse where account = $1 and at_ms = $2', [
      account,
      atMs,
    ])
    const sum = (amount + toBigInt(known?.['amount'])).toString()
    const text =
      known === undefined
        ? 'insert into lapse (amount, account, at_ms) values ($1, $2, $3)'
        : 'update lapse set amount = $1 where account = $2 and at_ms = $3'
    await this.#rows.query(text, [sum, account, atMs])
  }

  /** Beside what the vendor is asked about a dispatch: what its answer takes the place of. */
  async #writeAssumed(assumed: readonly Charged[]): Promise<void> {
    const [first] = assumed
    if (first?.callId === undefined) return
    const text = assumed.map(({ account, amount }) => `${account}:${amount}`).join()
    const values = [text, first.rootId, first.callId]
    await this.#rows.query('update call_lookup set assumed = $1 where root_id = $2 and call_id = $3', values)
  }

  /** All in one statement. */
  async #writeCharged(): Promise<void> {
    const charged = [...this.#charged.values()].map(({ rootId, account, amount }) => [rootId, account, String(amount)])
    const each = this.#rows.isPostgres
      ? 'select value ->> 0, cast(value ->> 1 as integer), value ->> 2 from json_array_elements(cast($1 as json))'
      : 'select value ->> 0, value ->> 1, value ->> 2 from json_each($1) where true'
    await this.#rows.query(
      `insert into call_charge (root_id, account, amount) ${each} on conflict (root_id, account) do nothing`,
      [JSON.stringify(charged)],
    )
  }

  #move(move: Omit<Moved, 'amount'>, amount: bigint): void {
    if (amount === 0n) return
    const { hold, kind, debit, credit } = move
    const account = this.#accountOf(hold)
    if (debit === 'held') account.held -= amount
    if (credit === 'spent') account.spent += amount
    const name = `${hold.id} ${kind} ${debit}`
    const moved = this.#moved.get(name)
    if (moved === undefined) this.#moved.set(name, { ...move, amount })
    else moved.amount += amount
  }

  /** Charges name a few purses many times over. */
  #findHold(purse: number): Hold | undefined {
    const known = this.#byPurse.get(purse)
    if (known !== undefined) return known
    const hold = this.#holds.get(`${this.#journalId}/${purse}`)
    if (hold !== undefined) this.#byPurse.set(purse, hold)
    return hold
  }

  #accountOf(hold: Hold): Account {
    const account = this.#accounts.get(hold.account)
    assert(account !== undefined, 'every hold is on an account that was read with it')
    return account
  }
}

function note(charged: Map<string, Charged>, said: Charged): void {
  const key = `${said.rootId} ${said.callId ?? ''} ${said.account}`
  const known = charged.get(key)
  if (known === undefined) charged.set(key, said)
  else known.amount += said.amount
}

function toAccount(row: Record<string, unknown>): Account {
  const span = row['span_ms']
  return {
    number: Number(row['number']),
    spanMs: span === null ? undefined : Number(span),
    limit: toBigInt(row['limit_amount']),
    spent: toBigInt(row['spent']),
    held: toBigInt(row['held']),
  }
}

function toHold(row: Record<string, unknown>): Hold {
  return {
    id: String(row['id']),
    account: Number(row['account']),
    amount: toBigInt(row['amount']),
    posted: toBigInt(row['posted']),
    state: String(row['state']),
  }
}

/** An amount as its column holds it; nothing is there where there is no row. */
function toBigInt(value: unknown): bigint {
  return typeof value === 'string' ? BigInt(value) : 0n
}
