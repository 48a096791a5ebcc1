import { toIso } from '../../core/time.ts'
import {
  figures as experimentFigures,
  type Mean as ExperimentMean,
  type ExperimentReport,
} from '../../models/experiments/index.ts'

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
