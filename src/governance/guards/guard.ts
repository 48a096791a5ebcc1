import type { GuardPlace } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { Finding, Scanner } from './scan.ts'

/** One guard of the configuration, ready to look at texts. */
export interface Guard {
  readonly name: string
  readonly at: ReadonlySet<GuardPlace>
  readonly does: 'observe' | 'block' | 'rewrite'
  readonly onError: 'open' | 'closed'
  /** Longest it may take for one text. */
  readonly msMax: number
  /** Models it guards; every one when absent. */
  readonly models: ReadonlySet<string> | undefined
  /** What stands in the place of a finding. */
  readonly markOf: (finding: Finding) => string
  readonly look: Look
}

/** How a guard looks: along a text as it comes, or at the whole of it. */
export type Look =
  | { readonly type: 'scan'; readonly scanner: Scanner }
  | { readonly type: 'inspect'; readonly inspect: (text: string, around: Inspection) => Inspected | Promise<Inspected> }
  /** Judges the texts of one place together, the newest turn of a conversation only. */
  | { readonly type: 'judge'; readonly judge: (text: string, around: Inspection) => Promise<Inspected> }

export interface Inspection {
  readonly place: GuardPlace
  readonly call: Call
  readonly request: ChatRequest | undefined
  /** The answer calls tools: it is a step on the way. */
  readonly callsTools: boolean
  /** Throws GuardLate when the guard's time is over. */
  readonly throwIfLate: () => void
}

export interface Inspected {
  readonly findings: readonly Finding[]
  readonly score?: number | undefined
}

/** A guard could not tell: its time was over. */
export class GuardLate extends Error {
  constructor(msMax: number) {
    super(`took longer than ${msMax} ms`)
    this.name = 'GuardLate'
  }
}
