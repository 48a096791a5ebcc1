import { toPlatformError } from '../../core/errors.ts'
import { measureAgreement, readJudgement, toJudgePrompt, type Agreement } from './judge.ts'
import { scoreExactly } from './scorers.ts'
import type { EvaluationCase } from './suite.ts'

/** What a model said to one prompt, and what it took. */
export interface Asked {
  readonly text: string
  /** USD; `undefined` when the price or the usage is not known. */
  readonly usd: number | undefined
  readonly latencyMs: number
  /** Root of the call it was; `undefined` where that is not known. */
  readonly call?: string | undefined
  /** Regions that the answer may not leave, because of what it was made of; not bound when absent. */
  readonly bounds?: readonly (readonly string[])[] | undefined
}

/** Asks a model through the whole platform: authorised, priced and recorded like every request. */
/** `bounds`: the regions that the prompt may not leave, because an answer stands in it that may not. */
export type AskModel = (model: string, prompt: string, bounds?: Asked['bounds']) => Promise<Asked>

export interface RunOptions {
  readonly cases: readonly EvaluationCase[]
  readonly models: readonly string[]
  readonly ask: AskModel
  /** The model that judges what `expect.judge` describes; such cases are unmeasured without one. */
  readonly judge?: string | undefined
  /** Cases in work at a time. */
  readonly atOnce: number
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** One model's answer to one case. */
export interface Outcome {
  /** `undefined` after a failure, when a document that it rests on has been deleted, and when its days are over. */
  readonly answer: string | undefined
  /** Root of the call that answered. */
  readonly call?: string | undefined
  /** 0…1; `undefined` when it could not be scored. */
  readonly score: number | undefined
  readonly exact: number | undefined
  readonly judged: number | undefined
  readonly usd: number | undefined
  readonly latencyMs: number | undefined
  /** Code of what went wrong. */
  readonly error: string | undefined
}

export interface CaseResult {
  readonly id: string
  /** `undefined` once `governance.retention.texts.evaluations` is over. */
  readonly prompt: string | undefined
  readonly outcomes: Readonly<Record<string, Outcome>>
}

export interface ModelSummary {
  readonly model: string
  readonly scored: number
  readonly unscored: number
  readonly failed: number
  /** `undefined` when nothing was scored. */
  readonly meanScore: number | undefined
  /** 95 % interval of the mean (Wilson's for right and wrong; Student's otherwise, within 0…1). */
  readonly low95: number | undefined
  readonly high95: number | undefined
  /** Sum over the cases; `undefined` when one of them is not known. */
  readonly usd: number | undefined
  readonly latencyMsMean: number | undefined
}

export interface EvaluationRun {
  readonly results: readonly CaseResult[]
  readonly models: readonly ModelSummary[]
  /** Of the judge with the exact scorers, where a case has both. */
  readonly agreement: Agreement | undefined
}

/** Asks every model every case and scores the answers. A failed answer is not scored: it says nothing of quality. */
export async function runEvaluation(options: RunOptions): Promise<EvaluationRun> {
  const { cases, models, atOnce, onProgress, signal } = options
  const results: CaseResult[] = []
  let next = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (let place = next++; place < cases.length; place = next++) {
      signal?.throwIfAborted()
      const each = cases[place]
      if (each === undefined) return
      const outcomes: Record<string, Outcome> = {}
      for (const model of models) outcomes[model] = await answer(options, each, model)
      results[place] = { id: each.id, prompt: each.prompt, outcomes }
      onProgress?.(++done, cases.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, cases.length) }, work))
  const outcomes = results.flatMap((result) => Object.values(result.outcomes))
  const both = outcomes.flatMap(({ judged, exact }) =>
    judged === undefined || exact === undefined ? [] : [{ judged, known: exact }],
  )
  return { results, models: models.map((model) => summarise(model, results)), agreement: measureAgreement(both) }
}

