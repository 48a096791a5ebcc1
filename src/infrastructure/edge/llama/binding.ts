/** The part of node-llama-cpp that the worker uses, as its declarations describe it; the package itself is added on demand. */
export interface Runtime {
  getLlama(options: {
    readonly gpu: 'auto' | false
    readonly build: 'never'
    readonly logLevel: 'error'
    readonly logger: () => void
    readonly skipDownload: boolean
  }): Promise<Llama>
  readonly LlamaChat: new (options: { readonly contextSequence: Sequence }) => LlamaChat
}

export interface Llama {
  readonly gpu: string | false
  loadModel(options: { readonly modelPath: string; readonly gpuLayers: number }): Promise<LlamaModel>
  createGrammarForJsonSchema(schema: unknown): Promise<Grammar>
  getGrammarFor(type: 'json'): Promise<Grammar>
}

/** Made by one call of the library and handed to another. */
export interface Grammar {
  readonly grammar: string
}

export interface LlamaModel {
  readonly tokenizer: unknown
  readonly trainContextSize: number
  createContext(options: ContextOptions): Promise<LlamaContext>
  createEmbeddingContext(options: ContextOptions): Promise<EmbeddingContext>
}

export interface ContextOptions {
  readonly contextSize: number
  readonly threads: number
}

export interface LlamaContext {
  readonly contextSize: number
  getSequence(): Sequence
}

export interface Sequence {
  readonly tokenMeter: { readonly usedOutputTokens: number }
  clearHistory(): Promise<void>
}

export interface EmbeddingContext {
  calculateInputLength(input: string): number
  getEmbeddingFor(input: string): Promise<{ readonly vector: readonly number[] }>
}

export type HistoryItem =
  | { readonly type: 'system'; readonly text: string }
  | { readonly type: 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly string[] }

export interface LlamaChat {
  readonly chatWrapper: {
    generateContextState(options: { readonly chatHistory: readonly HistoryItem[] }): {
      readonly contextText: { tokenize(tokenizer: unknown): readonly unknown[] }
    }
  }
  generateResponse(history: readonly HistoryItem[], options: GenerateOptions): Promise<Generated>
}

export interface GenerateOptions {
  readonly signal: AbortSignal
  readonly stopOnAbortSignal: true
  readonly onResponseChunk: (chunk: { readonly type?: 'segment' | undefined; readonly text: string }) => void
  readonly maxTokens: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly seed?: number
  readonly repeatPenalty?: false | { readonly frequencyPenalty?: number; readonly presencePenalty?: number }
  readonly customStopTriggers: readonly string[]
  readonly grammar?: Grammar
  readonly budgets?: { readonly thoughtTokens: number }
  readonly contextShift: { readonly strategy: () => never }
}

export interface Generated {
  readonly metadata: {
    readonly stopReason:
      | 'eogToken'
      | 'stopGenerationTrigger'
      | 'functionCalls'
      | 'maxTokens'
      | 'abort'
      | 'customStopTrigger'
    readonly customStopTrigger?: readonly unknown[]
  }
}
