import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Call } from '../../core/call.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Scope } from './budget.ts'
import { larger, lend, Purse, type Need } from './purse.ts'
import { toRefusal, toUntold } from './refusal.ts'
import type { BudgetStore } from './store.ts'
import { isPatient, partHopeless, recallMs, sharesPurse, toWishes, type Waiter, type Wish } from './waiting.ts'

/**
 * The purses of this process. Giving and taking back is a matter of memory; the ledger is asked when a purse runs low, for
 * many calls at once. What is not in use goes back: when another process wants it, when nobody has used it for a moment.
 */
export interface Purses {
  /** The purse of an account, made when first asked for. */
  find(scope: Scope): Purse
  /** Lends all or none; waits for money that is in use elsewhere. Rejects with BUDGET_EXCEEDED or RATE_LIMITED. */
  take(needs: readonly Need[], call: Call): readonly bigint[] | Promise<readonly bigint[]>
  /** Lends more if it is in the purse or can be had at once or by waiting; false when not. */
  more(need: Need, call: Call): boolean | Promise<boolean>
  /** Takes back what was lent, and counts what of it was used; more than was lent is an overrun. */
  giveBack(purse: Purse, lent: bigint, used: bigint): void
  /** Gives back to the ledger whatever calls under way do not need. */
  rest(tenant: string): Promise<void>
  close(): void
}

export interface PursesDeps {
  readonly ledger: Ledger
  readonly store: BudgetStore
  readonly clock: Clock
  readonly log: EventLog
  /** As it is in force now. */
  readonly config: () => PursesConfig
  /** Names the process; whoever recovers its journal ends its holds. */
  readonly owner: () => string
}

export interface PursesConfig {
  readonly leaseMs: number
  readonly waitMsMax: number
  readonly waitersMax: number
}

const tickMs = 100
/** A purse that nobody used for so long gives back what is in it. */
const idleMs = 1_000
/** How long a purse that the ledger could not fill is not offered to it again. */
const shortMs = 20

export function createPurses(deps: PursesDeps): Purses {
  return new ProcessPurses(deps)
}

class ProcessPurses implements Purses {
  readonly #deps: PursesDeps
  readonly #purses = new Map<string, Purse>()
  readonly #byScope = new WeakMap<Scope, Purse>()
  #waiters: Waiter[] = []
  #isPumping = false
  #isPumpWanted = false
  #numberNext = 1
  #timer: NodeJS.Timeout | undefined
  #lastLookMs = 0
  #isTicking = false
  #isClosed = false

  constructor(deps: PursesDeps) {
    this.#deps = deps
  }

  find(scope: Scope): Purse {
    const last = this.#byScope.get(scope)
    if (last?.isForgotten === false && last.scope === scope) {
      last.lastUsedMs = this.#deps.clock.now()
      return last
    }
    const name = `${scope.budget.tenant} ${scope.key}`
    const known = this.#purses.get(name) ?? new Purse(scope, this.#numberNext++)
    known.scope = scope // the budget may have been changed since
    known.lastUsedMs = this.#deps.clock.now()
    this.#purses.set(name, known)
    this.#byScope.set(scope, known)
    return known
  }

