import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configSchema, type Config } from '../../config/index.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import { createSystemClock } from '../../core/time.ts'
import { createTokenizers, createTokenizersInstaller, ranksVersion, type Tokenizer } from './index.ts'
import { bytePairFile, characterFile } from './testing.ts'

const project = resolve(import.meta.dirname, '../../..')
const library = join(project, 'node_modules/js-tiktoken')
let folder = ''
let warnings: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-tokenizers-'))
  warnings = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nothing = (): void => undefined
const log: EventLog = {
  debug: nothing,
  info: nothing,
  error: nothing,
  warn: (fields) => warnings.push(JSON.stringify(fields)),
}

const createIn = (folders: readonly string[], clock = createSystemClock()) =>
  createTokenizers({ folders, configFolder: folder, clock, log })

function configOf(endpoint: JsonObject): Config {
  return configSchema.parse({
    endpoints: { it: { dialect: 'openai', model: 'm', processing: ['eu'], storage: [], ...endpoint } },
  })
}

function find(tokenizers: ReturnType<typeof createIn>, endpoint: JsonObject, vendor?: string): Tokenizer | undefined {
  const config = configOf(endpoint).endpoints['it']
  return config === undefined ? undefined : tokenizers.of({ config, vendor })
}

async function untilLoaded(tokenizer: Tokenizer | undefined): Promise<void> {
  while (tokenizer?.counter === undefined) await new Promise((done) => setTimeout(done, 5))
}

