import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EventLog } from '../../src/core/ports.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createOnnxAdapter, type OnnxAdapter } from '../../src/infrastructure/edge/index.ts'
import { createAttempt, type AttemptOptions } from '../../src/infrastructure/edge/testing.ts'
import {
  createTinyEncoder,
  createTinyReranker,
  createTinyTokenizer,
  tinyBias,
  tinyEncoderDimensions,
  tinyRelevance,
  tinyWeight,
  tinyWords,
} from '../kit/index.ts'
import { installOnnxRuntime, onnxRuntimeFolder } from './onnx-runtime.ts'

const clock = createSystemClock()
const silence = { debug: ignore, info: ignore, warn: ignore, error: ignore } satisfies EventLog
let modelsFolder = ''
let adapter: OnnxAdapter

beforeAll(async () => {
  modelsFolder = mkdtempSync(join(tmpdir(), 'strata-models-'))
  mkdirSync(join(modelsFolder, 'onnx'))
  writeFileSync(join(modelsFolder, 'tokenizer.json'), JSON.stringify(createTinyTokenizer()))
  writeFileSync(join(modelsFolder, 'onnx', 'encoder.onnx'), createTinyEncoder())
  writeFileSync(join(modelsFolder, 'onnx', 'reranker.onnx'), createTinyReranker())
  writeFileSync(join(modelsFolder, 'onnx', 'broken.onnx'), createTinyEncoder().subarray(0, 200))
  const said = await installOnnxRuntime()
  if (said.length > 0) expect(said.at(-1)).toContain('is ready, on the CPU')
  adapter = createOnnxAdapter({ runtimeFolder: onnxRuntimeFolder, modelsFolder, clock, log: silence })
})

afterEach(async () => {
  await adapter.close()
  adapter = createOnnxAdapter({ runtimeFolder: onnxRuntimeFolder, modelsFolder, clock, log: silence })
})

afterAll(async () => {
  await adapter.close()
  rmSync(modelsFolder, { recursive: true, force: true })
})

