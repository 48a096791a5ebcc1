import { smallBody } from '../gateway/bodies.ts'
import { startStrata, type RunningContestant, type StrataOptions } from '../gateway/contestants.ts'
import { toTarget } from '../gateway/measures.ts'
import type { BenchmarkOptions } from './benchmark.ts'
import { toInterval, toPercent } from './pairs.ts'
import { readCpuMicros, readThreadMicros } from './processes.ts'
import { formatTable, median } from './report.ts'
import { loadCore, settle, withUpstream, type Stage } from './stage.ts'
import { runWrk } from './wrk.ts'

const connections = 16
const warmUpSeconds = 3
/** Of each side in each round. */
const samplesEach = 4

export type Prepare = (running: RunningContestant) => Promise<void>

/** One of several Stratas that get the same requests. */
export interface Side extends StrataOptions {
  /** Sets it up before the first sample, over HTTP. */
  readonly prepare?: Prepare
}

/** What one process of a side was found to take, and the throughput it had, where least disturbed. */
interface Found {
  readonly perSecond: number
  /** Of all threads, for each request, microseconds. */
  readonly cpuMicros: number
  /** Of `cpuMicros`, what the thread takes that brings the record into the database and the audit log. */
  readonly foldMicros: number
}

type Round = ReadonlyMap<string, Found>

/**
 * Figures of each side: `perSecond`, `cpuMicros`, `foldMicros`; and of all but the first, which each is compared with, `throughputLost` and
 * `cpuAdded` as shares, and `foldAdded`, what the folding thread alone adds: medians over rounds, with the interval in which the median lies with
 * 95 % (`Low`, `High`). Two processes of the same settings differ by up to 8 %, so that each round starts new ones; what else goes on on a machine only ever adds time, so that the
 * best of a process's samples counts. `only` keeps the sides it names.
 */
export async function measureSides(
  sides: Readonly<Record<string, Side>>,
  options: BenchmarkOptions,
): Promise<Readonly<Record<string, number>>> {
  const [first = '', ...others] = Object.keys(sides)
  const compared = others.filter((name) => options.only.length === 0 || options.only.includes(name))
  return withUpstream(options, async (stage) => {
    const rounds: Round[] = []
    for (let round = 0; round < options.rounds; round++) {
      const names = [first, ...compared]
      const turned = names.map((_, turn) => names[(round + turn) % names.length] ?? '')
      rounds.push(await measureRound({ stage, sides, names: turned, seconds: options.seconds }))
      options.print(`round ${round + 1} of ${options.rounds}`)
    }
    return toFigures({ first, compared }, rounds, options)
  })
}

interface RoundOptions {
  readonly stage: Stage
  readonly sides: Readonly<Record<string, Side>>
  /** In the order in which they are started and measured. */
  readonly names: readonly string[]
  readonly seconds: number
}

/** A new process of each side; samples of them in turn, there and back, so that what changes meets all alike. */
async function measureRound({ stage, sides, names, seconds }: RoundOptions): Promise<Round> {
  const running = new Map<string, RunningContestant>()
  const samples = new Map<string, Found[]>(names.map((name) => [name, []]))
  try {
    for (const name of names) {
      const { prepare, ...side } = sides[name] ?? {}
      const started = await startStrata(stage, side)
      stage.running.push(started)
      running.set(name, started)
      await prepare?.(started)
      await sample(started, { folder: stage.folder, seconds: warmUpSeconds })
    }
    for (let turn = 0; turn < samplesEach; turn++) {
      for (const name of turn % 2 === 0 ? names : names.toReversed()) {
        samples.get(name)?.push(await sample(running.get(name), { folder: stage.folder, seconds }))
      }
    }
  } finally {
    for (const started of running.values()) await started.process?.stop()
  }
  return new Map([...samples].map(([name, taken]) => [name, toBest(taken)]))
}

function toBest(samples: readonly Found[]): Found {
  return {
    perSecond: Math.max(...samples.map(({ perSecond }) => perSecond)),
    cpuMicros: Math.min(...samples.map(({ cpuMicros }) => cpuMicros)),
    foldMicros: Math.min(...samples.map(({ foldMicros }) => foldMicros)),
  }
}

async function sample(
  side: RunningContestant | undefined,
  { folder, seconds }: { readonly folder: string; readonly seconds: number },
): Promise<Found> {
  if (side === undefined) throw new Error('a side is measured that was not started')
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
  { first, compared }: { readonly first: string; readonly compared: readonly string[] },
  rounds: readonly Round[],
  { print }: BenchmarkOptions,
): Readonly<Record<string, number>> {
  const valuesOf = (name: string, key: keyof Found): readonly number[] =>
    rounds.map((round) => round.get(name)?.[key] ?? Number.NaN)
  const sharesOf = (name: string, key: keyof Found): readonly number[] => {
    const plain = valuesOf(first, key)
    return valuesOf(name, key).map((value, round) => value / (plain[round] ?? Number.NaN) - 1)
  }
  const figures: Record<string, number> = {}
  for (const name of [first, ...compared]) {
    for (const key of ['perSecond', 'cpuMicros', 'foldMicros'] as const)
      figures[`${name}.${key}`] = median(valuesOf(name, key)) ?? Number.NaN
  }
  const rows: string[][] = []
  for (const name of compared) {
    const shares = {
      throughputLost: sharesOf(name, 'perSecond').map((share) => -share),
      cpuAdded: sharesOf(name, 'cpuMicros'),
      foldAdded: rounds.map((round) => addedByFold(round.get(name), round.get(first))),
    }
    const cells = Object.entries(shares).map(([key, values]) => {
      const [low, high] = toInterval(values)
      const share = median(values) ?? Number.NaN
      Object.assign(figures, { [`${name}.${key}`]: share, [`${name}.${key}Low`]: low, [`${name}.${key}High`]: high })
      return `${toPercent(share)} (${toPercent(low)} to ${toPercent(high)})`
    })
    rows.push([name, ...cells])
  }
  const heads = ['throughput lost', 'processor time added', 'of it by the folding thread']
  print(formatTable([`beside ${first} (95 % of the median)`, ...heads], rows))
  return figures
}

/** What the folding thread takes more, as a share of all that a plain request takes. */
function addedByFold(side: Found | undefined, plain: Found | undefined): number {
  if (side === undefined || plain === undefined) return Number.NaN
  return (side.foldMicros - plain.foldMicros) / plain.cpuMicros
}
