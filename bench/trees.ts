import { smallBody } from './gateway/bodies.ts'
import { startStrata, type RunningContestant } from './gateway/contestants.ts'
import type { Benchmark, BenchmarkOptions } from './kit/benchmark.ts'
import { runLoad } from './kit/load-options.ts'
import { toInterval, toPercent } from './kit/pairs.ts'
import { readCpuMicros } from './kit/processes.ts'
import { formatTable, median, type Measurement } from './kit/report.ts'
import { loadCore, settle, withUpstream } from './kit/stage.ts'

const connections = 16
const requestsPerSecondOfBurst = 200
const pairsPerRound = 4
const warmUpRequests = 3_000

/** One leaf under each kind of node; `endpoint` is the leaf itself, what the others are compared with. */
const trees: Readonly<Record<string, unknown>> = {
  alias: 'bench',
  'route-of-one': { route: [{ use: 'plain' }] },
  'fallback-of-one': { fallback: ['plain'] },
  'cascade-of-one': { cascade: [{ use: 'plain' }] },
  route: { route: [{ when: { header: { name: 'x-data-class', is: 'secret' } }, use: 'plain' }, { use: 'plain' }] },
  fallback: { fallback: ['plain', 'slow'] },
  experiment: { experiment: { arms: { a: { use: 'plain' }, b: { use: 'plain' } } } },
  prompt: { prompt: { use: 'plain', version: '1', system: 'Be brief.' } },
  verify: { verify: { use: 'plain', check: { without: 'never said' }, repairs: 0 } },
  vote: { vote: { of: 'plain', n: 1 } },
  best: { best: { of: 'plain', n: 1, check: { without: 'never said' } } },
  map: { map: { use: 'plain' } },
}

/** These change nothing; the others write the request anew, or have to read the answer first. */
const passing = ['alias', 'route-of-one', 'fallback-of-one', 'cascade-of-one', 'route', 'fallback', 'experiment']

export const benchmark: Benchmark = {
  name: 'trees',
  purpose: 'processor time of a request through one leaf under each kind of node, beside the leaf alone',
  run(options): Promise<Measurement> {
    return withUpstream(options, async (stage) => {
      const strata = await startStrata(stage, { models: trees })
      stage.running.push(strata)
      return measure(strata, stage.folder, options)
    })
  },
}

/** Processor time of the leaf and of a tree over it, in bursts that follow each other directly. */
interface Pair {
  readonly leaf: number
  readonly tree: number
}

/**
 * In each round each tree is measured in pairs of short bursts, the leaf first in every other one: what changes on the
 * machine from second to second meets both sides of a pair alike.
 */
async function measure(
  strata: RunningContestant,
  folder: string,
  { rounds, seconds, only, print }: BenchmarkOptions,
): Promise<Measurement> {
  const names = Object.keys(trees).filter((name) => only.length === 0 || only.includes(name))
  const count = Math.round(seconds * requestsPerSecondOfBurst)
  const burst = (name: string): Promise<number> => cpuOf(strata, { folder, name, count })
  for (const name of ['bench', ...names]) await cpuOf(strata, { folder, name, count: warmUpRequests })
  const pairs = new Map<string, Pair[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < pairsPerRound; turn++) {
      for (const name of names) pairs.get(name)?.push(await measurePair(burst, name, turn % 2 === 0))
    }
    print(`round ${round + 1} of ${rounds}`)
  }
  return toMeasurement(pairs, print)
}

async function measurePair(
  burst: (name: string) => Promise<number>,
  name: string,
  isLeafFirst: boolean,
): Promise<Pair> {
  const first = await burst(isLeafFirst ? 'bench' : name)
  const second = await burst(isLeafFirst ? name : 'bench')
  return isLeafFirst ? { leaf: first, tree: second } : { leaf: second, tree: first }
}

function toMeasurement(pairs: ReadonlyMap<string, readonly Pair[]>, print: (line: string) => void): Measurement {
  const all = [...pairs.values()].flat()
  const figures: Record<string, number> = { 'endpoint.cpuMicros': median(all.map(({ leaf }) => leaf)) ?? Number.NaN }
  const promised: Record<string, readonly ['<=', number]> = {}
  const rows: string[][] = []
  for (const [name, taken] of pairs) {
    const shares = taken.map(({ leaf, tree }) => tree / leaf - 1)
    const [low, high] = toInterval(shares)
    const share = median(shares) ?? Number.NaN
    figures[`${name}.cpuMicros`] = median(taken.map(({ tree }) => tree)) ?? Number.NaN
    figures[`${name}.addedShare`] = share
    figures[`${name}.addedShareLow`] = low
    figures[`${name}.addedShareHigh`] = high
    if (passing.includes(name)) promised[`${name}.addedShare`] = ['<=', 0.05]
    rows.push([name, toPercent(share), `${toPercent(low)} to ${toPercent(high)}`])
  }
  print(formatTable(['one leaf under', 'processor time added', '95 % of the median'], rows))
  return { figures, promised, unmeasured: [] }
}

/** Processor time of one request, microseconds, what is folded after it included; throws when any was not answered. */
async function cpuOf(
  { port, path, headers, process: child }: RunningContestant,
  { folder, name, count }: { readonly folder: string; readonly name: string; readonly count: number },
): Promise<number> {
  const before = readCpuMicros(child?.pid ?? -1) ?? Number.NaN
  const body = JSON.stringify({ ...(JSON.parse(smallBody) as object), model: name }) // written beside
  const load = { type: 'closed', connections, count } as const
  const { failed } = await runLoad({ target: { port, path, headers, body }, load }, { core: loadCore, folder })
  if (failed > 0) throw new Error(`${failed} of ${count} requests of ${name} were not answered`)
  await settle()
  return ((readCpuMicros(child?.pid ?? -1) ?? Number.NaN) - before) / count
}
