import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createTinyEncoder,
  createTinyReranker,
  createTinyTokenizer,
  tinyBias,
  tinyRelevance,
  tinyWords,
} from '../kit/index.ts'
import { startServerProcess, type ServerProcess } from '../kit/server-process.ts'
import { installOnnxRuntime, onnxRuntimeFolder } from './onnx-runtime.ts'

const adminKey = 'sk-strata-admin-of-this-test-0123456789'
const free = { input: '0', output: '0' }
const local = { dialect: 'onnx', processing: ['local'], storage: [], price: free, options: { threads: 1 } }

/** As an operator writes it: weights on this machine, a model that embeds and one that judges. */
const config = {
  endpoints: {
    // Words that the model knows, so that a prefix changes the vector.
    vectors: { ...local, model: 'models/encoder.onnx', does: ['embed'], embedding: { query: 'who ', passage: 'the ' } },
    judging: { ...local, model: 'models/reranker.onnx', does: ['rerank'] },
  },
  models: { embedder: { endpoint: 'vectors' }, judge: { endpoint: 'judging' } },
  knowledge: {
    dense: { queryMsMax: 60_000 },
    rerank: { with: 'judge', in: ['judged'], rerankMsMax: 60_000 },
  },
}

/** Words of the tiny vocabulary, but for the first: to the model, all words that it does not know are the same. */
const documents = {
  holiday: 'Holiday.',
  pay: 'Sick pay is twenty days.',
  leave: 'Annual leave notice.',
  lunch: 'The lunch rota.',
}

let folder = ''
let server: ServerProcess

beforeAll(async () => {
  await installOnnxRuntime()
  folder = mkdtempSync(join(tmpdir(), 'strata-onnx-'))
  for (const name of ['models', 'runtimes']) mkdirSync(join(folder, name))
  symlinkSync(onnxRuntimeFolder, join(folder, 'runtimes', 'onnx'))
  writeFileSync(join(folder, 'models', 'tokenizer.json'), JSON.stringify(createTinyTokenizer()))
  writeFileSync(join(folder, 'models', 'encoder.onnx'), createTinyEncoder())
  writeFileSync(join(folder, 'models', 'reranker.onnx'), createTinyReranker())
  server = await startServerProcess({ folder, adminKey, config })
  for (const collection of ['plain', 'judged']) {
    await send('POST', '/v1/collections', { name: collection })
    for (const [name, text] of Object.entries(documents)) {
      const document = { external_id: name, name: `${name}.md`, text }
      await send('POST', `/v1/collections/${collection}/documents`, document)
    }
  }
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Found {
  readonly data: readonly { readonly source: string; readonly score: number }[]
}

async function send<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const response = await fetch(`${server.url}${path}`, init)
  const given = (await response.json()) as T
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(given)}`)
  return given
}

test('documents are found by the vectors of a model on this machine, questions told from passages', async () => {
  const query = { query: 'vacation', min_confidence: 0 }
  const search = '/v1/collections/plain/search'
  expect(await send<Found>('POST', search, query)).toMatchObject({ data: [] }) // the word stands nowhere
  await send('POST', '/v1/collections/plain/generations', { model: 'embedder' })
  const list = () => send('GET', '/v1/collections/plain/generations')
  const form = JSON.stringify(config.endpoints.vectors.embedding)
  const built = { data: [{ vectors: 4, missing: 0, fault: null, dimensions: 8, form }] }
  await expect.poll(list, { timeout: 60_000 }).toMatchObject(built)
  await send('POST', '/v1/collections/plain/generations/1/switch')
  const found = await send<Found>('POST', search, query)
  expect(found).toMatchObject({ dense: { state: 'used' } })
  const question = await embed('vacation', 'query')
  const near: (readonly [string, number])[] = []
  for (const [name, text] of Object.entries(documents)) {
    near.push([`${name}.md`, cosine(question, await embed(toRead(name, text), 'document'))])
  }
  const expected = near.toSorted((a, b) => b[1] - a[1]).map(([name]) => name)
  expect(found.data.map(({ source }) => source)).toEqual(expected)

  // Only what is told apart differs.
  expect(await embed('pay', 'query')).toEqual(await embed('who pay'))
  expect(await embed('pay', 'document')).toEqual(await embed('the pay'))
  expect(await embed('pay', 'query')).not.toEqual(await embed('pay'))
})

/** As a client embeds it. */
async function embed(input: string, type?: string): Promise<readonly number[]> {
  const body = {
    model: 'embedder',
    input,
    encoding_format: 'float',
    ...(type === undefined ? {} : { input_type: type }),
  }
  const given = await send<{ readonly data: readonly { readonly embedding: readonly number[] }[] }>(
    'POST',
    '/v1/embeddings',
    body,
  )
  return given.data[0]?.embedding ?? []
}

function cosine(one: readonly number[], other: readonly number[]): number {
  return one.reduce((total, value, at) => total + value * (other[at] ?? 0), 0) // both have the length 1
}

/** A passage as models read it: under the name of its document. */
function toRead(name: string, text: string): string {
  return `${name}\n\n${text}`
}

test('the best passages stand as the reranker on this machine judges them', async () => {
  const query = { query: 'who is sick, who has annual leave, who has lunch', min_confidence: 0 }
  const found = await send<Found>('POST', '/v1/collections/judged/search', query)
  expect(found).toMatchObject({ rerank: { state: 'used' } })
  const judged = found.data.map(({ source, score }) => [source.replace('.md', ''), score] as const)
  const expected = (['pay', 'leave', 'lunch'] as const)
    .map((name) => [name, judge(toRead(name, documents[name]))] as const)
    .toSorted((a, b) => b[1] - a[1])
  expect(judged.map(([name]) => name)).toEqual(expected.map(([name]) => name))
  for (const [index, [, score]] of expected.entries()) expect(judged[index]?.[1]).toBeCloseTo(score, 3)
})

/** What the tiny reranker makes of a passage. */
function judge(text: string): number {
  const words = text.toLowerCase().match(/[a-z]+|\./g) ?? []
  const tokens = words.map((word) => Math.max(1, tinyWords.indexOf(word)))
  return tinyBias + tinyRelevance(3) + tokens.reduce((total, token) => total + tinyRelevance(token), 0)
}
