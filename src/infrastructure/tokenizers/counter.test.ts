import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { Tiktoken } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { createTokenCounter, loadTokenizer, type TokenCounter } from './index.ts'
import { bytePairFile, characterFile, withModel, withSteps } from './testing.ts'

const ranksFolder = resolve(import.meta.dirname, '../../../node_modules/js-tiktoken/dist/ranks')
const folder = mkdtempSync(join(tmpdir(), 'strata-tokenizers-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What tokenizers treat differently, halves of characters included. */
const awkward = fc.constantFrom(
  ' ',
  '   ',
  '\n',
  '\r\n',
  '\n\n  \n',
  '\t',
  "'s",
  "'LL",
  '’',
  '1234567',
  '٣٤',
  '中文',
  '汉',
  '，',
  '。',
  'é',
  'e\u0301',
  'ß',
  'Ω',
  'ไทย',
  '한국어',
  '👩‍👩‍👧',
  '🇩🇪',
  '\ud83d',
  '\ude00',
  '\uFEFF',
  '\u0085',
  '\u00a0',
  '<|endoftext|>',
  '▁',
  'HTTPServer',
  'camelCase',
  '{"a":[1,2]}',
  '=====',
  '/**/',
  'İ',
  '𝒳',
  '🀄',
) // biome-ignore: one list
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.array(fc.oneof(awkward, fc.string({ maxLength: 8 })), { maxLength: 30 }).map((parts) => parts.join('')),
)

describe.each([
  ['o200k_base', o200k],
  ['cl100k_base', cl100k],
])('the encoding %s', (name, ranks) => {
  const oracle = new Tiktoken(ranks)
  let counter: TokenCounter
  beforeAll(async () => {
    counter = createTokenCounter(await loadTokenizer({ type: 'ranks', path: join(ranksFolder, `${name}.js`) }))
  })

  test('counts any text as its public implementation does', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(counter.count(text)).toBe(oracle.encode(text, [], []).length)
      }),
      { numRuns: 2_000 },
    )
  })

  test('takes no more memory than its tables', () => {
    expect(counter.bytes).toBeLessThan(5_000_000)
  })

  test.each(['a', '中', ' ', '\n', '!', '汉字', 'ab', '\u0301', '🀄', '0'])(
    'takes steps in proportion to a run of %j, however long',
    (unit) => {
      const before = counter.steps
      counter.count(unit.repeat(100_000 / unit.length))
      // Each byte is looked up once, and three places more for each merge.
      expect(counter.steps - before).toBeLessThan(6 * Buffer.byteLength(unit.repeat(100_000 / unit.length)))
    },
  )
})

async function createFileCounter(file: JsonObject): Promise<TokenCounter> {
  const path = join(folder, 'tokenizer.json')
  writeFileSync(path, JSON.stringify(file))
  return createTokenCounter(await loadTokenizer({ type: 'file', path }))
}

describe('a tokenizer.json', () => {
  test.each([
    ['of bytes, split as GPT-2 does', bytePairFile()],
    ['of bytes, split as Llama 3 does', withSteps(bytePairFile(), 'llama-3')],
    ['of bytes, split as DeepSeek does', withSteps(bytePairFile(), 'deepseek')],
    ['of bytes, with digits one by one', withSteps(bytePairFile(), 'digits')],
    ['of bytes, that knows whole words', withModel(bytePairFile(), { ignore_merges: true })],
    ['of bytes, composed first', withSteps(bytePairFile(), 'composed')],
    ['of characters with bytes to fall back to', characterFile()],
    ['of characters, split before blanks', withSteps(characterFile(), 'metaspace')],
    ['of characters, with unknown ones as one', withModel(characterFile(), { byte_fallback: false, fuse_unk: true })],
  ])('%s counts any text as Hugging Face does', async (_, file) => {
    const counter = await createFileCounter(file)
    const oracle = new Tokenizer(file, {})
    fc.assert(
      fc.property(texts, (text) => {
        expect(counter.count(text)).toBe(oracle.encode(text, { add_special_tokens: false }).ids.length)
      }),
      { numRuns: 500 },
    )
  })

  test('takes steps in proportion to a text that nothing splits', async () => {
    const counter = await createFileCounter(characterFile())
    for (const text of ['a'.repeat(100_000), 'the '.repeat(25_000), '中'.repeat(100_000)]) {
      const before = counter.steps
      counter.count(text)
      expect(counter.steps - before).toBeLessThan(6 * Buffer.byteLength(text) + 10)
    }
  })
})

describe('a file that is no tokenizer', () => {
  test.each<readonly [string, unknown, string]>([
    ['', '{', 'it is not JSON'],
    ['model', { ...bytePairFile(), model: { type: 'Unigram', vocab: [] } }, 'model.type: it is "Unigram"'],
    ['vocab', withModel(bytePairFile(), { vocab: { a: 'x' } }), 'model.vocab: it gives "a" no number'],
    [
      'merges',
      withModel(bytePairFile(), { merges: ['zz zz'] }),
      'model.merges: it has a merge of what is not in vocab, number 0',
    ],
    ['suffix', withModel(bytePairFile(), { end_of_word_suffix: '</w>' }), 'model.end_of_word_suffix: it marks parts'],
    [
      'step',
      { ...bytePairFile(), pre_tokenizer: { type: 'BertPreTokenizer' } },
      'pre_tokenizer.type: it is "BertPreTokenizer"',
    ],
    [
      'normalizer',
      { ...bytePairFile(), normalizer: { type: 'Sequence', normalizers: [{ type: 'Nmt' }] } },
      'normalizer.normalizers[0].type',
    ],
    [
      'pattern',
      { ...bytePairFile(), pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } },
      'pre_tokenizer.pattern.Regex: it is an expression',
    ],
    ['added', { ...bytePairFile(), added_tokens: [{}] }, 'added_tokens[0].content: it is no text'],
  ])('is refused with the place and the reason (%s)', async (_, file, says) => {
    const path = join(folder, 'wrong.json')
    writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file))
    await expect(loadTokenizer({ type: 'file', path })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(says),
    })
  })

  test('is refused when it is not there, or a folder', async () => {
    const missing = join(folder, 'missing.json')
    await expect(loadTokenizer({ type: 'file', path: missing })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(loadTokenizer({ type: 'file', path: folder })).rejects.toThrow('is no file')
  })

  test('nor are ranks that are damaged', async () => {
    const path = join(folder, 'ranks.js')
    writeFileSync(path, 'export default {"pat_str":"a","special_tokens":{},"bpe_ranks":"! 0 YQ=="};')
    await expect(loadTokenizer({ type: 'ranks', path })).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining('has no token for the byte 0'),
    })
  })
})
