/** What is configured of an endpoint's energy; `undefined` parts are not known. */
export type EnergyConfig =
  | {
      /** Parameters at work for each token and in all, in 10⁹: as a range where they are guessed. */
      readonly activeParameters: Range
      readonly totalParameters: Range
      /** Power usage effectiveness of the data centre. */
      readonly pue: Range
      readonly carbonGramsPerKwh?: Range | undefined
    }
  | {
      /** What the machine draws while it answers, watts. */
      readonly watts: Range
      /** Of the output of one answer. */
      readonly tokensPerSecond?: Range | undefined
      readonly carbonGramsPerKwh?: Range | undefined
    }

export type Range = readonly [low: number, high: number]

/** Watt-hours of one answer. Input tokens are not modelled by the method for remote endpoints, and its id says so. */
export type Energy = {
  readonly low: number
  readonly high: number
  readonly method: 'ecologits-output-only' | 'power-time'
  readonly factorsVersion: string
  /** Grams of CO2 equivalent, where a factor is configured. */
  readonly carbon?: { readonly low: number; readonly high: number }
}

/** Of the factors below. */
const factorsVersion = 'ecologits-0.9.1'

/** Fit of EcoLogits 0.9.1 to ML.ENERGY on H100 at a batch of 64: Wh of one GPU for one output token; seconds for one output token. */
const batch = 64
const wattHours = { alpha: 1.1665273170451914e-6, beta: -0.011205921025579175, gamma: 4.052928146734005e-5 }
const seconds = { perParameter: 6.785088094353663e-4, perBatch: 3.119311310311688e-4, base: 0.019473717579473387 }
/** A server of eight GPUs of 80 GB draws so much without them; weights at 16 bits, a fifth more in memory. */
const server = { kilowatts: 1.2, gpus: 8, gpuBytes: 80, bytesPerParameter: 2, memoryFactor: 1.2 }

export interface AnswerMeasure {
  /** `undefined` when not reported. */
  readonly outputTokens: number | undefined
  readonly durationMs: number
}

/**
 * The energy of one answer: power times time where the power is known, else by the EcoLogits method, in which the PUE counts
 * once. `undefined` where output tokens are needed and not known. Cost: some twenty multiplications.
 */
export function estimateEnergy(config: EnergyConfig, measure: AnswerMeasure): Energy | undefined {
  const energy = estimateWattHours(config, measure)
  const { carbonGramsPerKwh: factor } = config
  if (energy === undefined || factor === undefined) return energy
  return { ...energy, carbon: { low: (energy.low * factor[0]) / 1_000, high: (energy.high * factor[1]) / 1_000 } }
}

/**
 * What an answer of so many output tokens would take at most, watt-hours, before it is asked for; `undefined` where a
 * machine's power is known and its speed is not.
 */
export function foreseeWattHours(config: EnergyConfig, outputTokens: number): number | undefined {
  if (!('watts' in config))
    return estimateWattHours(config, { outputTokens, durationMs: Number.POSITIVE_INFINITY })?.high
  const slowest = config.tokensPerSecond?.[0]
  return slowest === undefined ? undefined : (config.watts[1] * outputTokens) / slowest / 3_600
}

function estimateWattHours(config: EnergyConfig, { outputTokens, durationMs }: AnswerMeasure): Energy | undefined {
  if ('watts' in config) {
    const hours = durationMs / 3_600_000
    const [low, high] = config.watts
    return { low: low * hours, high: high * hours, method: 'power-time', factorsVersion: 'measured' }
  }
  if (outputTokens === undefined) return undefined
  const { activeParameters: active, totalParameters: total, pue } = config
  const at = (end: 0 | 1): number =>
    toWattHours({ active: active[end], total: total[end], pue: pue[end], outputTokens, durationMs })
  return { low: at(0), high: at(1), method: 'ecologits-output-only', factorsVersion }
}

interface Point {
  readonly active: number
  readonly total: number
  readonly pue: number
  readonly outputTokens: number
  readonly durationMs: number
}

function toWattHours({ active, total, pue, outputTokens, durationMs }: Point): number {
  const gpuWattHours = wattHours.alpha * Math.exp(wattHours.beta * batch) * active + wattHours.gamma
  const tokenSeconds = seconds.perParameter * active + seconds.perBatch * batch + seconds.base
  const answerSeconds = Math.min(outputTokens * tokenSeconds, durationMs / 1_000)
  const gigabytes = server.memoryFactor * total * server.bytesPerParameter
  const gpus = 2 ** Math.ceil(Math.log2(Math.ceil(gigabytes / server.gpuBytes)))
  const serverWattHours = ((answerSeconds / 3_600) * server.kilowatts * 1_000 * (gpus / server.gpus)) / batch
  return pue * (serverWattHours + gpus * outputTokens * gpuWattHours)
}
