/** What a program is to do: a function of it is called with each list of arguments. */
export interface CodeJob {
  readonly code: string
  /** Name of the function, with dots for members. */
  readonly call: string
  /** JSON of the list of arguments of each case. */
  readonly cases: readonly string[]
  /** For everything, milliseconds. */
  readonly ms: number
  readonly memoryBytesMax: number
}

/**
 * What became of a program. `done`: JSON of the result of each case, `null` for one that JSON does not have.
 * `syntax`: it is no program · `missing`: it has no such function · `threw`: it threw, in a case or before the first ·
 * `time`, `memory`, `stack`: it used more than it may · `output`: a result has too many characters · `crashed`: it ended the
 * thread.
 */
export type CodeOutcome =
  | { readonly type: 'done'; readonly results: readonly (string | null)[] }
  | { readonly type: 'syntax'; readonly message: string }
  | { readonly type: 'missing' }
  | { readonly type: 'threw'; readonly message: string; readonly at: number | undefined }
  | { readonly type: 'time' | 'memory' | 'stack' | 'output'; readonly at: number | undefined }
  | { readonly type: 'crashed' }

export interface ToCodeWorker {
  readonly id: number
  readonly job: CodeJob
}

export interface FromCodeWorker {
  readonly id: number
  readonly outcome: CodeOutcome
  /** False when the thread must not be used again. */
  readonly isSound: boolean
}
