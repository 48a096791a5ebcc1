import type { Location } from '../engine.ts'

/** What the folding thread is given when it starts. */
export interface ThreadData {
  readonly location: Location
  readonly folder: string
  readonly foldMs: number
  readonly rowsMax: number
}

export type ToThread =
  /** Fold this journal of the living process; `state` is shared with its writer. */
  | { readonly type: 'live'; readonly journalId: string; readonly state: Int32Array }
  /** Fold this journal of a dead process to its end and remove it. */
  | { readonly type: 'recover'; readonly journalId: string }
  | { readonly type: 'wake' }
  | { readonly type: 'flush'; readonly ticket: number }
  /** Fold the rest, close the live journal, let go of the database. */
  | { readonly type: 'finish'; readonly ticket: number }

export type FromThread =
  | {
      readonly type: 'progress'
      readonly journalId: string
      readonly segment: number
      readonly offset: number
      readonly rows: number
      readonly damaged: number
    }
  | { readonly type: 'recovered'; readonly journalId: string; readonly interrupted: number; readonly damaged: number }
  | { readonly type: 'done'; readonly ticket: number }
  | { readonly type: 'failed'; readonly ticket: number; readonly reason: string }
  /** The database stopped taking rows, or takes them again. */
  | { readonly type: 'health'; readonly reason: string | undefined }
