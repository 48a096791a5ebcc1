/** The parts of onnxruntime-node and @huggingface/tokenizers that the worker uses; both are added on demand. */
export interface Ort {
  readonly InferenceSession: {
    create(path: string, options: SessionOptions): Promise<Session>
  }
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => Tensor
}

export interface SessionOptions {
  readonly executionProviders: readonly ['cpu']
  readonly intraOpNumThreads: number
  readonly interOpNumThreads: 1
  /** Patterns of memory are kept for each length of input, and never given back. */
  readonly enableMemPattern: false
  readonly logSeverityLevel: 4
}

export interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>
}

export interface Tensor {
  readonly type: string
  readonly data: ArrayLike<number> | ArrayLike<bigint> | ArrayLike<string>
  readonly dims: readonly number[]
  dispose(): void
}

export interface TokenizersLibrary {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string, options: { readonly add_special_tokens: false }): { readonly ids: readonly number[] }
  }
}
