import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { controlCatalogues, isControlsStale, loadControls } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toBacktestJson, toControlsJson, toDecisionJson } from '../../shapes/index.ts'

const instant = z.iso.datetime({ offset: true })
const dayMs = 86_400_000
const daysDefault = 30

const backtestBody = z.strictObject({
  pack: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,99}$/, 'the id of a pack')
    .describe('Id of a pack that is in force or comes with Strata.'),
  from: instant.optional().describe('First instant; 30 days ago when absent.'),
  until: instant.optional().describe('First instant no longer; now when absent.'),
})

/** The policy packs in force, and what they decide on the declared use cases. Not legal advice. */
export function policyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/policies',
      access: 'policies:read',
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
      access: 'policies:read',
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
    ...trialRoutes(getParts),
  ]
}

/** What packs would have made of recorded calls, and what is evidence for which control. */
function trialRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/policies/controls',
      access: 'policies:read',
      summary: 'Which of what Strata keeps is evidence for which clause of ISO/IEC 42001 and of the NIST AI RMF.',
      answer: async ({ parts }) => {
        const data = controlCatalogues.map((id) => {
          const catalogue = loadControls(id)
          return toControlsJson(catalogue, isControlsStale(catalogue, parts.clock.now()))
        })
        return { status: 200, body: { object: 'list', data } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/policies/backtest',
      access: 'policies:backtest',
      summary: 'Decides on recorded calls of the tenant under a pack: what would have been refused, and what it cost.',
      body: backtestBody,
      answer: async ({ parts, principal, body }) => {
        const untilMs = body.until === undefined ? parts.clock.now() : Date.parse(body.until)
        const fromMs = body.from === undefined ? untilMs - daysDefault * dayMs : Date.parse(body.from)
        if (fromMs >= untilMs) throw new PlatformError('INVALID_REQUEST', 'from lies after until', { param: 'from' })
        const found = await parts.backtest(body.pack, { tenant: principal.tenant, fromMs, untilMs })
        return { status: 200, body: toBacktestJson(found) }
      },
    }),
  ]
}
