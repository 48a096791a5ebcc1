import { shapeCount } from './features.ts'
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
import { quantityCount } from './quantities.ts'
import { toWeighedLogit, weighOpinions } from './weighing.ts'

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
}

export const foldCount = 3

/** From the strongest, so that each start is near its end. */
const penalties = [0.2, 0.05, 0.016, 0.008]

/** One figure a text needs next to none. */
const lengthPenalty = 0.03

/** More cases than this make the choice of a penalty no better, only slower. */
const validatedMax = 5_000

/** Fewer labels than this, or labels that are all the same, tell nothing about which prompts are hard. */
const labelsMin = 12

/**
 * Trains one head for each model, from two that are trained apart: one that reads all, its penalty the one that predicts best what it has
 * not seen, and one that knows only how long the texts are, which few labels are enough to learn. How far to believe each is learnt on what
 * both say of cases they have not seen; so is the calibration. Their weighted sum is one head.
 */
export function fitHeads(options: FitHeadsOptions): FittedHeads {
  const { cases, targets } = options
  const scaling = measureScaling(cases)
  const { rows, places } = toRows(cases, scaling)
  const lengths = toLengths(rows, cases[0]?.blocks.length ?? 1)
  const heads = new Map<string, Head>()
  const heldOut = new Map<string, Float64Array>()
  const blockCount = cases[0]?.blocks.length ?? 1
  const figureCount = cases[0]?.figures.length ?? 0
  for (const [model, target] of targets) {
    if (!isLearnable(target)) {
      const constant = shrunkenMean(target)
      heads.set(model, createConstantHead(constant, { blockCount, figureCount }))
      heldOut.set(model, new Float64Array(cases.length).fill(constant))
      continue
    }
    const fitted = fitHead({ ...options, model, target }, { rows, lengths })
    heads.set(model, toHead({ weights: fitted.weights, places, rows, blockCount }))
    heldOut.set(model, fitted.heldOut)
    options.onProgress?.(`${model}: trained`)
  }
  return { group: { blockCount, scaling, heads }, heldOut }
}

interface HeadTask extends Pick<FitHeadsOptions, 'folds' | 'onProgress'> {
  readonly model: string
  readonly target: Float64Array
}

/** One head's weights, and what it predicts of cases it has not seen. */
function fitHead(
  task: HeadTask,
  { rows, lengths }: { readonly rows: Rows; readonly lengths: Rows },
): { readonly weights: Weights; readonly heldOut: Float64Array } {
  const { target } = task
  const trials = crossValidate({ ...task, rows, penalties })
  const [whole] = trials.toSorted((one, other) => one.loss - other.loss)
  const [short] = crossValidate({ ...task, rows: lengths, penalties: [lengthPenalty], onProgress: undefined })
  const opinions = [whole, short].map((trial) => ({ logits: trial?.heldOut ?? new Float64Array(), prior: 0.5 }))
  const weighing = weighOpinions(opinions, target)
  const chosen = chooseKnown(target)
  const ofWhole = fitLogistic({ rows, chosen, targets: target, penalty: whole?.penalty ?? 0.01 })
  const ofLengths = fitLogistic({ rows: lengths, chosen, targets: target, penalty: lengthPenalty })
  const [wholeShare = 0, lengthShare = 0] = weighing.weights
  const weights = ofWhole.map((weight) => wholeShare * weight)
  for (let block = 0; block < lengths.denseCount; block++) {
    const place = rows.columnCount + block * shapeCount
    weights[place] = (weights[place] ?? 0) + lengthShare * (ofLengths[block] ?? 0)
  }
  const bias = weights.length - 1
  weights[bias] = (weights[bias] ?? 0) + lengthShare * (ofLengths[lengths.denseCount] ?? 0) + weighing.shift
  const heldOut = Float64Array.from(target, (_, row) => sigmoid(toWeighedLogit(opinions, weighing, row)))
  return { weights, heldOut }
}

/** The same cases, of which nothing but the length of each text is known: the first figure of its shape. */
function toLengths(rows: Rows, blockCount: number): Rows {
  const dense = new Float64Array(rows.count * blockCount)
  for (let row = 0; row < rows.count; row++) {
    for (let block = 0; block < blockCount; block++) {
      dense[row * blockCount + block] = rows.dense[row * rows.denseCount + block * shapeCount] ?? 0
    }
  }
  const starts = new Int32Array(rows.count + 1)
  const [columns, values] = [new Int32Array(), new Float64Array()]
  return { count: rows.count, starts, columns, values, columnCount: 0, dense, denseCount: blockCount }
}

interface Trial {
  readonly penalty: number
  /** Logits of heads that had not seen the case; NaN for cases that were not judged. */
  readonly heldOut: Float64Array
  loss: number
}

interface Validation extends HeadTask {
  readonly rows: Rows
  /** From the strongest. */
  readonly penalties: readonly number[]
}

function crossValidate({ rows, model, target, folds, penalties, onProgress }: Validation): readonly Trial[] {
  const known = thin(chooseKnown(target), validatedMax)
  const trials = penalties.map((penalty) => ({
    penalty,
    heldOut: new Float64Array(rows.count).fill(Number.NaN),
    loss: 0,
  }))
  for (let fold = 0; fold < foldCount; fold++) {
    const seen = known.filter((row) => folds[row] !== fold)
    const unseen = known.filter((row) => folds[row] === fold)
    let start: Weights | undefined
    for (const trial of trials) {
      start = fitLogistic({ rows, chosen: seen, targets: target, penalty: trial.penalty, start, stepsMax: 30 })
      for (const row of unseen) {
        const logit = scoreRow(rows, row, start)
        trial.heldOut[row] = logit
        trial.loss += softplus(logit) - (target[row] ?? 0) * logit
      }
    }
    onProgress?.(`${model}: part ${fold + 1} of ${foldCount} judged by heads trained on the rest`)
  }
  return trials
}

/** So many, evenly from the whole. */
function thin(rows: Int32Array, countMax: number): Int32Array {
  if (rows.length <= countMax) return rows
  return Int32Array.from({ length: countMax }, (_, place) => rows[Math.floor((place * rows.length) / countMax)] ?? 0)
}

/** Else a model's mean stands for every prompt. */
export function isLearnable(target: Float64Array): boolean {
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

/** Where all cases look alike, one that looks a little different is not a world apart. */
const deviationMin = 0.25

/** Figures of quantities weigh less than those of length and kind: chosen by cross-validation. */
const quantityStretch = 2

function measureScaling(cases: readonly Case[]): Scaling {
  const size = cases[0]?.figures.length ?? 0
  const blockCount = cases[0]?.blocks.length ?? 1
  const mean = new Float64Array(size)
  const deviation = new Float64Array(size)
  for (let place = 0; place < size; place++) {
    let sum = 0
    for (const each of cases) sum += each.figures[place] ?? 0
    const middle = sum / cases.length
    let squares = 0
    for (const each of cases) squares += ((each.figures[place] ?? 0) - middle) ** 2
    mean[place] = middle
    const isQuantity = place < blockCount * shapeCount && place % shapeCount >= shapeCount - quantityCount
    const stretch = isQuantity ? quantityStretch : 1
    deviation[place] = stretch * Math.max(deviationMin, Math.sqrt(squares / cases.length))
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
function toHead({ weights, places, rows, blockCount }: Learnt): Head {
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
  return { weights: stored, unit, figureWeights, bias: weights[end] ?? 0 }
}
