import { at, solveSymmetric } from './ridge.ts'
import { sumProducts } from './sums.ts'

/** A linear forecast of one value from earlier ones: `intercept + Σ coefficients[j] · z[t − lags[j]]`. */
export interface LagModel {
  readonly lags: readonly number[]
  readonly coefficients: Float64Array
  readonly intercept: number
}

/** Regressions of a series on its own past, in which a value counts half for every `halfLife` steps that it lies back. */
export interface LagMoments {
  /**
   * Ridge regression of z[t] on z[t − lag] for t < end; the penalty is `ridge` times the mean variance of the lags.
   * `undefined` when there are fewer than two rows for each lag, or nothing varies. With the same list of lags, many fits that end
   * before the series does cost little more than two.
   */
  fit(lags: readonly number[], end: number, ridge: number): LagModel | undefined
  /**
   * The same on the whole series, from a table of moments that all such fits share: for many regressions or many lags. Its
   * rows begin where the longest lag of the table allows.
   */
  fitFromTable(lags: readonly number[], ridge: number): LagModel | undefined
}

export interface LagMomentsOptions {
  readonly halfLife: number
  /** The longest lag of the table. */
  readonly tableLagMax: number
}

export function createLagMoments(series: Float64Array, { halfLife, tableLagMax }: LagMomentsOptions): LagMoments {
  const length = series.length
  let mean = 0
  for (const value of series) mean += value / length
  const z = series.map((value) => value - mean)
  const decay = 2 ** (-1 / halfLife)
  let table: Table | undefined
  const running = new WeakMap<readonly number[], RunningSums>()
  const momentsOf = (lags: readonly number[], lagMax: number, end: number): Moments => {
    if (end === length) return countMoments({ z, decay, lags, lagMax, end })
    const known = running.get(lags)
    const sums = known ?? countRunning({ z, decay, lags, lagMax })
    if (known === undefined) running.set(lags, sums)
    return readRunning(sums, lags.length, end - lagMax)
  }
  const toModel = (lags: readonly number[], moments: Moments, ridge: number): LagModel | undefined => {
    const coefficients = solve(moments, ridge)
    if (coefficients === undefined) return undefined
    // In the units of the series as given: the mean taken off for precision is put back.
    let intercept = moments.ownMean + mean
    for (let row = 0; row < lags.length; row++) intercept -= at(coefficients, row) * (at(moments.means, row) + mean)
    return { lags, coefficients, intercept }
  }
  return {
    fit(lags, end, ridge) {
      let lagMax = 0
      for (const lag of lags) if (lag > lagMax) lagMax = lag
      if (end - lagMax < 2 * lags.length + 2) return undefined
      return toModel(lags, momentsOf(lags, lagMax, end), ridge)
    },
    fitFromTable(lags, ridge) {
      if (length - tableLagMax < 2 * lags.length + 2) return undefined
      table ??= createTable(z, decay, tableLagMax)
      return toModel(lags, readMoments(table, lags), ridge)
    },
  }
}

/** Weighted means and covariances: of the value forecast, and of the lagged values as a lower triangle by rows. */
interface Moments {
  readonly ownMean: number
  readonly means: Float64Array
  readonly lower: Float64Array
  readonly right: Float64Array
}

interface Rows {
  readonly z: Float64Array
  readonly decay: number
  readonly lags: readonly number[]
  readonly lagMax: number
  readonly end: number
}

