import type { Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/** Filled by every room that keeps words which were made from documents. They go when the documents do. */
export interface DerivedTexts {
  /** Tables they lie in: what is erased there is made to leave the disk too. */
  readonly tables: readonly (keyof Tables)[]
  /** Erases the texts of these calls, named by the roots of their trees. Resolves with how many texts there were. */
  forget(tenant: string, calls: readonly string[]): Promise<number>
}

/** Filled by every room that keeps words for a number of days of their own. They go by the clock, unless a hold covers them. */
export interface AgedTexts {
  /** Its name in `governance.retention.texts` and in the acts of the audit log. */
  readonly set: 'feedback' | 'shadows' | 'evaluations'
  /** Tables they lie in: what is erased there is made to leave the disk too. */
  readonly tables: readonly (keyof Tables)[]
  /** What still has words and was kept before then, of every tenant, by tenant and id, after a place. */
  list(sql: Transaction<Tables>, question: AgedTextQuestion): Promise<readonly AgedText[]>
  /** Erases the words; what was measured of them stays. */
  erase(sql: Transaction<Tables>, texts: readonly AgedText[], atMs: number): Promise<void>
}

export interface AgedTextQuestion {
  readonly beforeMs: number
  readonly after: TextPlace
  readonly limit: number
}

export interface TextPlace {
  readonly tenant: string
  readonly id: string
}

export interface AgedText extends TextPlace {
  readonly keptAtMs: number
  /** Calls in which the words were said, as far as it is known. */
  readonly calls: readonly string[]
}
