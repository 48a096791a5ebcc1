import type { JsonObject } from '../../../core/json.ts'
import { toIso } from '../../../core/time.ts'
import type { Decision } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'

/** The policy packs in force, and what they decide on the declared use cases. Not legal advice. */
export function policyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/policies',
      access: 'key',
      summary: 'Lists the policy packs in force, with their hashes, rules and questions.',
      answer: async ({ parts }) => ({
        status: 200,
        body: {
          object: 'list',
          data: parts.policies.policies.map(({ mode, engine: { pack } }) => ({
            object: 'policy',
            id: pack.id,
            version: pack.version,
            hash: pack.hash,
            mode,
            title: pack.title,
            jurisdiction: pack.jurisdiction,
            corpus: pack.corpus,
            verified_on: pack.verifiedOn,
            stale_after_days: pack.staleAfterDays,
            rules: pack.rules.map(({ id, article, title, from, until, effect, reason }) => {
              return { id, article, title, from, until: until ?? null, effect, reason }
            }),
            facts: pack.facts,
          })),
        },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/policies/decisions',
      access: 'key',
      summary: 'What the packs in force decide now on each declared use case; ?use_case= for one.',
      answer: async ({ parts, principal, exchange }) => {
        const asked = exchange.query().get('use_case')
        const { tenant } = principal
        const registered = parts.useCases.registry.listOf(tenant).map(({ name }) => name)
        const names = asked === null ? [...parts.policies.useCases, ...registered] : [asked]
        const atMs = parts.clock.now()
        const data = names.map((name) => ({
          object: 'policy.decision',
          use_case: name,
          decisions: parts.policies
            .decide(name, { atMs, tenant })
            .map(({ mode, decision }) => ({ mode, ...toDecisionJson(decision, atMs) })),
        }))
        return { status: 200, body: { object: 'list', data } }
      },
    }),
  ]
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
