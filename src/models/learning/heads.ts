import { termBits } from './features.ts'
import { sigmoid } from './logistic.ts'

/** One case as heads read it: blocks of terms (the question; the answer), each in a space of its own, and figures. */
export interface Case {
  readonly blocks: readonly Int32Array[]
  readonly figures: Float64Array
}

/** What the figures of a case are measured by. One for all heads that were trained together. */
export interface Scaling {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/** A calibrated linear predictor of one probability. */
export interface Head {
  /** One weight per place and block, times `unit`. */
  readonly weights: Int16Array
  readonly unit: number
  readonly figureWeights: Float64Array
  readonly bias: number
}

/** Heads that read the same kind of case, by the model whose answer they predict. */
export interface HeadGroup {
  readonly blockCount: number
  readonly scaling: Scaling
  readonly heads: ReadonlyMap<string, Head>
}

export const placesPerBlock = 1 << termBits

/** Figures lie within this many deviations, so that a text like none before is not judged by its length alone. */
const deviationsMax = 4

/** Figures weigh less than terms: chosen by cross-validation. */
const figureShare = 0.5

/** A figure as the heads are trained on it. */
export function scaleFigure(figure: number, place: number, scaling: Scaling): number {
  const deviations = (figure - (scaling.mean[place] ?? 0)) / (scaling.deviation[place] ?? 1)
  return figureShare * Math.max(-deviationsMax, Math.min(deviationsMax, deviations))
}

/** The length of a block counts as 1, however many terms it holds. */
export function blockScale(termCount: number): number {
  return termCount === 0 ? 0 : 1 / Math.sqrt(termCount)
}

/** The probability that a head predicts for a case, in 0…1. Cost: one addition a term. */
export function predict(head: Head, scaling: Scaling, given: Case): number {
  let logit = head.bias
  for (const [block, terms] of given.blocks.entries()) {
    const offset = block * placesPerBlock
    let sum = 0
    for (const term of terms) sum += head.weights[offset + term] ?? 0
    logit += sum * head.unit * blockScale(terms.length)
  }
  for (const [place, figure] of given.figures.entries()) {
    logit += (head.figureWeights[place] ?? 0) * scaleFigure(figure, place, scaling)
  }
  return sigmoid(logit)
}

/** A head that always says the same. */
export function createConstantHead(probability: number, sizes: { blockCount: number; figureCount: number }): Head {
  return {
    weights: new Int16Array(sizes.blockCount * placesPerBlock),
    unit: 0,
    figureWeights: new Float64Array(sizes.figureCount),
    bias: Math.log(probability / (1 - probability)),
  }
}
