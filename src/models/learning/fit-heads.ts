import {
  blockScale,
  createConstantHead,
  placesPerBlock,
  scaleFigure,
  type Case,
  type Head,
  type HeadGroup,
  type Scaling,
} from './heads.ts'
import { fitLogistic, scoreRow, sigmoid, softplus, type Rows, type Weights } from './logistic.ts'

export interface FitHeadsOptions {
  readonly cases: readonly Case[]
  /** Of each model, the target of each case in 0…1; NaN where it is not known. */
  readonly targets: ReadonlyMap<string, Float64Array>
  /** The fold each case belongs to, in 0…foldCount − 1: a case is judged by heads that have not seen its fold. */
  readonly folds: Int32Array
  readonly onProgress?: ((done: string) => void) | undefined
}

export interface FittedHeads {
  readonly group: HeadGroup
  /** What heads that had not seen a case predicted for it; NaN where its target is not known. */
  readonly heldOut: ReadonlyMap<string, Float64Array>
  readonly penalty: number
}

export const foldCount = 3

/** From the strongest, so that each start is near its end. */
const penalties = [0.05, 0.016, 0.008]

/** More cases than this make the choice of a penalty no better, only slower. */
const validatedMax = 5_000

/** Fewer labels than this, or labels that are all the same, tell nothing about which prompts are hard. */
const labelsMin = 12

/**
 * Trains one head for each model. The penalty is the one whose heads predict best what they have not seen; the
 * calibration of each head is learnt on such predictions too.
 */
export function fitHeads(options: FitHeadsOptions): FittedHeads {
  const { cases, targets, folds } = options
  const scaling = measureScaling(cases)
  const { rows, places } = toRows(cases, scaling)
  const learnable = [...targets].filter(([, target]) => isLearnable(target))
  const trials = penalties.map((penalty) => ({ penalty, heldOut: new Map<string, Float64Array>(), loss: 0 }))
  for (const [model, target] of learnable) {
    crossValidate({ rows, target, folds, onFit: options.onProgress, model }, trials)
  }
  const best = trials.toSorted((one, other) => one.loss - other.loss)[0] ?? {
    penalty: 0.01,
    heldOut: new Map<string, Float64Array>(),
  }
  const heads = new Map<string, Head>()
  const heldOut = new Map<string, Float64Array>()
  const blockCount = cases[0]?.blocks.length ?? 1
  const figureCount = cases[0]?.figures.length ?? 0
  const judged = learnable.map(([model, target]) => ({
    logits: best.heldOut.get(model) ?? new Float64Array(),
    target,
  }))
  const calibrations = new Map(fitCalibration(judged).map((each, place) => [learnable[place]?.[0], each]))
  for (const [model, target] of targets) {
    const calibration = calibrations.get(model)
    if (calibration === undefined) {
      const constant = shrunkenMean(target)
      heads.set(model, createConstantHead(constant, { blockCount, figureCount }))
      heldOut.set(model, new Float64Array(cases.length).fill(constant))
      continue
    }
    const weights = fitLogistic({ rows, chosen: chooseKnown(target), targets: target, penalty: best.penalty })
    heads.set(model, toHead({ weights, places, rows, blockCount }, calibration))
    const logits = best.heldOut.get(model) ?? new Float64Array()
    heldOut.set(
      model,
      logits.map((logit) => sigmoid(calibration.slope * logit + calibration.shift)),
    )
    options.onProgress?.(`${model}: trained`)
  }
  return { group: { blockCount, scaling, heads }, heldOut, penalty: best.penalty }
}

interface Trial {
  readonly penalty: number
  /** Logits of heads that had not seen the case. */
  readonly heldOut: Map<string, Float64Array>
  loss: number
}

interface Validation {
  readonly rows: Rows
  readonly model: string
  readonly target: Float64Array
  readonly folds: Int32Array
  readonly onFit: ((done: string) => void) | undefined
}

function crossValidate({ rows, model, target, folds, onFit }: Validation, trials: readonly Trial[]): void {
  const known = thin(chooseKnown(target), validatedMax)
  for (const trial of trials) trial.heldOut.set(model, new Float64Array(rows.count).fill(Number.NaN))
  for (let fold = 0; fold < foldCount; fold++) {
    const seen = known.filter((row) => folds[row] !== fold)
    const unseen = known.filter((row) => folds[row] === fold)
    let start: Weights | undefined
    for (const trial of trials) {
      start = fitLogistic({ rows, chosen: seen, targets: target, penalty: trial.penalty, start, stepsMax: 30 })
      const logits = trial.heldOut.get(model)
      for (const row of unseen) {
        const logit = scoreRow(rows, row, start)
        if (logits !== undefined) logits[row] = logit
        trial.loss += softplus(logit) - (target[row] ?? 0) * logit
      }
    }
    onFit?.(`${model}: part ${fold + 1} of ${foldCount} judged by heads trained on the rest`)
  }
}

/** So many, evenly from the whole. */
function thin(rows: Int32Array, countMax: number): Int32Array {
  if (rows.length <= countMax) return rows
  return Int32Array.from({ length: countMax }, (_, place) => rows[Math.floor((place * rows.length) / countMax)] ?? 0)
}

function isLearnable(target: Float64Array): boolean {
  const known = target.filter((value) => !Number.isNaN(value))
  return known.length >= labelsMin && known.some((value) => value !== known[0])
}

function chooseKnown(target: Float64Array): Int32Array {
  return Int32Array.from([...target.keys()].filter((row) => !Number.isNaN(target[row])))
}

