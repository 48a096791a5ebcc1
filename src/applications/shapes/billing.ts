import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import { toDollars } from '../../core/money.ts'
import type {
  AccountView,
  EventVerdict,
  OutcomeReport,
  OutcomeView,
  PlanView,
  PriceEntry,
  ReturnReport,
  StoredInvoice,
} from '../../investment/index.ts'

export function toMoneyJson(amount: bigint): JsonObject {
  return { usd: toDollars(amount), picodollars: amount.toString() }
}

export function toPlanJson({ plan, version, createdAtMs }: PlanView): JsonObject {
  return {
    object: 'plan',
    version,
    created_at: toIso(createdAtMs),
    ...(JSON.parse(JSON.stringify(plan)) as JsonObject),
  } // a plan is JSON
}

export function toAccountJson({ account, subscriptions, closedUntilMs }: AccountView): JsonObject {
  return {
    object: 'account',
    id: account.id,
    name: account.name,
    plans: subscriptions.map(({ plan, version, active }) => ({
      plan: plan.id,
      version,
      starts_at: toIso(active.startMs),
      ends_at: active.endMs === Number.MAX_SAFE_INTEGER ? null : toIso(active.endMs),
    })),
    billed_until: closedUntilMs === undefined ? null : toIso(closedUntilMs),
  }
}

export function toInvoiceJson({ invoice, hash }: Pick<StoredInvoice, 'invoice' | 'hash'>): JsonObject {
  return { ...(JSON.parse(JSON.stringify(invoice)) as JsonObject), hash } // an invoice is JSON
}

export function toVerdictJson(verdict: EventVerdict): JsonObject {
  switch (verdict.type) {
    case 'accepted':
      return { result: 'accepted', late: verdict.isLate }
    case 'duplicate':
      return { result: 'duplicate' }
    case 'parked':
    case 'conflict':
      return { result: verdict.type, reason: verdict.reason }
  }
}

export function toPriceEntryJson(entry: PriceEntry): JsonObject {
  const { id, createdAtMs, replacedBy, ...told } = entry
  return {
    object: 'price',
    id,
    created_at: toIso(createdAtMs),
    replaced_by: replacedBy ?? null,
    ...(JSON.parse(JSON.stringify(told)) as JsonObject),
  } // an entry is JSON
}

export function toOutcomeJson(view: OutcomeView): JsonObject {
  const instant = (atMs: number | undefined): string | null => (atMs === undefined ? null : toIso(atMs))
  return {
    object: 'outcome',
    id: view.id,
    kind: view.kind,
    account: view.account,
    arm: view.arm,
    state: view.state,
    confirmed_by: view.confirmedBy ?? null,
    opened_at: toIso(view.openedAtMs),
    claimed_at: instant(view.claimedAtMs),
    settled_at: instant(view.settledAtMs),
    reversed_at: instant(view.reversedAtMs),
    reopened: view.reopened,
    escalated: view.escalated,
    calls: view.calls,
    acts: view.acts.map(({ act, atMs, note }) => ({ act, at: toIso(atMs), note: note ?? null })),
  }
}

export function toReportJson(report: OutcomeReport): JsonObject {
  return {
    tasks: report.tasks,
    by_state: { ...report.byState },
    escalated: report.escalated,
    reopened: report.reopened,
    holdout: report.holdout === undefined ? null : { ...report.holdout },
    cost: toMoneyJson(report.cost),
    unknown_cost: report.unknownCost,
    cost_per_resolved: report.costPerResolved === undefined ? null : toMoneyJson(report.costPerResolved),
  }
}

/** Estimates are numbers of dollars: they are no charges. */
export function toReturnJson(found: ReturnReport): JsonObject {
  return {
    object: 'outcome.return',
    label: found.label,
    counterfactual_share: found.counterfactual,
    gain: found.gain,
    cost: found.cost,
    net: found.net,
    ratio: found.ratio ?? null,
    interval: {
      confidence: 0.95,
      net: { ...found.interval.net },
      ratio: found.interval.ratio === undefined ? null : { ...found.interval.ratio },
    },
    lift: found.lift === undefined ? null : { ...found.lift },
    drivers: found.drivers.map((driver) => ({ ...driver })),
  }
}
