import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configSchema } from '../../../config/index.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { createSystemClock } from '../../../core/time.ts'
import type { CommandRunner } from '../child/index.ts'
import { createAttempt, createChatRequest } from '../testing.ts'
import { merge, pool, toBatches } from './batches.ts'
import { findModelFiles } from './files.ts'
import { createOnnxAdapter, createOnnxInstaller, onnxRuntimeVersion } from './index.ts'
import { createTextReader } from './sequences.ts'

const clock = createSystemClock()
const options = { onProgress: () => undefined, signal: new AbortController().signal }
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-onnx-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('adding the ONNX runtime', () => {
  test('asks npm for exact versions without scripts, and keeps the libraries of this machine alone', async () => {
    const commands: string[] = []
    const run: CommandRunner = async (command, { args }) => {
      commands.push([command, ...args].join(' '))
      writePackage('onnxruntime-node', 'exports.InferenceSession = {}')
      writePackage('@huggingface/tokenizers', 'exports.Tokenizer = class {}')
      for (const machine of ['linux/x64', 'linux/arm64', 'darwin/arm64'])
        mkdirSync(binaries(machine), { recursive: true })
      return 0
    }
    expect(await createInstaller(run).install(options)).toEqual({ version: '1.2.3' })
    expect(commands).toEqual([
      `npm install --prefix ${folder} --ignore-scripts --omit=optional --no-audit --no-fund --save-exact ` +
        `onnxruntime-node@${onnxRuntimeVersion} @huggingface/tokenizers@0.2.0`,
    ])
    expect(['linux/x64', 'linux/arm64', 'darwin'].map((machine) => existsSync(binaries(machine)))).toEqual([
      true,
      false,
      false,
    ])
  })

  test('a runtime that does not load is not called ready; a machine without a library is told before npm runs', async () => {
    const run: CommandRunner = async () => {
      writePackage('onnxruntime-node', 'throw new Error("no such library")')
      return 0
    }
    await expect(createInstaller(run).install(options)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    const never: CommandRunner = () => Promise.reject(new Error('not to be called'))
    const installer = createOnnxInstaller({ folder, run: never, platform: 'sunos', architecture: 'sparc' })
    await expect(installer.install(options)).rejects.toThrow(/no ONNX library for sunos sparc/)
  })
})

describe('the ONNX adapter without what it needs', () => {
  test('names the command that adds the runtime', async () => {
    await expect(embed('m.onnx')).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
      message: expect.stringContaining('strata runtime add onnx'),
    })
  })

  test('names what is missing of the model, not the path', async () => {
    writePackage('onnxruntime-node', '')
    writePackage('@huggingface/tokenizers', '')
    const missing = { code: 'CONFIG_INVALID', param: 'endpoints.local.model' }
    await expect(embed('m.onnx')).rejects.toMatchObject(missing)
    writeFileSync(join(folder, 'm.onnx'), '')
    await expect(embed('m.onnx')).rejects.toMatchObject(missing)
    await expect(embed('m.onnx')).rejects.toThrow(/tokenizer\.json/)
    await expect(embed('m.onnx')).rejects.not.toMatchObject({ message: expect.stringContaining(folder) })
    writeFileSync(join(folder, 'tokenizer.json'), '{}')
    await expect(embed('m.onnx', { pooling: 'middle' })).rejects.toMatchObject({
      param: 'endpoints.local.options.pooling',
    })
    await expect(embed('m.onnx', { threads: 'many' })).rejects.toMatchObject({
      param: 'endpoints.local.options.threads',
    })
  })

  test('does not chat: neither by configuration nor when asked', async () => {
    const parsed = configSchema.safeParse({ endpoints: { local: { dialect: 'onnx', model: 'm.onnx' } } })
    expect(parsed.error?.issues).toMatchObject([
      { path: ['endpoints', 'local', 'does'], message: expect.stringContaining('does: [embed]') },
    ])
    await expect(createAdapter().answer(createChatRequest('Hi'), attempt('m.onnx'))).rejects.toMatchObject({
      code: 'UNSUPPORTED_PARAMETER',
    })
  })
})