describe('the tokenizer of an endpoint', () => {
  test.each([
    ['gpt-4o', 'o200k_base'],
    ['gpt-4o-mini-2024-07-18', 'o200k_base'],
    ['gpt-4.1-nano', 'o200k_base'],
    ['gpt-5-mini', 'o200k_base'],
    ['gpt-5', 'o200k_base'],
    ['o3', 'o200k_base'],
    ['o4-mini-2025-04-16', 'o200k_base'],
    ['ft:gpt-4o-mini-2024-07-18:acme::abc', 'o200k_base'],
    ['gpt-4-turbo', 'cl100k_base'],
    ['gpt-4', 'cl100k_base'],
    ['gpt-3.5-turbo-0125', 'cl100k_base'],
    ['gpt-4x', undefined],
    ['o3x', undefined],
    ['gpt-50', undefined],
    ['llama-3', undefined],
    ['my-gpt-4o', undefined],
  ])('of OpenAI is told by the documented beginnings of names: %s', (model, name) => {
    const tokenizers = createIn([project])
    expect(find(tokenizers, { model }, 'openai')?.name).toBe(name)
    expect(find(tokenizers, { dialect: 'azure', model }, 'azure')?.name).toBe(name)
  })

  test('is never guessed where somebody else may have given the name', () => {
    const tokenizers = createIn([project])
    expect(find(tokenizers, { model: 'gpt-4o' }, undefined)).toBeUndefined()
    expect(find(tokenizers, { model: 'gpt-4o' }, 'openrouter')).toBeUndefined()
    expect(find(tokenizers, { dialect: 'anthropic', model: 'o3' }, 'anthropic')).toBeUndefined()
  })

  test('is what the configuration says before all', () => {
    const tokenizers = createIn([project])
    expect(find(tokenizers, { model: 'gpt-4o', tokenizer: 'off' }, 'openai')).toBeUndefined()
    expect(find(tokenizers, { model: 'gpt-4o', tokenizer: 'cl100k_base' }, 'openai')?.name).toBe('cl100k_base')
    expect(find(tokenizers, { model: 'x', tokenizer: { file: 'a/tokenizer.json' } })?.name).toBe(
      join(folder, 'a/tokenizer.json'),
    )
  })

  test('is loaded when the first stream begins, and not before', async () => {
    const tokenizer = find(createIn([project]), { tokenizer: 'cl100k_base' })
    expect(tokenizer?.counter).toBeUndefined()
    const texts = tokenizer?.begin()
    texts?.keep('text', 'Hello, world')
    expect(texts?.count()).toBeUndefined()
    await untilLoaded(tokenizer)
    expect(texts?.count()).toEqual({ all: { tokens: 3, calls: 0 }, marked: { tokens: 0, calls: 0 } })
  })

  test('that is not installed keeps nothing, and is found once it is, without a restart', async () => {
    let nowMs = 0
    const clock = { now: () => nowMs, monotonicMs: () => nowMs }
    const tokenizers = createIn([folder], clock)
    await tokenizers.prepare(configOf({ tokenizer: 'o200k_base' }))
    expect(warnings.join()).toContain('strata runtime add tokenizers')
    const tokenizer = find(tokenizers, { tokenizer: 'o200k_base' })
    expect(tokenizer?.begin()).toBeUndefined()
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(library, join(folder, 'node_modules/js-tiktoken'))
    expect(tokenizer?.begin()).toBeUndefined() // it is not looked for again and again
    nowMs = 20_000
    expect(tokenizer?.begin()).toBeDefined()
    await untilLoaded(tokenizer)
  })

  test('by the name of a model is not missed where it is not installed', async () => {
    const tokenizers = createIn([folder])
    await tokenizers.prepare(configOf({ model: 'gpt-4o' }))
    expect(warnings).toEqual([])
    expect(find(tokenizers, { model: 'gpt-4o' }, 'openai')?.begin()).toBeUndefined()
  })

  test('that is damaged is named in the log, and not used', async () => {
    const path = join(folder, 'node_modules/js-tiktoken/dist/ranks/o200k_base.js')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'export default 1')
    const tokenizer = find(createIn([folder]), { tokenizer: 'o200k_base' })
    const texts = tokenizer?.begin()
    while (warnings.length === 0) await new Promise((done) => setTimeout(done, 5))
    expect(warnings.join()).toContain('has no pat_str')
    expect(texts?.count()).toBeUndefined()
  })

  test('of a file is read with the configuration, anew each time', async () => {
    const path = join(folder, 'tokenizer.json')
    const tokenizers = createIn([])
    const config = configOf({ tokenizer: { file: 'tokenizer.json' } })
    writeFileSync(path, JSON.stringify(bytePairFile()))
    await tokenizers.prepare(config)
    const before = find(tokenizers, { tokenizer: { file: 'tokenizer.json' } })?.counter
    writeFileSync(path, JSON.stringify(characterFile()))
    await tokenizers.prepare(config)
    const after = find(tokenizers, { tokenizer: { file: 'tokenizer.json' } })?.counter
    expect(before?.count('the cat')).toBeGreaterThan(0)
    expect(before?.count(' \n \n')).not.toBe(after?.count(' \n \n'))
  })

  test('of a file that is none is refused with the key, the place and the reason', async () => {
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ ...bytePairFile(), model: { type: 'WordPiece' } }))
    const refused = createIn([]).prepare(configOf({ tokenizer: { file: 'tokenizer.json' } }))
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID', param: 'endpoints.it.tokenizer.file' })
    await expect(refused).rejects.toThrow('model.type: it is "WordPiece"')
  })
})

