import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configJsonSchema, loadConfig, readConfig } from '../src/config/index.ts'
import { PlatformError } from '../src/core/errors.ts'
import { createSystemRandom } from '../src/core/random.ts'
import { createSystemClock } from '../src/core/time.ts'
import { createPlatform } from '../src/platform/index.ts'

const guide = new URL('../docs/guide/', import.meta.url)

interface Block {
  readonly page: string
  readonly line: number
  readonly text: string
}

/** The fenced YAML of the guide: each block is a whole configuration. */
function findBlocks(page: string, text: string): readonly Block[] {
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
  }))
}

const pages = ['../../README.md', ...readdirSync(guide, { recursive: true, encoding: 'utf8' })].filter((name) =>
  name.endsWith('.md'),
)
const blocks = pages.flatMap((page) => findBlocks(page, readFileSync(new URL(page, guide), 'utf8')))

function load(text: string) {
  return loadConfig({ folder: '.', environment: environmentOf(text), readFile: () => text }).config
}

/** What the text refers to: the key of a witness where that is asked for, else anything that is long enough. */
function environmentOf(text: string): Readonly<Record<string, string>> {
  const names = [...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => [name, name === 'WITNESS_KEY' ? witnessKey : 'a-value-of-24-characters']),
  )
}

const witnessKey = 'witness.example.de+a000a43d+BAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'

/** What a server says of a configuration when it starts with it, on an empty folder; `undefined` when it starts. */
async function tryStart(text: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-guide-'))
  try {
    const environment = environmentOf(text)
    const probe = (): Promise<undefined> => Promise.resolve(undefined)
    const loaded = await readConfig({ folder, environment, readFile: () => text, probe })
    const config = { ...loaded.config, store: { ...loaded.config.store, url: 'sqlite:', folder } }
    const parts = { clock: createSystemClock(), random: createSystemRandom(), writeLog: () => undefined }
    await (await createPlatform({ loaded: { ...loaded, config }, ...parts })).close()
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof PlatformError) || thrown.code === 'INTERNAL') throw thrown
    return thrown.message
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every dialect that the schema knows. */
function readDialects(): readonly unknown[] {
  let found: unknown
  JSON.stringify(configJsonSchema(), (key, value: unknown) => {
    if (key === 'dialect' && typeof value === 'object' && value !== null && 'enum' in value) found = value.enum
    return value
  })
  return Array.isArray(found) ? found : []
}

describe('the guide', () => {
  test.each(blocks)('$page line $line is a configuration that loads', ({ text }) => {
    const { endpoints, governance } = load(text)
    for (const [id, { processing, storage }] of Object.entries(endpoints)) {
      expect(processing, `${id} says where it processes`).toBeDefined()
      expect(storage, `${id} says where it stores`).toBeDefined()
    }
    expect(governance.allowedRegions.length).toBeGreaterThan(0)
  })

  test.each(blocks.filter(({ page }) => !page.startsWith('zh/')))(
    '$page line $line is one a server starts with',
    async ({ text }) => {
      // The file of a router is the reader's own.
      expect((await tryStart(text)) ?? '').toMatch(/^$|support\.router cannot be read/)
    },
  )

  test('shows every dialect an endpoint can have', () => {
    const shown = blocks.flatMap(({ text }) => Object.values(load(text).endpoints).map(({ dialect }) => dialect))
    expect(new Set(shown)).toEqual(new Set(readDialects()))
  })

  test('is read as it is written: a block that is wrong is refused', () => {
    const [block] = findBlocks('a.md', 'Text.\n\n```yaml\nendpoints: { a: { dialect: gogle, model: m } }\n```\n')
    expect(block?.line).toBe(4)
    expect(() => load(block?.text ?? '')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})
