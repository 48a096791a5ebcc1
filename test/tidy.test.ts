import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProject, laws, readProject, type Finding, type LawName, type TextFile } from './tidy/index.ts'

const project = readProject(resolve(import.meta.dirname, '..'))
const lawNames = Object.keys(laws) as LawName[] // The keys of an object literal.

function describeFinding(finding: Finding): readonly string[] {
  return finding.violations.map(({ path, line, what }) => `${path}:${line} ${what}`)
}

describe('the laws of the house', () => {
  test('are checked on the sources there are', () => {
    const paths = project.sources.map(({ path }) => path)
    expect(paths).toContain('src/core/errors.ts')
    expect(paths).toContain('src/config/schema.ts')
    expect(paths).toContain('test/tidy.test.ts')
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([])
  })

  test.each(lawNames)('%s', (name) => {
    const finding = laws[name](project)
    expect(finding.judged).toBeGreaterThan(4)
    expect(describeFinding(finding)).toEqual([])
  })
})

function judge(name: LawName, files: Readonly<Record<string, string>>): readonly string[] {
  const texts = Object.entries(files).map(([path, text]): TextFile => ({ path, text }))
  return describeFinding(laws[name](createProject(texts)))
}

/** A file that breaks a law, what else there is, and what the law says of it; and a twin that keeps the law. */
interface Planted {
  readonly law: LawName
  readonly broken: Readonly<Record<string, string>>
  readonly says: string
  readonly kept: Readonly<Record<string, string>>
}

const long = (lines: number): string => `export function f() {\n${'  g()\n'.repeat(lines - 2)}}\n`

