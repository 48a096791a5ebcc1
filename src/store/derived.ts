import type { Tables } from './tables.ts'

/** Filled by every room that keeps words which were made from documents. They go when the documents do. */
export interface DerivedTexts {
  /** Tables they lie in: what is erased there is made to leave the disk too. */
  readonly tables: readonly (keyof Tables)[]
  /** Erases the texts of these calls, named by the roots of their trees. Resolves with how many texts there were. */
  forget(tenant: string, calls: readonly string[]): Promise<number>
}
