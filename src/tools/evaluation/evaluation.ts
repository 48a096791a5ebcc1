import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { compareScores, type Comparison } from './compare.ts'
import { runEvaluation, type CaseResult, type EvaluationRun, type RunOptions } from './run.ts'
import { createEvaluationStore, type EvaluationRow } from './store.ts'

/** Suites run against models, their results kept. */
export interface Evaluations {
  /** Runs and keeps. Rejects with what `signal` says when it is aborted; then nothing is kept. */
  run(tenant: string, options: RunOptions & { readonly name: string }): Promise<Evaluation>
  /** Throws NOT_FOUND. */
  get(tenant: string, id: string): Promise<Evaluation>
  list(
    tenant: string,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly Omit<Evaluation, 'results'>[]>
}

export interface Evaluation extends EvaluationRun {
  readonly id: string
  readonly name: string
  readonly atMs: number
}

export interface EvaluationsDeps {
  readonly store: Pick<Store, 'sql'>
  readonly clock: Clock
  readonly ids: Ids
}

export function createEvaluations({ store, clock, ids }: EvaluationsDeps): Evaluations {
  const kept = createEvaluationStore(store)
  return {
    async run(tenant, options) {
      const run = await runEvaluation(options)
      const evaluation = { id: ids.create('eval'), name: options.name, atMs: clock.now(), ...run }
      await kept.add({
        tenant,
        id: evaluation.id,
        name: options.name,
        models: JSON.stringify(options.models),
        summary: JSON.stringify({ models: run.models, agreement: run.agreement }),
        results: JSON.stringify(run.results),
        at_ms: evaluation.atMs,
        words_gone_at_ms: null,
      })
      return evaluation
    },
    async get(tenant, id) {
      const row = await kept.find(tenant, id)
      if (row === undefined) throw new PlatformError('NOT_FOUND', 'there is no such evaluation')
      return { ...readSummary(row), results: JSON.parse(row.results) as readonly CaseResult[] } // written by `run`
    },
    list: async (tenant, page) => (await kept.list(tenant, page)).map(readSummary),
  }
}

/** Two models of one evaluation, case by case. Throws INVALID_REQUEST for a model that was not asked. */
export function compareModels(
  results: readonly CaseResult[],
  models: { readonly first: string; readonly second: string },
): Comparison | undefined {
  for (const model of [models.first, models.second]) {
    if (!results.some(({ outcomes }) => Object.hasOwn(outcomes, model))) {
      throw new PlatformError('INVALID_REQUEST', `the model ${model} was not evaluated`, { param: 'models' })
    }
  }
  return compareScores(
    results.flatMap(({ outcomes }) => {
      const [first, second] = [outcomes[models.first]?.score, outcomes[models.second]?.score]
      return first === undefined || second === undefined ? [] : [{ first, second }]
    }),
  )
}

/** What a router learns from: prompts with the scores, answers and costs of every model that was scored. */
export function toTrainingPairs(results: readonly CaseResult[]): readonly EvaluatedPair[] {
  return results.flatMap(({ prompt, outcomes }) => {
    if (prompt === undefined) return []
    const of = <T>(read: (outcome: CaseResult['outcomes'][string]) => T | undefined): Record<string, T> =>
      Object.fromEntries(
        Object.entries(outcomes).flatMap(([model, outcome]) => {
          const value = read(outcome)
          return value === undefined || outcome.score === undefined ? [] : [[model, value]]
        }),
      )
    const scores = of(({ score }) => score)
    if (Object.keys(scores).length === 0) return []
    return [{ prompt, scores, answers: of(({ answer }) => answer), costs: of(({ usd }) => usd) }]
  })
}

export interface EvaluatedPair {
  readonly prompt: string
  readonly scores: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, string>>
  /** USD. */
  readonly costs: Readonly<Record<string, number>>
}

function readSummary(row: Omit<EvaluationRow, 'results' | 'words_gone_at_ms'>): Omit<Evaluation, 'results'> {
  const summary = JSON.parse(row.summary) as Pick<EvaluationRun, 'models' | 'agreement'> // written by `run`
  return { id: row.id, name: row.name, atMs: row.at_ms, models: summary.models, agreement: summary.agreement }
}
