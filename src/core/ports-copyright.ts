/** The sockets through which the rights in works are known and kept. Filled by governance. */
import type { AnswerEvent } from './chat.ts'
import type { Passage } from './ports.ts'

/** What a work may be used for. `search`: found and shown in part · `ground`: given to a model as the source of an answer · `train`. */
export type Purpose = 'search' | 'ground' | 'train'

/** What may be used for what. */
export interface DocumentRights {
  /** Ids of the tenant's documents that may not be used for the purpose. */
  listForbidden(tenant: string, purpose: Purpose): Promise<ReadonlySet<string>>
}

/** Watches over how much of its sources an answer gives again. */
export interface CopyrightGuard {
  /** For one answer that is written from these passages; `undefined` when nothing is to be watched. */
  open(tenant: string, passages: readonly Passage[]): Promise<AnswerGuard | undefined>
}

export interface AnswerGuard {
  /**
   * The same events with a citation for every stretch that stands in a passage word by word and is long enough to be a quotation. A
   * stretch beyond the limit, of a work that may not be given again, is cut short or ends the answer with COPYRIGHT_REFUSED.
   */
  readonly guard: (events: AsyncIterable<AnswerEvent>) => AsyncIterable<AnswerEvent>
}
