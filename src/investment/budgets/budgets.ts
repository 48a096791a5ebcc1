import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Balance, Ledger, StatedAccount } from '../ledger/index.ts'
import type { OutlookStore, StatedOutlook } from './outlooks/store.ts'
import { dimensions, type Budget } from './budget.ts'
import { toPeriod } from './periods.ts'
import type { Purses } from './purses.ts'
import { toForecast, toLimit, toTerms, type BudgetRequest } from './request.ts'
import type { BudgetStore } from './store.ts'

/** The limits of tenants: made, changed, removed, and how they stand. */
export interface Budgets {
  /** Rejects with INVALID_REQUEST, or CONFLICT where the tenant has a budget of that name or of the same calls. */
  create(tenant: string, request: BudgetRequest): Promise<BudgetState>
  list(tenant: string): Promise<readonly BudgetState[]>
  /** Rejects with NOT_FOUND, as do the others that name one. */
  get(tenant: string, id: string): Promise<BudgetState>
  /** A lower limit than what is spent allows nothing more; it takes nothing back. */
  change(tenant: string, id: string, change: BudgetChange): Promise<BudgetState>
  /** Its accounts stay in the books. */
  remove(tenant: string, id: string): Promise<void>
  /** Corrects what an account has spent, once for each reference: when the truth comes later, as with a vendor's bill. */
  adjust(tenant: string, id: string, adjustment: Adjustment): Promise<BudgetState>
  /** Of a tenant, as known in memory; `undefined` when it has none. Read at every request. */
  of(tenant: string): readonly Budget[] | undefined
  /** Of all tenants, those with alerts or a forecast, as known in memory. */
  alerting(): readonly Budget[]
  refresh(): Promise<void>
  close(): void
}

export interface BudgetChange {
  readonly limit?: string | number | undefined
  readonly alerts?: readonly number[] | undefined
  /** `null` ends it. */
  readonly forecast?: { readonly probability: number } | null | undefined
}

export interface Adjustment {
  readonly subject: string
  /** As limits are written; below nothing gives back. */
  readonly amount: string
  readonly reference: string
}

/** A budget with its accounts of the running period; none until a call has fallen under it. */
export interface BudgetState {
  readonly budget: Budget
  readonly accounts: readonly AccountState[]
}

export interface AccountState extends Balance {
  readonly subject: string
  readonly startsAtMs: number
  readonly endsAtMs: number | undefined
  readonly nextFreeMs: number | undefined
  /** What the forecast last said; `undefined` before it was first made, and where none is asked for. */
  readonly outlook: StatedOutlook | undefined
}

export interface BudgetsDeps {
  readonly store: BudgetStore
  readonly ledger: Ledger
  readonly purses: Pick<Purses, 'rest'>
  readonly outlooks: Pick<OutlookStore, 'list'>
  /** Everything recorded is in the database. */
  readonly flush: () => Promise<void>
  readonly ids: Ids
  readonly clock: Clock
  readonly log: EventLog
}

const refreshMs = 1_000
const accountsMax = 1_000
const budgetsMax = 1_000

/** Reads the budgets, and looks for changes by other processes every second. */
export async function createBudgets(deps: BudgetsDeps): Promise<Budgets> {
  const budgets = new KnownBudgets(deps)
  await budgets.refresh()
  budgets.start()
  return budgets
}

