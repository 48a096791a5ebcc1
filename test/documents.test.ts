import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verbs } from '../src/applications/cli/index.ts'
import { createRoutes } from '../src/applications/http/index.ts'

const root = resolve(import.meta.dirname, '..')

/** The pages that people read first, and those they lead to. */
const first = ['README.md', 'SECURITY.md', 'DEPENDENCIES.md', 'ARCHITECTURE.md', 'CHANGELOG.md']
const pages = [
  ...first,
  'bench/README.md',
  'examples/handbook/README.md',
  'test/kit/README.md',
  ...readdirSync(join(root, 'docs/guide'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/guide/${name}`),
]

/** What each verb of the command line takes, by its name. */
const commands = new Map(await Promise.all(verbs.map(async ({ name, load }) => [name, await load()] as const)))

const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** What is wrong with the links of a page: they lead nowhere. */
function findDeadLinks(page: string, text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(https?:|#)/.test(target))
    .filter((target) => !existsSync(join(root, dirname(page), target.replace(/#.*$/, ''))))
}

/** Lines of fenced shell, those that go on with a backslash joined, comments left out. */
function findShellLines(text: string): readonly string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== ''),
  )
}

/** What is wrong with a line of shell: a script, command or option that does not exist, or a route. */
function findShellFaults(line: string): readonly string[] {
  return line.split(' && ').flatMap((part) => {
    const [, script] = /^(?:\w+=\S+ )*npm run (?:-s )?([\w:-]+)/.exec(part) ?? []
    const [, verb, words = ''] = /(?:^strata|strata --|^npx strata) ([\w-]+)(.*)$/.exec(part) ?? []
    const startWords = /^npm start -- (.*)$/.exec(part)?.[1]
    const [, path] = /^curl http:\/\/127\.0\.0\.1:7077(\/\S*)/.exec(part) ?? []
    return [
      ...(script !== undefined && manifest.scripts[script] === undefined ? [`there is no npm run ${script}`] : []),
      ...(verb === undefined ? [] : findCommandFaults(verb, words)),
      ...(startWords === undefined ? [] : findCommandFaults('start', startWords)),
      ...(path === undefined || isRoute(path) ? [] : [`there is no route ${path}`]),
      ...findMeasureFaults(part),
    ]
  })
}

function findCommandFaults(verb: string, words: string): readonly string[] {
  const command = commands.get(verb)
  if (command === undefined) return [`there is no command ${verb}`]
  const known = new Set(['config', 'folder', 'json', 'help', ...Object.keys(command.options)])
  const given = [...words.replace(/"[^"]*"/g, '').matchAll(/--([a-z]+)/g)].map(([, name = '']) => name)
  return given.filter((name) => !known.has(name)).map((name) => `${verb} has no option --${name}`)
}

function isRoute(path: string): boolean {
  const routes = createRoutes(() => {
    throw new Error('routes are only listed here')
  })
  return routes.some((route) => {
    const pattern = route.path.replace(/\{[^}]+\}/g, '[^/]+')
    return new RegExp(`^${pattern}$`).test(path)
  })
}

/** `npm run bench -- NAME` and `npm run scorecard -- NAME` name a file. */
function findMeasureFaults(text: string): readonly string[] {
  return [...text.matchAll(/npm run (bench|scorecard) -- ([a-z][a-z-]*)/g)]
    .filter(([, kind, name]) => !existsSync(join(root, kind === 'bench' ? 'bench' : 'bench/scorecards', `${name}.ts`)))
    .map(([whole]) => `nothing is measured by ${whole}`)
}

function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

describe('what people read first', () => {
  test('begins with the two commands', () => {
    expect(findShellLines(read('README.md')).slice(0, 2)).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
  })

  test.each(pages)('%s leads somewhere', (page) => {
    expect(findDeadLinks(page, read(page))).toEqual([])
  })

  test.each(pages)('%s shows commands, options and routes that exist', (page) => {
    const text = read(page)
    expect(findShellLines(text).flatMap(findShellFaults)).toEqual([])
    expect(findMeasureFaults(text)).toEqual([])
  })

  test('is judged by a check that sees what is wrong', () => {
    expect(findDeadLinks('README.md', '[a](docs/nowhere.md) [b](LICENSE) [c](#x)')).toEqual(['docs/nowhere.md'])
    const shell = '```sh\nnpm run nothing\nstrata fly --to x\nnpm run -s strata -- calls --jsn \\\n  --limit 3\n```\n'
    expect(findShellLines(shell).flatMap(findShellFaults)).toEqual([
      'there is no npm run nothing',
      'there is no command fly',
      'calls has no option --jsn',
    ])
    expect(findShellFaults('curl http://127.0.0.1:7077/v1/call -H x')).toEqual(['there is no route /v1/call'])
    expect(findShellFaults('curl http://127.0.0.1:7077/v1/calls/call_1 -H x')).toEqual([])
    expect(findShellFaults('npm run bench -- nothing')).toEqual(['nothing is measured by npm run bench -- nothing'])
  })

  test('gives each dependency its reason, and no reason to what is gone', () => {
    const named = [...read('DEPENDENCIES.md').matchAll(/^\|((?: ?`[^`]+`,?)+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    )
    const used = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]
    expect(new Set(named)).toEqual(new Set(used))
    expect(named).toHaveLength(used.length)
  })

  test('says in Chinese what it says in English', () => {
    const shape = (text: string): unknown => ({
      headings: [...withoutFences(text).matchAll(/^(#+) /gm)].map(([, marks]) => marks),
      yaml: [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block),
      routes: [...text.matchAll(/^curl (\S+)/gm)].map(([, url]) => url),
    })
    for (const name of readdirSync(join(root, 'docs/guide/zh'))) {
      expect(shape(read(`docs/guide/zh/${name}`)), name).toEqual(shape(read(`docs/guide/${name}`)))
    }
    const [english = '', chinese = ''] = read('README.md').split('## 中文简介')
    const rows = (text: string): number => text.split('\n').filter((line) => line.startsWith('| ')).length
    const table = english.slice(english.indexOf('## What works today'), english.indexOf('## Figures'))
    expect(rows(chinese)).toBe(rows(table))
  })
})