describe('what lies beside a model', () => {
  test('says how its vectors are pooled and how much it reads, unless the endpoint says otherwise', () => {
    mkdirSync(join(folder, 'onnx'))
    mkdirSync(join(folder, '1_Pooling'))
    const path = join(folder, 'onnx', 'm.onnx')
    const { endpoint } = attempt('onnx/m.onnx')
    writeFileSync(join(folder, 'tokenizer.json'), '{}')
    expect(findModelFiles(endpoint, path)).toMatchObject({
      pooling: 'mean',
      tokensMax: 512,
      tokenizerConfigPath: undefined,
    })
    writeFileSync(join(folder, '1_Pooling', 'config.json'), '{"pooling_mode_cls_token":true}')
    writeFileSync(join(folder, 'tokenizer_config.json'), '{"model_max_length":1e30}')
    expect(findModelFiles(endpoint, path)).toMatchObject({ pooling: 'cls', tokensMax: 512 })
    writeFileSync(join(folder, 'sentence_bert_config.json'), '{"max_seq_length":256}')
    expect(findModelFiles(endpoint, path)).toMatchObject({ tokensMax: 256 })
    const told = attempt('onnx/m.onnx', { pooling: 'last' }, { contextTokens: 64 })
    expect(findModelFiles(told.endpoint, path)).toMatchObject({ pooling: 'last', tokensMax: 64 })
  })
})

describe('the tokens of a text', () => {
  test('are those of BERT (the example of its own tests), with marks around them', () => {
    const reader = createReader(wordPiece)
    expect(reader.toTokens('UNwantéd,running')).toEqual([7, 4, 5, 10, 8, 9])
    expect(reader.toSequences('unwanted')).toEqual([{ ids: [1, 7, 4, 5, 2], types: [0, 0, 0, 0, 0] }])
    expect(reader.toPairs('want', 'running')).toEqual([{ ids: [1, 3, 2, 8, 9, 2], types: [0, 0, 0, 1, 1, 1] }])
  })

  test('are those of SentencePiece (the examples of its own tests), with the marks of XLM-R', () => {
    const reader = createReader(unigram)
    const ids = (text: string): readonly string[] => reader.toTokens(text).map((id) => String(pieces[id]?.[0]))
    expect(ids('abc')).toEqual(['abc'])
    expect(ids('abcd')).toEqual(['ab', 'cd'])
    expect(ids('abcc')).toEqual(['abc', 'c'])
    expect(ids('qr')).toEqual(['q', 'r'])
    expect(ids('abcabaabcd')).toEqual(['abc', 'ab', 'a', 'ab', 'cd'])
    expect(reader.toPairs('ab', 'cd')[0]?.ids).toEqual([0, 4, 2, 2, 5, 2])
  })

  test('never hold a mark that the text spells', () => {
    const reader = createReader(wordPiece)
    expect(reader.toTokens('want [SEP] want[CLS]')).toEqual([3, 3])
    expect(reader.toTokens('stranger')).toEqual([0])
  })

  test('of a long text are read in parts that hold all of them, up to sixteen', () => {
    const reader = createReader(wordPiece, 16)
    const parts = reader.toSequences('want '.repeat(30))
    expect(parts.map(({ ids }) => ids.length)).toEqual([16, 16, 4])
    expect(reader.toSequences('want '.repeat(224))).toHaveLength(16)
    expect(() => reader.toSequences('want '.repeat(225))).toThrow(expect.objectContaining({ code: 'CONTEXT_TOO_LONG' }))
    expect(reader.toSequences('')).toEqual([{ ids: [1, 2], types: [0, 0] }])
    const pairs = reader.toPairs('want', 'running '.repeat(12))
    expect(pairs.map(({ ids }) => ids.length)).toEqual([16, 16, 10])
    expect(() => reader.toPairs('want '.repeat(10), 'running')).toThrow(/the question takes 10 of 16 tokens/)
  })

  test('a tokenizer of an unknown kind is refused', () => {
    const strange = { ...wordPiece, post_processor: { type: 'Magic' } }
    expect(() => createReader(strange)).toThrow()
  })
})

