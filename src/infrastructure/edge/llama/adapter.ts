import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import type { Embedded } from '../../../core/model.ts'
import type { ChatRequest } from '../../../core/chat.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import { createUsage } from '../../../core/usage.ts'
import type { Adapter, Attempt, EmbedTexts, Endpoint, Upstream } from '../../endpoints/index.ts'
import { createModelProcess, readNumber } from '../child/index.ts'
import { toAnswerJob } from './prompt.ts'
import type { Job, LlamaProcess, ModelSpec, Report } from './protocol.ts'
import { startUpstream } from './upstream.ts'
import { llamaWorker } from './worker-place.ts'

export interface LlamaAdapterDeps {
  /** The folder that `strata runtime add llama` has filled. */
  readonly runtimeFolder: string
  /** Relative paths of models start here: the folder of the configuration file. */
  readonly modelsFolder: string
  readonly clock: Clock
  readonly log: EventLog
}

export interface LlamaAdapter extends Adapter {
  /** The processes that hold a model now, by endpoint. */
  processes(): readonly { readonly endpoint: string; readonly pid: number }[]
  /** Ends every process; what is under way fails with RUNTIME_FAILED. */
  close(): Promise<void>
}

/** Input and output tokens held in memory when the endpoint does not say `contextTokens`. */
const contextTokensDefault = 4_096
const queueLengthMaxDefault = 32
const idleMsDefault = 600_000

/**
 * GGUF models on this machine, one child process each. Options of an endpoint: `threads` (half of what the machine has:
 * more threads than free cores make each token wait), `gpuLayers` (0), `queueLengthMax` (32 requests), `idleMs`
 * (600,000, after which the process ends). Throws RUNTIME_MISSING without the runtime, CONFIG_INVALID without the file,
 * OVERLOADED when the queue is full.
 */
export function createLlamaAdapter(deps: LlamaAdapterDeps): LlamaAdapter {
  const processes = new Map<string, LlamaProcess>()
  const open = (endpoint: Endpoint): LlamaProcess => {
    const known = processes.get(endpoint.id)
    if (known !== undefined) return known
    const made = createModelProcess<Job, Report>({
      name: endpoint.id,
      worker: llamaWorker,
      spec: toModelSpec(endpoint, deps),
      queueLengthMax: readNumber(endpoint, 'queueLengthMax', queueLengthMaxDefault),
      idleMs: readNumber(endpoint, 'idleMs', idleMsDefault),
      log: deps.log,
    })
    processes.set(endpoint.id, made)
    return made
  }
  return {
    async answer(request, attempt) {
      return answer(request, attempt, { clock: deps.clock, process: open(attempt.endpoint) })
    },
    async embed(request, attempt) {
      return embed(request, attempt, { clock: deps.clock, process: open(attempt.endpoint) })
    },
    processes() {
      return [...processes].flatMap(([endpoint, { pid }]) => (pid === undefined ? [] : [{ endpoint, pid }]))
    },
    async close() {
      await Promise.all([...processes.values()].map((each) => each.close()))
    },
  }
}

interface Means {
  readonly clock: Clock
  readonly process: LlamaProcess
}

async function answer(request: ChatRequest, attempt: Attempt, means: Means): Promise<Upstream> {
  const { endpoint, permit } = attempt
  const job = toAnswerJob(request.chat, {
    owner: permit.call.principal.tenant,
    outputTokensMax: endpoint.config.outputTokensMax,
  })
  return startUpstream(job, { permit, ...means })
}

async function embed(request: EmbedTexts, { permit }: Attempt, means: Means): Promise<Embedded> {
  const upstream = await startUpstream({ type: 'embed', inputs: request.inputs }, { permit, ...means })
  const vectors = await upstream.vectors()
  const length = vectors[0]?.length
  if (request.dimensions !== undefined && length !== undefined && request.dimensions !== length) {
    throw new PlatformError('UNSUPPORTED_PARAMETER', `the vectors of this model have ${length} dimensions, always`, {
      param: 'dimensions',
    })
  }
  return { vectors, usage: upstream.usage() ?? createUsage({}) }
}

function toModelSpec(endpoint: Endpoint, deps: LlamaAdapterDeps): ModelSpec {
  if (!existsSync(join(deps.runtimeFolder, 'node_modules', 'node-llama-cpp', 'package.json'))) {
    const message = `the endpoint ${endpoint.id} needs the llama runtime, which is not installed: strata runtime add llama`
    throw new PlatformError('RUNTIME_MISSING', message)
  }
  const modelPath = resolve(deps.modelsFolder, endpoint.config.model)
  if (!existsSync(modelPath)) {
    // Where files lie is not for clients to know.
    deps.log.error({ endpoint: endpoint.id, modelPath }, 'model file missing')
    throw new PlatformError('CONFIG_INVALID', `endpoints.${endpoint.id}.model names a file that is not there`, {
      param: `endpoints.${endpoint.id}.model`,
    })
  }
  return {
    runtimeFolder: deps.runtimeFolder,
    modelPath,
    contextTokensMax: endpoint.config.contextTokens ?? contextTokensDefault,
    threads: Math.max(1, readNumber(endpoint, 'threads', Math.floor(availableParallelism() / 2))),
    gpuLayers: readNumber(endpoint, 'gpuLayers', 0),
  }
}
