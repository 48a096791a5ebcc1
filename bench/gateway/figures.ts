import { median, type Bound } from '../kit/report.ts'
import type { Sample } from './measures.ts'
import type { DurabilityFigures, MemoryFigures } from './singles.ts'

/** Samples by measure, then by contestant, one for each round. */
export type Samples = Readonly<Record<string, Readonly<Record<string, readonly Sample[]>>>>

/** What is not measured in rounds. */
export interface Singles {
  readonly durability: DurabilityFigures | undefined
  readonly memory: MemoryFigures | undefined
  /** Memory of the process that all other measures went through. */
  readonly rssAfterAllMib: number | undefined
  /** By contestant. */
  readonly coldStartMs: Readonly<Record<string, number>>
}

/** With authentication, region check, pricing and durable recording on. Shares and differences are of the same round. */
export const promised: Readonly<Record<string, Bound>> = {
  'c16.shareOfBare': ['>=', 0.7],
  'c128.shareOfBare': ['>=', 0.7],
  'c16.timesPortkey': ['>=', 8],
  'c128.timesPortkey': ['>=', 8],
  'latency.addedP50Ms': ['<=', 0.25],
  'latency.addedP99Ms': ['<=', 2],
  'firstByte.addedP50Ms': ['<=', 0.25],
  'firstByte.addedP99Ms': ['<=', 2],
  'stream.shareOfBare': ['>=', 0.7],
  'body200k.shareOfBare': ['>=', 0.5],
  'memory.rssAfterMib': ['<=', 200],
  'memory.rssGrowth': ['<=', 1.2],
  'coldStart.strataMs': ['<=', 1_000],
  'durability.rowsMissing': ['=', 0],
  'errors.strata': ['=', 0],
}

const throughputs = ['c16', 'c128', 'stream', 'body200k']
const latencies = ['latency', 'firstByte', 'paced']

/** Medians over the rounds. A figure whose parts are missing is left out. */
export function toFigures(samples: Samples, singles: Singles): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {}
  const put = (key: string, figure: number | undefined): void => {
    if (figure !== undefined && Number.isFinite(figure)) figures[key] = Number(figure.toPrecision(5))
  }
  for (const measure of throughputs) {
    for (const [name, taken] of Object.entries(samples[measure] ?? {})) {
      put(
        `${measure}.${name}PerSecond`,
        medianOf(taken, (sample) => sample.perSecond),
      )
      put(
        `${measure}.${name}CpuMicros`,
        medianOf(taken, (sample) => sample.cpuMicros),
      )
    }
    const { bare, floor, portkey, strata } = samples[measure] ?? {}
    put(
      `${measure}.floorShareOfBare`,
      compare(floor, bare, (own, other) => ratio(own.perSecond, other.perSecond)),
    )
    put(
      `${measure}.shareOfBare`,
      compare(strata, bare, (own, other) => ratio(own.perSecond, other.perSecond)),
    )
    put(
      `${measure}.timesPortkey`,
      compare(strata, portkey, (own, other) => ratio(own.perSecond, other.perSecond)),
    )
  }
  for (const measure of latencies) {
    for (const [name, taken] of Object.entries(samples[measure] ?? {})) {
      put(
        `${measure}.${name}P50Ms`,
        medianOf(taken, (sample) => sample.p50Ms),
      )
      put(
        `${measure}.${name}P99Ms`,
        medianOf(taken, (sample) => sample.p99Ms),
      )
    }
    const { bare, strata } = samples[measure] ?? {}
    put(
      `${measure}.addedP50Ms`,
      compare(strata, bare, (own, other) => difference(own.p50Ms, other.p50Ms)),
    )
    put(
      `${measure}.addedP99Ms`,
      compare(strata, bare, (own, other) => difference(own.p99Ms, other.p99Ms)),
    )
  }
  const strataSamples = Object.values(samples).flatMap((byContestant) => byContestant['strata'] ?? [])
  if (strataSamples.length > 0)
    put(
      'errors.strata',
      strataSamples.reduce((sum, { errors }) => sum + errors, 0),
    )
  for (const [name, durationMs] of Object.entries(singles.coldStartMs)) put(`coldStart.${name}Ms`, durationMs)
  put('durability.requests', singles.durability?.answered)
  put('durability.rowsMissing', singles.durability?.rowsMissing)
  put('memory.rssAfterAllMib', singles.rssAfterAllMib)
  put('memory.rssBeforeMib', singles.memory?.beforeMib)
  put('memory.rssAfterMib', singles.memory?.afterMib)
  put('memory.rssGrowth', ratio(singles.memory?.afterMib, singles.memory?.beforeMib))
  return figures
}

function medianOf(taken: readonly Sample[], read: (sample: Sample) => number | undefined): number | undefined {
  return median(taken.map(read).filter((value) => value !== undefined))
}

/** Median over the rounds of what compares two contestants within one round. */
function compare(
  own: readonly Sample[] | undefined,
  other: readonly Sample[] | undefined,
  relate: (own: Sample, other: Sample) => number | undefined,
): number | undefined {
  const related = (own ?? []).map((sample, round) => {
    const beside = other?.[round]
    return beside === undefined ? undefined : relate(sample, beside)
  })
  return median(related.filter((value) => value !== undefined))
}

function ratio(own: number | undefined, other: number | undefined): number | undefined {
  return own === undefined || other === undefined || other === 0 ? undefined : own / other
}

function difference(own: number | undefined, other: number | undefined): number | undefined {
  return own === undefined || other === undefined ? undefined : own - other
}
