import { createHash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import { readAnswer } from './answers.ts'
import { createFeaturiser, type Features } from './features.ts'
import { fitHeads, foldCount, isLearnable, type FittedHeads } from './fit-heads.ts'
import type { HeadGroup } from './heads.ts'
import { fitNeighbours } from './neighbours.ts'
import { modelsMax, pairsMax, type TrainingPair } from './pairs.ts'
import { hashContent } from './router-file.ts'
import {
  createRouter,
  hashPrompt,
  toAnswerCase,
  toQuestionCase,
  type ModelAbout,
  type Router,
  type RouterContent,
} from './router.ts'

export interface TrainOptions {
  readonly pairs: readonly TrainingPair[]
  readonly seed: number
  /** Milliseconds UTC. */
  readonly nowMs: number
  readonly weak?: string | undefined
  readonly strong?: string | undefined
  /** Where every prompt has a vector, and which embedding model made them. */
  readonly embedded?: { readonly embedder: string; readonly vectors: readonly (readonly number[])[] } | undefined
  readonly onProgress?: ((done: string) => void) | undefined
}

export interface Trained {
  readonly router: Router
  readonly content: RouterContent
  /** Of heads that had not seen the prompt: how well the router does on new prompts of the same kind. */
  readonly heldOut: HeldOut
  /** Models whose mean stands for every prompt: their labels are too few, or all the same. */
  readonly unlearnt: readonly string[]
}

export interface HeldOut {
  /** Of each pair, in the order given, the predicted gain of the strong model over the weak; NaN where not known. */
  readonly gains: Float64Array
  /** The same after the weak model's answer; `undefined` where no answers were given. */
  readonly gainsAfterAnswer: Float64Array | undefined
  /** Of each pair, quality of the weak and the strong model's answer, 0…1; NaN where not known. */
  readonly weak: Float64Array
  readonly strong: Float64Array
}

/** An answer is read only where a model has as many of them as can teach anything. */
const answersMin = 30

/**
 * Trains a router. The same pairs, seed and time give the same router. Throws INVALID_REQUEST for no pairs, too many,
 * too many models, or a weak or strong model that has no score. Cost: some seconds for 10,000 pairs.
 */
export function trainRouter(options: TrainOptions): Trained {
  const { pairs, seed, onProgress } = options
  const models = listModels(pairs)
  const scale = measureScale(pairs)
  const targets = new Map(models.map((model) => [model, readTargets(pairs, model, scale)]))
  const about = models.map((model) => describeModel(model, pairs, targets.get(model) ?? new Float64Array()))
  const { weak, strong } = chooseEnds(about, options)
  const read = createFeaturiser()
  const questions = pairs.map((pair) => read(pair.prompt))
  const folds = Int32Array.from(pairs, (pair) => foldOf(pair.prompt, seed))
  onProgress?.(`${pairs.length} prompts read`)
  const fitted = fitHeads({ cases: questions.map(toQuestionCase), targets, folds, onProgress })
  const task: AnswerTask = { pairs, questions, targets, folds, read, strong, onProgress }
  const answers = new Map<string, HeadGroup>()
  let weakAnswers: FittedAnswers | undefined
  for (const model of models) {
    const found = fitAnswers(task, model)
    if (found === undefined) continue
    answers.set(model, found.fitted.group)
    if (model === weak) weakAnswers = found
  }
  const nothing = new Float64Array(pairs.length).fill(Number.NaN)
  const headGains = toGains(fitted, weak, strong)
  const near = options.embedded && fitNeighbours({ ...options.embedded, targets, heldOut: fitted.heldOut, folds })
  const gains = near === undefined ? headGains : toGains(near, weak, strong)
  const gainsAfterAnswer = weakAnswers === undefined ? undefined : spread(weakAnswers, pairs.length, { weak, strong })
  const content: RouterContent = {
    trainedAtMs: options.nowMs,
    seed,
    pairs: pairs.length,
    dataHash: hashPairs(pairs),
    scale,
    models: about,
    weak,
    strong,
    // A certificate speaks of what is read of the text alone.
    thresholds: { question: toThresholds(headGains), answer: toThresholds(gainsAfterAnswer) },
    questions: fitted.group,
    answers,
    seen: Uint32Array.from(new Set(pairs.map((pair) => hashPrompt(pair.prompt)))).sort(),
    neighbours: near?.neighbours,
  }
  const heldOut = {
    gains,
    gainsAfterAnswer,
    weak: targets.get(weak) ?? nothing,
    strong: targets.get(strong) ?? nothing,
  }
  const unlearnt = models.filter((model) => !isLearnable(targets.get(model) ?? nothing))
  return { router: createRouter(content, hashContent(content)), content, heldOut, unlearnt }
}

const thresholdCount = 200

/** Gains that part the held-out ones into equal parts; what was predicted of the seen says too much. */
function toThresholds(gains: Float64Array | undefined): readonly number[] {
  const sorted = (gains ?? new Float64Array()).filter((gain) => !Number.isNaN(gain)).sort()
  if (sorted.length === 0) return []
  const edges = Array.from({ length: thresholdCount }, (_, step) => {
    const place = Math.round(((step + 1) / thresholdCount) * (sorted.length - 1))
    return sorted[place] ?? 0
  })
  // Beyond all that was seen: nothing goes to the strong model.
  return [...new Set([...edges, 2])]
}

interface AnswerTask {
  readonly pairs: readonly TrainingPair[]
  readonly questions: readonly Features[]
  readonly targets: ReadonlyMap<string, Float64Array>
  readonly folds: Int32Array
  readonly read: (text: string) => Features
  readonly strong: string
  readonly onProgress: ((done: string) => void) | undefined
}

interface FittedAnswers {
  /** Places in `pairs` of the cases. */
  readonly rows: readonly number[]
  readonly fitted: FittedHeads
}

/** Heads that read one model's answers; `undefined` when too few are given. */
function fitAnswers(task: AnswerTask, model: string): FittedAnswers | undefined {
  const { pairs, questions, targets, folds, read, strong } = task
  const own = targets.get(model)
  const rows = [...pairs.keys()].filter(
    (row) => pairs[row]?.answers?.[model] !== undefined && !Number.isNaN(own?.[row] ?? Number.NaN),
  )
  if (rows.length < answersMin) return undefined
  const cases = rows.map((row) => {
    const prompt = pairs[row]?.prompt ?? ''
    const answer = pairs[row]?.answers?.[model] ?? ''
    const question = questions[row] ?? read(prompt)
    return toAnswerCase({ question, answer: read(answer) }, readAnswer(prompt, answer))
  })
  const choose = (target: Float64Array | undefined): Float64Array =>
    Float64Array.from(rows, (row) => target?.[row] ?? Number.NaN)
  const chosen = new Map([
    [model, choose(own)],
    [strong, choose(targets.get(strong))],
  ])
  task.onProgress?.(`${rows.length} answers of ${model} read`)
  return {
    rows,
    fitted: fitHeads({
      cases,
      targets: chosen,
      folds: Int32Array.from(rows, (row) => folds[row] ?? 0),
      onProgress: task.onProgress,
    }),
  }
}

function toGains(fitted: Pick<FittedHeads, 'heldOut'>, weak: string, strong: string): Float64Array {
  const low = fitted.heldOut.get(weak)
  const high = fitted.heldOut.get(strong)
  return Float64Array.from(low ?? [], (value, row) => (high?.[row] ?? Number.NaN) - value)
}

function spread(
  { rows, fitted }: FittedAnswers,
  count: number,
  ends: { readonly weak: string; readonly strong: string },
): Float64Array {
  const gains = toGains(fitted, ends.weak, ends.strong)
  const all = new Float64Array(count).fill(Number.NaN)
  for (const [place, row] of rows.entries()) all[row] = gains[place] ?? Number.NaN
  return all
}

function listModels(pairs: readonly TrainingPair[]): readonly string[] {
  if (pairs.length === 0) throw refuse('there is no pair to learn from')
  if (pairs.length > pairsMax) throw refuse(`there are ${pairs.length} pairs; at most ${pairsMax} are read`)
  const models = [...new Set(pairs.flatMap((pair) => Object.keys(pair.scores)))].toSorted()
  if (models.length > modelsMax) throw refuse(`there are ${models.length} models; at most ${modelsMax} are told apart`)
  if (models.length < 2) throw refuse(`there is only the model ${models[0] ?? ''}; a router chooses among two or more`)
  return models
}

/** Right or wrong and shares stay as they are; marks of another range become shares of it. */
function measureScale(pairs: readonly TrainingPair[]): RouterContent['scale'] {
  let least = 0
  let most = 1
  let isWithin = true
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { scores } of pairs) {
    for (const score of Object.values(scores)) {
      lowest = Math.min(lowest, score)
      highest = Math.max(highest, score)
      isWithin &&= score >= 0 && score <= 1
    }
  }
  if (!isWithin) [least, most] = highest > lowest ? [lowest, highest] : [lowest, lowest + 1]
  return { least, most }
}

