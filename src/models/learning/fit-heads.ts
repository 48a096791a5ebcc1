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
const penalties = [0.03, 0.01, 0.004]

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
  for (const [model, target] of targets) {
    const logits = best.heldOut.get(model)
    if (logits === undefined) {
      const constant = shrunkenMean(target)
      heads.set(model, createConstantHead(constant, { blockCount, figureCount }))
      heldOut.set(model, new Float64Array(cases.length).fill(constant))
      continue
    }
    const weights = fitLogistic({ rows, chosen: chooseKnown(target), targets: target, penalty: best.penalty })
    const calibration = fitCalibration(logits, target)
    heads.set(model, toHead({ weights, places, rows, blockCount }, calibration))
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
  const known = chooseKnown(target)
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

/** Platt's calibration on held-out logits, by Newton's method, held near the identity where labels are few. */
function fitCalibration(logits: Float64Array, target: Float64Array): Calibration {
  const prior = 2 // as many cases as would have to speak against the identity
  let slope = 1
  let shift = 0
  for (let round = 0; round < 25; round++) {
    let [a, b] = [prior * (slope - 1), prior * shift]
    let [aa, ab, bb] = [prior, 0, prior]
    for (const [row, logit] of logits.entries()) {
      if (Number.isNaN(logit)) continue
      const predicted = sigmoid(slope * logit + shift)
      const error = predicted - (target[row] ?? 0)
      const weight = Math.max(1e-9, predicted * (1 - predicted))
      a += error * logit
      b += error
      aa += weight * logit * logit
      ab += weight * logit
      bb += weight
    }
    const determinant = aa * bb - ab * ab
    slope = Math.max(0, Math.min(10, slope - (bb * a - ab * b) / determinant))
    shift = Math.max(-20, Math.min(20, shift - (aa * b - ab * a) / determinant))
  }
  return { slope, shift }
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

/** Rows whose columns are the places that occur; a rare place counts more (inverse document frequency). */
function toRows(cases: readonly Case[], scaling: Scaling): { readonly rows: Rows; readonly places: Places } {
  const columnOf = new Map<number, number>()
  const documents: number[] = []
  let entries = 0
  for (const { blocks } of cases) {
    for (const [block, terms] of blocks.entries()) {
      entries += terms.length
      for (const term of terms) {
        const place = block * placesPerBlock + term
        const column = columnOf.get(place)
        if (column === undefined) documents[columnOf.set(place, columnOf.size).size - 1] = 1
        else documents[column] = (documents[column] ?? 0) + 1
      }
    }
  }
  const rarity = Float64Array.from(documents, (count) => Math.log((cases.length + 1) / (count + 1)) + 1)
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
        const column = columnOf.get(block * placesPerBlock + term) ?? 0
        columns[at] = column
        values[at++] = scale * (rarity[column] ?? 1)
      }
    }
    for (const [place, figure] of figures.entries())
      dense[row * denseCount + place] = scaleFigure(figure, place, scaling)
    starts[row + 1] = at
  }
  const rows = { count: cases.length, starts, columns, values, columnCount: columnOf.size, dense, denseCount }
  return { rows, places: { columnOf, rarity } }
}

interface Places {
  readonly columnOf: ReadonlyMap<number, number>
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
  for (const [place, column] of columnOf) {
    stored[place] = unit === 0 ? 0 : Math.round(((weights[column] ?? 0) * (rarity[column] ?? 1)) / unit)
  }
  const end = rows.columnCount + rows.denseCount
  const figureWeights = weights.slice(rows.columnCount, end)
  return { weights: stored, unit, figureWeights, bias: weights[end] ?? 0, ...calibration }
}
