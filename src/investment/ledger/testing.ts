/** For tests and scorecards: a ledger that is too simple to be wrong, and random histories to hold the real one to it. */
import type { Random } from '../../core/random.ts'
import { toLapseMs } from '../../core/spending.ts'
import type { LegAmount, Operation, Outcome } from './operations.ts'

export interface ReferenceAccount {
  limit: bigint
  readonly spanMs: number | undefined
  /** What was spent, and when it comes back. */
  readonly spent: { amount: bigint; readonly untilMs: number }[]
}

interface ReferenceHold {
  readonly purpose: string
  readonly legs: Map<number, { amount: bigint; deadlineMs: number; state: string }>
}

/** The rules of the ledger in as few lines as they take: no log, no running balances, every sum taken anew. */
export class Reference {
  readonly accounts: ReferenceAccount[]
  readonly holds = new Map<string, ReferenceHold>()
  readonly adjusted = new Set<string>()

  constructor(accounts: readonly Omit<ReferenceAccount, 'spent'>[]) {
    this.accounts = accounts.map((account) => ({ ...account, spent: [] }))
  }

  spent(account: number): bigint {
    return this.#get(account).spent.reduce((sum, { amount }) => sum + amount, 0n)
  }

  held(account: number): bigint {
    const legs = [...this.holds.values()].map((hold) => hold.legs.get(account))
    return legs.reduce((sum, leg) => sum + (leg?.state === 'live' ? leg.amount : 0n), 0n)
  }

  /** Time passes on the accounts that the operation touches: only they are looked at. */
  apply(operation: Operation, nowMs: number): Outcome['type'] {
    const touched = new Set('legs' in operation ? operation.legs.map((leg) => leg.account) : [])
    if ('account' in operation) touched.add(operation.account)
    if ('hold' in operation)
      for (const account of this.holds.get(operation.hold)?.legs.keys() ?? []) touched.add(account)
    for (const account of touched) {
      const { spent } = this.#get(account)
      spent.splice(0, spent.length, ...spent.filter(({ untilMs }) => untilMs > nowMs))
      for (const [id, { legs }] of this.holds) {
        const leg = legs.get(account)
        const isKept = operation.type === 'hold' && operation.hold === id
        if (leg?.state === 'live' && leg.deadlineMs <= nowMs && !isKept) leg.state = 'expired'
      }
    }
    return this.#do(operation, nowMs)
  }

  /** Lets go of holds that have ended, but for the last ones; what they spent stays. */
  forget(kept: number): void {
    let rest = this.holds.size - kept
    for (const [id, { legs }] of this.holds) {
      if (rest-- <= 0) break
      if ([...legs.values()].every((leg) => leg.state !== 'live')) this.holds.delete(id)
    }
    for (const { spent, spanMs } of this.accounts) {
      if (spanMs !== undefined) continue
      const amount = spent.reduce((sum, each) => sum + each.amount, 0n)
      spent.splice(0, spent.length, { amount, untilMs: Infinity })
    }
  }

