/** The sockets through which texts are guarded on their way to models and back. Filled by governance. */
import type { Call } from './call.ts'
import type { Model } from './model.ts'
import type { Passage } from './ports.ts'

/** Guards what goes to a model and what comes back. */
export interface ModelGuard {
  /**
   * The same model with its guards around it; itself where there is none. A network that came with a request has all guards.
   * Answering and embedding may then reject with GUARD_REFUSED or GUARD_FAILED.
   */
  watch(model: Model, isComposed: boolean): Model
}

/** Looks at what was found before a model is given it. */
export interface PassageGuard {
  /** The passages that may be given to a model, in the same order. Rejects with GUARD_REFUSED or GUARD_FAILED. */
  screen(passages: readonly Passage[], call: Call): Promise<readonly Passage[]>
}

/** What one guard made of the texts of one place. */
export interface GuardVerdict {
  readonly guard: string
  readonly place: string
  /** `pass`: nothing was found · `error`: it could not tell. */
  readonly did: 'pass' | 'observe' | 'block' | 'rewrite' | 'error'
}