async function answer(options: RunOptions, asked: EvaluationCase, model: string): Promise<Outcome> {
  const nothing = { answer: undefined, score: undefined, exact: undefined, judged: undefined }
  try {
    const { text, usd, latencyMs, bounds, call } = await options.ask(model, asked.prompt)
    const exact = scoreExactly(text, asked.expect)
    const judged = await judge(options, asked, { text, bounds })
    // A judge is asked for what the exact scorers cannot see; where both speak, what is exact decides.
    return { answer: text, call, score: exact ?? judged, exact, judged, usd, latencyMs, error: undefined }
  } catch (thrown) {
    options.signal?.throwIfAborted()
    return { ...nothing, usd: undefined, latencyMs: undefined, error: toPlatformError(thrown).code }
  }
}

async function judge(
  options: RunOptions,
  asked: EvaluationCase,
  { text, bounds }: Pick<Asked, 'text' | 'bounds'>,
): Promise<number | undefined> {
  const { judge: judgeModel, ask } = options
  const criteria = asked.expect.judge
  if (criteria === undefined || judgeModel === undefined) return undefined
  try {
    const { text: judgement } = await ask(
      judgeModel,
      toJudgePrompt({ prompt: asked.prompt, answer: text, criteria }),
      bounds,
    )
    return readJudgement(judgement)
  } catch {
    // The answer itself is there: that nobody could judge it makes it unmeasured, not failed.
    options.signal?.throwIfAborted()
    return undefined
  }
}

function summarise(model: string, results: readonly CaseResult[]): ModelSummary {
  const outcomes = results.flatMap((result) => result.outcomes[model] ?? [])
  const scores = outcomes.flatMap(({ score }) => score ?? [])
  const costs = outcomes.flatMap(({ usd }) => usd ?? [])
  const latencies = outcomes.flatMap(({ latencyMs }) => latencyMs ?? [])
  const failed = outcomes.filter(({ error }) => error !== undefined).length
  return {
    model,
    scored: scores.length,
    unscored: outcomes.length - scores.length - failed,
    failed,
    ...boundMean(scores),
    usd: costs.length === outcomes.length - failed ? sum(costs) : undefined,
    latencyMsMean: latencies.length === 0 ? undefined : sum(latencies) / latencies.length,
  }
}

const z95 = 1.959_963_985

function boundMean(scores: readonly number[]): Pick<ModelSummary, 'meanScore' | 'low95' | 'high95'> {
  const count = scores.length
  if (count === 0) return { meanScore: undefined, low95: undefined, high95: undefined }
  const mean = sum(scores) / count
  if (scores.every((score) => score === 0 || score === 1)) {
    const centre = (mean + z95 ** 2 / (2 * count)) / (1 + z95 ** 2 / count)
    const reach = (z95 / (1 + z95 ** 2 / count)) * Math.sqrt((mean * (1 - mean)) / count + (z95 / (2 * count)) ** 2)
    return { meanScore: mean, low95: centre - reach, high95: centre + reach }
  }
  if (count === 1) return { meanScore: mean, low95: 0, high95: 1 }
  const variance = sum(scores.map((score) => (score - mean) ** 2)) / (count - 1)
  const reach = toStudent95(count - 1) * Math.sqrt(variance / count)
  return { meanScore: mean, low95: Math.max(0, mean - reach), high95: Math.min(1, mean + reach) }
}

/** The 97.5 % quantile of Student's t (Cornish-Fisher; within 1 % from three degrees on, exact for one and two). */
export function toStudent95(degrees: number): number {
  if (degrees === 1) return 12.706
  if (degrees === 2) return 4.303
  const cubic = (z95 ** 3 + z95) / (4 * degrees)
  const quintic = (5 * z95 ** 5 + 16 * z95 ** 3 + 3 * z95) / (96 * degrees ** 2)
  const septic = (3 * z95 ** 7 + 19 * z95 ** 5 + 17 * z95 ** 3 - 15 * z95) / (384 * degrees ** 3)
  return z95 + cubic + quintic + septic
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