  /** Of a batch: what is due on its accounts ends before anything of it is done, but for what the batch itself prolongs. */
  applyBatch(batch: readonly Operation[], nowMs: number): readonly Outcome['type'][] {
    const named = batch.flatMap((operation) => {
      const legs = 'legs' in operation ? operation.legs.map((leg) => leg.account) : []
      const held = 'hold' in operation ? [...(this.holds.get(operation.hold)?.legs.keys() ?? [])] : []
      return 'account' in operation ? [operation.account] : [...legs, ...held]
    })
    const touched = new Set(named)
    const kept = new Set(batch.flatMap((operation) => (operation.type === 'hold' ? [operation.hold] : [])))
    for (const [id, { legs }] of this.holds) {
      for (const [account, leg] of legs)
        if (leg.state === 'live' && leg.deadlineMs <= nowMs && touched.has(account) && !kept.has(id))
          leg.state = 'expired'
    }
    return batch.map((operation) => this.#do(operation, nowMs))
  }

  #do(operation: Operation, nowMs: number): Outcome['type'] {
    if (operation.type === 'fund') return ((this.#get(operation.account).limit = operation.limit), 'done')
    if (operation.type === 'adjust') {
      const { sinceMs } = operation
      const { spanMs } = this.#get(operation.account)
      const untilMs = sinceMs === undefined || spanMs === undefined ? Infinity : toLapseMs(sinceMs, spanMs)
      if (untilMs <= nowMs || this.adjusted.has(operation.reference)) return 'done'
      if (this.spent(operation.account) + operation.amount < 0n) return 'conflict'
      this.adjusted.add(operation.reference)
      this.#get(operation.account).spent.push({ amount: operation.amount, untilMs })
      return 'done'
    }
    const hold = this.holds.get(operation.hold)
    if (operation.type === 'hold') return this.#hold(operation, hold)
    if (hold === undefined) return 'unknown'
    const legs = [...hold.legs.values()]
    if (operation.type === 'shrink') {
      for (const { account, amount } of operation.legs) {
        const leg = hold.legs.get(account)
        if (leg?.state === 'live' && amount < leg.amount) leg.amount = amount
      }
      return 'done'
    }
    if (operation.type === 'void') {
      for (const leg of legs) if (leg.state === 'live') leg.state = 'voided'
      return legs.some((leg) => leg.state !== 'voided') ? 'ended' : 'done'
    }
    const amountOf = (account: number): bigint => operation.legs.find((leg) => leg.account === account)?.amount ?? 0n
    if (operation.legs.some((leg) => !hold.legs.has(leg.account))) return 'conflict'
    const ended = legs.find((leg) => leg.state !== 'live')
    if (ended !== undefined) {
      const isSame = [...hold.legs].every(([account, leg]) => leg.amount === amountOf(account))
      return ended.state !== 'posted' ? 'ended' : isSame ? 'done' : 'conflict'
    }
    for (const [account, leg] of hold.legs) {
      const { spanMs, spent } = this.#get(account)
      spent.push({ amount: amountOf(account), untilMs: spanMs === undefined ? Infinity : toLapseMs(nowMs, spanMs) })
      hold.legs.set(account, { ...leg, amount: amountOf(account), state: 'posted' })
    }
    return 'done'
  }

  #hold(operation: Extract<Operation, { type: 'hold' }>, known: ReferenceHold | undefined): Outcome['type'] {
    const hold = known ?? {
      purpose: operation.purpose,
      legs: new Map<number, { amount: bigint; deadlineMs: number; state: string }>(),
    }
    if (hold.purpose !== operation.purpose) return 'conflict'
    if (operation.legs.some((leg) => (hold.legs.get(leg.account)?.state ?? 'live') !== 'live')) return 'ended'
    const more = operation.legs.map(({ account, least, most }) => {
      const has = hold.legs.get(account)?.amount ?? 0n
      const open = this.#get(account).limit - this.spent(account) - this.held(account)
      const wish = (most ?? least + greater(0n, (has + open - least) / 2n)) - has
      return { account, has, least, more: greater(0n, wish < open ? wish : open) }
    })
    if (more.some((leg) => leg.has + leg.more < leg.least)) return 'refused'
    this.holds.set(operation.hold, hold)
    for (const leg of more) {
      const deadlineMs = Math.max(hold.legs.get(leg.account)?.deadlineMs ?? 0, operation.deadlineMs)
      hold.legs.set(leg.account, { amount: leg.has + leg.more, deadlineMs, state: 'live' })
    }
    return 'done'
  }

  #get(account: number): ReferenceAccount {
    const found = this.accounts[account]
    if (found === undefined) throw new Error('no such account')
    return found
  }
}

function greater(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}

export interface HistoryOptions {
  readonly random: Random
  /** Numbers of the accounts, as the operations name them. */
  readonly accounts: readonly number[]
  readonly owner: string
  /** Names holds, so that histories of several owners do not meet. */
  readonly prefix: string
}

