import { existsSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createSystemClock } from '../src/core/time.ts'
import { createReport, printReport } from './kit/report.ts'
import type { Scorecard } from './kit/scorecard.ts'

/** `npm run scorecard -- NAME [--data DIR] [--seed N] [--size N]`: measures one promise on real data. */
const folder = dirname(fileURLToPath(import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: resolve(folder, '../../shared/data') },
    seed: { type: 'string', default: '1' },
    size: { type: 'string' },
  },
})
const print = (line: string): void => console.log(line)
process.exitCode = await run(positionals[0])

/** The exit code: 0 when it ran (missed promises are in the report), 2 when the command line is wrong. */
async function run(name: string | undefined): Promise<number> {
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0) {
    console.error(`--seed ${values.seed} is not a whole number from 0 on`)
    return 2
  }
  const size = values.size === undefined ? undefined : Number(values.size)
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 1)) {
    console.error(`--size ${values.size} is not a whole number from 1 on`)
    return 2
  }
  const names = listScorecards()
  if (name === undefined || !names.includes(name)) {
    const known = names.length === 0 ? 'there are none yet' : `there are: ${names.join(', ')}`
    console.error(`${name === undefined ? 'no scorecard named' : `no scorecard "${name}"`}; ${known}`)
    console.error('usage: npm run scorecard -- NAME [--data DIR] [--seed N] [--size N]')
    return 2
  }
  const module: unknown = await import(pathToFileURL(resolve(folder, 'scorecards', `${name}.ts`)).href)
  if (!isScorecardModule(module)) {
    console.error(`bench/scorecards/${name}.ts exports no \`scorecard\` with name, purpose and run`)
    return 2
  }
  print(`${module.scorecard.name}: ${module.scorecard.purpose}`)
  const measurement = await module.scorecard.run({
    dataFolder: resolve(values.data),
    seed,
    size,
    clock: createSystemClock(),
    print,
  })
  printReport(createReport(module.scorecard.name, measurement), print)
  return 0
}

function listScorecards(): readonly string[] {
  const place = resolve(folder, 'scorecards')
  if (!existsSync(place)) return []
  return readdirSync(place)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .toSorted()
}

function isScorecardModule(module: unknown): module is { readonly scorecard: Scorecard } {
  if (typeof module !== 'object' || module === null || !('scorecard' in module)) return false
  const { scorecard } = module
  return typeof scorecard === 'object' && scorecard !== null && 'run' in scorecard && 'purpose' in scorecard
}
