import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configJsonSchema, loadConfig } from '../src/config/index.ts'

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
  const names = [...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name]) => [name, 'a-value'])
  const environment: Record<string, string> = Object.fromEntries(names)
  return loadConfig({ folder: '.', environment, readFile: () => text }).config
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
