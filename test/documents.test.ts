import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli, verbs } from '../src/applications/cli/index.ts'
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

const guide = pages.filter((page) => page.startsWith('docs/guide/'))

const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** What is wrong with the links of a page: the file or the heading that they lead to is not there. */
function findDeadLinks(page: string, text: string): readonly string[] {
  return findLinks(text).filter((target) => {
    const [path = '', heading] = target.split('#')
    const file = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(root, file))) return true
    return heading !== undefined && !toAnchors(file === page ? text : read(file)).has(heading)
  })
}

/** Where the links of a page lead that stay in the house. */
function findLinks(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target))
}

/** Headings as links name them: lower case, blanks as dashes, without punctuation. */
function toAnchors(text: string): ReadonlySet<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
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

/** Commands of Strata in the text between backticks; what is left out there (`…`) is left out here. */
function findInlineCommands(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/`((?:npm run (?:-s )?)?strata (?:-- )?[a-z][^`]*)`/g)]
    .map(([, command = '']) => command.replaceAll(/\s+/g, ' ').replace(/ ?…$/, ''))
    .filter((command) => !command.startsWith('strata …'))
}

/** What is wrong with a line of shell: a script, command or option that does not exist, or a route. */
async function findShellFaults(line: string): Promise<readonly string[]> {
  const faults: string[] = []
  for (const part of line.split(' && ')) {
    const [, script] = /^(?:\w+=\S+ )*npm run (?:-s )?([\w:-]+)/.exec(part) ?? []
    if (script !== undefined && manifest.scripts[script] === undefined) faults.push(`there is no npm run ${script}`)
    const words = toCommand(part)
    if (words !== undefined) faults.push(...(await findCommandFaults(words)))
    const [, path] = /^curl (?:-X \w+ )?http:\/\/127\.0\.0\.1:7077(\/\S*)/.exec(part) ?? []
    if (path !== undefined && !isRoute(path)) faults.push(`there is no route ${path}`)
    faults.push(...findMeasureFaults(part))
  }
  return faults
}

/** The words of a command of Strata, as a shell would give them; `undefined` for a line that calls something else. */
function toCommand(part: string): readonly string[] | undefined {
  const [, start, words] = /^(npm start --|(?:npm run (?:-s )?|npx )?strata(?: --)?) (.*)$/.exec(part) ?? []
  if (words === undefined) return undefined
  const given = [...words.replace(/ [<>|] .*$/, '').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)]
  const bare = given.map(([word]) => word.replaceAll(/["']/g, ''))
  return start === 'npm start --' ? ['start', ...bare] : bare
}

/** The real command line reads it, and stops where help would be printed. */
async function findCommandFaults(words: readonly string[]): Promise<readonly string[]> {
  const notes: string[] = []
  const nothing = (): never => {
    throw new Error('commands are only read here')
  }
  const deps = { print: () => undefined, note: (text: string) => notes.push(text), open: nothing, process: nothing }
  return (await runCli({ argv: [...words, '--help'], ...deps })) === 0
    ? []
    : notes.map((note) => note.split('\n')[0] ?? '')
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

  test.each(pages)('%s shows commands, options and routes that exist', async (page) => {
    const text = read(page)
    // What has changed names options, not whole commands.
    const inline = page === 'CHANGELOG.md' ? [] : findInlineCommands(text)
    const found = await Promise.all([...findShellLines(text), ...inline].map(findShellFaults))
    expect(found.flat()).toEqual([])
    expect(findMeasureFaults(text)).toEqual([])
  })

  test('has a place for every command', () => {
    const text = guide.map(read).join('\n')
    const isShown = (name: string): boolean => new RegExp(`strata (?:-- )?${name}\\b`).test(text)
    expect(verbs.map(({ name }) => name).filter((name) => !isShown(name) && name !== 'start')).toEqual([])
    expect(text).toContain('npm start')
  })

  test('leads in Chinese to what is there in Chinese', () => {
    const strays = guide
      .filter((page) => page.includes('/zh/'))
      .flatMap((page) => findLinks(read(page)).map((link) => normalize(join(dirname(page), link.split('#')[0] ?? ''))))
      .filter((target) => guide.includes(target) && !target.includes('/zh/'))
    // Each of them has one link to its English twin.
    expect(strays.toSorted()).toEqual(guide.filter((page) => !page.includes('/zh/')).toSorted())
  })

  test('is judged by a check that sees what is wrong', async () => {
    const links = '# A b\n\n[a](docs/nowhere.md) [b](LICENSE) [c](#x) [d](#a-b) [e](SECURITY.md#nothing)'
    expect(findDeadLinks('README.md', links)).toEqual(['docs/nowhere.md', '#x', 'SECURITY.md#nothing'])
    const shell = '```sh\nnpm run nothing\nstrata fly --to x\nnpm run -s strata -- calls --jsn \\\n  --limit 3\n```\n'
    expect((await Promise.all(findShellLines(shell).map(findShellFaults))).flat()).toEqual([
      'there is no npm run nothing',
      'there is no command fly; strata help lists them',
      "Unknown option '--jsn'",
    ])
    expect(await findShellFaults('curl http://127.0.0.1:7077/v1/call -H x')).toEqual(['there is no route /v1/call'])
    expect(await findShellFaults('curl -X PUT http://127.0.0.1:7077/v1/cal -H x')).toEqual([
      'there is no route /v1/cal',
    ])
    expect(await findShellFaults('curl http://127.0.0.1:7077/v1/calls/call_1 -H x')).toEqual([])
    expect(await findShellFaults('npm run bench -- nothing')).toEqual([
      'nothing is measured by npm run bench -- nothing',
    ])
    expect(findInlineCommands('`strata search "a b" --limit 3` or `strata …`, `strata.yaml`')).toEqual([
      'strata search "a b" --limit 3',
    ])
    expect(toCommand('strata search "a b" --limit 3 < file')).toEqual(['search', 'a b', '--limit', '3'])
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
      routes: [...text.matchAll(/^curl (?:-X \w+ )?(\S+)/gm)].map(([, url]) => url),
      commands: findShellLines(text).map((line) =>
        toCommand(line)
          ?.filter((word) => /^[a-z-]+$/.test(word))
          .slice(0, 2),
      ),
    })
    const names = readdirSync(join(root, 'docs/guide')).filter((name) => name.endsWith('.md'))
    expect(readdirSync(join(root, 'docs/guide/zh')).toSorted()).toEqual(names.toSorted())
    for (const name of names) {
      expect(shape(read(`docs/guide/zh/${name}`)), name).toEqual(shape(read(`docs/guide/${name}`)))
    }
    const [english = '', chinese = ''] = read('README.md').split('## 中文简介')
    const rows = (text: string): number => text.split('\n').filter((line) => line.startsWith('| ')).length
    const table = english.slice(english.indexOf('## What works today'), english.indexOf('## Figures'))
    expect(rows(chinese.slice(chinese.indexOf('**目前可用的功能**')))).toBe(rows(table))
  })
})