function readTargets(pairs: readonly TrainingPair[], model: string, scale: RouterContent['scale']): Float64Array {
  return Float64Array.from(pairs, ({ scores }) => {
    const score = Object.hasOwn(scores, model) ? scores[model] : undefined
    return score === undefined ? Number.NaN : (score - scale.least) / (scale.most - scale.least)
  })
}

function describeModel(id: string, pairs: readonly TrainingPair[], targets: Float64Array): ModelAbout {
  const known = targets.filter((target) => !Number.isNaN(target))
  const costs = pairs.flatMap(({ costs: given }) =>
    given !== undefined && Object.hasOwn(given, id) ? [given[id] ?? 0] : [],
  )
  return { id, labels: known.length, meanQuality: mean(known), meanCost: costs.length === 0 ? undefined : mean(costs) }
}

function mean(values: Iterable<number> & { readonly length: number }): number {
  let sum = 0
  for (const value of values) sum += value
  return values.length === 0 ? 0 : sum / values.length
}

/** The ends named, else the best and the cheapest of the others (the worst of them where costs are not all known). */
function chooseEnds(
  models: readonly ModelAbout[],
  named: { readonly weak?: string | undefined; readonly strong?: string | undefined },
): { readonly weak: string; readonly strong: string } {
  for (const name of [named.weak, named.strong]) {
    if (name !== undefined && !models.some(({ id }) => id === name))
      throw refuse(`no pair has a score of the model ${name}; there are scores of ${nameSome(models)}`)
  }
  const best = models
    .filter(({ id }) => id !== named.weak)
    .toSorted((one, other) => other.meanQuality - one.meanQuality)
  const strong = named.strong ?? best[0]?.id ?? ''
  const others = models.filter(({ id }) => id !== strong)
  const areCostsKnown = models.every(({ meanCost }) => meanCost !== undefined)
  const cheapness = (model: ModelAbout): number => (areCostsKnown ? (model.meanCost ?? 0) : model.meanQuality)
  const weak = named.weak ?? others.toSorted((one, other) => cheapness(one) - cheapness(other))[0]?.id ?? ''
  if (weak === strong) throw refuse('the weak and the strong model are the same')
  return { weak, strong }
}

function nameSome(models: readonly ModelAbout[]): string {
  const names = models.slice(0, 12).map(({ id }) => id)
  return names.join(', ') + (models.length > names.length ? ` and ${models.length - names.length} more` : '')
}

/** By the prompt, so that the same prompt twice never lies on both sides. */
function foldOf(prompt: string, seed: number): number {
  return createHash('sha256').update(`${seed}\n${prompt}`).digest().readUInt32BE(0) % foldCount
}

function hashPairs(pairs: readonly TrainingPair[]): string {
  const hash = createHash('sha256')
  for (const { prompt, scores, answers, costs } of pairs) hash.update(JSON.stringify([prompt, scores, answers, costs]))
  return hash.digest('hex')
}

function refuse(message: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', message, { param: 'pairs' })
}
