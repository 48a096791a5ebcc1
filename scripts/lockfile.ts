import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { completeLockfile, findLockfileFaults, type Lockfile } from './lockfile/complete.ts'

/**
 * `npm run lockfile` adds to package-lock.json the packages of other platforms that npm has left out;
 * `npm run lockfile -- --check` fails when some are missing, since `npm ci` would.
 */
const path = resolve(import.meta.dirname, '../package-lock.json')
process.exitCode = main(process.argv.slice(2))

/** The exit code: 0 whole, 1 not whole, 2 not understood. */
function main(words: readonly string[]): number {
  if (words.some((word) => word !== '--check')) {
    console.error('usage: npm run lockfile -- [--check]')
    return 2
  }
  const file = JSON.parse(readFileSync(path, 'utf8')) as Lockfile // npm's own file
  if (!words.includes('--check')) writeFileSync(path, `${JSON.stringify(completeLockfile(file), undefined, 2)}\n`)
  const faults = findLockfileFaults(words.includes('--check') ? file : completeLockfile(file))
  for (const fault of faults.slice(0, 5)) console.error(`package-lock.json: ${fault}`)
  if (faults.length > 0) console.error(`package-lock.json has ${faults.length} faults: npm run lockfile`)
  return faults.length === 0 ? 0 : 1
}
