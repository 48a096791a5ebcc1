import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toSpan, toExperimentJson } from '../../shapes/index.ts'

/** What became of the arms of experiments. */
export function experimentRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/experiments/{model}',
      access: 'experiments:read',
      summary:
        'Compares the arms of an experiment by its subjects: score of feedback, cost, latency, failures; ?from=, ?to=, ?control=.',
      answer: async ({ parts, principal, exchange }) => {
        const query = exchange.query()
        const { startMs, endMs } = toSpan(
          query.get('from') ?? undefined,
          query.get('to') ?? undefined,
          parts.clock.now(),
        )
        const found = await parts.learning.experiments.report(principal.tenant, {
          model: exchange.parameters['model'] ?? '',
          fromMs: startMs,
          untilMs: endMs,
          control: query.get('control') ?? undefined,
        })
        return { status: 200, body: toExperimentJson(found, { fromMs: startMs, untilMs: endMs }) }
      },
    }),
  ]
}
