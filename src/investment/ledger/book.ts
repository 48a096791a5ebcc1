import { assert, unreachable } from '../../core/assert.ts'
import { toLapseMs } from '../../core/spending.ts'
import type {
  AdjustOperation,
  Balance,
  EndState,
  FundOperation,
  HoldOperation,
  LegAmount,
  Operation,
  Outcome,
  Pot,
  SettleOperation,
  ShrinkOperation,
  Standing,
  Transfer,
  TransferKind,
} from './operations.ts'

/** An account as it stands. What is spent on an account with a span comes back after it: a rate limit. */
export interface Account extends Balance {
  readonly id: number
  /** Milliseconds; `undefined` when what is spent stays spent. */
  readonly spanMs: number | undefined
}

/** One hold on one account. */
export interface Leg {
  readonly hold: string
  readonly account: number
  readonly owner: string
  readonly purpose: string
  readonly amount: bigint
  /** Of the amount: spent for good. Live holds keep `amount − posted` from others. */
  readonly posted: bigint
  readonly deadlineMs: number
  readonly state: 'live' | EndState
}

/** What is spent and comes back at an instant. */
export interface Lapse {
  readonly account: number
  readonly atMs: number
  readonly amount: bigint
}

/** The part of the ledger that some operations touch: read under lock, changed here, written back. */
export interface Page {
  readonly accounts: ReadonlyMap<number, Account>
  readonly legs: readonly Leg[]
  /** Those that are due, of the accounts. */
  readonly lapses: readonly Lapse[]
  /** Per account, the earliest instant at which something lapses that is not due. */
  readonly nextLapses: ReadonlyMap<number, number>
  /** Of the references asked about, those that are known. */
  readonly references: ReadonlySet<string>
}

/** What a page has become. */
export interface Changes {
  readonly outcomes: readonly Outcome[]
  readonly accounts: readonly Account[]
  readonly legs: readonly Leg[]
  readonly lapsed: readonly Lapse[]
  readonly lapses: readonly Lapse[]
  readonly transfers: readonly Transfer[]
}

/** Does operations one after the other on a page. Pure: the same page, operations and instant give the same changes. */
export function applyOperations(page: Page, operations: readonly Operation[], nowMs: number): Changes {
  const book = new Book(page, nowMs)
  book.lapse(page.lapses)
  const kept = new Set(operations.flatMap((operation) => (operation.type === 'hold' ? [operation.hold] : [])))
  book.expire(kept)
  const outcomes = operations.map((operation) => book.apply(operation))
  return { outcomes, ...book.changes(), lapsed: page.lapses }
}

/** A class because it is state that changes step by step. */
class Book {
  readonly #page: Page
  readonly #nowMs: number
  readonly #accounts: Map<number, Account>
  readonly #legs = new Map<string, Map<number, Leg>>()
  readonly #changedAccounts = new Set<number>()
  readonly #changedLegs = new Set<string>()
  readonly #lapses = new Map<string, Lapse>()
  readonly #transfers: Transfer[] = []
  readonly #references: Set<string>

  constructor(page: Page, nowMs: number) {
    this.#page = page
    this.#nowMs = nowMs
    this.#accounts = new Map(page.accounts)
    this.#references = new Set(page.references)
    for (const leg of page.legs) this.#legsOf(leg.hold).set(leg.account, leg)
  }

  apply(operation: Operation): Outcome {
    switch (operation.type) {
      case 'hold':
        return this.#hold(operation)
      case 'shrink':
        return this.#shrink(operation)
      case 'settle':
        return this.#settle(operation)
      case 'void':
        return this.#void(operation.hold)
      case 'adjust':
        return this.#adjust(operation)
      case 'fund':
        return this.#fund(operation)
      default:
        return unreachable(operation)
    }
  }

