import type { JsonObject } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import { toIso } from '../../core/time.ts'
import type { Backtest, ControlCatalogue, Decision } from '../../governance/index.ts'

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
export function toControlsJson(catalogue: ControlCatalogue, isStale: boolean): JsonObject {
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
    stale: isStale,
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

/** A decision as JSON: of `policy decide` and of /v1/policies/decisions. */
export function toDecisionJson(decision: Decision, atMs: number): JsonObject {
  const { effects, obligations, pack, isStale } = decision
  return {
    decision: decision.decision,
    tier: decision.tier ?? null,
    tier_possible: decision.tierPossible ?? null,
    at: toIso(atMs),
    pack,
    stale: isStale,
    articles: [...new Set(effects.map(({ article }) => article))],
    reasons: effects.filter((effect) => effect.decision === decision.decision).map(({ reason }) => reason),
    effects: effects.map(({ rule, article, effect, truth, decision: own, reason, tier, missing }) => ({
      rule,
      article,
      effect,
      truth,
      decision: own,
      tier: tier ?? null,
      reason,
      missing,
    })),
    obligations: obligations.map(({ id, control, article, text, rules, isFulfilled }) => ({
      id,
      control,
      article,
      text,
      rules,
      fulfilled: isFulfilled ?? null,
    })),
    notice: 'Not legal advice.',
  }
}