describe('an ONNX encoder in a child process', () => {
  test('gives the mean of the vectors of the tokens, of length 1, whatever stands beside it in the batch', async () => {
    const inputs = ['annual leave', '年假 is twenty days', 'Annual  LEAVE', 'the lunch rota of the many sick']
    const { vectors, usage } = await embed(inputs)
    for (const [index, input] of inputs.entries()) expectNear(vectors[index], meanOf(wrap(tokensOf(input))))
    expect(vectors[0]).toEqual(vectors[2])
    const tokens = inputs.reduce((sum, input) => sum + tokensOf(input).length + 2, 0)
    expect(usage).toMatchObject({ source: 'reported', inputTotal: tokens })
    expect(adapter.processes()).toEqual([{ endpoint: 'local', pid: expect.any(Number) }])
    expect(adapter.processes()[0]?.pid).not.toBe(process.pid)
  })

  test('takes the first token where the endpoint says so, and the last', async () => {
    const [first] = (await embed(['sick pay'], { options: { pooling: 'cls' } })).vectors
    expectNear(first, meanOf([2]))
    await adapter.close()
    adapter = createOnnxAdapter({ runtimeFolder: onnxRuntimeFolder, modelsFolder, clock, log: silence })
    const [last] = (await embed(['sick pay'], { options: { pooling: 'last' } })).vectors
    expectNear(last, meanOf([3]))
  })

  test('reads a long text in parts, each by its tokens, and refuses one of more than sixteen', async () => {
    const long = `${'annual '.repeat(14)}${'pay '.repeat(5)}`.trim()
    const [vector] = (await embed([long], { contextTokens: 16 })).vectors
    const parts = [wrap(tokensOf('annual '.repeat(14).trim())), wrap(tokensOf('pay '.repeat(5).trim()))]
    const sum = meanOf(parts[0] ?? []).map(
      (value, at) => value * (parts[0]?.length ?? 0) + (meanOf(parts[1] ?? [])[at] ?? 0) * (parts[1]?.length ?? 0),
    )
    expectNear(vector, unit(sum))
    await expect(embed(['pay '.repeat(300)], { contextTokens: 16 })).rejects.toMatchObject({ code: 'CONTEXT_TOO_LONG' })
  })

  test('refuses dimensions that the model does not have', async () => {
    const request = { model: 'local', inputs: ['pay'], dimensions: 4 }
    await expect(adapter.embed(request, attempt('encoder'))).rejects.toMatchObject({ param: 'dimensions' })
    expect((await embed(['pay'])).vectors[0]).toHaveLength(tinyEncoderDimensions)
  })

  test('a killed process fails what it did, and the next request finds a new one', async () => {
    await embed(['pay'])
    const pid = adapter.processes()[0]?.pid ?? 0
    const lost = embed(Array.from({ length: 2_000 }, () => 'pay '.repeat(400)))
    process.kill(pid, 'SIGKILL')
    await expect(lost).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    expect((await embed(['pay'])).vectors).toHaveLength(1)
    expect(adapter.processes()[0]?.pid).not.toBe(pid)
  })

  test('a wait that is too long ends in a timeout, a call without time in its deadline, a left one is cancelled', async () => {
    const request = { model: 'local', inputs: ['pay'], dimensions: undefined }
    const early = attempt('encoder', { timeouts: { firstByteMs: 1 } })
    await expect(adapter.embed(request, early)).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    await expect(adapter.embed(request, attempt('encoder', { durationMsMax: 1 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    const left = attempt('encoder')
    const asked = adapter.embed(request, left)
    left.permit.call.cancel('gone')
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await embed(['pay'])).vectors).toHaveLength(1)
  })

  test('an idle process ends, and comes back when asked', async () => {
    await embed(['pay'], { options: { idleMs: 1 } })
    await expect.poll(() => adapter.processes()).toEqual([])
    expect((await embed(['pay'], { options: { idleMs: 1 } })).vectors).toHaveLength(1)
  })

  test('a file that is no model fails its request', async () => {
    const request = { model: 'local', inputs: ['pay'], dimensions: undefined }
    await expect(adapter.embed(request, attempt('broken'))).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
  })
})

describe('a reranker in a child process', () => {
  test('judges each passage beside the question, and only by itself', async () => {
    const documents = ['sick pay is twenty days', '年假', 'notice', 'the lunch rota of who']
    const expected = documents.map((text) => tinyBias + sum(tokensOf(text)) + tinyRelevance(3))
    const together = await rerank('how many days', documents)
    for (const [index, score] of together.scores.entries()) expect(score).toBeCloseTo(expected[index] ?? 0, 4)
    const alone = await Promise.all(documents.map(async (text) => (await rerank('who', [text])).scores[0] ?? 0))
    for (const [index, score] of alone.entries()) expect(score).toBeCloseTo(expected[index] ?? 0, 4)
    expect(together.usage?.inputTotal).toBe(
      documents.reduce((total, text) => total + tokensOf(text).length + tokensOf('how many days').length + 3, 0),
    )
  })

  test('a passage cannot write the marks that part it from the question', async () => {
    const [plain, marked] = (await rerank('who', ['pay notice', 'pay [SEP] notice [CLS]'])).scores
    expect(marked).toBe(plain)
  })

  test('a long passage counts as its best part', async () => {
    const documents = [`${'lunch '.repeat(30)}${'年 '.repeat(12)}`]
    const { scores } = await rerank('who', documents, { contextTokens: 24 })
    const tokens = tokensOf(documents[0] ?? '')
    const room = 24 - 3 - 1
    const step = Math.ceil((room * 3) / 4)
    const parts: number[] = []
    for (let from = 0; from + room - step < tokens.length; from += step) {
      parts.push(tinyBias + sum(tokens.slice(from, from + room)) + tinyRelevance(3))
    }
    expect(parts.length).toBeGreaterThan(2)
    expect(scores[0]).toBeCloseTo(Math.max(...parts), 4)
  })

  test('a question that leaves no room for passages is refused', async () => {
    await expect(rerank('who '.repeat(20), ['pay'], { contextTokens: 24 })).rejects.toMatchObject({
      code: 'CONTEXT_TOO_LONG',
    })
  })

  test('a model that gives no single number for a pair is no reranker', async () => {
    const request = { model: 'local', query: 'who', documents: ['pay', 'notice'] }
    await expect(adapter.rerank(request, attempt('encoder'))).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
  })
})

type Known = Partial<Omit<AttemptOptions, 'endpoint' | 'clock'>>

function attempt(name: string, known: Known = {}, endpoint: object = {}) {
  const does = name === 'reranker' ? ['rerank'] : ['embed']
  const config = { dialect: 'onnx', model: `onnx/${name}.onnx`, does, ...endpoint } as const
  return createAttempt({ clock, ...known, endpoint: config })
}

function embed(inputs: readonly string[], endpoint: object = {}) {
  return adapter.embed({ model: 'local', inputs, dimensions: undefined }, attempt('encoder', {}, endpoint))
}

function rerank(query: string, documents: readonly string[], endpoint: object = {}) {
  return adapter.rerank({ model: 'local', query, documents }, attempt('reranker', {}, endpoint))
}

/** The tokens of a text, as the tiny vocabulary has them. */
function tokensOf(text: string): readonly number[] {
  const words = text.toLowerCase().match(/\p{Script=Han}|[a-z]+/gu) ?? []
  return words.map((word) => Math.max(1, tinyWords.indexOf(word)))
}

function wrap(tokens: readonly number[]): readonly number[] {
  return [2, ...tokens, 3]
}

function meanOf(tokens: readonly number[]): readonly number[] {
  const sums = Array.from({ length: tinyEncoderDimensions }, (_, at) =>
    tokens.reduce((total, token) => total + tinyWeight(token, at), 0),
  )
  return unit(sums)
}

function unit(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function sum(tokens: readonly number[]): number {
  return tokens.reduce((total, token) => total + tinyRelevance(token), 0)
}

function expectNear(vector: readonly number[] | undefined, expected: readonly number[]): void {
  expect(vector).toHaveLength(expected.length)
  for (const [index, value] of expected.entries()) expect(vector?.[index]).toBeCloseTo(value, 5)
}

function ignore(): void {}
