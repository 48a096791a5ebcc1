import type { ModelProcess } from '../child/index.ts'

/** One ONNX model in a child process. */
export type OnnxProcess = ModelProcess<OnnxJob, OnnxReport>

/** A model to hold in memory, and how. Paths are absolute. */
export interface OnnxSpec {
  /** The folder whose node_modules holds onnxruntime-node and @huggingface/tokenizers. */
  readonly runtimeFolder: string
  readonly modelPath: string
  readonly tokenizerPath: string
  /** `undefined` when there is none beside the model. */
  readonly tokenizerConfigPath: string | undefined
  /** What makes one vector of those of the tokens. */
  readonly pooling: Pooling
  /** Tokens that the model reads at once, its own marks included. */
  readonly tokensMax: number
  /** At least 1. */
  readonly threads: number
}

export type Pooling = 'mean' | 'cls' | 'last'

export type OnnxJob =
  | { readonly type: 'embed'; readonly inputs: readonly string[] }
  | { readonly type: 'rerank'; readonly query: string; readonly documents: readonly string[] }

export type OnnxReport =
  | {
      readonly type: 'embedded'
      readonly isLast: true
      /** Of length 1, one for each input. */
      readonly vectors: readonly (readonly number[])[]
      readonly inputTokens: number
    }
  | {
      readonly type: 'reranked'
      readonly isLast: true
      /** The model's own, one for each document. */
      readonly scores: readonly number[]
      readonly inputTokens: number
    }
