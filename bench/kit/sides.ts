import { smallBody } from '../gateway/bodies.ts'
import { startStrata, type RunningContestant, type StrataOptions } from '../gateway/contestants.ts'
import { toTarget } from '../gateway/measures.ts'
import type { BenchmarkOptions } from './benchmark.ts'
import { readCpuMicros, readThreadMicros } from './processes.ts'
import { formatTable, median } from './report.ts'
import { loadCore, settle, withUpstream } from './stage.ts'
import { runWrk } from './wrk.ts'

const connections = 16
const warmUpSeconds = 4

export type Prepare = (running: RunningContestant) => Promise<void>

/** One of several Stratas that get the same requests. */
export interface Side extends StrataOptions {
  /** Sets it up before the first sample, over HTTP. */
  readonly prepare?: Prepare
}

interface Sample {
  readonly perSecond: number
  readonly cpuMicros: number
  /** Of `cpuMicros`, what the thread takes that brings the record into the database and the audit log. */
  readonly foldMicros: number
}

/**
 * Figures of each side: `perSecond`, `cpuMicros`, `foldMicros`, and of all but the first, which they are compared with,
 * `throughputLost` and `cpuAdded` as shares: medians over rounds of what was found within a round, since the machine changes between.
 */
export async function measureSides(
  sides: Readonly<Record<string, Side>>,
  options: BenchmarkOptions,
): Promise<Readonly<Record<string, number>>> {
  return withUpstream(options, async (stage) => {
    const byName = new Map<string, RunningContestant>()
    for (const [name, { prepare, ...side }] of Object.entries(sides)) {
      const started = await startStrata(stage, side)
      stage.running.push(started)
      byName.set(name, started)
      await prepare?.(started)
    }
    return toFigures(await measure(byName, stage.folder, options), options)
  })
}

/** A sample of each side in each round, the first one changing from round to round. */
async function measure(
  running: ReadonlyMap<string, RunningContestant>,
  folder: string,
  { rounds, seconds, print }: BenchmarkOptions,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>()
  const names = [...running.keys()]
  for (const side of running.values()) await sample(side, folder, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    // Caches are warmed by who comes before: turn about in both directions, so that it is not always the same one.
    const order = round % 2 === 0 ? names : names.toReversed()
    for (let turn = 0; turn < order.length; turn++) {
      const name = order[(round + turn) % order.length] ?? ''
      const side = running.get(name)
      if (side === undefined) continue
      const taken = samples.get(name) ?? []
      samples.set(name, [...taken, await sample(side, folder, seconds)])
    }
    print(`round ${round + 1} of ${rounds}`)
  }
  return samples
}

async function sample(side: RunningContestant, folder: string, seconds: number): Promise<Sample> {
  const pid = side.process?.pid ?? -1
  const read = () => [readCpuMicros(pid) ?? Number.NaN, readThreadMicros(pid, 'fold') ?? Number.NaN] as const
  const before = read()
  const result = await runWrk(toTarget(side, smallBody), { connections, seconds, core: loadCore, folder })
  if (result.errors > 0) throw new Error(`${result.errors} requests were not answered`)
  await settle()
  const after = read()
  const [cpuMicros, foldMicros] = [(after[0] - before[0]) / result.requests, (after[1] - before[1]) / result.requests]
  return { perSecond: result.requestsPerSecond, cpuMicros, foldMicros }
}

function toFigures(
  samples: ReadonlyMap<string, readonly Sample[]>,
  { print }: BenchmarkOptions,
): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {}
  const [[first = '', plain = []] = [], ...others] = samples
  for (const [name, taken] of samples) {
    figures[`${name}.perSecond`] = middle(taken.map(({ perSecond }) => perSecond))
    figures[`${name}.cpuMicros`] = middle(taken.map(({ cpuMicros }) => cpuMicros))
    figures[`${name}.foldMicros`] = middle(taken.map(({ foldMicros }) => foldMicros))
  }
  for (const [name, taken] of others) {
    const lost = taken.map(({ perSecond }, round) => 1 - perSecond / (plain[round]?.perSecond ?? Number.NaN))
    const added = taken.map(({ cpuMicros }, round) => cpuMicros / (plain[round]?.cpuMicros ?? Number.NaN) - 1)
    figures[`${name}.throughputLost`] = middle(lost)
    figures[`${name}.cpuAdded`] = middle(added)
  }
  const percent = (share: number | undefined): string => `${((share ?? Number.NaN) * 100).toFixed(1)} %`
  const rows = others.map(([name]) => [
    name,
    percent(figures[`${name}.throughputLost`]),
    percent(figures[`${name}.cpuAdded`]),
  ])
  print(formatTable([`beside ${first}`, 'throughput lost', 'processor time added'], rows))
  return figures
}

function middle(values: readonly number[]): number {
  return median(values) ?? Number.NaN
}
