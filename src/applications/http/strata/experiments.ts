import { toIso } from '../../../core/time.ts'
import { experimentFigures, type ExperimentReport, type ExperimentMean } from '../../../models/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { toSpan } from './usage.ts'

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

/** A report as it is sent: cost in USD, latency in milliseconds, failures as a share. */
export function toExperimentJson(
  report: ExperimentReport,
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): object {
  return {
    object: 'experiment.report',
    model: report.model,
    from: toIso(fromMs),
    to: toIso(untilMs),
    by: report.by,
    arms: report.arms.map(({ name, share, subjects, calls, means }) => ({
      arm: name,
      share,
      subjects,
      calls,
      ...byName((figure) => toMeanJson(means[figure])),
    })),
    comparisons: report.comparisons.map(({ arm, control, differences }) => ({
      arm,
      control,
      ...byName((figure) => {
        const found = differences[figure]
        return found === undefined
          ? null
          : { difference: found.difference, low: found.low, high: found.high, p_value: found.pValue }
      }),
    })),
    shares_p_value: report.sharesPValue ?? null,
    moved_subjects: report.moved,
    truncated: report.isCut,
  }
}

type Figure = (typeof experimentFigures)[number]

const jsonNames: Readonly<Record<Figure, string>> = {
  score: 'score',
  cost: 'usd',
  latencyMs: 'latency_ms',
  failures: 'failures',
}

function byName(read: (figure: Figure) => object | null): Record<string, object | null> {
  return Object.fromEntries(experimentFigures.map((figure) => [jsonNames[figure], read(figure)]))
}

function toMeanJson(mean: ExperimentMean | undefined): object | null {
  if (mean === undefined) return null
  return { subjects: mean.subjects, mean: mean.mean, low_95: mean.low95 ?? null, high_95: mean.high95 ?? null }
}
