import type { ErrorCode } from '../../../core/errors.ts'

/** What the platform tells a child process: `Job` is what it can do, `Spec` the model it is to load. */
export type ToWorker<Job, Spec> =
  | { readonly type: 'load'; readonly model: Spec }
  | { readonly type: 'probe'; readonly runtimeFolder: string }
  | { readonly type: 'cancel'; readonly id: number }
  | ({ readonly id: number } & Job)

/** What comes of a job; the one that says `isLast` ends it. */
export interface SomeReport {
  readonly type: string
  readonly isLast?: true | undefined
}

/** What a child process tells the platform. RUNTIME_FAILED is for the log; other codes are the answer to whoever asked. */
export type FromWorker<Report> =
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed'; readonly message: string }
  | { readonly type: 'probed'; readonly gpu: string | undefined }
  | { readonly type: 'reported'; readonly id: number; readonly report: Report }
  | { readonly type: 'failed'; readonly id: number; readonly code: ErrorCode; readonly message: string }