class KnownBudgets implements Budgets {
  readonly #deps: BudgetsDeps
  #byTenant = new Map<string, readonly Budget[]>()
  #alerting: readonly Budget[] = []
  #mark: string | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: BudgetsDeps) {
    this.#deps = deps
  }

  of(tenant: string): readonly Budget[] | undefined {
    return this.#byTenant.get(tenant)
  }

  alerting(): readonly Budget[] {
    return this.#alerting
  }

  async create(tenant: string, request: BudgetRequest): Promise<BudgetState> {
    const { store, ids, clock } = this.#deps
    const terms = toTerms(request)
    await this.refresh()
    const others = this.of(tenant) ?? []
    if (others.length >= budgetsMax) throw new PlatformError('CONFLICT', `a tenant has at most ${budgetsMax} budgets`)
    const same = others.find((other) => isSameScope(other, terms))
    if (same !== undefined) {
      throw new PlatformError('CONFLICT', `budget "${same.name}" (${same.id}) limits the same calls; change that one`)
    }
    const budget = { ...terms, tenant, id: ids.create('budget'), createdAtMs: Math.trunc(clock.now()) }
    if (!(await store.insert(budget)))
      throw new PlatformError('CONFLICT', `there is a budget named "${budget.name}" already`, { param: 'name' })
    await this.refresh()
    return { budget, accounts: [] }
  }

  async list(tenant: string): Promise<readonly BudgetState[]> {
    await this.refresh()
    const budgets = this.of(tenant) ?? []
    return budgets.length === 0 ? [] : this.#readStates(tenant, budgets)
  }

  async get(tenant: string, id: string): Promise<BudgetState> {
    const found = (await this.list(tenant)).find(({ budget }) => budget.id === id)
    if (found === undefined) throw missing(id)
    return found
  }

  async change(tenant: string, id: string, change: BudgetChange): Promise<BudgetState> {
    const { store, ledger, clock } = this.#deps
    const { budget } = await this.get(tenant, id)
    const limit = change.limit === undefined ? budget.limit : toLimit(budget.counts, change.limit)
    const forecast =
      change.forecast === undefined ? budget.forecast : toForecast(change.forecast?.probability, budget.period)
    const changed = { ...budget, limit, forecast, alerts: change.alerts ?? budget.alerts }
    if (!(await store.update(changed))) throw missing(id)
    const accounts = await ledger.read({ tenant })
    const own = accounts.filter((account) => account.budget === id && (account.endsAtMs ?? Infinity) > clock.now())
    await Promise.all(own.map((account) => ledger.run({ type: 'fund', account: account.id, limit })))
    await this.refresh()
    return this.get(tenant, id)
  }

  async remove(tenant: string, id: string): Promise<void> {
    if (!(await this.#deps.store.remove({ tenant, id }, Math.trunc(this.#deps.clock.now())))) throw missing(id)
    await this.refresh()
  }

  async adjust(tenant: string, id: string, adjustment: Adjustment): Promise<BudgetState> {
    const { ledger } = this.#deps
    const { budget } = await this.get(tenant, id)
    const isBack = adjustment.amount.startsWith('-')
    const amount = toLimit(budget.counts, isBack ? adjustment.amount.slice(1) : adjustment.amount)
    const accounts = await ledger.read({ tenant })
    const { startsAtMs } = toPeriod(budget.period, this.#deps.clock.now())
    const account = accounts.find(
      (each) => each.budget === id && each.subject === adjustment.subject && each.startsAtMs === startsAtMs,
    )
    if (account === undefined) {
      throw new PlatformError('NOT_FOUND', `budget ${id} has no account of that subject in its running period`, {
        param: 'subject',
      })
    }
    const outcome = await ledger.run({
      type: 'adjust',
      account: account.id,
      reference: `${tenant}/${id}/${adjustment.reference}`,
      amount: isBack ? -amount : amount,
    })
    if (outcome.type === 'done') return this.get(tenant, id)
    throw new PlatformError('INVALID_REQUEST', 'amount gives back more than was spent', { param: 'amount' })
  }

  /** One at a time, so that nothing read before a change undoes it here. */
  refresh(): Promise<void> {
    const mine = this.#turn.then(() => this.#read())
    this.#turn = mine.catch(() => undefined) // who waits for this turn hears of its failure; the next one goes on
    return mine
  }

  start(): void {
    let isBusy = false
    const tick = async (): Promise<void> => {
      if (isBusy) return
      isBusy = true
      try {
        await this.refresh()
      } catch (thrown) {
        this.#deps.log.warn({ reason: toPlatformError(thrown).message }, 'budgets could not be refreshed')
      } finally {
        isBusy = false
      }
    }
    this.#timer = setInterval(() => void tick(), refreshMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #read(): Promise<void> {
    const mark = await this.#deps.store.readMark()
    if (mark === this.#mark) return
    const byTenant = new Map<string, Budget[]>()
    for (const budget of await this.#deps.store.readAll()) {
      const others = byTenant.get(budget.tenant)
      if (others === undefined) byTenant.set(budget.tenant, [budget])
      else others.push(budget)
    }
    this.#byTenant = byTenant
    this.#alerting = [...byTenant.values()]
      .flat()
      .filter(({ alerts, forecast }) => alerts.length > 0 || forecast !== undefined)
    this.#mark = mark
  }

  /** What this process has in reserve goes back first, so that `held` is what calls under way hold. */
  async #readStates(tenant: string, budgets: readonly Budget[]): Promise<readonly BudgetState[]> {
    const { purses, flush, ledger, clock } = this.#deps
    await flush()
    await purses.rest(tenant)
    const accounts = await ledger.read({ tenant })
    const nowMs = clock.now()
    const outlooks = await this.#readOutlooks(budgets, accounts)
    return budgets.map((budget) => {
      const { startsAtMs } = toPeriod(budget.period, nowMs)
      const own = accounts.filter((account) => account.budget === budget.id && account.startsAtMs === startsAtMs)
      return {
        budget,
        accounts: own.slice(0, accountsMax).map((account) => ({
          ...account,
          nextFreeMs: account.nextLapseMs,
          outlook: outlooks.get(account.id),
        })),
      }
    })
  }

  #readOutlooks(budgets: readonly Budget[], accounts: readonly StatedAccount[]): ReturnType<OutlookStore['list']> {
    const forecast = new Set(budgets.filter((budget) => budget.forecast !== undefined).map(({ id }) => id))
    return this.#deps.outlooks.list(accounts.filter(({ budget }) => forecast.has(budget)).map(({ id }) => id))
  }
}

function isSameScope(one: Budget, other: Omit<Budget, 'tenant' | 'id' | 'createdAtMs'>): boolean {
  const describe = ({ counts, match, eachOf, period, spanMs }: typeof other): string =>
    JSON.stringify([counts, dimensions.map((dimension) => match[dimension] ?? null), eachOf, period, spanMs])
  return describe(one) === describe(other)
}

function missing(id: string): PlatformError {
  return new PlatformError('NOT_FOUND', `the tenant has no budget "${id.slice(0, 64)}"`, { param: 'id' })
}
