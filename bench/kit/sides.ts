import { smallBody } from '../gateway/bodies.ts'
import { startStrata, type RunningContestant, type StrataOptions } from '../gateway/contestants.ts'
import { toTarget } from '../gateway/measures.ts'
import type { BenchmarkOptions } from './benchmark.ts'
import { toInterval, toPercent } from './pairs.ts'
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

/** A sample of the first side and one of another, directly after each other. */
interface Pair {
  readonly plain: Sample
  readonly side: Sample
}

/**
 * Figures of each side: `perSecond`, `cpuMicros`, `foldMicros`; and of all but the first, which each is compared with, `throughputLost`
 * and `cpuAdded` as shares, medians over pairs, with the interval in which the median lies with 95 % (`Low`, `High`). The machine
 * changes from second to second, so that only what follows each other directly is compared. `only` keeps the sides it names.
 */
export async function measureSides(
  sides: Readonly<Record<string, Side>>,
  options: BenchmarkOptions,
): Promise<Readonly<Record<string, number>>> {
  const [first = '', ...names] = Object.keys(sides)
  const compared = names.filter((name) => options.only.length === 0 || options.only.includes(name))
  return withUpstream(options, async (stage) => {
    const running = new Map<string, RunningContestant>()
    for (const name of [first, ...compared]) {
      const { prepare, ...side } = sides[name] ?? {}
      const started = await startStrata(stage, side)
      stage.running.push(started)
      running.set(name, started)
      await prepare?.(started)
    }
    const take = (name: string, seconds: number): Promise<Sample> =>
      sample(running.get(name), { folder: stage.folder, seconds })
    return toFigures(first, await measure({ first, compared, take }, options), options)
  })
}

interface Measuring {
  readonly first: string
  readonly compared: readonly string[]
  readonly take: (name: string, seconds: number) => Promise<Sample>
}

/** A pair of each side in each round, the first one first in every other. */
async function measure(
  { first, compared, take }: Measuring,
  { rounds, seconds, print }: BenchmarkOptions,
): Promise<ReadonlyMap<string, readonly Pair[]>> {
  const pairs = new Map<string, Pair[]>(compared.map((name) => [name, []]))
  for (const name of [first, ...compared]) await take(name, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < compared.length; turn++) {
      const name = compared[(round + turn) % compared.length] ?? ''
      const isPlainFirst = (round + turn) % 2 === 0
      const one = await take(isPlainFirst ? first : name, seconds)
      const other = await take(isPlainFirst ? name : first, seconds)
      pairs.get(name)?.push(isPlainFirst ? { plain: one, side: other } : { plain: other, side: one })
    }
    print(`round ${round + 1} of ${rounds}`)
  }
  return pairs
}

async function sample(
  side: RunningContestant | undefined,
  { folder, seconds }: { readonly folder: string; readonly seconds: number },
): Promise<Sample> {
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
  first: string,
  pairs: ReadonlyMap<string, readonly Pair[]>,
  { print }: BenchmarkOptions,
): Readonly<Record<string, number>> {
  const plain = [...pairs.values()].flatMap((taken) => taken.map((pair) => pair.plain))
  const figures: Record<string, number> = toMiddle(first, plain)
  const rows: string[][] = []
  for (const [name, taken] of pairs) {
    Object.assign(
      figures,
      toMiddle(
        name,
        taken.map(({ side }) => side),
      ),
    )
    const shares = {
      throughputLost: taken.map((pair) => 1 - pair.side.perSecond / pair.plain.perSecond),
      cpuAdded: taken.map((pair) => pair.side.cpuMicros / pair.plain.cpuMicros - 1),
    }
    const cells = Object.entries(shares).map(([key, values]) => {
      const [low, high] = toInterval(values)
      const share = median(values) ?? Number.NaN
      figures[`${name}.${key}`] = share
      figures[`${name}.${key}Low`] = low
      figures[`${name}.${key}High`] = high
      return `${toPercent(share)} (${toPercent(low)} to ${toPercent(high)})`
    })
    rows.push([name, ...cells])
  }
  print(formatTable([`beside ${first} (95 % of the median)`, 'throughput lost', 'processor time added'], rows))
  return figures
}

function toMiddle(name: string, samples: readonly Sample[]): Record<string, number> {
  const middle = (key: keyof Sample): number => median(samples.map((each) => each[key])) ?? Number.NaN
  return {
    [`${name}.perSecond`]: middle('perSecond'),
    [`${name}.cpuMicros`]: middle('cpuMicros'),
    [`${name}.foldMicros`]: middle('foldMicros'),
  }
}
