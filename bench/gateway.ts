import { contestants, installPeers, type Contestant, type RunningContestant } from './gateway/contestants.ts'
import { measures, type Measure, type MeasurePlace, type Sample } from './gateway/measures.ts'
import { promised, toFigures, type Samples, type Singles } from './gateway/figures.ts'
import { measureColdStart, measureDurability, measureMemory } from './gateway/singles.ts'
import type { Benchmark, BenchmarkOptions } from './kit/benchmark.ts'
import { hasCommand, readRssMib } from './kit/processes.ts'
import { formatFigure, formatTable, median } from './kit/report.ts'
import { loadCore, withUpstream } from './kit/stage.ts'
import { wrkHelp } from './kit/wrk.ts'

/** The compiler needs some thousand requests of each kind before figures settle. */
const warmUpSeconds = 2
const warmUpMeasures = ['c16', 'stream', 'body200k']
const memoryRequests = 200_000
const durabilityRequests = 20_000

export const benchmark: Benchmark = {
  name: 'gateway',
  purpose: 'what a request costs that only passes through, beside a bare pass-through and other gateways',
  run(options) {
    return withUpstream(options, async ({ running, ...place }) => {
      const chosen = chooseContestants(options)
      for (const contestant of chosen) running.push(...(await tryStart(contestant, place, options)))
      const load = { core: loadCore, folder: place.folder, seconds: options.seconds }
      const samples = await measureRounds(running, load, options)
      const durable = await measureDurable(running, load, options)
      for (const contestant of running.splice(0)) await contestant.process?.stop()
      const memory = await measureFreshMemory(chosen, place, { ...options, load })
      const coldStartMs = await measureColdStarts(chosen, place, options)
      return { figures: toFigures(samples, { ...durable, memory, coldStartMs }), promised, unmeasured: [] }
    })
  },
}

function chooseContestants({ only, print }: BenchmarkOptions): readonly Contestant[] {
  const named = contestants.filter((contestant) => only.includes(contestant.name))
  const chosen = named.length === 0 ? contestants.filter(({ isOptional }) => !isOptional) : named
  const needsPeers = chosen.some(({ name }) => name === 'portkey' || name === 'fastify')
  if (!needsPeers || installPeers(print)) return chosen
  return chosen.filter(({ name }) => name !== 'portkey' && name !== 'fastify')
}

/** A contestant that does not start is left out, and says so: its figures are unmeasured. */
async function tryStart(
  contestant: Contestant,
  place: Parameters<Contestant['start']>[0],
  { print }: BenchmarkOptions,
): Promise<readonly RunningContestant[]> {
  try {
    return [await contestant.start(place)]
  } catch (thrown) {
    print(`${contestant.name} is left out: ${thrown instanceof Error ? thrown.message : 'it did not start'}`)
    return []
  }
}

/**
 * Every measure of every contestant in every round. Contestants follow each other directly within a measure, the first
 * one changing from round to round, so that a machine which slows down slows all of them.
 */
async function measureRounds(
  running: readonly RunningContestant[],
  place: MeasurePlace,
  options: BenchmarkOptions,
): Promise<Samples> {
  const samples: Record<string, Record<string, Sample[]>> = {}
  const chosen = chooseMeasures(options)
  for (const contestant of running) {
    for (const measure of chosen.filter(({ name }) => warmUpMeasures.includes(name))) {
      await measure.run(contestant, { ...place, seconds: warmUpSeconds })
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    options.print(`round ${round + 1} of ${options.rounds}`)
    for (const measure of chosen) {
      for (let turn = 0; turn < running.length; turn++) {
        const contestant = running[(round + turn) % running.length]
        if (contestant === undefined) continue
        const taken = ((samples[measure.name] ??= {})[contestant.name] ??= [])
        taken.push(await measure.run(contestant, place))
      }
    }
  }
  for (const measure of chosen) printMeasure(measure, samples[measure.name] ?? {}, options)
  return samples
}

function chooseMeasures({ only, print }: BenchmarkOptions): readonly Measure[] {
  const named = measures.filter((measure) => only.includes(measure.name))
  const chosen = named.length === 0 ? measures : named
  if (hasCommand('wrk')) return chosen
  print(wrkHelp)
  return chosen.filter((measure) => !measure.needsWrk)
}

/** What the used process has recorded, and the memory it holds after every measure. */
async function measureDurable(
  running: readonly RunningContestant[],
  place: MeasurePlace,
  options: BenchmarkOptions,
): Promise<Pick<Singles, 'durability' | 'rssAfterAllMib'>> {
  const strata = running.find((contestant) => contestant.name === 'strata')
  if (strata?.process === undefined) return { durability: undefined, rssAfterAllMib: undefined }
  options.print(`durability: ${durabilityRequests} requests counted in the store`)
  const durability = await measureDurability(strata, place, durabilityRequests)
  return { durability, rssAfterAllMib: readRssMib(strata.process.pid) }
}

/** A process of its own: what the other measures left behind would be counted otherwise. */
async function measureFreshMemory(
  chosen: readonly Contestant[],
  place: Parameters<Contestant['start']>[0],
  options: BenchmarkOptions & { readonly load: MeasurePlace },
): Promise<Singles['memory']> {
  const strata = chosen.find(({ name }) => name === 'strata')
  if (strata === undefined || !options.long) return undefined
  options.print(`memory: before and after ${memoryRequests} requests`)
  const running = await strata.start(place)
  try {
    return await measureMemory(running, options.load, memoryRequests)
  } finally {
    await running.process?.stop()
  }
}

async function measureColdStarts(
  chosen: readonly Contestant[],
  place: Parameters<Contestant['start']>[0],
  { print, clock }: BenchmarkOptions,
): Promise<Singles['coldStartMs']> {
  const durations: Record<string, number> = {}
  print('cold start: five times each')
  for (const contestant of chosen.filter(({ name }) => name !== 'direct')) {
    try {
      const durationMs = await measureColdStart(contestant, { place, times: 5, clock })
      if (durationMs !== undefined) durations[contestant.name] = durationMs
    } catch {
      print(`${contestant.name} does not start`)
    }
  }
  return durations
}

function printMeasure(
  measure: Measure,
  byContestant: Readonly<Record<string, readonly Sample[]>>,
  { print }: BenchmarkOptions,
): void {
  const cell = (values: readonly (number | undefined)[]): string => {
    const known = values.filter((value) => value !== undefined)
    const middle = median(known)
    if (middle === undefined) return ''
    return `${formatFigure(middle)} [${formatFigure(Math.min(...known))}-${formatFigure(Math.max(...known))}]`
  }
  const rows = Object.entries(byContestant).map(([name, taken]) => [
    name,
    cell(taken.map((sample) => sample.perSecond)),
    cell(taken.map((sample) => sample.p50Ms)),
    cell(taken.map((sample) => sample.p99Ms)),
    cell(taken.map((sample) => sample.cpuMicros)),
    String(taken.reduce((sum, sample) => sum + sample.errors, 0)),
  ])
  print(`\n${measure.name}: ${measure.title}; median [least-most]\n`)
  print(formatTable(['', 'per second', 'p50 ms', 'p99 ms', 'CPU µs each', 'errors'], rows))
}
