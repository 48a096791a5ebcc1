/** The child process: holds one model in memory of its own and does one job after the other. Entry of a fork, not a module. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { serveJobs } from '../child/index.ts'
import { merge, pool, toBatches, type Batch } from './batches.ts'
import type { Ort, Session, Tensor, TokenizersLibrary } from './binding.ts'
import type { OnnxJob, OnnxReport, OnnxSpec } from './protocol.ts'
import { createTextReader, type Sequence, type TextReader } from './sequences.ts'

serveJobs<OnnxJob, OnnxSpec, OnnxReport, Loaded>({
  async probe(runtimeFolder) {
    requireRuntime(runtimeFolder)
    return undefined
  },
  load,
  async run(loaded, job, { signal, report }) {
    report(await (job.type === 'embed' ? embed(loaded, job.inputs, signal) : rerank(loaded, job, signal)))
  },
})

interface Loaded {
  readonly spec: OnnxSpec
  readonly ort: Ort
  readonly session: Session
  readonly reader: TextReader
}

function requireRuntime(runtimeFolder: string): { readonly ort: Ort; readonly library: TokenizersLibrary } {
  const require = createRequire(join(runtimeFolder, 'package.json'))
  // The pinned versions' declarations, see binding.ts.
  return {
    ort: require('onnxruntime-node') as Ort,
    library: require('@huggingface/tokenizers') as TokenizersLibrary,
  }
}

async function load(spec: OnnxSpec): Promise<Loaded> {
  const { ort, library } = requireRuntime(spec.runtimeFolder)
  const reader = createTextReader({
    library,
    tokenizer: readJson(spec.tokenizerPath),
    config: spec.tokenizerConfigPath === undefined ? {} : readJson(spec.tokenizerConfigPath),
    tokensMax: spec.tokensMax,
  })
  const session = await ort.InferenceSession.create(spec.modelPath, {
    executionProviders: ['cpu'],
    intraOpNumThreads: spec.threads,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 4,
  })
  const strange = session.inputNames.find((name) => !Object.hasOwn(inputs, name))
  if (strange !== undefined) throw new Error(`the model asks for ${strange}, which a text encoder does not`)
  return { spec, ort, session, reader }
}

function readJson(path: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (isJsonObject(value)) return value
  throw new Error('a file of the tokenizer is no JSON object')
}

const inputs: Readonly<Record<string, (batch: Batch) => BigInt64Array>> = {
  input_ids: ({ ids }) => ids,
  attention_mask: ({ mask }) => mask,
  token_type_ids: ({ types }) => types,
  position_ids: ({ positions }) => positions,
}

/** Values of each sequence, in their order. */
async function infer<Value>(
  { ort, session }: Loaded,
  sequences: readonly Sequence[],
  { signal, read }: { readonly signal: AbortSignal; readonly read: Read<Value> },
): Promise<readonly Value[]> {
  const values = new Map<number, Value>()
  for (const batch of toBatches(sequences)) {
    if (signal.aborted) throw new PlatformError('CANCELLED', 'the request was left before its end')
    const feeds: Record<string, Tensor> = {}
    for (const name of session.inputNames) {
      const data = inputs[name]?.(batch)
      if (data !== undefined) feeds[name] = new ort.Tensor('int64', data, [batch.rows, batch.length])
    }
    const outputs = await session.run(feeds)
    for (const [row, value] of read(outputs, batch).entries()) values.set(batch.places[row] ?? -1, value)
    for (const tensor of [...Object.values(feeds), ...Object.values(outputs)]) tensor.dispose()
  }
  return [...sequences.keys()].flatMap((place) => {
    const value = values.get(place)
    if (value === undefined) throw new Error('the model left a text without a result')
    return [value]
  })
}

type Read<Value> = (outputs: Readonly<Record<string, Tensor>>, batch: Batch) => readonly Value[]

async function embed(loaded: Loaded, texts: readonly string[], signal: AbortSignal): Promise<OnnxReport> {
  const parts = texts.map((text) => loaded.reader.toSequences(text))
  const sequences = parts.flat()
  const read: Read<readonly number[]> = (outputs, batch) => toVectors(outputs, batch, loaded.spec.pooling)
  const made = await infer(loaded, sequences, { signal, read })
  let from = 0
  const vectors = parts.map((own) => {
    const start = from
    from += own.length
    return merge(own.map(({ ids }, index) => ({ vector: made[start + index] ?? [], tokens: ids.length })))
  })
  return { type: 'embedded', isLast: true, vectors, inputTokens: countTokens(sequences) }
}

/** What the model itself has made one vector of, else what the pooling makes of those of the tokens. */
function toVectors(
  outputs: Readonly<Record<string, Tensor>>,
  batch: Batch,
  pooling: OnnxSpec['pooling'],
): readonly (readonly number[])[] {
  const ready = outputs['sentence_embedding']
  if (ready?.dims.length === 2) return pool(toFloats(ready), { ...batch, length: 1, mask: oneForEach(batch) }, 'cls')
  const tokens = Object.values(outputs).find(({ dims }) => dims.length === 3)
  if (tokens === undefined) throw new Error('the model gives no vectors of tokens')
  return pool(toFloats(tokens), batch, pooling)
}

function oneForEach({ rows }: Batch): BigInt64Array {
  return new BigInt64Array(rows).fill(1n)
}

async function rerank(
  loaded: Loaded,
  { query, documents }: { readonly query: string; readonly documents: readonly string[] },
  signal: AbortSignal,
): Promise<OnnxReport> {
  const parts = documents.map((document) => loaded.reader.toPairs(query, document))
  const sequences = parts.flat()
  const judged = await infer(loaded, sequences, { signal, read: toScores })
  let from = 0
  // A passage is as good as its best part (Dai and Callan, 2019).
  const scores = parts.map((own) => Math.max(...judged.slice(from, (from += own.length))))
  return { type: 'reranked', isLast: true, scores, inputTokens: countTokens(sequences) }
}

function toScores(outputs: Readonly<Record<string, Tensor>>, { rows }: Batch): readonly number[] {
  const logits = outputs['logits'] ?? Object.values(outputs)[0]
  const values = logits === undefined ? [] : Array.from(toFloats(logits))
  if (values.length === rows && values.every(Number.isFinite)) return values
  throw new Error(`the model gives ${values.length} numbers for ${rows} pairs: a reranker gives one for each`)
}

function toFloats({ type, data }: Tensor): ArrayLike<number> {
  if (type === 'float32') return data as ArrayLike<number> // what the type says
  throw new Error(`the model gives ${type}: only float32 is read`)
}

function countTokens(sequences: readonly Sequence[]): number {
  return sequences.reduce((sum, { ids }) => sum + ids.length, 0)
}
