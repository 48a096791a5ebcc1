/** The sockets through which texts are guarded on their way to models and back. Filled by governance. */
import type { Call } from './call.ts'
import type { ChatRequest } from './chat.ts'
import type { JsonValue } from './json.ts'
import type { EmbedRequest, Model } from './model.ts'
import type { Passage } from './ports.ts'

/** Guards what goes to a model and what comes back. */
export interface ModelGuard {
  /**
   * A model with its guards. One that was made of a network which came with the request has all of them, and they look at the
   * words of the network too; nothing in it is rewritten: what would be is refused.
   */
  watch(model: Model, network: JsonValue | undefined): GuardedModel
}

export interface GuardedModel {
  /**
   * The same model, with the guards around it that ask other models about what goes in, and with all that look at what comes
   * back; itself where there is none. Answering may reject with GUARD_REFUSED or GUARD_FAILED.
   */
  readonly model: Model
  /** The other guards of what goes in: asked before anybody, person or model, is shown it. `undefined` where there is none. */
  readonly screen: RequestScreen | undefined
}

/** What goes in, as it may go on: the same object unless a guard rewrites. Rejects with GUARD_REFUSED or GUARD_FAILED. */
export interface RequestScreen {
  chat(request: ChatRequest, call: Call): Promise<ChatRequest>
  inputs(request: EmbedRequest, call: Call): Promise<EmbedRequest>
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
