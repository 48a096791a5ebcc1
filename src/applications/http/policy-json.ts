import type { JsonObject } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import { isControlsStale, type Backtest, type ControlCatalogue } from '../../governance/index.ts'

/** A back-test as JSON: of `policy backtest` and of /v1/policies/backtest. Not legal advice. */
export function toBacktestJson(found: Backtest): JsonObject {
  const { pack, calls, callsUnknown, byDecision, newlyRefused, newlyAllowed, groups } = found
  return {
    object: 'policy.backtest',
    pack,
    calls,
    calls_unknown: callsUnknown,
    allow: toTallyJson(byDecision.allow),
    review: toTallyJson(byDecision.review),
    deny: toTallyJson(byDecision.deny),
    newly_refused: toTallyJson(newlyRefused),
    newly_allowed: newlyAllowed,
    groups: groups.map(({ useCase, decision, articles, reasons, missing, ...tally }) => ({
      use_case: useCase ?? null,
      decision,
      articles: [...articles],
      reasons: [...reasons],
      missing: [...missing],
      ...toTallyJson(tally),
    })),
    notice: 'Not legal advice.',
  }
}

/** A catalogue of controls as JSON: of `policy controls` and of /v1/policies/controls. */
export function toControlsJson(catalogue: ControlCatalogue, atMs: number): JsonObject {
  const { id, version, title, jurisdiction, corpus, verifiedOn, staleAfterDays, clauses } = catalogue
  return {
    object: 'policy.controls',
    id,
    version,
    title,
    jurisdiction,
    corpus,
    verified_on: verifiedOn,
    stale_after_days: staleAfterDays,
    stale: isControlsStale(catalogue, atMs),
    clauses: clauses.map((clause) => ({
      clause: clause.clause,
      title: clause.title,
      evidence: clause.evidence.map((each) => ({ id: each.id, shows: each.shows, at: [...each.at] })),
    })),
    notice: 'Tags, not a certification.',
  }
}

function toTallyJson({ calls, cost, callsOfUnknownCost }: Backtest['newlyRefused']): JsonObject {
  return {
    calls,
    cost: { usd: toDollars(cost), picodollars: cost.toString() },
    calls_of_unknown_cost: callsOfUnknownCost,
  }
}