  /** What was spent within a span comes back. */
  lapse(due: readonly Lapse[]): void {
    for (const { account, amount } of due)
      this.#move(
        account,
        amount < 0n
          ? { kind: 'lapse', debit: 'open', credit: 'spent', amount: -amount }
          : { kind: 'lapse', debit: 'spent', credit: 'open', amount },
      )
  }

  /** Ends what is over its deadline, but for the holds that are just being prolonged. */
  expire(kept: ReadonlySet<string>): void {
    for (const leg of this.#page.legs) {
      if (leg.state === 'live' && leg.deadlineMs <= this.#nowMs && !kept.has(leg.hold)) this.#end(leg, 'expired')
    }
  }

  changes(): Omit<Changes, 'outcomes' | 'lapsed'> {
    const legs = [...this.#legs.values()].flatMap((byAccount) => [...byAccount.values()])
    return {
      accounts: [...this.#changedAccounts].map((id) => this.#account(id)),
      legs: legs.filter((leg) => this.#changedLegs.has(keyOf(leg))),
      lapses: [...this.#lapses.values()],
      transfers: this.#transfers,
    }
  }

  #hold(operation: HoldOperation): Outcome {
    const known = this.#legsOf(operation.hold)
    const stranger = [...known.values()].find((leg) => leg.purpose !== operation.purpose)
    if (stranger !== undefined) return { type: 'conflict' }
    const touched = operation.legs.map(({ account }) => known.get(account)).filter((leg) => leg !== undefined)
    const ended = touched.find((leg) => leg.state !== 'live')
    if (ended !== undefined && ended.state !== 'live') return { type: 'ended', state: ended.state }
    const grants = operation.legs.map((request) => {
      const amount = known.get(request.account)?.amount ?? 0n
      const open = availableOf(this.#account(request.account))
      const most = request.most ?? request.least + max(0n, (amount + open - request.least) / 2n)
      assert(request.least >= 0n && most >= request.least, 'a hold asks for nothing or more')
      const more = max(0n, min(most - amount, open))
      return { request, amount, more, isShort: amount + more < request.least }
    })
    if (grants.some((grant) => grant.isShort)) {
      const short = grants.filter((grant) => grant.isShort)
      return { type: 'refused', short: short.map(({ request }) => this.#standing(operation.hold, request)) }
    }
    for (const leg of touched) this.#prolong(leg, operation.deadlineMs)
    for (const { request, amount, more } of grants) this.#raise(operation, request.account, { amount, more })
    const standing = operation.legs.map((request) => this.#standing(operation.hold, request))
    return { type: 'done', legs: this.#amounts(operation.hold, operation.legs), standing }
  }

  #raise(operation: HoldOperation, account: number, grant: { readonly amount: bigint; readonly more: bigint }): void {
    const { hold, owner, purpose, deadlineMs } = operation
    const known = this.#legsOf(hold).get(account)
    if (known !== undefined && grant.more === 0n) return
    const fresh: Leg = { hold, account, owner, purpose, amount: 0n, posted: 0n, deadlineMs, state: 'live' }
    const leg = this.#legsOf(hold).get(account) ?? fresh
    this.#put({ ...leg, amount: grant.amount + grant.more })
    this.#move(account, { kind: 'hold', debit: 'open', credit: 'held', amount: grant.more, hold })
  }

  #prolong(leg: Leg, deadlineMs: number): void {
    if (leg.state === 'live' && deadlineMs > leg.deadlineMs) this.#put({ ...leg, deadlineMs })
  }

  #shrink({ hold, legs }: ShrinkOperation): Outcome {
    const known = this.#legsOf(hold)
    if (known.size === 0) return { type: 'unknown' }
    for (const { account, amount } of legs) {
      const leg = known.get(account)
      if (leg === undefined || leg.state !== 'live') continue
      const to = max(amount, leg.posted)
      if (to >= leg.amount) continue
      this.#put({ ...leg, amount: to })
      this.#move(account, { kind: 'release', debit: 'held', credit: 'open', amount: leg.amount - to, hold })
    }
    return { type: 'done', legs: this.#amounts(hold, legs) }
  }

  #settle({ hold, legs }: SettleOperation): Outcome {
    const known = this.#legsOf(hold)
    if (known.size === 0) return { type: 'unknown' }
    const amounts = new Map(legs.map(({ account, amount }) => [account, amount]))
    if (legs.some(({ account, amount }) => !known.has(account) || amount < 0n)) return { type: 'conflict' }
    const ended = [...known.values()].find((leg) => leg.state !== 'live')
    if (ended !== undefined && ended.state !== 'live') {
      const isSame = [...known.values()].every((leg) => leg.posted === (amounts.get(leg.account) ?? 0n))
      if (ended.state !== 'posted') return { type: 'ended', state: ended.state }
      return isSame ? { type: 'done', legs } : { type: 'conflict' }
    }
    for (const leg of known.values()) this.#settleLeg(leg, amounts.get(leg.account) ?? 0n)
    return { type: 'done', legs }
  }

  #settleLeg(leg: Leg, amount: bigint): void {
    const { account, hold } = leg
    const within = min(amount, leg.amount)
    assert(within >= leg.posted, 'a hold is settled with no less than it has posted')
    this.#move(account, { kind: 'post', debit: 'held', credit: 'spent', amount: within - leg.posted, hold })
    this.#move(account, { kind: 'overrun', debit: 'open', credit: 'spent', amount: amount - within, hold })
    this.#move(account, { kind: 'release', debit: 'held', credit: 'open', amount: leg.amount - within, hold })
    this.#put({ ...leg, posted: amount, state: 'posted' })
    this.#remember(account, amount - leg.posted)
  }

  #void(hold: string): Outcome {
    const legs = [...this.#legsOf(hold).values()]
    if (legs.length === 0) return { type: 'unknown' }
    for (const leg of legs) if (leg.state === 'live') this.#end(leg, 'voided')
    const ended = legs.find((leg) => leg.state === 'posted' || leg.state === 'expired')
    if (ended === undefined || ended.state === 'live') return { type: 'done', legs: [] }
    return { type: 'ended', state: ended.state }
  }

  #adjust({ account, reference, amount, sinceMs }: AdjustOperation): Outcome {
    const { spanMs, spent } = this.#account(account)
    const lapseMs = sinceMs === undefined || spanMs === undefined ? undefined : toLapseMs(sinceMs, spanMs)
    const hasLapsed = lapseMs !== undefined && lapseMs <= this.#nowMs
    if (hasLapsed || this.#references.has(reference)) return { type: 'done', legs: [] }
    if (spent + amount < 0n) return { type: 'conflict' }
    this.#references.add(reference)
    const back = { kind: 'adjust', debit: 'spent', credit: 'open', amount: -amount, reference } as const
    const more = { kind: 'adjust', debit: 'open', credit: 'spent', amount, reference } as const
    this.#move(account, amount < 0n ? back : more)
    if (lapseMs !== undefined) this.#addLapse({ account, atMs: lapseMs, amount })
    return { type: 'done', legs: [] }
  }

  #fund({ account, limit }: FundOperation): Outcome {
    const more = limit - this.#account(account).limit
    this.#move(account, { kind: 'fund', debit: 'limit', credit: 'open', amount: max(0n, more) })
    this.#move(account, { kind: 'defund', debit: 'open', credit: 'limit', amount: max(0n, -more) })
    return { type: 'done', legs: [] }
  }

  #end(leg: Leg, state: 'voided' | 'expired'): void {
    const kind = state === 'expired' ? 'expire' : 'release'
    const { account, hold, amount, posted } = leg
    this.#move(account, { kind, debit: 'held', credit: 'open', amount: amount - posted, hold })
    this.#put({ ...leg, state })
  }

  /** On an account with a span: when what was just spent comes back. */
  #remember(account: number, amount: bigint): void {
    const { spanMs } = this.#account(account)
    if (spanMs === undefined || amount === 0n) return
    this.#addLapse({ account, atMs: toLapseMs(this.#nowMs, spanMs), amount })
  }

  #addLapse(lapse: Lapse): void {
    const { account, amount } = lapse
    const key = `${account} ${lapse.atMs}`
    this.#lapses.set(key, { ...lapse, amount: amount + (this.#lapses.get(key)?.amount ?? 0n) })
  }

  #move(account: number, transfer: Moved): void {
    if (transfer.amount === 0n) return
    assert(transfer.amount > 0n, 'a transfer moves something, from debit to credit')
    const moved = { hold: undefined, reference: undefined, ...transfer, account, atMs: this.#nowMs }
    this.#transfers.push(moved)
    this.#accounts.set(account, addTransfer(this.#account(account), moved))
    this.#changedAccounts.add(account)
  }

  #put(leg: Leg): void {
    this.#legsOf(leg.hold).set(leg.account, leg)
    this.#changedLegs.add(keyOf(leg))
  }

  #legsOf(hold: string): Map<number, Leg> {
    const known = this.#legs.get(hold) ?? new Map<number, Leg>()
    this.#legs.set(hold, known)
    return known
  }

  #amounts(hold: string, legs: readonly { readonly account: number }[]): readonly LegAmount[] {
    return legs.map(({ account }) => ({ account, amount: this.#legsOf(hold).get(account)?.amount ?? 0n }))
  }

  #account(id: number): Account {
    const account = this.#accounts.get(id)
    assert(account !== undefined, 'the page holds every account that its operations touch')
    return account
  }

  /** The hold's own part of what is held is told apart, since only its owner knows what of it is in use. */
  #standing(hold: string, { account }: { readonly account: number }): Standing {
    const { limit, spent, held } = this.#account(account)
    const own = this.#legsOf(hold).get(account)
    const posted = own?.posted ?? 0n
    const heldHere = own === undefined || own.state !== 'live' ? 0n : own.amount - posted
    const nextFreeMs = this.#page.nextLapses.get(account)
    return { account, balance: { limit, spent, held }, posted, heldByOthers: held - heldHere, nextFreeMs }
  }
}

interface Moved {
  readonly kind: TransferKind
  readonly debit: Pot
  readonly credit: Pot
  readonly amount: bigint
  readonly hold?: string
  readonly reference?: string
}

/** A balance after one more transfer. Folding all transfers of an account gives its balance. */
export function addTransfer<T extends Balance>(
  balance: T,
  { debit, credit, amount }: Pick<Transfer, 'debit' | 'credit' | 'amount'>,
): T {
  const change = (pot: Pot): bigint => (credit === pot ? amount : 0n) - (debit === pot ? amount : 0n)
  return {
    ...balance,
    limit: balance.limit - change('limit'),
    held: balance.held + change('held'),
    spent: balance.spent + change('spent'),
  }
}

function availableOf({ limit, spent, held }: Balance): bigint {
  return limit - spent - held
}

function keyOf(leg: Leg): string {
  return `${leg.account} ${leg.hold}`
}

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
