import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { smallBody } from './gateway/bodies.ts'
import { readPort, startStrata, type RunningContestant } from './gateway/contestants.ts'
import type { Benchmark, BenchmarkOptions } from './kit/benchmark.ts'
import { runLoad } from './kit/load-options.ts'
import { readCpuMicros, startPinned } from './kit/processes.ts'
import { formatTable, median, type Measurement } from './kit/report.ts'

const loadCore = 0
const gatewayCore = 1
const connections = 16
const requestsPerSecondOfMeasure = 2_000
const warmUpRequests = 3_000

/** One leaf under each kind of node; `endpoint` is the leaf itself, what the others are compared with. */
const trees: Readonly<Record<string, unknown>> = {
  alias: 'bench',
  route: { route: [{ when: { header: { name: 'x-data-class', is: 'secret' } }, use: 'plain' }, { use: 'plain' }] },
  fallback: { fallback: ['plain', 'slow'] },
  cascade: { cascade: [{ use: 'plain' }] },
  experiment: { experiment: { arms: { a: { use: 'plain' }, b: { use: 'plain' } } } },
  prompt: { prompt: { use: 'plain', version: '1', system: 'Be brief.' } },
  verify: { verify: { use: 'plain', check: { without: 'never said' }, repairs: 0 } },
  vote: { vote: { of: 'plain', n: 1 } },
  best: { best: { of: 'plain', n: 1, check: { without: 'never said' } } },
  map: { map: { use: 'plain' } },
}

/** These change nothing; the others write the request anew, or have to read the answer first. */
const passing = ['alias', 'route', 'fallback', 'cascade', 'experiment']

export const benchmark: Benchmark = {
  name: 'trees',
  purpose: 'processor time of a request through one leaf under each kind of node, beside the leaf alone',
  async run(options): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-trees-'))
    const upstream = startPinned({
      core: loadCore,
      command: [process.execPath, join(import.meta.dirname, 'kit/mock.ts')],
      logPath: join(folder, 'upstream.log'),
    })
    let strata: RunningContestant | undefined
    try {
      const place = { upstreamPort: await readPort(upstream), core: gatewayCore, folder }
      strata = await startStrata(place, { models: trees })
      return await measure(strata, folder, options)
    } finally {
      await strata?.process?.stop()
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function measure(
  strata: RunningContestant,
  folder: string,
  { rounds, seconds, only, print }: BenchmarkOptions,
): Promise<Measurement> {
  const names = ['bench', ...Object.keys(trees).filter((name) => only.length === 0 || only.includes(name))]
  const micros = new Map<string, number[]>(names.map((name) => [name, []]))
  for (const name of names) await cpuOf(strata, { folder, name, count: warmUpRequests })
  for (let round = 0; round < rounds; round++) {
    const turned = names.map((_, at) => names[(at + round) % names.length] ?? 'bench')
    for (const name of turned) {
      const count = Math.round(seconds * requestsPerSecondOfMeasure)
      micros.get(name)?.push(await cpuOf(strata, { folder, name, count }))
    }
    print(`round ${round + 1} of ${rounds}`)
  }
  const figures: Record<string, number> = { 'endpoint.cpuMicros': median(micros.get('bench') ?? []) ?? Number.NaN }
  const promised: Record<string, readonly ['<=', number]> = {}
  for (const name of names.slice(1)) {
    // Within a round, since the machine changes between them.
    const shares = (micros.get(name) ?? []).map(
      (each, round) => each / (micros.get('bench')?.[round] ?? Number.NaN) - 1,
    )
    figures[`${name}.cpuMicros`] = median(micros.get(name) ?? []) ?? Number.NaN
    figures[`${name}.addedShare`] = median(shares) ?? Number.NaN
    if (passing.includes(name)) promised[`${name}.addedShare`] = ['<=', 0.05]
  }
  const rows = names.slice(1).map((name) => [name, `${((figures[`${name}.addedShare`] ?? 0) * 100).toFixed(1)} %`])
  print(formatTable(['one leaf under', 'processor time added'], rows))
  return { figures, promised, unmeasured: [] }
}

/** Processor time of one request, microseconds; throws when any was not answered. */
async function cpuOf(
  { port, path, headers, process: child }: RunningContestant,
  { folder, name, count }: { readonly folder: string; readonly name: string; readonly count: number },
): Promise<number> {
  const before = readCpuMicros(child?.pid ?? -1) ?? Number.NaN
  const body = JSON.stringify({ ...(JSON.parse(smallBody) as object), model: name }) // written beside
  const load = { type: 'closed', connections, count } as const
  const { failed } = await runLoad({ target: { port, path, headers, body }, load }, { core: loadCore, folder })
  if (failed > 0) throw new Error(`${failed} of ${count} requests of ${name} were not answered`)
  return ((readCpuMicros(child?.pid ?? -1) ?? Number.NaN) - before) / count
}
