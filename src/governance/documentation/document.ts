import type { FullStanding } from '../use-cases/index.ts'

/** A document drafted from what is known here. What is not known is named, never filled in. */
export interface DraftDocument {
  readonly form: DocumentForm
  readonly title: string
  readonly useCase: string
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly sections: readonly Section[]
}

export type DocumentForm = 'annex-iv' | 'fria'
export const documentForms: readonly [DocumentForm, ...DocumentForm[]] = ['annex-iv', 'fria']

export interface Section {
  /** Where in the law the section is asked for. */
  readonly article: string
  readonly heading: string
  readonly known: readonly KnownItem[]
  /** What has to be written by people, each a sentence. */
  readonly gaps: readonly string[]
}

export interface KnownItem {
  readonly label: string
  readonly value: string
  /** Where it is known from: a key of the configuration, a route, the record of calls. */
  readonly source: string
}

/** Everything that a draft may be made from; the platform gathers it. */
export interface KnownFacts {
  readonly standing: FullStanding
  readonly versions: readonly { readonly version: number; readonly atMs: number; readonly title: string }[]
  /** Number of the configuration in force. */
  readonly configVersion: number
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly usage: KnownUsage
  readonly endpoints: readonly KnownEndpoint[]
  readonly evaluations: readonly KnownEvaluation[]
  readonly reviews: readonly { readonly state: string; readonly count: number; readonly medianMs: number | undefined }[]
  readonly reviewers: readonly { readonly person: string; readonly competence: string }[]
  readonly incidents: readonly {
    readonly id: string
    readonly kind: string
    readonly state: string
    readonly atMs: number
  }[]
  readonly literacy: readonly { readonly person: string; readonly measure: string; readonly dated: string }[]
  readonly audit: { readonly key: string; readonly retentionDays: number | undefined }
}

/** What the record of calls says of the use case over a span. */
export interface KnownUsage {
  readonly fromMs: number
  readonly untilMs: number
  readonly requests: number
  /** More were there than were read. */
  readonly isPartial: boolean
  readonly answered: number
  readonly errors: readonly { readonly code: string; readonly count: number }[]
  readonly models: readonly { readonly name: string; readonly count: number }[]
  readonly inputTokens: number
  readonly outputTokens: number
  readonly usd: string | undefined
  readonly firstAtMs: number | undefined
  readonly lastAtMs: number | undefined
}

export interface KnownEndpoint {
  readonly id: string
  readonly dialect: string
  readonly vendorModel: string
  readonly processing: readonly string[] | undefined
  readonly storage: readonly string[] | undefined
  readonly price: string | undefined
  /** Dispatches in the span. */
  readonly count: number
}

export interface KnownEvaluation {
  readonly id: string
  readonly name: string
  readonly atMs: number
  readonly model: string
  readonly scored: number
  readonly mean: number | undefined
  readonly low95: number | undefined
  readonly high95: number | undefined
}