describe('the texts of an answer', () => {
  async function begin() {
    const tokenizer = find(createIn([project]), { tokenizer: 'o200k_base' })
    tokenizer?.begin()
    await untilLoaded(tokenizer)
    return { counter: tokenizer?.counter, texts: tokenizer?.begin() }
  }

  test('are counted each for itself, in whatever pieces and order they come', async () => {
    const { texts, counter } = await begin()
    const [one, other] = ['The first answer of two.', '第二个回答，用中文写。']
    for (let at = 0; at < 30; at += 3) {
      texts?.keep('0', one.slice(at, at + 3))
      texts?.keep('1', other.slice(at, at + 3))
    }
    texts?.keep('0/call-0/name', 'find_it')
    texts?.keep('0/call-0', '{"a":1}')
    const tokens = [one, other, 'find_it', '{"a":1}'].reduce((sum, text) => sum + (counter?.count(text) ?? 0), 0)
    expect(texts?.count()?.all).toEqual({ tokens, calls: 1 })
    texts?.restart()
    expect(texts?.count()?.all).toEqual({ tokens: 0, calls: 0 })
  })

  test('are let go by and by when they are long, and no token with them', async () => {
    const { texts, counter } = await begin()
    const said = 'It is said, and said again, that 中文 too is counted. '.repeat(4_000)
    const marked = 70_000
    for (let at = 0; at < said.length; at += 7) {
      texts?.keep('text', said.slice(at, at + 7))
      if (at === marked) texts?.mark()
    }
    const found = texts?.count()
    expect(Math.abs((found?.all.tokens ?? 0) - (counter?.count(said) ?? 0))).toBeLessThanOrEqual(2)
    expect(
      Math.abs((found?.marked.tokens ?? 0) - (counter?.count(said.slice(0, marked + 7)) ?? 0)),
    ).toBeLessThanOrEqual(2)
  })

  test('count what a vendor says nothing for yet: parts of a character', async () => {
    const { texts } = await begin()
    texts?.keepNothing()
    expect(texts?.count()?.all.tokens).toBe(0)
    texts?.keep('0', 'Hi')
    for (let times = 0; times < 9; times++) texts?.keepNothing()
    expect(texts?.count()?.all.tokens).toBe(4) // a character has four bytes at most
    texts?.keep('0', ' there')
    expect(texts?.count()?.all.tokens).toBe(2)
  })

  test('are not counted when others have taken the turn, and are in the next', async () => {
    const { texts } = await begin()
    const tokenizer = find(createIn([project]), { tokenizer: 'o200k_base' })
    tokenizer?.begin()
    await untilLoaded(tokenizer)
    expect(texts).toBeDefined()
    const mine = tokenizer?.begin()
    mine?.keep('0', 'Hello')
    expect(tokenizer?.turn.take(200_000)).toBe(true)
    expect(mine?.count()).toBeUndefined()
    await new Promise((done) => setImmediate(done))
    expect(mine?.count()?.all.tokens).toBe(1)
  })
})

describe('adding the encodings', () => {
  const options = { onProgress: nothing, signal: new AbortController().signal }

  test('asks npm for one exact version, keeps what is read of it, and loads it once', async () => {
    const asked: (readonly string[])[] = []
    const installPackages = async (packages: readonly string[]): Promise<string> => {
      asked.push(packages)
      const place = join(folder, 'node_modules/js-tiktoken')
      mkdirSync(join(place, 'dist/ranks'), { recursive: true })
      for (const name of ['o200k_base.js', 'cl100k_base.js'])
        symlinkSync(join(library, 'dist/ranks', name), join(place, 'dist/ranks', name))
      for (const name of ['ranks/gpt2.js', 'ranks/o200k_base.cjs', 'index.js'])
        writeFileSync(join(place, 'dist', name), '')
      return ranksVersion
    }
    const installer = createTokenizersInstaller({ folder, installPackages })
    await expect(installer.install(options)).resolves.toEqual({ version: ranksVersion })
    expect(asked).toEqual([[`js-tiktoken@${ranksVersion}`]])
    expect(readdirSync(join(folder, 'node_modules/js-tiktoken/dist'))).toEqual(['ranks'])
    expect(readdirSync(join(folder, 'node_modules/js-tiktoken/dist/ranks'))).toEqual([
      'cl100k_base.js',
      'o200k_base.js',
    ])
    const tokenizer = find(createIn([folder]), { tokenizer: 'o200k_base' })
    expect(tokenizer?.begin()).toBeDefined()
    await untilLoaded(tokenizer)
    const none = createTokenizersInstaller({ folder: join(folder, 'other'), installPackages: async () => ranksVersion })
    await expect(none.install(options)).rejects.toMatchObject({ code: 'RUNTIME_MISSING' })
  })
})
