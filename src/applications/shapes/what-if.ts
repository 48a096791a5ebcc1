import type { JsonObject } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import type { EndpointEstimate, RepriceReport, RerunReport, WhatIfReport } from '../../investment/index.ts'

type TallyReport = WhatIfReport['recorded']

/** A replay as JSON: money as decimal text in dollars, exact. */
export function toReplayJson(report: WhatIfReport): JsonObject {
  const { recorded, replayed, routed, kept, same, estimatedTries, policies, unmatched, examples } = report
  return {
    object: 'what-if',
    level: 'route',
    recorded: toTallyJson(recorded),
    replayed: toTallyJson(replayed),
    routed,
    kept,
    same,
    changed: recorded.calls - same,
    estimated_tries: estimatedTries,
    policies: policies === undefined ? null : toPoliciesJson(policies),
    unmatched: [...unmatched],
    examples: examples.map((example) => ({ ...example })),
  }
}

function toPoliciesJson({ newlyRefused, newlyAllowed, refused }: NonNullable<WhatIfReport['policies']>): JsonObject {
  const show = ({ calls, cost, callsOfUnknownCost }: typeof newlyRefused): JsonObject => ({
    calls,
    cost_usd: toDollars(cost),
    cost_unknown: callsOfUnknownCost,
  })
  return {
    newly_refused: show(newlyRefused),
    newly_allowed: newlyAllowed,
    refused: refused.map(({ useCase, decision, packs, articles, reasons, missing, ...tally }) => ({
      use_case: useCase ?? null,
      decision,
      packs,
      articles,
      reasons,
      missing,
      ...show(tally),
    })),
  }
}

export function toRepriceJson({ recorded, repriced, ...counts }: RepriceReport): JsonObject {
  return {
    object: 'what-if',
    level: 'price',
    recorded_usd: toDollars(recorded),
    repriced_usd: toDollars(repriced),
    dispatches: counts.dispatches,
    same: counts.same,
    unknown_recorded: counts.unknownRecorded,
    unknown_now: counts.unknownNow,
    unmatched: [...counts.unmatched],
  }
}

/** Bounds are null where too few pairs tell, figures where there is none. */
export function toRerunJson(report: RerunReport, run: string): JsonObject {
  const { cost, latencyMs, quality, agreement } = report
  return {
    object: 'what-if',
    level: 'rerun',
    run,
    calls: report.calls,
    content_not_kept: report.contentNotKept,
    sent: report.sent,
    served: report.served,
    failed: report.failed,
    stopped: report.stopped,
    spent_usd: toDollars(report.spent),
    cost_usd: toPairedJson(cost),
    latency_ms: toPairedJson(latencyMs),
    quality: toPairedJson(quality),
    agreement: agreement === undefined ? null : { ...agreement },
  }
}

function toPairedJson(paired: RerunReport['cost']): JsonObject | null {
  if (paired === undefined) return null
  const { lower, upper, ...figures } = paired
  return { ...figures, lower: lower ?? null, upper: upper ?? null }
}

/** Each figure with its three estimates; bounds are null where too few choices tell. */
export function toEstimateJson(found: readonly EndpointEstimate[]): JsonObject {
  return {
    object: 'what-if',
    level: 'policy',
    endpoints: found.map(({ endpoint, choices, cost, latencyMs, served }) => ({
      endpoint,
      choices,
      cost_usd: toPolicyJson(cost),
      latency_ms: toPolicyJson(latencyMs),
      served: toPolicyJson(served),
    })),
  }
}

function toPolicyJson({ ips, snips, doublyRobust }: EndpointEstimate['cost']): JsonObject {
  const show = ({ mean, lower, upper, effective }: EndpointEstimate['cost']['ips']): JsonObject => ({
    mean,
    lower: lower ?? null,
    upper: upper ?? null,
    effective,
  })
  return { ips: show(ips), snips: show(snips), doubly_robust: show(doublyRobust) }
}

function toTallyJson(tally: TallyReport): JsonObject {
  const { estimatedCost, latencyMs, endpoints } = tally
  return {
    calls: tally.calls,
    served: tally.served,
    denied: tally.denied,
    reasons: tally.reasons,
    residency_refused: tally.residencyRefused,
    cost_usd: toDollars(tally.cost),
    cost_unknown: tally.costUnknown,
    estimated_cost_usd: {
      mean: toDollars(estimatedCost.cost),
      low: toDollars(estimatedCost.low),
      high: toDollars(estimatedCost.high),
    },
    latency_ms: latencyMs === undefined ? null : { ...latencyMs },
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([name, { served, cost }]) => [name, { served, cost_usd: toDollars(cost) }]),
    ),
    concentration: tally.concentration ?? null,
  }
}