  take(needs: readonly Need[], call: Call): readonly bigint[] | Promise<readonly bigint[]> {
    const isContended = this.#waiters.length > 0 && this.#waiters.some((waiter) => sharesPurse(waiter.needs, needs))
    if (!isContended && !this.#mayFill(needs)) {
      const given = lend(needs, { nowMs: this.#deps.clock.now(), isPatient: true })
      if (given !== undefined) return given
    }
    return this.#wait(needs, call)
  }

  more(need: Need, call: Call): boolean | Promise<boolean> {
    if (lend([need], { nowMs: this.#deps.clock.now(), isPatient: true }) !== undefined) return true
    return this.#wait([need], call).then(
      () => true,
      () => false,
    )
  }

  giveBack(purse: Purse, lent: bigint, used: bigint): void {
    purse.lent -= lent
    purse.used += used
    purse.lastUsedMs = this.#deps.clock.now()
    if (this.#waiters.length > 0) this.#pump()
  }

  async rest(tenant: string): Promise<void> {
    const open = [...this.#purses.values()].filter(({ scope, open }) => scope.budget.tenant === tenant && open > 0n)
    await Promise.all(open.map((purse) => this.#shrink(purse)))
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const { reject } of this.#waiters.splice(0)) reject(new PlatformError('OVERLOADED', 'Strata is shutting down'))
  }

  /** Whether the ledger may have what a purse lacks for the most that is wished. */
  #mayFill(needs: readonly Need[]): boolean {
    for (const { purse, most } of needs)
      if (purse.open < most && purse.shortUntilMs <= this.#deps.clock.monotonicMs()) return true
    return false
  }

  #wait(needs: readonly Need[], call: Call): Promise<readonly bigint[]> {
    const { clock } = this.#deps
    const config = this.#deps.config()
    if (this.#waiters.length >= config.waitersMax) {
      return Promise.reject(
        new PlatformError('OVERLOADED', 'too many requests wait for money', { retryAfterMs: 1_000 }),
      )
    }
    return new Promise((resolve, reject) => {
      const isMoney = needs.every(({ purse }) => purse.scope.budget.counts === 'money')
      const waitMs = isMoney ? config.waitMsMax : Math.min(recallMs, config.waitMsMax)
      const sinceMs = clock.monotonicMs()
      const waiter = { needs, resolve, reject, sinceMs, waitMs, call, toldMs: undefined, isAsked: false }
      this.#startTicking()
      this.#keepWaiting([...this.#waiters, waiter])
      this.#pump()
    })
  }

  #pump(): void {
    this.#isPumpWanted = true
    if (this.#isPumping) return
    this.#isPumping = true
    void this.#pumpDry()
  }

  /** Never rejects. What came back while somebody was served is looked at again. */
  async #pumpDry(): Promise<void> {
    while (this.#isPumpWanted) {
      this.#isPumpWanted = false
      await this.#serve()
    }
    this.#isPumping = false
  }

  /** Serves who waits, in the order they came; asks the ledger for all of them at once. Never rejects. */
  async #serve(): Promise<void> {
    for (;;) {
      this.#serveFromPurses(false)
      const asking = this.#waiters.filter((waiter) => !waiter.isAsked)
      if (asking.length === 0) break
      for (const waiter of asking) waiter.isAsked = true
      try {
        await this.#fill(asking)
        const nowMs = this.#deps.clock.monotonicMs()
        for (const waiter of asking) waiter.toldMs ??= nowMs
      } catch (thrown) {
        this.#fail(asking, toPlatformError(thrown))
      }
      this.#serveFromPurses(true)
    }
    this.#refuse('hopeless')
  }

  /** `isFinal`: the ledger has been asked, so what is there is all there is. Who came first goes first. */
  #serveFromPurses(isFinal: boolean): void {
    const { clock } = this.#deps
    const [nowMs, nowMonotonicMs] = [clock.now(), clock.monotonicMs()]
    const held = new Set<Purse>()
    const staying: Waiter[] = []
    for (const waiter of this.#waiters) {
      const { needs, call } = waiter
      const isReady = isFinal || waiter.isAsked || !this.#mayFill(needs)
      const isFree = isReady && !call.cancellation.isCancelled && needs.every(({ purse }) => !held.has(purse))
      const isWaiting = isPatient(waiter, this.#waiters, nowMonotonicMs)
      const given = isFree ? lend(needs, { nowMs, isPatient: isWaiting }) : undefined
      if (given !== undefined) {
        waiter.resolve(given)
        continue
      }
      staying.push(waiter)
      for (const { purse } of needs) held.add(purse)
    }
    this.#keepWaiting(staying)
  }

  async #fill(waiters: readonly Waiter[]): Promise<void> {
    const wishes = toWishes(waiters)
    await this.#openAccounts([...wishes.keys()])
    await Promise.all([...wishes].map(([purse, wish]) => this.#draw(purse, wish)))
  }

  async #openAccounts(purses: readonly Purse[]): Promise<void> {
    const closed = purses.filter((purse) => purse.account === undefined)
    if (closed.length === 0) return
    const keys = closed.map(({ scope }) => {
      const { tenant, id, spanMs, limit } = scope.budget
      const { subject, startsAtMs, endsAtMs } = scope
      return { tenant, budget: id, subject, startsAtMs, endsAtMs, spanMs, limit }
    })
    const numbers = await this.#deps.ledger.open(keys)
    for (const [index, purse] of closed.entries()) purse.account = numbers[index]
  }

  /**
   * Asks for what is needed and half of the rest, and when there is not so much, for all there is. Beside other processes
   * what is needed is what the first of those who wait needs, so that nobody takes all.
   */
  #draw(purse: Purse, wish: Wish): Promise<void> {
    return this.#inTurn(purse, async () => {
      const { clock } = this.#deps
      if (purse.open >= wish.most && purse.leaseMs > clock.now()) return
      const isShared = (purse.standing?.heldByOthers ?? 0n) > 0n
      const needed = isShared ? wish.first : wish.least
      const toNeeded = (): bigint => purse.drawn + larger(0n, needed - purse.open)
      let answer = await this.#hold(purse, { least: toNeeded(), most: undefined })
      if (answer === 'ended') answer = await this.#hold(purse, { least: toNeeded(), most: undefined })
      if (answer === 'short') await this.#hold(purse, { least: purse.drawn, most: toNeeded() })
      else if (purse.open < wish.most && !isShared)
        await this.#hold(purse, { least: purse.drawn, most: purse.drawn + wish.most - purse.open })
      if (purse.open < wish.most) purse.shortUntilMs = clock.monotonicMs() + shortMs
    })
  }

  #inTurn(purse: Purse, work: () => Promise<void>): Promise<void> {
    const mine = purse.turn.then(work)
    purse.turn = mine.catch(() => undefined) // who waits for this turn hears of its failure; the next turn goes on
    return mine
  }

  /** `short`: the account has too little. `ended`: the hold is over, and the purse begins anew. */
  async #hold(
    purse: Purse,
    bounds: { readonly least: bigint; readonly most: bigint | undefined },
  ): Promise<'done' | 'short' | 'ended'> {
    const { ledger, clock, owner } = this.#deps
    const { account } = purse
    if (account === undefined) return 'short'
    const deadlineMs = Math.trunc(clock.now()) + this.#deps.config().leaseMs
    const hold = toHoldId(owner(), purse)
    const legs = [{ account, ...bounds }]
    const outcome = await ledger.run({ type: 'hold', hold, owner: owner(), purpose: 'purse', deadlineMs, legs })
    if (outcome.type === 'done') {
      purse.granted = outcome.legs[0]?.amount ?? purse.drawn
      purse.drawn = purse.granted
      purse.leaseMs = deadlineMs
      purse.standing = outcome.standing?.[0]
      return 'done'
    }
    if (outcome.type === 'refused') {
      purse.standing = outcome.short[0]
      return 'short'
    }
    this.#beginAnew(purse)
    return 'ended'
  }

