/** The socket through which knowledge has a model write where passages stand in their documents. */
import type { Picodollars } from './money.ts'
import type { EmbedAs } from './ports.ts'
import type { Usage } from './usage.ts'

/** Filled by platform: asks a model of the configuration in force. Each time is a call: admitted, metered, recorded. */
export interface ContextWriter {
  /** Rejects as a request would: MODEL_NOT_FOUND, REGION_REFUSED, BUDGET_EXCEEDED, UPSTREAM_… */
  write(asked: ContextAsk, as: EmbedAs): Promise<WrittenContext>
}

export interface ContextAsk {
  readonly model: string
  /** What questions about the other passages of the document begin with as well: vendors keep it in their caches. */
  readonly shared: string
  /** Whether others will follow that begin so. */
  readonly isShared: boolean
  readonly own: string
  readonly outputTokensMax: number
  /** What of which document the model is shown. */
  readonly given: {
    readonly document: string
    readonly version: string
    readonly start: number
    readonly end: number
  }
}

export interface WrittenContext {
  readonly text: string
  /** It ended at the bound of tokens. */
  readonly isCut: boolean
  /** `undefined` where the vendor reports none, or it has no known price. */
  readonly usage: Usage | undefined
  readonly cost: Picodollars | undefined
}
