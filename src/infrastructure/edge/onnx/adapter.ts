import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import { createUsage } from '../../../core/usage.ts'
import type { Adapter, Attempt, Endpoint } from '../../endpoints/index.ts'
import { createModelProcess, findPackageVersion, readNumber } from '../child/index.ts'
import { findModelFiles } from './files.ts'
import type { OnnxJob, OnnxProcess, OnnxReport, OnnxSpec } from './protocol.ts'
import { runJob } from './run-job.ts'
import { onnxWorker } from './worker-place.ts'

export interface OnnxAdapterDeps {
  /** The folder that `strata runtime add onnx` has filled. */
  readonly runtimeFolder: string
  /** Relative paths of models start here: the folder of the configuration file. */
  readonly modelsFolder: string
  readonly clock: Clock
  readonly log: EventLog
}

export interface OnnxAdapter extends Adapter {
  readonly rerank: NonNullable<Adapter['rerank']>
  /** The processes that hold a model now, by endpoint. */
  processes(): readonly { readonly endpoint: string; readonly pid: number }[]
  /** Ends every process; what is under way fails with RUNTIME_FAILED. */
  close(): Promise<void>
}

const queueLengthMaxDefault = 256
const idleMsDefault = 600_000

/**
 * Text encoders on this machine, one child process each: models that embed, and models that judge a passage beside a
 * question. Options of an endpoint: `threads` (half of what the machine has), `pooling` (as the model's files say, else
 * `mean`), `queueLengthMax` (256 requests), `idleMs` (600,000, after which the process ends). Throws RUNTIME_MISSING
 * without the runtime, CONFIG_INVALID without a file, OVERLOADED when the queue is full.
 */
export function createOnnxAdapter(deps: OnnxAdapterDeps): OnnxAdapter {
  const processes = new Map<string, OnnxProcess>()
  const open = (endpoint: Endpoint): OnnxProcess => {
    const known = processes.get(endpoint.id)
    if (known !== undefined) return known
    const made = createModelProcess<OnnxJob, OnnxReport>({
      name: endpoint.id,
      worker: onnxWorker,
      spec: toSpec(endpoint, deps),
      queueLengthMax: readNumber(endpoint, 'queueLengthMax', queueLengthMaxDefault),
      idleMs: readNumber(endpoint, 'idleMs', idleMsDefault),
      log: deps.log,
    })
    processes.set(endpoint.id, made)
    return made
  }
  const run = (job: OnnxJob, { endpoint, permit }: Attempt): Promise<OnnxReport> =>
    runJob(job, { permit, clock: deps.clock, process: open(endpoint) })
  return {
    async answer(_, { endpoint }) {
      const message = `endpoint ${endpoint.id} encodes texts: it embeds or reranks, and does not chat`
      throw new PlatformError('UNSUPPORTED_PARAMETER', message, { param: 'model' })
    },
    async embed({ inputs, dimensions }, attempt) {
      const report = await run({ type: 'embed', inputs }, attempt)
      if (report.type !== 'embedded') throw failure(attempt.endpoint)
      const length = report.vectors[0]?.length
      if (dimensions !== undefined && length !== undefined && dimensions !== length) {
        const message = `the vectors of this model have ${length} dimensions, always`
        throw new PlatformError('UNSUPPORTED_PARAMETER', message, { param: 'dimensions' })
      }
      return { vectors: report.vectors, usage: createUsage({ inputTotal: report.inputTokens }) }
    },
    async rerank({ query, documents }, attempt) {
      const report = await run({ type: 'rerank', query, documents }, attempt)
      if (report.type !== 'reranked') throw failure(attempt.endpoint)
      return { scores: report.scores, usage: createUsage({ inputTotal: report.inputTokens }) }
    },
    processes() {
      return [...processes].flatMap(([endpoint, { pid }]) => (pid === undefined ? [] : [{ endpoint, pid }]))
    },
    async close() {
      await Promise.all([...processes.values()].map((each) => each.close()))
    },
  }
}

function failure({ id }: Endpoint): PlatformError {
  return new PlatformError('RUNTIME_FAILED', `the local model of ${id} did another job than it was given`)
}

function toSpec(endpoint: Endpoint, deps: OnnxAdapterDeps): OnnxSpec {
  const { id, config } = endpoint
  const needed = ['onnxruntime-node', '@huggingface/tokenizers']
  if (needed.some((name) => findPackageVersion(deps.runtimeFolder, name) === undefined)) {
    const message = `the endpoint ${id} needs the ONNX runtime, which is not installed: strata runtime add onnx`
    throw new PlatformError('RUNTIME_MISSING', message)
  }
  const modelPath = resolve(deps.modelsFolder, config.model)
  if (!existsSync(modelPath)) {
    // Where files lie is not for clients to know.
    deps.log.error({ endpoint: id, modelPath }, 'model file missing')
    const param = `endpoints.${id}.model`
    throw new PlatformError('CONFIG_INVALID', `${param} names a file that is not there`, { param })
  }
  return {
    runtimeFolder: deps.runtimeFolder,
    modelPath,
    ...findModelFiles(endpoint, modelPath),
    threads: Math.max(1, readNumber(endpoint, 'threads', Math.floor(availableParallelism() / 2))),
  }
}
