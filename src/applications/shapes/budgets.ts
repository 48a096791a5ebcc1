import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import { toAmountText } from '../../core/money.ts'
import type { BudgetState } from '../../investment/index.ts'

/** A budget with its accounts. Amounts are text: dollars for money, else whole numbers. */
export function toBudgetJson({ budget, accounts }: BudgetState): JsonObject {
  const write = (amount: bigint): string => toAmountText(budget, amount)
  return {
    object: 'budget',
    id: budget.id,
    name: budget.name,
    counts: budget.counts,
    limit: write(budget.limit),
    match: { ...budget.match },
    each: budget.eachOf,
    period: budget.period,
    seconds: budget.spanMs === undefined ? null : budget.spanMs / 1_000,
    alerts: budget.alerts,
    forecast: budget.forecast === undefined ? null : { probability: budget.forecast },
    created_at: toIso(budget.createdAtMs),
    accounts: accounts.map(({ subject, limit, spent, held, startsAtMs, endsAtMs, outlook }) => ({
      subject,
      limit: write(limit),
      posted: write(spent),
      held: write(held),
      available: write(limit - spent - held),
      starts_at: startsAtMs === 0 ? null : toIso(startsAtMs),
      resets_at: endsAtMs === undefined ? null : toIso(endsAtMs),
      outlook: outlook === undefined ? null : { as_of: toIso(outlook.asOfMs), ...outlook.body },
    })),
  }
}
