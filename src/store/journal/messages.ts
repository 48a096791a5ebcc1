import type { CallTree } from '../calls.ts'
import type { Location } from '../engine.ts'
import type { CallRow } from './decode.ts'
import type { Rows } from './posting.ts'

/** What the folding thread is given when it starts. */
export interface ThreadData {
  readonly location: Location
  readonly folder: string
  readonly foldMs: number
  readonly rowsMax: number
}

/**
 * Work on the database that has no request waiting for it, done by the folding thread between two folds: two threads that
 * write would only wait for each other.
 */
export interface SideWork {
  /** URL of a module that exports `openSideWork`, an `OpenSideWork`. */
  readonly module: string
  /** What it is opened with: anything that can be sent to a thread. */
  readonly input: unknown
}

export type OpenSideWork = (database: SideDatabase, input: unknown) => OpenedSideWork

export interface OpenedSideWork {
  /** One piece of it, a fraction of a second long; the number of things done, 0 when nothing was left. */
  run(atMs: number): Promise<number>
  /** Goes along with every fold, once `Store.attend` has named the work. */
  readonly attendant?: Attendant
}

/** Told of each tree in the transaction that writes it: what it makes of it is on record exactly when the tree is. */
export interface Attendant {
  /** For one transaction, before its first tree. Nothing of it counts when the transaction fails: it is begun again. */
  begin(): Promise<Attendance>
}

export interface Attendance {
  /** The rows of a tree whose root was not on record before, in the order of the journal. Nothing to wait for, mostly. */
  take(tree: readonly CallRow[]): Promise<void> | undefined
  /** After the last tree. */
  end(): Promise<void>
}

/** The database as a side work uses it: the connection of the folding thread, on which nothing else goes on meanwhile. */
export interface SideDatabase extends Rows {
  /** All or nothing. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** As `CallReader.findTrees`. */
  findTrees(tenant: string, rootIds: readonly string[]): Promise<readonly CallTree[]>
}

export type ToThread =
  /** Fold this journal of the living process; `state` is shared with its writer. */
  | { readonly type: 'live'; readonly journalId: string; readonly state: Int32Array }
  /** Fold this journal of a dead process to its end and remove it. */
  | { readonly type: 'recover'; readonly journalId: string }
  | { readonly type: 'wake' }
  | { readonly type: 'flush'; readonly ticket: number }
  /** What is folded from now on is told to the attendant of this work. */
  | { readonly type: 'attend'; readonly work: SideWork }
  | { readonly type: 'work'; readonly ticket: number; readonly work: SideWork; readonly atMs: number }
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
  /** `count` is what a side work says that it did; 0 for everything else. */
  | { readonly type: 'done'; readonly ticket: number; readonly count: number }
  | { readonly type: 'failed'; readonly ticket: number; readonly reason: string }
  /** The database stopped taking rows, or takes them again. */
  | { readonly type: 'health'; readonly reason: string | undefined }