/** The mean, as if one case more had been right and one wrong. */
function shrunkenMean(target: Float64Array): number {
  const known = target.filter((value) => !Number.isNaN(value))
  return (known.reduce((sum, value) => sum + value, 0) + 1) / (known.length + 2)
}

interface Calibration {
  readonly slope: number
  readonly shift: number
}

interface Judged {
  /** Held-out logits; NaN where there is none. */
  readonly logits: Float64Array
  readonly target: Float64Array
}

/** As many cases as would have to speak against the identity. */
const calibrationPrior = 4

/**
 * Platt's calibration on held-out logits: one slope for all heads of a group, because what makes logits too bold is the
 * same for all, and a shift for each. By Newton's method in turn; held near the identity where labels are few.
 */
function fitCalibration(heads: readonly Judged[]): readonly Calibration[] {
  let slope = 1
  const shifts = heads.map(() => 0)
  for (let round = 0; round < 30; round++) {
    let [gradient, curvature] = [calibrationPrior * (slope - 1), calibrationPrior]
    for (const [place, head] of heads.entries()) {
      const shift = shifts[place] ?? 0
      let [error, weight] = [calibrationPrior * shift, calibrationPrior]
      for (const [row, logit] of head.logits.entries()) {
        if (Number.isNaN(logit)) continue
        const predicted = sigmoid(slope * logit + shift)
        const miss = predicted - (head.target[row] ?? 0)
        const spread = Math.max(1e-9, predicted * (1 - predicted))
        error += miss
        weight += spread
        gradient += miss * logit
        curvature += spread * logit * logit
      }
      shifts[place] = clamp(shift - error / weight, -20, 20)
    }
    slope = clamp(slope - gradient / curvature, 0, 10)
  }
  return shifts.map((shift) => ({ slope, shift }))
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value))
}

/** Where all cases look alike, one that looks a little different is not a world apart. */
const deviationMin = 0.25

function measureScaling(cases: readonly Case[]): Scaling {
  const size = cases[0]?.figures.length ?? 0
  const mean = new Float64Array(size)
  const deviation = new Float64Array(size)
  for (let place = 0; place < size; place++) {
    let sum = 0
    for (const each of cases) sum += each.figures[place] ?? 0
    const middle = sum / cases.length
    let squares = 0
    for (const each of cases) squares += ((each.figures[place] ?? 0) - middle) ** 2
    mean[place] = middle
    deviation[place] = Math.max(deviationMin, Math.sqrt(squares / cases.length))
  }
  return { mean, deviation }
}

/** Rows whose columns are the places that two cases share; a rare place counts more (inverse document frequency). */
function toRows(cases: readonly Case[], scaling: Scaling): { readonly rows: Rows; readonly places: Places } {
  const blockCount = cases[0]?.blocks.length ?? 0
  const documents = new Int32Array(blockCount * placesPerBlock)
  for (const { blocks } of cases) {
    for (const [block, terms] of blocks.entries()) {
      for (const term of terms)
        documents[block * placesPerBlock + term] = (documents[block * placesPerBlock + term] ?? 0) + 1
    }
  }
  const columnOf = new Int32Array(documents.length).fill(-1)
  const rarities: number[] = []
  let entries = 0
  for (const [place, count] of documents.entries()) {
    if (count < 2) continue
    entries += count
    columnOf[place] = rarities.length
    rarities.push(Math.log((cases.length + 1) / (count + 1)) + 1)
  }
  const rarity = Float64Array.from(rarities)
  const starts = new Int32Array(cases.length + 1)
  const columns = new Int32Array(entries)
  const values = new Float64Array(entries)
  const denseCount = scaling.mean.length
  const dense = new Float64Array(cases.length * denseCount)
  let at = 0
  for (const [row, { blocks, figures }] of cases.entries()) {
    for (const [block, terms] of blocks.entries()) {
      const scale = blockScale(terms.length)
      for (const term of terms) {
        const column = columnOf[block * placesPerBlock + term] ?? -1
        if (column === -1) continue
        columns[at] = column
        values[at++] = scale * (rarity[column] ?? 1)
      }
    }
    for (const [place, figure] of figures.entries()) {
      dense[row * denseCount + place] = scaleFigure(figure, place, scaling)
    }
    starts[row + 1] = at
  }
  const rows = { count: cases.length, starts, columns, values, columnCount: rarity.length, dense, denseCount }
  return { rows, places: { columnOf, rarity } }
}

interface Places {
  /** −1 where there is none. */
  readonly columnOf: Int32Array
  readonly rarity: Float64Array
}

interface Learnt {
  readonly weights: Weights
  readonly places: Places
  readonly rows: Rows
  readonly blockCount: number
}

/** Weights by place, the rarity of the place within, in steps of 1/32,767 of the largest. */
function toHead({ weights, places, rows, blockCount }: Learnt, calibration: Calibration): Head {
  const { columnOf, rarity } = places
  let largest = 0
  for (let column = 0; column < rows.columnCount; column++) {
    largest = Math.max(largest, Math.abs((weights[column] ?? 0) * (rarity[column] ?? 1)))
  }
  const unit = largest / 32_767
  const stored = new Int16Array(blockCount * placesPerBlock)
  for (const [place, column] of columnOf.entries()) {
    if (column === -1) continue
    stored[place] = unit === 0 ? 0 : Math.round(((weights[column] ?? 0) * (rarity[column] ?? 1)) / unit)
  }
  const end = rows.columnCount + rows.denseCount
  const figureWeights = weights.slice(rows.columnCount, end)
  return { weights: stored, unit, figureWeights, bias: weights[end] ?? 0, ...calibration }
}
