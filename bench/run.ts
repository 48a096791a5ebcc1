import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createSystemClock } from '../src/core/time.ts'
import type { Benchmark } from './kit/benchmark.ts'
import { createReport, printReport } from './kit/report.ts'

/** `npm run bench -- NAME [--rounds N] [--seconds S] [--only a,b] [--long]`: measures speed against peers. */
const folder = import.meta.dirname
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    long: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => console.log(line)
process.exitCode = await run(positionals[0])

/** The exit code: 0 when it ran (missed promises are in the report), 2 when the command line is wrong. */
async function run(name: string | undefined): Promise<number> {
  const rounds = Number(values.rounds)
  const seconds = Number(values.seconds)
  if (!isCount(rounds) || !isCount(seconds)) {
    console.error('--rounds and --seconds are whole numbers from 1 on')
    return 2
  }
  const names = listBenchmarks()
  if (name === undefined || !names.includes(name)) {
    console.error(
      `${name === undefined ? 'no benchmark named' : `no benchmark "${name}"`}; there are: ${names.join(', ')}`,
    )
    console.error('usage: npm run bench -- NAME [--rounds N] [--seconds S] [--only a,b] [--long]')
    return 2
  }
  const path = resolve(folder, `${name}.ts`)
  // For a script that reads its own arguments.
  process.argv.splice(1, process.argv.length, path, ...positionals.slice(1))
  const module: unknown = await import(pathToFileURL(path).href)
  // A file without a benchmark is a script that has measured and printed while it was imported.
  if (!isBenchmarkModule(module)) return 0
  print(`${module.benchmark.name}: ${module.benchmark.purpose}`)
  const measurement = await module.benchmark.run({
    rounds,
    seconds,
    only: values.only.split(',').filter((word) => word !== ''),
    long: values.long,
    clock: createSystemClock(),
    print,
  })
  printReport(createReport(module.benchmark.name, measurement), print)
  return 0
}

function listBenchmarks(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((file) => file !== 'run' && file !== 'scorecard')
    .toSorted()
}

function isBenchmarkModule(module: unknown): module is { readonly benchmark: Benchmark } {
  if (typeof module !== 'object' || module === null || !('benchmark' in module)) return false
  const { benchmark } = module
  return typeof benchmark === 'object' && benchmark !== null && 'run' in benchmark && 'purpose' in benchmark
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1
}
