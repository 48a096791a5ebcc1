import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '..')
const cache = 'node_modules/.cache/strata'

/** A house of two modules and one package, kept as an installation keeps the real one. */
let root = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'strata-kept-'))
  for (const file of ['bin/kept-modules.js', 'scripts/keep-modules.js', 'scripts/note-modules.js']) {
    cpSync(join(repository, file), join(root, file))
  }
  write('package.json', '{ "type": "module" }')
  write('node_modules/.package-lock.json', '{}')
  write('node_modules/parts/package.json', '{ "name": "parts", "type": "module", "exports": "./index.js" }')
  write('node_modules/parts/index.js', "export const part = 'part 一'")
  write('src/house.ts', "export const house: string = 'house'")
  write(
    'bin/run.js',
    "import { useKeptModules } from './kept-modules.js'\nuseKeptModules()\nawait import('../src/main.ts')",
  )
  write(
    'src/main.ts',
    "import { part } from 'parts'\nimport { house } from './house.ts'\nconst said: string = `${house}, ${part}`\nconsole.log(said)",
  )
  keep()
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Written in another second than what was kept. */
function later(path: string): void {
  const seconds = Date.now() / 1_000 + 5
  utimesSync(join(root, path), seconds, seconds)
}

function node(words: readonly string[], environment: NodeJS.Dict<string> = {}): string {
  const env = { PATH: process.env['PATH'], ...environment }
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8', env })
  expect(status, stderr).toBe(0)
  return stdout.trim()
}

function keep(): void {
  const notes = join(root, 'notes')
  node(['--import', './scripts/note-modules.js', 'bin/run.js'], { STRATA_MODULE_NOTES: notes })
  const script = `const { keepModules } = await import('./scripts/keep-modules.js'); keepModules(${JSON.stringify(notes)})`
  node(['--input-type=module', '--eval', script])
}

const run = (): string => node(['bin/run.js'])

test('a start runs what was kept of a package until another installation, and of the house until its file changes', () => {
  expect(run()).toBe('house, part 一')
  write('node_modules/parts/index.js', "export const part = 'other'")
  expect(run()).toBe('house, part 一') // which shows that it was kept
  write('src/house.ts', "export const house: string = 'tower'")
  later('src/house.ts')
  expect(run()).toBe('tower, part 一')
  utimesSync(join(root, 'node_modules/.package-lock.json'), 1, 1)
  expect(run()).toBe('tower, other')
})

test('a module that is gone is missed, and one that takes its place is found', () => {
  rmSync(join(root, 'src/house.ts'))
  const { status, stderr } = spawnSync(process.execPath, ['bin/run.js'], { cwd: root, encoding: 'utf8' })
  expect([status, stderr]).toEqual([1, expect.stringContaining('house.ts')])
  write('src/main.ts', "import { house } from './home.ts'\nconsole.log(house)")
  write('src/home.ts', "export const house: string = 'home'")
  expect(run()).toBe('home')
})

test('whoever is loaded before sees the modules themselves', () => {
  write('node_modules/parts/index.js', "export const part = 'other'")
  write('before.js', '')
  write('before.cjs', '')
  expect(node(['--import', './before.js', 'bin/run.js'])).toBe('house, other')
  expect(node(['bin/run.js'], { NODE_OPTIONS: '--require ./before.cjs' })).toBe('house, other')
})

test.each([
  ['of another Node', (text: string) => text.replace(process.version, 'v24.0.0')],
  ['damaged', (text: string) => text.slice(0, -20)],
  ['without its texts', (text: string) => text.replace('.text"', '.gone"')],
])('what was kept is passed over when it is %s', (_, change) => {
  write('node_modules/parts/index.js', "export const part = 'other'")
  const index = join(root, cache, 'modules.json')
  writeFileSync(index, change(readFileSync(index, 'utf8')))
  expect(run()).toBe('house, other')
})

test('what was kept before makes room for what is kept now', () => {
  write('src/house.ts', "export const house: string = 'a larger house'")
  rmSync(join(root, cache, 'modules.json'))
  keep()
  expect(run()).toBe('a larger house, part 一')
  expect(readdirSync(join(root, cache)).filter((name) => name.endsWith('.text'))).toHaveLength(1)
})
