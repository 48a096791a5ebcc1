import { z } from 'zod'
import { actSchema, assumptionsSchema, kindSchema, newOutcomeSchema } from '../../../investment/index.ts'
import type { Exchange } from '../exchange.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber } from './operation.ts'
import { toOutcomeJson, toReportJson, toSpan, toReturnJson } from '../../shapes/index.ts'

const question = z.strictObject({
  account: z.string().max(64).optional(),
  kind: z.string().max(64).optional(),
  from: z.string().max(60).optional().describe('Tasks opened from then on.'),
  to: z.string().max(60).optional().describe('Tasks opened before then.'),
  assumptions: assumptionsSchema,
})

/** Outcomes: what was reached, for whom, and what it returned. */
export function outcomeRoutes(getParts: GetParts): readonly Route[] {
  return [...kindRoutes(getParts), ...taskRoutes(getParts)]
}

function kindRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/outcomes/kinds',
      access: 'outcomes:manage',
      summary: 'Defines a kind of outcome: its reopen window, whether silence counts, the share held out.',
      body: kindSchema,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: { object: 'outcome.kind', ...(await parts.outcomes.putKind(principal.tenant, body)) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/outcomes/kinds',
      access: 'outcomes:read',
      summary: 'Lists the kinds of outcome.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: await parts.outcomes.listKinds(principal.tenant) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/outcomes/report',
      access: 'outcomes:read',
      summary: 'What was reached and what one resolved task cost; ?account=, ?kind=, ?from=, ?to=.',
      answer: async ({ parts, principal, exchange }) => {
        const report = await parts.outcomes.report(principal.tenant, readFilter(exchange, parts.clock.now()))
        return { status: 200, body: { object: 'outcome.report', ...toReportJson(report) } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/outcomes/return',
      access: 'outcomes:read',
      summary: 'The return on what was spent, with its interval and what moves it most.',
      body: question,
      answer: async ({ parts, principal, body }) => {
        const { startMs, endMs } = toSpan(body.from, body.to, parts.clock.now())
        const filter = { account: body.account, kind: body.kind, openedFromMs: startMs, openedBeforeMs: endMs }
        const { report, ...found } = await parts.outcomes.estimate(principal.tenant, filter, body.assumptions)
        return { status: 200, body: { ...toReturnJson(found), report: toReportJson(report) } }
      },
    }),
  ]
}

function taskRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/outcomes',
      access: 'outcomes:write',
      summary: 'Opens a task, once for each id, and says on which side of the comparison it is.',
      body: newOutcomeSchema,
      answer: async ({ parts, principal, body }) => ({
        status: 201,
        body: toOutcomeJson(await parts.outcomes.open(principal.tenant, body)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/outcomes',
      access: 'outcomes:read',
      summary: 'Lists tasks as they stand; ?account=, ?kind=, ?from=, ?to=, ?limit=.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 10_000, default: 100 })
        const views = await parts.outcomes.list(principal.tenant, { ...readFilter(exchange, parts.clock.now()), limit })
        return { status: 200, body: { object: 'list', data: views.map(toOutcomeJson) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/outcomes/{outcome}',
      access: 'outcomes:read',
      summary: 'One task as it stands, with everything that happened to it.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toOutcomeJson(await parts.outcomes.get(principal.tenant, exchange.parameters['outcome'] ?? '')),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/outcomes/{outcome}/acts',
      access: 'outcomes:write',
      summary: 'Claims, confirms, reopens, reverses or hands over a task, or adds the calls that worked on it.',
      body: actSchema,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toOutcomeJson(await parts.outcomes.act(principal.tenant, exchange.parameters['outcome'] ?? '', body)),
      }),
    }),
  ]
}

function readFilter(exchange: Exchange, nowMs: number) {
  const query = exchange.query()
  const get = (name: string): string | undefined => query.get(name) ?? undefined
  const { startMs, endMs } = toSpan(get('from') ?? '1970-01-01', get('to'), nowMs + 1)
  return { account: get('account'), kind: get('kind'), openedFromMs: startMs, openedBeforeMs: endMs }
}