  /** The lease ran out, as when the machine slept: what calls under way have is held once more. */
  #beginAnew(purse: Purse): void {
    if (purse.lent > 0n)
      this.#deps.log.warn(
        { budget: purse.scope.budget.id },
        'what was in hand of a budget had expired; it is held anew',
      )
    purse.number = this.#numberNext++
    purse.drawn = 0n
    purse.granted = 0n
    purse.used = 0n
  }

  /** Tells those who have waited long enough, or those too for whom nothing can come. */
  #refuse(which: 'expired' | 'hopeless'): void {
    const { staying, told } = partHopeless(this.#waiters, this.#deps.clock.monotonicMs(), which)
    this.#keepWaiting([...staying])
    for (const waiter of told) {
      const { cancellation } = waiter.call
      waiter.reject(cancellation.isCancelled ? toPlatformError(cancellation.reason) : this.#toRefusal(waiter))
    }
  }

  #toRefusal({ needs, toldMs }: Waiter): PlatformError {
    if (toldMs === undefined) return toUntold()
    const short = needs.find(({ purse, least }) => purse.open < least) ?? needs[0]
    return toRefusal(short?.purse, short?.least ?? 0n, this.#deps.clock.now())
  }

  #fail(waiters: readonly Waiter[], error: PlatformError): void {
    for (const waiter of waiters) waiter.reject(error)
    this.#keepWaiting(this.#waiters.filter((waiter) => !waiters.includes(waiter)))
  }

  /** Whoever waits keeps the process alive; nothing else of budgets does. */
  #keepWaiting(waiters: Waiter[]): void {
    this.#waiters = waiters
    if (waiters.length > 0) this.#timer?.ref()
    else this.#timer?.unref()
  }

  #startTicking(): void {
    this.#timer ??= setInterval(() => void this.#tick(), tickMs).unref()
  }

  /** A slow database is asked no faster than it answers; who has waited long enough is told all the same. */
  async #tick(): Promise<void> {
    this.#refuse('expired')
    if (this.#isTicking) return
    this.#isTicking = true
    try {
      if (this.#waiters.length > 0) await this.#lookForMore()
      const nowMs = this.#deps.clock.monotonicMs()
      if (nowMs - this.#lastLookMs < 2 * tickMs) return
      this.#lastLookMs = nowMs
      await this.#keepUp()
    } catch (thrown) {
      if (!this.#isClosed)
        this.#deps.log.warn({ reason: toPlatformError(thrown).message }, 'budgets could not be kept up')
    } finally {
      this.#isTicking = false
    }
  }

  /** Tells other processes what is wanted, and asks the ledger again. */
  async #lookForMore(): Promise<void> {
    const { store, owner, clock } = this.#deps
    const short = this.#waiters.flatMap(({ needs }) => needs.filter(({ purse, waitFor }) => purse.open < waitFor))
    const wanted = short.filter(({ purse }) => (purse.standing?.heldByOthers ?? 0n) > 0n)
    const accounts = [...new Set(wanted.flatMap(({ purse }) => (purse.account === undefined ? [] : [purse.account])))]
    if (accounts.length > 0) await store.want(accounts, owner(), Math.trunc(clock.now()) + recallMs)
    for (const waiter of this.#waiters) waiter.isAsked = false
    this.#pump()
  }

  /** Prolongs what is in use, hands over what others want or nobody uses, forgets what is empty and long unused. */
  async #keepUp(): Promise<void> {
    const { clock, store, owner } = this.#deps
    const { leaseMs } = this.#deps.config()
    const nowMs = clock.now()
    const held = [...this.#purses].filter(([, purse]) => purse.account !== undefined)
    const accounts = held.map(([, purse]) => purse.account).filter((account) => account !== undefined)
    const wanted = accounts.length === 0 ? [] : await store.readWants(accounts, owner(), Math.trunc(nowMs))
    for (const [name, purse] of held) {
      const isWanted = purse.account !== undefined && wanted.includes(purse.account)
      // What somebody waits for is not idle, however long the ledger takes to say what there is of the rest.
      const isIdle = nowMs - purse.lastUsedMs > idleMs && !toWishes(this.#waiters).has(purse)
      const isOver = purse.open > 0n || purse.granted > purse.drawn
      if (isOver && (isWanted || isIdle)) await this.#shrink(purse)
      else if ((purse.lent > 0n || purse.open > 0n) && purse.leaseMs - nowMs < leaseMs / 2) await this.#prolong(purse)
      else if (purse.lent === 0n && !isOver && nowMs - purse.lastUsedMs > 2 * leaseMs)
        purse.isForgotten = this.#purses.delete(name)
    }
    if (this.#purses.size > 0 || this.#waiters.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #shrink(purse: Purse): Promise<void> {
    return this.#inTurn(purse, async () => {
      const { account } = purse
      if (account === undefined) return
      // Not lent any more from here on, whatever becomes of the answer.
      purse.drawn -= larger(0n, purse.open)
      const { ledger, owner } = this.#deps
      await ledger.run({ type: 'shrink', hold: toHoldId(owner(), purse), legs: [{ account, amount: purse.drawn }] })
      purse.granted = purse.drawn
      purse.shortUntilMs = 0
    })
  }

  #prolong(purse: Purse): Promise<void> {
    return this.#inTurn(purse, async () => {
      await this.#hold(purse, { least: purse.drawn, most: purse.drawn })
    })
  }
}

/** The folding of the journal knows the process, and a charge the number of the purse. */
function toHoldId(owner: string, purse: Purse): string {
  return `${owner}/${purse.number}`
}
