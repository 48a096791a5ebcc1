import { PlatformError } from '../../core/errors.ts'
import { sigmoid } from './logistic.ts'
import { toWeighedLogit, weighOpinions } from './weighing.ts'

/**
 * What the prompts came to that lie nearest in meaning: a second opinion beside the heads, where an embedding model is there to say
 * what is near. The vectors are those of the training prompts; a router with them holds about as much of the prompts as they do.
 */
export interface Neighbours {
  /** The embedding model that made the vectors: only its vectors may be compared with them. */
  readonly embedder: string
  readonly dimensions: number
  /** Unit vectors in steps of 1/127, one after another. */
  readonly vectors: Int8Array
  /** Of each model the quality of its answer to each prompt in steps of 1/254; 255 where it is not known. */
  readonly qualities: ReadonlyMap<string, Uint8Array>
  /** How many of the nearest are asked. */
  readonly count: number
  readonly blends: ReadonlyMap<string, Blend>
}

/** P = σ(head · logit of the head + near · logit of the neighbours + shift). */
export interface Blend {
  readonly head: number
  readonly near: number
  readonly shift: number
}

export const neighboursMax = 20_000
export const dimensionsMax = 4_096
/** Numbers of all vectors together: in base64 they leave room in a router file for its heads. */
const vectorNumbersMax = 44_000_000
const unknownQuality = 255
const qualitySteps = 254
const vectorSteps = 127

/** What the neighbours of a prompt say of each model, 0…1, nearest `count` first looked at; `undefined` where none knows. */
export interface NearOpinion {
  of(model: string): number | undefined
}

export interface FitNeighboursOptions {
  readonly embedder: string
  /** One for each training prompt. */
  readonly vectors: readonly (readonly number[])[]
  /** Of each model, the target of each prompt in 0…1; NaN where it is not known. */
  readonly targets: ReadonlyMap<string, Float64Array>
  /** Predictions of heads that had not seen the prompt, 0…1. */
  readonly heldOut: ReadonlyMap<string, Float64Array>
  /** A prompt is judged by neighbours outside its fold. */
  readonly folds: Int32Array
}

export interface FittedNeighbours {
  readonly neighbours: Neighbours
  /** Blended predictions for prompts that neither heads nor neighbours had seen; NaN for those that were not judged. */
  readonly heldOut: ReadonlyMap<string, Float64Array>
}

const countsTried = [8, 16, 32, 64] as const

/**
 * Keeps the prompts as neighbours, and learns how far to believe them: how many to ask and how to weigh them against the heads, by what
 * both say of prompts they have not seen. Throws INVALID_REQUEST for vectors that are none or too many. Cost: one pass over all vectors for each
 * prompt that is judged, at most 2,000.
 */
export function fitNeighbours(options: FitNeighboursOptions): FittedNeighbours {
  const { embedder, targets, heldOut, folds } = options
  const { vectors, dimensions } = toUnitVectors(options.vectors)
  const qualities = new Map([...targets].map(([model, target]) => [model, toQualities(target)]))
  const base = { embedder, dimensions, vectors, qualities }
  const nearest = listNearest(base, folds)
  const tried = countsTried.map((count) => fitBlends({ count, nearest, qualities, targets, heldOut }))
  const best = tried.reduce((least, next) => (next.loss < least.loss ? next : least))
  return { neighbours: { ...base, count: best.count, blends: best.blends }, heldOut: best.heldOut }
}

/** What the neighbours of a vector say. Throws INVALID_REQUEST for a vector of another length. Cost: O(prompts · dimensions). */
export function askNeighbours(neighbours: Neighbours, vector: readonly number[]): NearOpinion {
  const { dimensions, count, qualities } = neighbours
  if (vector.length !== dimensions) {
    const message = `the vector has ${vector.length} numbers; those of the router, made by ${neighbours.embedder}, have ${dimensions}`
    throw new PlatformError('INVALID_REQUEST', message, { param: 'embedding' })
  }
  const nearest = findNearest(neighbours, toUnit(vector), { count, isPassedOver: () => false })
  return { of: (model) => meanQuality(qualities.get(model), nearest) }
}

/** The heads' prediction corrected by what the neighbours say. */
export function blend(neighbours: Neighbours, model: string, said: { head: number; near: number | undefined }): number {
  const weights = neighbours.blends.get(model)
  return weights === undefined || said.near === undefined ? said.head : toBlended(weights, said.head, said.near)
}

function toBlended({ head, near, shift }: Blend, ofHead: number, ofNear: number): number {
  return sigmoid(head * toLogit(ofHead) + near * toLogit(ofNear) + shift)
}

function toUnitVectors(given: readonly (readonly number[])[]): { vectors: Int8Array; dimensions: number } {
  const dimensions = given[0]?.length ?? 0
  const odd = given.findIndex((vector) => vector.length !== dimensions || !vector.every(Number.isFinite))
  if (dimensions === 0 || dimensions > dimensionsMax || odd !== -1 || given.length > neighboursMax) {
    const message = `embeddings have to be finite numbers, as many of each prompt, at most ${dimensionsMax} of at most ${neighboursMax} prompts`
    const place = odd === -1 ? '' : `; pair ${odd + 1} has ${given[odd]?.length ?? 0} numbers, the first ${dimensions}`
    throw new PlatformError('INVALID_REQUEST', message + place, { param: 'embedding' })
  }
  if (given.length * dimensions > vectorNumbersMax) {
    const countMax = Math.floor(vectorNumbersMax / dimensions)
    const message = `a router holds at most ${countMax} vectors of ${dimensions} numbers, there are ${given.length}: train on fewer pairs, or without --embedder`
    throw new PlatformError('INVALID_REQUEST', message, { param: 'embedding' })
  }
  const vectors = new Int8Array(given.length * dimensions)
  for (const [row, vector] of given.entries()) vectors.set(toUnit(vector), row * dimensions)
  return { vectors, dimensions }
}

