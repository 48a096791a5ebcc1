/** Learned routers, feedback and evaluations. */
export interface LearningTables {
  readonly token_scale: TokenScaleTable
  readonly router: RouterTable
  readonly router_version: RouterVersionTable
  readonly router_decision: RouterDecisionTable
  readonly feedback: FeedbackTable
  readonly evaluation: EvaluationTable
}

/** A router by name, and which of its versions is in force. */
export interface RouterTable {
  readonly tenant: string
  readonly name: string
  readonly version: number
  /** JSON; `null` for none. */
  readonly certificate: string | null
  /** JSON: how far the drift of the certificate has been watched. */
  readonly drift: string | null
  /** JSON: what the bandit has learnt beside the router. */
  readonly bandit: string | null
  readonly updated_at_ms: number
}

export interface RouterVersionTable {
  readonly tenant: string
  readonly name: string
  readonly version: number
  readonly hash: string
  /** The router file. */
  readonly file: string
  readonly created_at_ms: number
}

/** A choice of a bandit, with the chance each model had. It holds no text of the prompt. */
export interface RouterDecisionTable {
  readonly tenant: string
  readonly id: string
  readonly router: string
  /** The model chosen. */
  readonly model: string
  /** JSON array: model, propensity, predicted quality, context. */
  readonly arms: string
  readonly at_ms: number
  /** 0…1; `null` until feedback comes. */
  readonly score: number | null
}

/** What one process has learned of how an endpoint counts tokens. */
export interface TokenScaleTable {
  readonly endpoint: string
  readonly model: string
  readonly version: number
  /** Answers it was learned from. */
  readonly learned: number
  /** JSON. */
  readonly body: string
  readonly saved_at_ms: number
}

export interface FeedbackTable {
  readonly tenant: string
  readonly id: string
  readonly source: 'client' | 'shadow'
  readonly call_id: string | null
  readonly decision_id: string | null
  readonly model: string
  /** 0…1. */
  readonly score: number
  /** USD; `null` where it is not known. */
  readonly cost: number | null
  readonly prompt: string | null
  readonly answer: string | null
  readonly comment: string | null
  /** JSON array: roots of the calls in which prompt and answer of a shadow were made; `null` for what clients say. */
  readonly made_in: string | null
  readonly key_id: string
  readonly at_ms: number
}

export interface EvaluationTable {
  readonly tenant: string
  readonly id: string
  readonly name: string
  /** JSON array of names. */
  readonly models: string
  /** JSON. */
  readonly summary: string
  /** JSON array: one row of each case. */
  readonly results: string
  readonly at_ms: number
  /** When the prompts and answers of its cases were erased by the clock; `null` while they are there. */
  readonly words_gone_at_ms: number | null
}