function countMoments({ z, decay, lags, lagMax, end }: Rows): Moments {
  const size = lags.length
  const means = new Float64Array(size)
  const lower = new Float64Array(size * size)
  const right = new Float64Array(size)
  const row = new Float64Array(size)
  let own = 0
  let total = 0
  let weight = 1
  for (let t = end - 1; t >= lagMax; t--) {
    const value = at(z, t)
    total += weight
    own += weight * value
    for (let i = 0; i < size; i++) row[i] = at(z, t - (lags[i] ?? 0))
    for (let i = 0; i < size; i++) {
      const weighted = weight * at(row, i)
      means[i] = at(means, i) + weighted
      right[i] = at(right, i) + weighted * value
      const start = i * size
      for (let j = 0; j <= i; j++) lower[start + j] = at(lower, start + j) + weighted * at(row, j)
    }
    weight *= decay
  }
  own /= total
  for (let i = 0; i < size; i++) means[i] = at(means, i) / total
  for (let i = 0; i < size; i++) {
    right[i] = at(right, i) / total - own * at(means, i)
    for (let j = 0; j <= i; j++) lower[i * size + j] = at(lower, i * size + j) / total - at(means, i) * at(means, j)
  }
  return { ownMean: own, means, lower, right }
}

/** Weighted sums of the rows up to each place, one record a place: the weight, the value, then for each lag its value, product, and triangle. */
interface RunningSums {
  readonly width: number
  readonly sums: Float64Array
}

/** One more row makes all before it count less by the same factor, so each record follows from the one before. */
function countRunning({ z, decay, lags, lagMax }: Omit<Rows, 'end'>): RunningSums {
  const size = lags.length
  const width = 2 + 2 * size + (size * (size + 1)) / 2
  const rows = z.length - lagMax
  const sums = new Float64Array((rows + 1) * width)
  const row = new Float64Array(size)
  for (let t = lagMax; t < z.length; t++) {
    const value = at(z, t)
    let before = (t - lagMax) * width
    let place = before + width
    for (let i = 0; i < size; i++) row[i] = at(z, t - (lags[i] ?? 0))
    sums[place++] = decay * at(sums, before++) + 1
    sums[place++] = decay * at(sums, before++) + value
    for (let i = 0; i < size; i++) sums[place++] = decay * at(sums, before++) + at(row, i)
    for (let i = 0; i < size; i++) sums[place++] = decay * at(sums, before++) + at(row, i) * value
    for (let i = 0; i < size; i++) {
      const own = at(row, i)
      for (let j = 0; j <= i; j++) sums[place++] = decay * at(sums, before++) + own * at(row, j)
    }
  }
  return { width, sums }
}

function readRunning({ width, sums }: RunningSums, size: number, rows: number): Moments {
  let place = rows * width
  const total = at(sums, place++)
  const own = at(sums, place++) / total
  const means = new Float64Array(size)
  const right = new Float64Array(size)
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i++) means[i] = at(sums, place++) / total
  for (let i = 0; i < size; i++) right[i] = at(sums, place++) / total - own * at(means, i)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) lower[i * size + j] = at(sums, place++) / total - at(means, i) * at(means, j)
  }
  return { ownMean: own, means, lower, right }
}

/** Moments of the lagged values, each worked out when it is first read. */
interface Table {
  /** The weighted mean of z[t − lag] over all t from the longest lag on. */
  readonly means: Float64Array
  /** The weighted mean of z[t − lag] z[t − lag − apart]. */
  readonly product: (lag: number, apart: number) => number
}

/**
 * The first entry of a diagonal is counted; each later one follows from the one before it by the terms that enter and
 * leave, since a shift by one step multiplies an exponential weight by a constant.
 */
function createTable(z: Float64Array, decay: number, lagMax: number): Table {
  const length = z.length
  const weighted = new Float64Array(length)
  let total = 0
  let weight = 1
  for (let t = length - 1; t >= lagMax; t--) {
    weighted[t] = weight * at(z, t)
    total += weight
    weight *= decay
  }
  const oldest = weight / decay
  const means = new Float64Array(lagMax + 1)
  for (let t = length - 1; t >= lagMax; t--) means[0] = at(means, 0) + at(weighted, t)
  // Row t of lag i + 1 is row t − 1 of lag i, whose weight is `decay` times that of row t.
  for (let lag = 0; lag < lagMax; lag++)
    means[lag + 1] = (at(means, lag) - at(z, length - 1 - lag)) / decay + oldest * at(z, lagMax - 1 - lag)
  const parts = { z, weighted, decay, oldest, lagMax }
  const diagonals: Diagonal[] = []
  return {
    means: means.map((sum) => sum / total),
    product(lag, apart) {
      const diagonal = diagonals[apart] ?? startDiagonal(diagonals, parts, apart)
      if (lag >= diagonal.known) extendDiagonal(diagonal, parts, { apart, lag })
      return at(diagonal.sums, lag) / total
    },
  }
}

