/** Tasks and what became of them. Acts are only added; what a task is, is read from them. */
export interface OutcomesTables {
  readonly outcome_kind: OutcomeKindTable
  readonly outcome: OutcomeTable
  readonly outcome_act: OutcomeActTable
}

export interface OutcomeKindTable {
  readonly tenant: string
  readonly id: string
  /** JSON. */
  readonly body: string
  readonly created_at_ms: number
}

export interface OutcomeTable {
  readonly tenant: string
  readonly id: string
  readonly kind: string
  readonly account: string
  /** On which side of the comparison it is. */
  readonly arm: 'treated' | 'holdout'
  readonly opened_at_ms: number
  /** JSON array of the calls named when it was opened. */
  readonly calls: string
}

export interface OutcomeActTable {
  readonly tenant: string
  readonly outcome: string
  /** In the order in which they were recorded, from 1. */
  readonly number: number
  readonly act: string
  readonly at_ms: number
  /** JSON of the act as it was told. */
  readonly body: string
  readonly recorded_at_ms: number
}
