import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { plainFacts } from '../test/kit/use-case-answers.ts'
import { smallBody } from './gateway/bodies.ts'
import { readPort, startStrata, type RunningContestant, type StrataOptions } from './gateway/contestants.ts'
import { toTarget } from './gateway/measures.ts'
import type { Benchmark, BenchmarkOptions } from './kit/benchmark.ts'
import { readCpuMicros, readThreadMicros, startPinned } from './kit/processes.ts'
import { formatTable, median, type Measurement } from './kit/report.ts'
import { runWrk } from './kit/wrk.ts'

const loadCore = 0
const gatewayCore = 1
const connections = 16
const warmUpSeconds = 4

/** A checkpoint every second, where the default is one a minute. */
const audit = { sealMs: 1_000 }
const preload = pathToFileURL(join(import.meta.dirname, 'governance/without-audit.ts')).href

/** A pack decides on a declared use case. */
const admission = {
  policies: [{ pack: 'eu-ai-act', mode: 'enforce' }],
  useCases: { desk: { 'eu-ai-act': { ...plainFacts, interactsWithPeople: false } } },
  defaultUseCase: 'desk',
}

/** The others say what they would decide: their decisions make the record of each call a kilobyte longer. */
const shadows = ['eu-sovereignty', 'cn-genai', 'us-states'].map((pack) => ({ pack, mode: 'shadow' }))
const unwatched = { mode: 'off' }

/**
 * `plain` is what the others are compared with: no policies, and a record that nobody takes into the audit log. `packs` has every
 * built-in pack; `watched` also reads the words of each request for what its use case does not declare.
 */
const sides: Readonly<Record<string, StrataOptions>> = {
  plain: { preload },
  audited: { governance: { audit } },
  governed: { governance: { audit, ...admission, signals: unwatched } },
  packs: { governance: { audit, ...admission, signals: unwatched, policies: [...admission.policies, ...shadows] } },
  watched: { governance: { audit, ...admission } },
}

interface Sample {
  readonly perSecond: number
  readonly cpuMicros: number
  /** Of `cpuMicros`, what the thread takes that brings the record into the database and the audit log. */
  readonly foldMicros: number
}

export const benchmark: Benchmark = {
  name: 'governance',
  purpose:
    'throughput of the gateway with the audit log, and with policies and the audit log, beside the same gateway with neither',
  async run(options): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-governance-'))
    const upstream = startPinned({
      core: loadCore,
      command: [process.execPath, join(import.meta.dirname, 'kit/mock.ts')],
      logPath: join(folder, 'upstream.log'),
    })
    const running = new Map<string, RunningContestant>()
    try {
      const place = { upstreamPort: await readPort(upstream), core: gatewayCore, folder }
      for (const [name, side] of Object.entries(sides)) running.set(name, await startStrata(place, side))
      return toMeasurement(await measure(running, folder, options), options)
    } finally {
      for (const { process: child } of running.values()) await child?.stop()
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
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
    // Who comes before is still at work on its record: turn about in both directions, so that it is not always the same one.
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
  const after = read()
  const [cpuMicros, foldMicros] = [(after[0] - before[0]) / result.requests, (after[1] - before[1]) / result.requests]
  return { perSecond: result.requestsPerSecond, cpuMicros, foldMicros }
}

function toMeasurement(samples: ReadonlyMap<string, readonly Sample[]>, { print }: BenchmarkOptions): Measurement {
  const figures: Record<string, number> = {}
  const plain = samples.get('plain') ?? []
  for (const [name, taken] of samples) {
    figures[`${name}.perSecond`] = middle(taken.map(({ perSecond }) => perSecond))
    figures[`${name}.cpuMicros`] = middle(taken.map(({ cpuMicros }) => cpuMicros))
    figures[`${name}.foldMicros`] = middle(taken.map(({ foldMicros }) => foldMicros))
    if (name === 'plain') continue
    // Within a round, since the machine changes between them.
    const lost = taken.map(({ perSecond }, round) => 1 - perSecond / (plain[round]?.perSecond ?? Number.NaN))
    const added = taken.map(({ cpuMicros }, round) => cpuMicros / (plain[round]?.cpuMicros ?? Number.NaN) - 1)
    figures[`${name}.throughputLost`] = middle(lost)
    figures[`${name}.cpuAdded`] = middle(added)
  }
  const percent = (share: number | undefined): string => `${((share ?? Number.NaN) * 100).toFixed(1)} %`
  const rows = [...samples.keys()]
    .slice(1)
    .map((name) => [name, percent(figures[`${name}.throughputLost`]), percent(figures[`${name}.cpuAdded`])])
  print(formatTable(['beside plain', 'throughput lost', 'processor time added'], rows))
  return {
    figures,
    promised: { 'governed.throughputLost': ['<=', 0.05], 'governed.cpuAdded': ['<=', 0.05] },
    unmeasured: [],
  }
}

function middle(values: readonly number[]): number {
  return median(values) ?? Number.NaN
}