function toUnit(vector: readonly number[]): Int8Array {
  const length = Math.hypot(...vector)
  return Int8Array.from(vector, (value) => (length === 0 ? 0 : Math.round((value / length) * vectorSteps)))
}

function toQualities(target: Float64Array): Uint8Array {
  return Uint8Array.from(target, (value) => (Number.isNaN(value) ? unknownQuality : Math.round(value * qualitySteps)))
}

interface Search {
  readonly count: number
  readonly isPassedOver: (row: number) => boolean
}

/** Rows of the vectors most alike, the most alike first; of those as alike as each other the earlier. */
function findNearest(
  { vectors, dimensions }: Pick<Neighbours, 'vectors' | 'dimensions'>,
  unit: Int8Array,
  search: Search,
): Int32Array {
  const rows = vectors.length / dimensions
  const found: { readonly row: number; readonly likeness: number }[] = []
  let least = Number.NEGATIVE_INFINITY
  for (let row = 0; row < rows; row++) {
    if (search.isPassedOver(row)) continue
    let likeness = 0
    for (let place = 0, at = row * dimensions; place < dimensions; place++, at++) {
      likeness += (vectors[at] ?? 0) * (unit[place] ?? 0)
    }
    if (found.length >= search.count && likeness <= least) continue
    let at = found.length
    while (at > 0 && (found[at - 1]?.likeness ?? 0) < likeness) at--
    found.splice(at, 0, { row, likeness })
    if (found.length > search.count) found.pop()
    least = found.at(-1)?.likeness ?? least
  }
  return Int32Array.from(found, ({ row }) => row)
}

/** More prompts than this make the choice of weights no better, only slower. */
const judgedMax = 2_000

/** Of prompts evenly from the whole the nearest outside their fold, as many as are ever asked; by their row. */
function listNearest(
  base: Pick<Neighbours, 'vectors' | 'dimensions'>,
  folds: Int32Array,
): ReadonlyMap<number, Int32Array> {
  const { vectors, dimensions } = base
  const rows = vectors.length / dimensions
  const judged = Math.min(rows, judgedMax)
  const nearest = new Map<number, Int32Array>()
  for (let place = 0; place < judged; place++) {
    const row = Math.floor((place * rows) / judged)
    const unit = vectors.subarray(row * dimensions, (row + 1) * dimensions)
    const isPassedOver = (other: number): boolean => folds[other] === folds[row]
    nearest.set(row, findNearest(base, unit, { count: Math.max(...countsTried), isPassedOver }))
  }
  return nearest
}

/** As if one more neighbour had been right and one wrong: few neighbours are not certain. */
function meanQuality(qualities: Uint8Array | undefined, nearest: Int32Array): number | undefined {
  let [sum, known] = [0, 0]
  for (const row of nearest) {
    const quality = qualities?.[row] ?? unknownQuality
    if (quality === unknownQuality) continue
    sum += quality / qualitySteps
    known++
  }
  return known === 0 ? undefined : (sum + 1) / (known + 2)
}

interface BlendOptions extends Pick<FitNeighboursOptions, 'targets' | 'heldOut'> {
  readonly count: number
  readonly nearest: ReadonlyMap<number, Int32Array>
  readonly qualities: ReadonlyMap<string, Uint8Array>
}

interface TriedBlends {
  readonly count: number
  readonly blends: ReadonlyMap<string, Blend>
  readonly heldOut: ReadonlyMap<string, Float64Array>
  readonly loss: number
}

function fitBlends({ count, nearest, qualities, targets, heldOut }: BlendOptions): TriedBlends {
  const blends = new Map<string, Blend>()
  const blended = new Map<string, Float64Array>()
  let loss = 0
  for (const [model, target] of targets) {
    const heads = heldOut.get(model) ?? new Float64Array()
    const ofHeads = new Float64Array(heads.length).fill(Number.NaN)
    const ofNear = new Float64Array(heads.length).fill(Number.NaN)
    for (const [row, rows] of nearest) {
      ofHeads[row] = toLogit(heads[row] ?? Number.NaN)
      ofNear[row] = toLogit(meanQuality(qualities.get(model), rows.subarray(0, count)) ?? Number.NaN)
    }
    const opinions = [
      { logits: ofHeads, prior: 1 },
      { logits: ofNear, prior: 0 },
    ]
    const weighing = weighOpinions(opinions, target)
    const judged = Float64Array.from(heads, (_, row) => sigmoid(toWeighedLogit(opinions, weighing, row)))
    for (const [row, predicted] of judged.entries()) {
      const wanted = target[row] ?? Number.NaN
      if (Number.isNaN(wanted)) judged[row] = Number.NaN
      else if (!Number.isNaN(predicted)) loss -= wanted * Math.log(predicted) + (1 - wanted) * Math.log(1 - predicted)
    }
    const [head = 1, near = 0] = weighing.weights
    const weights = { head, near, shift: weighing.shift }
    blends.set(model, weights)
    blended.set(model, judged)
  }
  return { count, blends, heldOut: blended, loss }
}

const probabilityMin = 1e-4

function toLogit(probability: number): number {
  const held = Math.min(1 - probabilityMin, Math.max(probabilityMin, probability))
  return Math.log(held / (1 - held))
}