describe('batches', () => {
  const sequence = (length: number) => ({ ids: Array.from({ length }, (_, at) => at + 5), types: [] })

  test('hold texts of like length, filled up, within their bound', () => {
    const lengths = [3, 500, 1, 8_000, 4, ...Array.from({ length: 100 }, () => 2)]
    const batches = toBatches(lengths.map(sequence))
    expect(batches.flatMap(({ places }) => places).toSorted((a, b) => a - b)).toEqual([...lengths.keys()])
    for (const { rows, length, mask, places } of batches) {
      expect(rows).toBeLessThanOrEqual(64)
      expect(rows === 1 || rows * length <= 8_192).toBe(true)
      for (const [row, place] of places.entries()) {
        const own = mask.subarray(row * length, (row + 1) * length)
        expect(own.reduce((sum, each) => sum + each, 0n)).toBe(BigInt(lengths[place] ?? 0))
      }
    }
  })

  test('what fills up takes no part in the vector', () => {
    const [batch] = toBatches([sequence(1), sequence(2)])
    if (batch === undefined) throw new Error('there is a batch')
    const values = [1, 2, 90, 90, 3, 4, 5, 6]
    expect(pool(values, batch, 'mean')).toEqual([
      [1, 2],
      [4, 5],
    ])
    expect(pool(values, batch, 'cls')).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(pool(values, batch, 'last')).toEqual([
      [1, 2],
      [5, 6],
    ])
    expect(merge([{ vector: [3, 4], tokens: 5 }])).toEqual([0.6, 0.8])
    expect(
      merge([
        { vector: [9, 0], tokens: 3 },
        { vector: [0, 2], tokens: 4 },
      ]),
    ).toEqual([0.6, 0.8])
  })
})

const mark = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
const bert = ['[UNK]', '[CLS]', '[SEP]', 'want', '##want', '##ed', 'wa', 'un', 'runn', '##ing', ',']
const wordPiece: JsonObject = {
  added_tokens: bert.slice(0, 3).map((content, id) => ({ id, content, ...mark })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(bert.map((piece, id) => [piece, id])),
  },
}

const pieces: readonly (readonly [string, number])[] = [
  ['<s>', 0],
  ['<pad>', 0],
  ['</s>', 0],
  ['<unk>', 0],
  ['ab', 0],
  ['cd', -0.1],
  ['abc', -0.2],
  ['a', -0.3],
  ['b', -0.4],
  ['c', -0.5],
  ['q', 20.5],
  ['r', 20.5],
  ['qr', -0.5],
]
const unigram: JsonObject = {
  added_tokens: pieces.slice(0, 4).map(([content], id) => ({ id, content, ...mark })),
  normalizer: null,
  pre_tokenizer: null,
  post_processor: {
    type: 'RobertaProcessing',
    sep: ['</s>', 2],
    cls: ['<s>', 0],
    trim_offsets: true,
    add_prefix_space: false,
  },
  decoder: null,
  model: { type: 'Unigram', unk_id: 3, vocab: pieces.map((piece) => [...piece]) },
}

function createReader(tokenizer: JsonObject, tokensMax = 512) {
  if (!isJsonObject(tokenizer)) throw new Error('a tokenizer is an object')
  return createTextReader({ library: { Tokenizer }, tokenizer, config: {}, tokensMax })
}

function createInstaller(run: CommandRunner) {
  return createOnnxInstaller({ folder, run, platform: 'linux', architecture: 'x64' })
}

function binaries(machine: string): string {
  return join(folder, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', machine)
}

function writePackage(name: string, source: string): void {
  const place = join(folder, 'node_modules', name)
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'package.json'), '{ "version": "1.2.3", "main": "index.js" }')
  writeFileSync(join(place, 'index.js'), source)
}

function createAdapter() {
  const ignore = (): void => undefined
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  return createOnnxAdapter({ runtimeFolder: folder, modelsFolder: folder, clock, log })
}

function attempt(model: string, endpointOptions: object = {}, known: object = {}) {
  const endpoint = { dialect: 'onnx', model, does: ['embed'], options: endpointOptions, ...known } as const
  return createAttempt({ clock, endpoint })
}

function embed(model: string, endpointOptions: object = {}) {
  return createAdapter().embed(
    { model: 'local', inputs: ['Hi'], dimensions: undefined },
    attempt(model, endpointOptions),
  )
}