/** Random operations: new holds, repetitions, extensions, late and doubled ends, corrections, changed limits. */
export function createHistory(options: HistoryOptions): (nowMs: number) => Operation {
  const { random, accounts, owner, prefix } = options
  const past: Operation[] = []
  const open: { hold: string; legs: readonly LegAmount[] }[] = []
  let next = 0
  const upTo = (bound: number): number => Math.floor(random.next() * bound)
  // Long-tailed, and now and then beyond 64 bits.
  const amount = (): bigint => BigInt(Math.ceil(random.next() ** 4 * 1e12)) * (upTo(500) === 0 ? 10n ** 12n : 1n)
  const pick = (): readonly number[] => {
    const start = upTo(accounts.length)
    return [...new Set([0, 1, 2].slice(0, 1 + upTo(3)).map((step) => accounts[(start + step) % accounts.length] ?? 0))]
  }
  const made = (nowMs: number): Operation => {
    const choice = random.next()
    const known = open[upTo(open.length)]
    if (choice < 0.4 || known === undefined) {
      const hold = `${prefix}${next++}`
      const least = amount()
      const most = choice < 0.1 ? undefined : least + (choice < 0.2 ? amount() : 0n)
      const legs = pick().map((account) => ({ account, least, most }))
      open.push({ hold, legs: legs.map(({ account }) => ({ account, amount: least })) })
      if (open.length > 40) open.shift()
      return { type: 'hold', hold, owner, purpose: hold, deadlineMs: nowMs + 1 + upTo(200), legs }
    }
    if (choice < 0.5) {
      const more = amount()
      const most = 10n ** 25n
      const legs = known.legs.map((leg) => ({
        account: leg.account,
        least: leg.amount + more,
        most: leg.amount + most,
      }))
      const purpose = choice < 0.41 ? 'other' : known.hold
      return { type: 'hold', hold: known.hold, owner, purpose, deadlineMs: nowMs + 200, legs }
    }
    const part = random.next() < 0.1 ? 2n + BigInt(upTo(3)) : undefined
    const legs = known.legs.map((leg) => ({
      account: leg.account,
      amount: part === undefined ? leg.amount / BigInt(1 + upTo(4)) : leg.amount * part,
    }))
    if (choice < 0.56) return { type: 'shrink', hold: known.hold, legs }
    if (choice < 0.8) return { type: 'settle', hold: known.hold, legs }
    if (choice < 0.9) return { type: 'void', hold: known.hold }
    const [account = 0] = pick()
    // Late, for something that began to count before.
    if (choice < 0.92)
      return { type: 'adjust', account, reference: `${prefix}s${next}`, amount: amount(), sinceMs: nowMs - upTo(150) }
    if (choice < 0.97)
      return {
        type: 'adjust',
        account,
        reference: `${prefix}a${next}${upTo(3)}`,
        amount: amount() / 4n - amount() * 4n,
      }
    if (choice < 0.98) return { type: 'fund', account, limit: BigInt(1 + upTo(4)) * 10n ** 12n }
    return holdNothing({ hold: `${prefix}none${Math.floor(next / 4)}`, owner, account, nowMs })
  }
  return (nowMs) => {
    const again = past[upTo(past.length)]
    // An answer was lost, so it is asked again; or a message was late and comes after others.
    if (again !== undefined && random.next() < 0.1) return again
    const operation = made(nowMs)
    past.push(operation)
    if (past.length > 60) past.shift()
    return operation
  }
}

function holdNothing(parts: {
  readonly hold: string
  readonly owner: string
  readonly account: number
  readonly nowMs: number
}): Operation {
  const { hold, owner, account, nowMs } = parts
  const legs = [{ account, least: 0n, most: 0n }]
  return { type: 'hold', hold, owner, purpose: 'x', deadlineMs: nowMs + 1, legs }
}
