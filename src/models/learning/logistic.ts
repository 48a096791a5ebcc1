/** Rows of a training set: sparse columns with a value each, and dense figures beside them. */
export interface Rows {
  readonly count: number
  /** Where each row's entries start; one more than there are rows. */
  readonly starts: Int32Array
  readonly columns: Int32Array
  readonly values: Float64Array
  readonly columnCount: number
  /** Row after row, `denseCount` figures each. */
  readonly dense: Float64Array
  readonly denseCount: number
}

export interface FitOptions {
  readonly rows: Rows
  /** The rows to learn from. */
  readonly chosen: Int32Array
  /** Target of each row in 0…1, for all rows. */
  readonly targets: Float64Array
  /** Weight of half the sum of squares of all weights but the bias. */
  readonly penalty: number
  /** Weights to start from. */
  readonly start?: Weights | undefined
  readonly stepsMax?: number
}

/** Weights of the columns, then of the dense figures, then the bias. */
export type Weights = Float64Array

/**
 * Logistic regression with graded targets: the weights of least mean cross entropy plus penalty, by L-BFGS (Nocedal,
 * 1980; memory 6, halving line search). Deterministic. Cost: a few milliseconds a step for a million entries.
 */
export function fitLogistic(options: FitOptions): Weights {
  const { rows, chosen, targets, penalty } = options
  const size = rows.columnCount + rows.denseCount + 1
  const lossAt = (weights: Weights, gradient: Weights): number => {
    gradient.fill(0)
    let loss = 0
    for (const row of chosen) {
      const logit = scoreRow(rows, row, weights)
      const target = targets[row] ?? 0
      loss += softplus(logit) - target * logit
      addRow({ rows, row, weights: gradient }, sigmoid(logit) - target)
    }
    const share = 1 / Math.max(1, chosen.length)
    let squares = 0
    for (let place = 0; place < size; place++) {
      const weight = place === size - 1 ? 0 : (weights[place] ?? 0)
      squares += weight * weight
      gradient[place] = (gradient[place] ?? 0) * share + penalty * weight
    }
    return loss * share + (penalty / 2) * squares
  }
  return minimise(lossAt, options.start?.slice() ?? new Float64Array(size), options.stepsMax ?? 50)
}

/** The logit of a row. */
export function scoreRow(rows: Rows, row: number, weights: Weights): number {
  const { columns, values, starts, dense, denseCount, columnCount } = rows
  const end = starts[row + 1] ?? 0
  let logit = weights[columnCount + denseCount] ?? 0
  for (let place = starts[row] ?? 0; place < end; place++) {
    logit += (weights[columns[place] ?? 0] ?? 0) * (values[place] ?? 0)
  }
  for (let place = 0; place < denseCount; place++) {
    logit += (weights[columnCount + place] ?? 0) * (dense[row * denseCount + place] ?? 0)
  }
  return logit
}

export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : 1 - 1 / (1 + Math.exp(logit))
}

/** ln(1 + e^x), without overflow. */
export function softplus(logit: number): number {
  return logit > 0 ? logit + Math.log1p(Math.exp(-logit)) : Math.log1p(Math.exp(logit))
}

function addRow(to: { readonly rows: Rows; readonly row: number; readonly weights: Weights }, amount: number): void {
  const { rows, row, weights } = to
  const { columns, values, starts, dense, denseCount, columnCount } = rows
  const end = starts[row + 1] ?? 0
  for (let place = starts[row] ?? 0; place < end; place++) {
    const column = columns[place] ?? 0
    weights[column] = (weights[column] ?? 0) + amount * (values[place] ?? 0)
  }
  for (let place = 0; place < denseCount; place++) {
    const at = columnCount + place
    weights[at] = (weights[at] ?? 0) + amount * (dense[row * denseCount + place] ?? 0)
  }
  const bias = columnCount + denseCount
  weights[bias] = (weights[bias] ?? 0) + amount
}

const memory = 6
const toleranceShare = 1e-5

type LossAt = (weights: Weights, gradient: Weights) => number

interface Turn {
  readonly step: Float64Array
  readonly change: Float64Array
  readonly inverse: number
}

function minimise(lossAt: LossAt, start: Weights, stepsMax: number): Weights {
  let weights = start
  let gradient: Float64Array = new Float64Array(start.length)
  let loss = lossAt(weights, gradient)
  const turns: Turn[] = []
  for (let count = 0; count < stepsMax; count++) {
    const direction = toDirection(gradient, turns)
    const slope = -dot(gradient, direction)
    if (slope > -1e-14) break
    let length = turns.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(gradient, gradient)))
    const nextGradient = new Float64Array(start.length)
    let next = weights
    let nextLoss = Number.POSITIVE_INFINITY
    for (let halvings = 0; halvings < 30 && !(nextLoss <= loss + 1e-4 * length * slope); halvings++) {
      if (halvings > 0) length /= 2
      next = moved(weights, direction, -length)
      nextLoss = lossAt(next, nextGradient)
    }
    if (!(nextLoss < loss)) break
    const step = moved(next, weights, -1)
    const change = moved(nextGradient, gradient, -1)
    const curvature = dot(step, change)
    if (curvature > 1e-12) {
      turns.push({ step, change, inverse: 1 / curvature })
      if (turns.length > memory) turns.shift()
    }
    const gained = loss - nextLoss
    weights = next
    gradient = nextGradient
    loss = nextLoss
    if (gained < toleranceShare * Math.abs(loss)) break
  }
  return weights
}

/** The two loops of L-BFGS. */
function toDirection(gradient: Float64Array, turns: readonly Turn[]): Float64Array {
  const direction = gradient.slice()
  const shares: number[] = []
  for (const turn of turns.toReversed()) {
    const share = turn.inverse * dot(turn.step, direction)
    shares.push(share)
    add(direction, turn.change, -share)
  }
  const last = turns.at(-1)
  if (last !== undefined) {
    const scale = 1 / (last.inverse * dot(last.change, last.change))
    for (let place = 0; place < direction.length; place++) direction[place] = (direction[place] ?? 0) * scale
  }
  for (const turn of turns) {
    const share = shares.pop() ?? 0
    add(direction, turn.step, share - turn.inverse * dot(turn.change, direction))
  }
  return direction
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0
  for (let place = 0; place < left.length; place++) sum += (left[place] ?? 0) * (right[place] ?? 0)
  return sum
}

function add(to: Float64Array, what: Float64Array, factor: number): void {
  for (let place = 0; place < to.length; place++) to[place] = (to[place] ?? 0) + factor * (what[place] ?? 0)
}

function moved(from: Float64Array, by: Float64Array, factor: number): Float64Array {
  const result = from.slice()
  add(result, by, factor)
  return result
}