interface DiagonalParts {
  readonly z: Float64Array
  readonly weighted: Float64Array
  readonly decay: number
  /** The weight of the oldest row. */
  readonly oldest: number
  readonly lagMax: number
}

/** Weighted sums of products of two values so far apart, by the lag of the newer one, as far as they are known. */
interface Diagonal {
  sums: Float64Array
  known: number
}

/** With its neighbour, which is mostly asked for too. */
function startDiagonal(diagonals: Diagonal[], { z, weighted, lagMax }: DiagonalParts, apart: number): Diagonal {
  const higher = apart % 2 === 0 && apart < lagMax ? apart + 1 : apart
  const { own, next } = sumProducts(weighted.subarray(lagMax), z.subarray(lagMax - higher))
  const [upper, lower] = [startWith(own), startWith(next)]
  diagonals[higher] ??= upper
  diagonals[higher - 1] ??= lower
  return apart === higher ? upper : lower
}

function startWith(sum: number): Diagonal {
  return { sums: Float64Array.of(sum), known: 1 }
}

/** No further than is asked: most diagonals are read at their beginning alone. */
function extendDiagonal(
  diagonal: Diagonal,
  { z, decay, oldest, lagMax }: DiagonalParts,
  { apart, lag: last }: { readonly apart: number; readonly lag: number },
): void {
  if (last >= diagonal.sums.length) {
    const longer = new Float64Array(Math.min(2 * last, lagMax - apart) + 1)
    longer.set(diagonal.sums)
    diagonal.sums = longer
  }
  const { sums, known } = diagonal
  const length = z.length
  const growth = 1 / decay // a product is there several times sooner than a quotient
  let sum = at(sums, known - 1)
  for (let lag = known - 1; lag < last; lag++) {
    const leaving = at(z, length - 1 - lag) * at(z, length - 1 - lag - apart)
    const entering = oldest * at(z, lagMax - 1 - lag) * at(z, lagMax - 1 - lag - apart)
    sum = (sum - leaving) * growth + entering
    sums[lag + 1] = sum
  }
  diagonal.known = last + 1
}

function readMoments({ means: all, product }: Table, lags: readonly number[]): Moments {
  const size = lags.length
  const means = new Float64Array(size)
  const lower = new Float64Array(size * size)
  const right = new Float64Array(size)
  const own = at(all, 0)
  for (let i = 0; i < size; i++) {
    const lag = lags[i] ?? 0
    const mean = at(all, lag)
    means[i] = mean
    right[i] = product(0, lag) - own * mean
    for (let j = 0; j <= i; j++) {
      const other = lags[j] ?? 0
      lower[i * size + j] = product(Math.min(lag, other), Math.abs(lag - other)) - mean * at(means, j)
    }
  }
  return { ownMean: own, means, lower, right }
}

function solve({ lower, right }: Moments, ridge: number): Float64Array | undefined {
  const size = right.length
  let variance = 0
  for (let i = 0; i < size; i++) variance += at(lower, i * size + i) / size
  if (!(variance > 1e-18)) return undefined
  const penalty = Math.max(ridge, 1e-9) * variance
  for (let i = 0; i < size; i++) lower[i * size + i] = at(lower, i * size + i) + penalty
  return solveSymmetric(lower, right)
}
