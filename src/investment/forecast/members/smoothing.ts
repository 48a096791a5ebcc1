import { at, generate } from '../ridge.ts'
import { deviate, sumByPhase } from '../sums.ts'
import type { Member, MemberContext } from './member.ts'

/** Smoothing looks at no more than this many newest values: older ones have no weight left. */
const valuesMax = 400

/**
 * Theta (Assimakopoulos and Nikolopoulos, 2000), in the form of Hyndman and Billah (2003): exponential smoothing with half the
 * slope of the straight line, of the series without its season.
 */
export function createTheta(context: MemberContext): Member {
  return createSmoothing(context, {
    name: 'theta',
    grid: thetaGrid,
    start: (level, parameters) => {
      const state = smooth(level, parameters)
      const drift = slopeOf(level) / 2
      return (steps) => state.level + drift * steps
    },
  })
}

/** Exponential smoothing with a trend that is damped (Gardner and McKenzie, 1985), of the series without its season. */
export function createDampedTrend(context: MemberContext): Member {
  return createSmoothing(context, {
    name: 'damped trend',
    grid: dampedGrid,
    start: (level, parameters) => {
      const state = smooth(level, parameters)
      const { damping } = parameters
      return (steps) => state.level + (state.trend * damping * (1 - damping ** steps)) / (1 - damping)
    },
  })
}

interface Smoothing {
  readonly name: string
  readonly grid: readonly Parameters[]
  start(level: Float64Array, parameters: Parameters): (steps: number) => number
}

interface Prepared {
  readonly origin: number
  /** The newest values before the origin, without their season. */
  readonly level: Float64Array
  readonly phases: Float64Array
}

function createSmoothing({ series, seasons }: MemberContext, smoothing: Smoothing): Member {
  const season = seasons.at(-1) ?? 1
  const keep = Math.max(valuesMax, 4 * season)
  let last: Prepared | undefined
  const prepare = (origin: number): Prepared => {
    if (last?.origin === origin) return last
    const values = series.subarray(Math.max(0, origin - keep), origin)
    const phases = seasonalPhases(values, season)
    last = { origin, level: takeOff(values, phases), phases }
    return last
  }
  return {
    name: smoothing.name,
    fit(end, horizon) {
      const { level: known } = prepare(end)
      if (known.length < 2) return undefined
      const parameters = chooseBest(smoothing.grid, known)
      return (origin) => {
        const { level, phases } = prepare(origin)
        const ahead = smoothing.start(level, parameters)
        return generate(horizon, (index) => ahead(index + 1) + at(phases, (level.length + index) % phases.length))
      }
    },
  }
}

function takeOff(values: Float64Array, phases: Float64Array): Float64Array {
  const level = new Float64Array(values.length)
  let phase = 0
  for (let t = 0; t < values.length; t++) {
    level[t] = at(values, t) - at(phases, phase)
    if (++phase === phases.length) phase = 0
  }
  return level
}

/** Mean deviation of each phase from the running mean over one season; `[0]` where there are fewer than two seasons. */
function seasonalPhases(values: Float64Array, season: number): Float64Array {
  const length = values.length
  if (season < 2 || length < 2 * season + 1) return new Float64Array(1)
  const { sums, counts } = sumByPhase(deviate(values, season), season, season >> 1)
  let middle = 0
  for (let phase = 0; phase < season; phase++) {
    sums[phase] = at(sums, phase) / Math.max(1, at(counts, phase))
    middle += at(sums, phase) / season
  }
  return generate(season, (phase) => at(sums, phase) - middle)
}

interface Parameters {
  readonly alpha: number
  readonly beta: number
  readonly damping: number
}

const alphas = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]
const thetaGrid: readonly Parameters[] = alphas.map((alpha) => ({ alpha, beta: 0, damping: 0 }))
const dampedGrid: readonly Parameters[] = [0.05, 0.2, 0.4, 0.6, 0.8, 0.99].flatMap((alpha) =>
  [0.02, 0.1, 0.3].flatMap((beta) => [0.8, 0.9, 0.97].map((damping) => ({ alpha, beta: alpha * beta, damping }))),
)

interface State {
  readonly level: number
  readonly trend: number
  /** The sum of squared one-step errors. */
  readonly error: number
}

function chooseBest(grid: readonly Parameters[], values: Float64Array): Parameters {
  let best = grid[0] ?? still
  let least = Number.POSITIVE_INFINITY
  for (const parameters of grid) {
    const { error } = smooth(values, parameters, least)
    if (error < least) [best, least] = [parameters, error]
  }
  return best
}

const still: Parameters = { alpha: 0, beta: 0, damping: 0 }

/** Given up once the error is above `errorMax`: it only grows. */
function smooth(
  values: Float64Array,
  { alpha, beta, damping }: Parameters,
  errorMax = Number.POSITIVE_INFINITY,
): State {
  const warmUp = Math.min(4, values.length - 1)
  let level = at(values, 0)
  let trend = damping > 0 && warmUp > 0 ? (at(values, warmUp) - at(values, 0)) / warmUp : 0
  let error = 0
  for (let t = 1; t < values.length; t++) {
    const expected = level + damping * trend
    const miss = at(values, t) - expected
    error += miss * miss
    if (error > errorMax) break
    level = expected + alpha * miss
    trend = damping * trend + beta * miss
  }
  return { level, trend, error }
}

function slopeOf(values: Float64Array): number {
  const middle = (values.length - 1) / 2
  let sum = 0
  let spread = 0
  for (let t = 0; t < values.length; t++) {
    sum += (t - middle) * at(values, t)
    spread += (t - middle) ** 2
  }
  return spread > 0 ? sum / spread : 0
}
