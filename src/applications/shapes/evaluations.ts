import { toIso } from '../../core/time.ts'
import type { Comparison, Evaluation } from '../../tools/index.ts'

/** Every figure is null where no case has both scores. */
export function toComparisonJson(comparison: Comparison | undefined): object {
  return {
    cases: comparison?.cases ?? 0,
    difference: comparison?.difference ?? null,
    low_95: comparison?.low95 ?? null,
    high_95: comparison?.high95 ?? null,
    wins: comparison?.wins ?? 0,
    losses: comparison?.losses ?? 0,
    ties: comparison?.ties ?? 0,
    p_value: comparison?.pValue ?? null,
    verdict: comparison?.verdict ?? 'undecided',
  }
}

export function toEvaluationJson(evaluation: Evaluation): object {
  const results = evaluation.results.map(({ id, prompt, outcomes }) => ({
    id,
    prompt: prompt ?? null,
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([model, outcome]) => [
        model,
        {
          answer: outcome.answer ?? null,
          score: outcome.score ?? null,
          exact: outcome.exact ?? null,
          judged: outcome.judged ?? null,
          usd: outcome.usd ?? null,
          latency_ms: outcome.latencyMs ?? null,
          error: outcome.error ?? null,
        },
      ]),
    ),
  }))
  return { ...toSummaryJson(evaluation), results }
}

export function toSummaryJson({ id, name, atMs, models, agreement }: Omit<Evaluation, 'results'>): object {
  return {
    object: 'evaluation',
    id,
    name,
    created_at: toIso(atMs),
    models: models.map((model) => ({
      model: model.model,
      scored: model.scored,
      unscored: model.unscored,
      failed: model.failed,
      mean_score: model.meanScore ?? null,
      low_95: model.low95 ?? null,
      high_95: model.high95 ?? null,
      usd: model.usd ?? null,
      latency_ms_mean: model.latencyMsMean ?? null,
    })),
    judge_agreement:
      agreement === undefined
        ? null
        : {
            cases: agreement.cases,
            accuracy: agreement.accuracy,
            kappa: agreement.kappa ?? null,
            bias: agreement.bias,
          },
  }
}
