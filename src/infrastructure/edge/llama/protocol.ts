import type { JsonObject } from '../../../core/json.ts'
import type { ModelProcess } from '../child/index.ts'

/** One GGUF model in a child process. */
export type LlamaProcess = ModelProcess<Job, Report>

export type Job = AnswerJob | EmbedJob

/** A model to hold in memory, and how. */
export interface ModelSpec {
  /** The folder whose node_modules holds node-llama-cpp. */
  readonly runtimeFolder: string
  /** Absolute path of a GGUF file. */
  readonly modelPath: string
  /** Input and output tokens together, at most what the model was trained for. */
  readonly contextTokensMax: number
  /** At least 1. */
  readonly threads: number
  /** Layers kept on a GPU; 0 keeps the model on the CPU. */
  readonly gpuLayers: number
}

export interface AnswerJob {
  readonly type: 'answer'
  /** Whose request it is. What the context still holds of another owner's is forgotten first. */
  readonly owner: string
  readonly turns: readonly Turn[]
  readonly outputTokensMax: number | undefined
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly constraint: Constraint | undefined
  /** Bound on reasoning tokens; 0 for none. */
  readonly reasoningTokensMax: number | undefined
}

export interface Turn {
  readonly role: 'system' | 'user' | 'model'
  readonly text: string
}

export interface Sampling {
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly topK: number | undefined
  readonly seed: number | undefined
  readonly frequencyPenalty: number | undefined
  readonly presencePenalty: number | undefined
}

/** What the output must be: any JSON, or JSON of a schema in the form of `schema.ts`. */
export type Constraint = { readonly type: 'json' } | { readonly type: 'json-schema'; readonly schema: JsonObject }

export interface EmbedJob {
  readonly type: 'embed'
  readonly inputs: readonly string[]
}

/** What comes of a job; counts are of the whole job so far. */
export type Report =
  | {
      readonly type: 'text' | 'reasoning'
      readonly isLast?: undefined
      readonly text: string
      readonly inputTokens: number
      readonly outputTokens: number
    }
  | {
      readonly type: 'answered'
      readonly isLast: true
      readonly reason: 'stop' | 'length' | 'cancelled'
      readonly stopSequence: string | undefined
      readonly inputTokens: number
      readonly outputTokens: number
    }
  | {
      readonly type: 'embedded'
      readonly isLast: true
      readonly vectors: readonly (readonly number[])[]
      readonly inputTokens: number
    }
