import type { Call } from '../../core/call.ts'
import { toPeriod, type Period } from './periods.ts'

/** A limit that a tenant has set on what its calls may spend or do. */
export interface Budget {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly counts: Counted
  /** Picodollars for money, else a count. */
  readonly limit: bigint
  /** The calls it is for: those that have all of these values. */
  readonly match: Partial<Record<Dimension, string>>
  /** One account for each value of these, instead of one for all. */
  readonly eachOf: readonly Dimension[]
  readonly period: Period
  /** Milliseconds; of a sliding period only. */
  readonly spanMs: number | undefined
  /** Percentages of the limit at which somebody is told. */
  readonly alerts: readonly number[]
  /** From which probability on somebody is told that it will be used up before its period ends; never when absent. */
  readonly forecast: number | undefined
  readonly createdAtMs: number
}

export type Counted = 'money' | 'requests' | 'tokens' | 'concurrency'

export const dimensions = ['key', 'user', 'team', 'project', 'model'] as const
export type Dimension = (typeof dimensions)[number]

/** An account that a call falls under. */
export interface Scope {
  readonly budget: Budget
  /** JSON array of the values of `eachOf`, `null` for one the call does not have; empty text when there are none. */
  readonly subject: string
  readonly startsAtMs: number
  readonly endsAtMs: number | undefined
  /** Names the account among all of the budgets in memory. */
  readonly key: string
}

/** What of a call budgets are told apart by; `undefined` where the call does not say. */
export function valueOf(call: Call, dimension: Dimension): string | undefined {
  const { principal, origin } = call
  switch (dimension) {
    case 'key':
      return principal.keyId
    case 'user':
      return principal.user ?? origin.user
    case 'team':
      return principal.team
    case 'project':
      return principal.project
    case 'model':
      return origin.model
  }
}

/** Finds the accounts that calls fall under; each is made once a period. */
export interface Scopes {
  /** Of one tenant's budgets, those that the call falls under, each with its account at the instant. */
  of(budgets: readonly Budget[], call: Call, nowMs: number): readonly Scope[]
}

/** Accounts of one budget that are kept; beyond them it begins anew. */
const keptMax = 1_000

export function createScopes(): Scopes {
  /** By their subjects. */
  const kept = new WeakMap<Budget, Map<string, Scope>>()

  function find(budget: Budget, call: Call, nowMs: number): Scope {
    const subject = toSubject(budget, (dimension) => valueOf(call, dimension))
    const scopes = kept.get(budget) ?? new Map<string, Scope>()
    const last = scopes.get(subject)
    if (last !== undefined && nowMs >= last.startsAtMs && nowMs < (last.endsAtMs ?? Infinity)) return last
    if (scopes.size >= keptMax) scopes.clear()
    const scope = toScope(budget, subject, nowMs)
    kept.set(budget, scopes.set(subject, scope))
    return scope
  }

  return {
    of(budgets, call, nowMs) {
      const scopes: Scope[] = []
      for (const budget of budgets) if (matches(budget, call)) scopes.push(find(budget, call, nowMs))
      return scopes
    },
  }
}

/** Stands for a value that is not on record. */
export const notKnown = Symbol('not known')

/**
 * The account that a call of the past falls under by what is known of it; `undefined` when the budget is not for it, `notKnown` when
 * that cannot be told.
 */
export function findScope(
  budget: Budget,
  read: (dimension: Dimension) => string | typeof notKnown | undefined,
  atMs: number,
): Scope | typeof notKnown | undefined {
  const asked = dimensions.filter((each) => budget.match[each] !== undefined)
  if (asked.some((each) => read(each) !== budget.match[each] && read(each) !== notKnown)) return undefined
  if ([...asked, ...budget.eachOf].some((each) => read(each) === notKnown)) return notKnown
  const known = (dimension: Dimension): string | undefined => {
    const value = read(dimension)
    return value === notKnown ? undefined : value
  }
  return toScope(budget, toSubject(budget, known), atMs)
}

function matches({ match }: Budget, call: Call): boolean {
  for (const dimension of dimensions) {
    const wanted = match[dimension]
    if (wanted !== undefined && wanted !== valueOf(call, dimension)) return false
  }
  return true
}

function toSubject({ eachOf }: Budget, read: (dimension: Dimension) => string | undefined): string {
  return eachOf.length === 0 ? '' : JSON.stringify(eachOf.map((dimension) => read(dimension) ?? null))
}

function toScope(budget: Budget, subject: string, nowMs: number): Scope {
  const { startsAtMs, endsAtMs } = toPeriod(budget.period, nowMs)
  return { budget, subject, startsAtMs, endsAtMs, key: `${budget.id} ${startsAtMs} ${subject}` }
}
