import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { rerunSchema, scenarioSchema } from '../../../investment/index.ts'
import { runAgain } from '../../ask-again.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toReplayJson, toRepriceJson, toRerunJson, toEstimateJson } from '../../shapes/index.ts'

const instant = z.iso.datetime({ offset: true })
const dayMs = 86_400_000
/** The span that is looked at where the request names none. */
const daysDefault = 30

/** A request waits for its rerun; larger ones go by the command line. */
const rerunOverHttpMax = 200

const body = z.strictObject({
  level: z
    .enum(['price', 'route', 'policy', 'rerun'])
    .default('route')
    .describe(
      'price: what was used at other prices, exact · route: every call through the router again · policy: always one endpoint, from the probabilities on record · rerun: a sample sent again to living models.',
    ),
  from: instant.optional().describe('First instant; 30 days ago when absent.'),
  until: instant.optional().describe('First instant no longer; now when absent.'),
  scenario: scenarioSchema.prefault({}),
  rerun: rerunSchema.optional().describe('Of the level rerun: how much of it, and how it is scored.'),
})

/** What recorded traffic would have cost and where it would have gone, were something different. */
export function whatIfRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/what-if',
      access: 'what-if:run',
      summary:
        'Replays the recorded calls of the tenant with endpoints gone, prices, regions, a budget, policies or a tree changed, or sends a sample again.',
      body,
      answer: async ({ parts, principal, body: asked }) => {
        const untilMs = asked.until === undefined ? parts.clock.now() : Date.parse(asked.until)
        const fromMs = asked.from === undefined ? untilMs - daysDefault * dayMs : Date.parse(asked.from)
        if (fromMs >= untilMs) throw new PlatformError('INVALID_REQUEST', 'from lies after until', { param: 'from' })
        const span = { tenant: principal.tenant, fromMs, untilMs }
        if (asked.level === 'price')
          return { status: 200, body: toRepriceJson(await parts.whatIf.reprice(span, asked.scenario)) }
        if (asked.level === 'rerun') {
          const { rerun } = asked
          if (rerun === undefined || rerun.calls > rerunOverHttpMax) {
            const why = `rerun has to say usd and calls, at most ${rerunOverHttpMax} over HTTP`
            throw new PlatformError('INVALID_REQUEST', why, { param: 'rerun' })
          }
          const { report, run } = await runAgain(parts, { ...rerun, principal, span, scenario: asked.scenario })
          return { status: 200, body: toRerunJson(report, run) }
        }
        if (asked.level === 'policy') return { status: 200, body: toEstimateJson(await parts.whatIf.estimate(span)) }
        return { status: 200, body: toReplayJson(await parts.whatIf.replay(span, asked.scenario)) }
      },
    }),
  ]
}