const planted: readonly Planted[] = [
  {
    law: 'imports point down, and the rooms do not know each other',
    broken: { 'src/core/a.ts': "import { b } from '../config/index.ts'" },
    says: 'src/core/a.ts:1 imports src/config/index.ts: imports point down',
    kept: { 'src/config/a.ts': "import { b } from '../core/b.ts'" },
  },
  {
    law: 'imports point down, and the rooms do not know each other',
    broken: { 'src/tools/a/x.ts': "// first\nimport type { B } from '../../models/index.ts'" },
    says: 'src/tools/a/x.ts:2 imports src/models/index.ts: the rooms meet through the ports in core/',
    kept: { 'src/tools/a/x.ts': "import type { B } from '../../store/index.ts'" },
  },
  {
    law: 'imports point down, and the rooms do not know each other',
    broken: { 'src/store/a.ts': "export { b } from '../telemetry/index.ts'" },
    says: 'the folders of the floor know core and config only',
    kept: { 'src/store/a.ts': "export type { B } from '../config/index.ts'" },
  },
  {
    law: 'imports point down, and the rooms do not know each other',
    broken: { 'src/applications/flow.ts': "const p = import('../platform/index.ts')" },
    says: 'imports src/platform/index.ts: imports point down',
    kept: { 'src/main.ts': "import { createPlatform } from './platform/index.ts'" },
  },
  {
    law: 'imports point down, and the rooms do not know each other',
    broken: { 'src/helpers/a.ts': '' },
    says: 'src/helpers/a.ts:1 stands in no room of the house',
    kept: { 'src/platform/parts.ts': '' },
  },
  {
    law: 'a folder is entered by its index.ts',
    broken: { 'src/tools/a/x.ts': "import { y } from '../b/y.ts'", 'src/tools/b/y.ts': '' },
    says: 'src/tools/a/x.ts:1 imports src/tools/b/y.ts: enter by src/tools/b/index.ts',
    kept: { 'src/tools/a/x.ts': "import { y } from '../b/index.ts'", 'src/tools/b/y.ts': '' },
  },
  {
    law: 'a folder is entered by its index.ts',
    broken: { 'test/x.test.ts': "import('../src/store/journal/fold.ts')", 'src/store/journal/fold.ts': '' },
    says: 'enter by src/store/index.ts',
    kept: { 'test/x.test.ts': "import('../src/store/testing.ts')", 'src/store/journal/fold.ts': '' },
  },
  {
    law: 'a folder is entered by its index.ts',
    broken: {
      'src/applications/http/a.ts': "import { b } from './openai/b.ts'",
      'src/applications/http/openai/b.ts': '',
    },
    says: 'enter by src/applications/http/openai/index.ts',
    kept: { 'src/applications/http/openai/b.ts': "import { a } from '../a.ts'", 'src/applications/http/a.ts': '' },
  },
  {
    law: 'no module holds state',
    broken: { 'src/tools/a/x.ts': 'export const seen = new Map<string, number>()' },
    says: 'src/tools/a/x.ts:1 module-level state',
    kept: {
      'src/tools/a/x.ts': "const table = new Map([['a', 1]])\nexport function f() {\n  let n = 0\n  return n++\n}",
    },
  },
  {
    law: 'no module holds state',
    broken: { 'src/tools/a/x.ts': 'let count = 0\nexport const f = () => count++' },
    says: 'module-level state',
    kept: { 'src/tools/a/worker.ts': 'let count = 0' },
  },
  {
    law: 'the environment, the clock and chance are given, not taken',
    broken: { 'src/store/a.ts': "export const key = process.env['KEY']" },
    says: 'process.env belongs to main.ts and config/',
    kept: { 'src/config/a.ts': "export const key = () => process.env['KEY']", 'src/store/a.test.ts': 'process.env' },
  },
  ...['Date.now()', 'new Date()', 'performance.now()', 'Math.random()', 'process.hrtime.bigint()'].map(
    (call): Planted => ({
      law: 'the environment, the clock and chance are given, not taken',
      broken: { 'src/store/a.ts': `export const f = () => ${call}` },
      says: 'as an argument',
      kept: { 'src/core/time.ts': `export const f = () => ${call}`, 'src/store/a.ts': 'export const d = new Date(0)' },
    }),
  ),
  {
    law: 'the environment, the clock and chance are given, not taken',
    broken: { 'src/store/a.ts': "import { randomUUID } from 'node:crypto'" },
    says: 'randomUUID: take chance as an argument',
    kept: { 'src/store/a.ts': "import { createHash } from 'node:crypto'" },
  },
  ...[
    "await fetch('https://example.com')",
    'await globalThis.fetch(url)',
    "import { request } from 'node:http'",
    "import https from 'node:https'",
    "import * as net from 'node:net'",
    "import { Pool } from 'undici'",
    "const ws = new WebSocket('wss://example.com')",
    "const u = await import('undici')",
  ].map(
    (line): Planted => ({
      law: 'only egress opens outgoing connections',
      broken: { 'src/tools/a/x.ts': line },
      says: 'only egress opens outgoing connections',
      kept: {
        'src/infrastructure/egress/x.ts': line,
        'src/applications/http/server.ts': "import { createServer } from 'node:http'",
        'src/tools/a/x.ts': 'export const f = (fetch: () => void) => fetch()\nclient.fetch()',
      },
    }),
  ),
  ...[
    "sql.run('SELECT a FROM b')",
    'const q = `INSERT INTO call VALUES (${id})`',
    "import { sql } from 'kysely'",
    "const rows = db.selectFrom('call')",
    "db.exec('PRAGMA journal_mode = WAL')",
  ].map(
    (line): Planted => ({
      law: 'SQL stands in store/ and in files named store.ts',
      broken: { 'src/governance/identity/keys.ts': line },
      says: 'store/ and files named store.ts',
      kept: {
        'src/governance/identity/store.ts': line,
        'src/store/sqlite.ts': line,
        'src/tools/a/x.ts': "const help = 'select a model from the list'\nimport type { Kysely } from 'kysely'",
      },
    }),
  ),
  {
    law: 'no imports go round in a circle at run time',
    broken: {
      'src/core/a.ts': "import { b } from './b.ts'",
      'src/core/b.ts': "import { c } from './c.ts'",
      'src/core/c.ts': "export { a } from './a.ts'",
    },
    says: 'src/core/a.ts:1 imports itself through src/core/b.ts, src/core/c.ts',
    kept: {
      'src/core/a.ts': "import { b } from './b.ts'",
      'src/core/b.ts': "import type { A } from './a.ts'\nimport { type A2 } from './a.ts'",
    },
  },
  {
    law: 'a command loads what it needs, when it is called',
    broken: { 'src/main.ts': "import { a } from './core/a.ts'", 'src/core/a.ts': "export { b } from '../store/b.ts'" },
    says: 'src/core/a.ts:1 loads src/store/b.ts with every command',
    kept: {
      'src/main.ts': "import { a } from './core/a.ts'\nconst { b } = await import('./store/index.ts')",
      'src/core/a.ts': "import type { B } from '../store/b.ts'",
    },
  },
  {
    law: 'a command loads what it needs, when it is called',
    broken: {
      'src/applications/cli/commands/index.ts': "import { a } from './a.ts'",
      'src/applications/cli/commands/a.ts': '',
      'src/main.ts': "import { a } from './applications/cli/commands/index.ts'",
    },
    says: 'src/applications/cli/commands/index.ts:1 loads src/applications/cli/commands/a.ts with every command',
    kept: {
      'src/applications/cli/commands/index.ts': "const a = () => import('./a.ts')",
      'src/applications/cli/commands/a.ts': '',
      'src/main.ts': "import { a } from './applications/cli/commands/index.ts'",
    },
  },
  {
    law: 'a command loads what it needs, when it is called',
    broken: {
      'src/applications/cli/commands/a.ts': "import { b } from '../b.ts'",
      'src/applications/cli/b.ts': "import { c } from '../../tools/index.ts'",
    },
    says: 'src/applications/cli/b.ts:1 loads src/tools/index.ts for src/applications/cli/commands/a.ts',
    kept: {
      'src/applications/cli/commands/a.ts': "import { b } from '../b.ts'",
      'src/applications/cli/b.ts': "import { c } from '../../tools/c/index.ts'",
    },
  },
  {
    law: 'a command loads what it needs, when it is called',
    broken: {
      'src/governance/audit/worker.ts': "import { a } from './a.ts'\nexport function openSideWork() {}",
      'src/governance/audit/a.ts': "import { b } from '../../store/index.ts'",
      'src/store/index.ts': '',
    },
    says: 'src/governance/audit/a.ts:1 loads src/store/index.ts into the folding thread',
    kept: {
      'src/governance/audit/worker.ts': "import { a } from './a.ts'\nexport function openSideWork() {}",
      'src/governance/audit/a.ts': "import type { B } from '../../store/index.ts'",
    },
  },
  {
    law: 'a file has at most 400 lines',
    broken: { 'src/core/a.ts': '//\n'.repeat(401) },
    says: 'has 401 lines of 400',
    kept: { 'src/core/a.ts': '//\n'.repeat(400) },
  },
  {
    law: 'a function has at most 70 lines and 3 parameters',
    broken: { 'src/core/a.ts': long(71) },
    says: 'a function has 71 lines of 70',
    kept: { 'src/core/a.ts': long(70), 'src/core/a.test.ts': long(200) },
  },
  {
    law: 'a function has at most 70 lines and 3 parameters',
    broken: { 'src/core/a.ts': 'class A {\n  f(a: 1, b: 2, c: 3, d: 4) {}\n}' },
    says: 'src/core/a.ts:2 a function has 4 parameters of 3',
    kept: { 'src/core/a.ts': 'export const f = function (this: object, a: 1, b: 2, ...c: 3[]) {}' },
  },
  {
    law: 'every capability folder has a page, a door and a test',
    broken: { 'src/tools/a/x.ts': '', 'src/tools/a/README.md': '', 'src/tools/a/index.ts': '' },
    says: 'src/tools/a:1 has no test beside its source',
    kept: { 'src/tools/a/README.md': '', 'src/tools/a/index.ts': '', 'src/tools/a/x.test.ts': '' },
  },
  {
    law: 'every capability folder has a page, a door and a test',
    broken: { 'src/applications/http/openai/x.test.ts': '', 'src/applications/http/README.md': '' },
    says: 'src/applications/http/openai:1 has no README.md',
    kept: { 'src/telemetry/README.md': '', 'src/telemetry/index.ts': '', 'src/telemetry/x.test.ts': '' },
  },
  {
    law: 'every room is lived in',
    broken: { 'src/tools/a.ts': '' },
    says: 'src/models:1 is empty',
    kept: Object.fromEntries(
      ['infrastructure', 'models', 'tools', 'investment', 'governance'].map((room) => [`src/${room}/a.ts`, '']),
    ),
  },
  {
    law: 'the documents a reader looks for are there',
    broken: { 'README.md': '' },
    says: 'CHANGELOG.md:1 is missing',
    kept: { 'README.md': '', 'ARCHITECTURE.md': '', 'CHANGELOG.md': '', 'DEPENDENCIES.md': '', LICENSE: '' },
  },
  ...[
    `see /${'home'}/someone/strata`,
    `npm from https://${'registry'}.example.org/`,
    `"resolved": "${'http'}s://x/y.tgz"`,
  ].map(
    (text): Planted => ({
      law: 'nothing tells of the machine it was made on',
      broken: { 'docs/a.md': `fine\n${text}` },
      says: 'docs/a.md:2 names',
      kept: { 'docs/a.md': 'see https://example.org/home/page and GET /v1/models, a registry of models' },
    }),
  ),
  ...[
    'export default 1',
    "export * from './a.ts'",
    'export enum Colour { red }',
    'export const f = (a: any) => a',
    'export const f = (a?: string) => a!',
    'class A { constructor(readonly a: string) {} }',
    "console.log('x')",
  ].map(
    (line): Planted => ({
      law: 'the style is kept: named exports, no enum, no any, no !, no console',
      broken: { 'src/core/x.ts': `// a comment\n${line}` },
      says: 'src/core/x.ts:2 ',
      kept: {
        'src/core/x.ts': "export { a } from './a.ts'\nconst text = 'any enum! export default console.log(1)' // any!",
        'vitest.config.ts': 'export default {}',
        'src/applications/cli/x.ts': "console.log('x')",
      },
    }),
  ),
]

describe('each law', () => {
  test.each(
    planted.map(
      (each) => [each.law, Object.values(each.broken).join(' ').replaceAll(/\s+/g, ' ').slice(0, 60), each] as const,
    ),
  )('(%s) catches: %s', (law, _, { broken, says }) => {
    expect(judge(law, broken).join('\n')).toContain(says)
  })

  test.each(planted.map((each) => [each.law, each] as const))('(%s) lets what keeps it pass', (law, { kept }) => {
    expect(judge(law, kept)).toEqual([])
  })

  test('has something planted against it', () => {
    expect([...new Set(planted.map(({ law }) => law))].toSorted()).toEqual(lawNames.toSorted())
  })
})
