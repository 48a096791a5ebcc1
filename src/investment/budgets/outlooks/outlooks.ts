import type { JsonObject } from '../../../core/json.ts'
import type { Clock } from '../../../core/time.ts'
import { createTurns, type Turns } from '../../../core/turns.ts'
import type { StatedAccount } from '../../ledger/index.ts'
import type { Budget } from '../budget.ts'
import { readOutlook, stepsMax, toOutlookJson, toStepMs } from './outlook.ts'
import type { OutlookStore } from './store.ts'

/** An account of a budget that is forecast, in a period that has an end. */
export interface Forecast {
  readonly budget: Budget
  readonly account: StatedAccount
}

/** An account that will probably not last until its period ends, with what is known of when. */
export interface Warning {
  readonly account: number
  readonly detail: JsonObject
}

/** Looks at each account once in each step, whichever process comes first. */
export interface Outlooks {
  /** At one account that is due, since a forecast is some ten milliseconds of work, and others have their turns in it; `undefined` when it raises no alarm. */
  lookAtNext(accounts: readonly Forecast[], nowMs: number): Promise<Warning | undefined>
}

export function createOutlooks({ store, clock }: { readonly store: OutlookStore; readonly clock: Clock }): Outlooks {
  const turns = createTurns(clock)
  /** Looked at in which step, as far as known here: what spares the database a question every second. */
  let done = new Map<number, number>()
  return {
    async lookAtNext(accounts, nowMs) {
      const asOf = ({ budget }: Forecast): number => toStart(budget, nowMs)
      const open = accounts.filter((each) => lasts(each.account, nowMs) && done.get(each.account.id) !== asOf(each))
      if (done.size > 2 * accounts.length + 64) done = new Map()
      for (const each of open) {
        done.set(each.account.id, asOf(each))
        if (await store.claim(each.account.id, asOf(each))) return await look({ store, turns }, each, nowMs)
      }
      return undefined
    },
  }
}

async function look(
  { store, turns }: { readonly store: OutlookStore; readonly turns: Turns },
  { budget, account }: Forecast,
  nowMs: number,
): Promise<Warning | undefined> {
  const stepMs = toStepMs(budget.period)
  const asOfMs = toStart(budget, nowMs)
  const spent = await store.readSpent(account, { stepMs, fromMs: asOfMs - stepsMax * stepMs })
  const available = Number(account.limit - account.spent)
  const outlook = await turns.run(readOutlook({ spent, stepMs, nowMs, endsAtMs: account.endsAtMs ?? nowMs, available }))
  const detail = toOutlookJson(outlook)
  await store.write(account.id, asOfMs, detail)
  if (outlook.type !== 'forecast' || budget.forecast === undefined) return undefined
  return outlook.probability >= budget.forecast ? { account: account.id, detail } : undefined
}

/** One that is used up already needs no forecast. */
function lasts({ endsAtMs, limit, spent }: StatedAccount, nowMs: number): boolean {
  return endsAtMs !== undefined && endsAtMs > nowMs && spent < limit
}

function toStart({ period }: Budget, nowMs: number): number {
  const stepMs = toStepMs(period)
  return Math.floor(nowMs / stepMs) * stepMs
}
