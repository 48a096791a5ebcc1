/** The child process: holds one model in memory of its own and answers one job after the other. Entry of a fork, not a module. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type {
  ContextOptions,
  EmbeddingContext,
  Grammar,
  HistoryItem,
  Llama,
  LlamaChat,
  LlamaModel,
  Runtime,
  Sequence,
} from './binding.ts'
import { PlatformError } from '../../../core/errors.ts'
import { serveJobs, toMessage, type ServedJob } from '../child/index.ts'
import type { AnswerJob, EmbedJob, Job, ModelSpec, Report } from './protocol.ts'

serveJobs<Job, ModelSpec, Report, Loaded>({
  probe,
  load,
  run: (loaded, job, on) => (job.type === 'answer' ? answer(loaded, job, on) : embed(loaded, job, on)),
})

/** A model that is loaded; its contexts are made when first needed, since a model is seldom for chat and embedding both. */
interface Loaded {
  readonly spec: ModelSpec
  readonly runtime: Runtime
  readonly llama: Llama
  readonly model: LlamaModel
  chat?: { readonly chat: LlamaChat; readonly sequence: Sequence; readonly contextTokens: number; owner: string }
  embedding?: EmbeddingContext
}

async function importRuntime(runtimeFolder: string): Promise<Runtime> {
  const entry = join(runtimeFolder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
  return (await import(pathToFileURL(entry).href)) as Runtime // the pinned version's declarations, see binding.ts
}

/** Only what is installed: nothing is compiled or downloaded while serving. */
function start(runtime: Runtime, gpu: 'auto' | false): Promise<Llama> {
  return runtime.getLlama({ gpu, build: 'never', logLevel: 'error', logger: () => undefined, skipDownload: true })
}

async function probe(runtimeFolder: string): Promise<string | undefined> {
  const llama = await start(await importRuntime(runtimeFolder), 'auto')
  return llama.gpu === false ? undefined : llama.gpu
}

async function load(spec: ModelSpec): Promise<Loaded> {
  const runtime = await importRuntime(spec.runtimeFolder)
  const llama = await start(runtime, spec.gpuLayers > 0 ? 'auto' : false)
  const model = await llama.loadModel({ modelPath: spec.modelPath, gpuLayers: spec.gpuLayers })
  return { spec, runtime, llama, model }
}

async function answer(loaded: Loaded, job: AnswerJob, { signal, report }: ServedJob<Report>): Promise<void> {
  const { chat, sequence, contextTokens } = await openChat(loaded, job.owner)
  const history = toHistory(job)
  const inputTokens = chat.chatWrapper
    .generateContextState({ chatHistory: history })
    .contextText.tokenize(loaded.model.tokenizer).length
  const room = contextTokens - inputTokens - 2 // at the last two tokens the library would begin to forget the start
  if (room < 1) {
    const message = `the messages take ${inputTokens} tokens of a context of ${contextTokens}`
    throw new PlatformError('CONTEXT_TOO_LONG', message)
  }
  const before = sequence.tokenMeter.usedOutputTokens
  const outputTokens = (): number => sequence.tokenMeter.usedOutputTokens - before
  const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = job.sampling
  const hasPenalty = frequencyPenalty !== undefined || presencePenalty !== undefined
  const grammar = await createGrammar(loaded.llama, job)
  const generated = await chat.generateResponse(history, {
    signal,
    stopOnAbortSignal: true,
    onResponseChunk: ({ type, text }) => {
      if (text === '') return
      const kind = type === 'segment' ? 'reasoning' : 'text'
      report({ type: kind, text, inputTokens, outputTokens: outputTokens() })
    },
    maxTokens: Math.min(room, job.outputTokensMax ?? room),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(seed === undefined ? {} : { seed }),
    repeatPenalty: hasPenalty
      ? { frequencyPenalty: frequencyPenalty ?? 0, presencePenalty: presencePenalty ?? 0 }
      : false,
    customStopTriggers: job.stop,
    ...(grammar === undefined ? {} : { grammar }),
    ...(job.reasoningTokensMax === undefined ? {} : { budgets: { thoughtTokens: job.reasoningTokensMax } }),
    contextShift: { strategy: refuseToForget },
  })
  const { stopReason, customStopTrigger } = generated.metadata
  const reason = stopReason === 'maxTokens' ? 'length' : stopReason === 'abort' ? 'cancelled' : 'stop'
  const stopped = customStopTrigger?.filter((part) => typeof part === 'string').join('')
  report({ type: 'answered', isLast: true, reason, stopSequence: stopped, inputTokens, outputTokens: outputTokens() })
}

/** The chat context, empty of what another owner's request left in it. */
async function openChat(loaded: Loaded, owner: string): Promise<NonNullable<Loaded['chat']>> {
  const { spec, runtime, model } = loaded
  if (loaded.chat === undefined) {
    const context = await model.createContext(toContextOptions(spec, model))
    const sequence = context.getSequence()
    const chat = new runtime.LlamaChat({ contextSequence: sequence })
    loaded.chat = { chat, sequence, contextTokens: context.contextSize, owner }
  }
  if (loaded.chat.owner !== owner) {
    await loaded.chat.sequence.clearHistory()
    loaded.chat.owner = owner
  }
  return loaded.chat
}

function toContextOptions({ contextTokensMax, threads }: ModelSpec, model: LlamaModel): ContextOptions {
  return { contextSize: Math.min(contextTokensMax, model.trainContextSize), threads }
}

function toHistory(job: AnswerJob): readonly HistoryItem[] {
  const history = job.turns.map(({ role, text }): HistoryItem => {
    return role === 'model' ? { type: 'model', response: [text] } : { type: role, text }
  })
  return history.at(-1)?.type === 'model' ? history : [...history, { type: 'model', response: [] }]
}

async function createGrammar(llama: Llama, { constraint }: AnswerJob): Promise<Grammar | undefined> {
  if (constraint === undefined) return undefined
  if (constraint.type === 'json') return llama.getGrammarFor('json')
  try {
    return await llama.createGrammarForJsonSchema(constraint.schema)
  } catch (thrown) {
    throw new PlatformError('UNSUPPORTED_PARAMETER', `the schema makes no grammar: ${toMessage(thrown)}`)
  }
}

function refuseToForget(): never {
  throw new PlatformError('CONTEXT_TOO_LONG', 'the answer has outgrown the context')
}

async function embed(loaded: Loaded, job: EmbedJob, { signal, report }: ServedJob<Report>): Promise<void> {
  const options = toContextOptions(loaded.spec, loaded.model)
  loaded.embedding ??= await loaded.model.createEmbeddingContext(options)
  const context = loaded.embedding
  const lengths = job.inputs.map((input) => context.calculateInputLength(input))
  const long = lengths.findIndex((length) => length > options.contextSize)
  if (long >= 0) {
    const message = `input ${long} takes ${lengths[long]} tokens of a context of ${options.contextSize}`
    throw new PlatformError('CONTEXT_TOO_LONG', message)
  }
  const vectors: (readonly number[])[] = []
  for (const input of job.inputs) {
    if (signal.aborted) throw new PlatformError('CANCELLED', 'the request was left before its end')
    vectors.push((await context.getEmbeddingFor(input)).vector)
  }
  report({ type: 'embedded', isLast: true, vectors, inputTokens: lengths.reduce((sum, length) => sum + length, 0) })
}
