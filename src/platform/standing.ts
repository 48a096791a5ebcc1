import type { Ids } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import type { AuditLog, Copyright, Identity, Privacy } from '../governance/index.ts'
import type { Tokenizers, TokenScales } from '../infrastructure/index.ts'
import type { Spending } from '../investment/index.ts'
import type { AnswerCaches, CodeRunner, Learning } from '../models/index.ts'
import type { Money } from './billing.ts'
import type { Edge } from './edge.ts'
import type { Governance } from './governance.ts'
import type { Store } from '../store/index.ts'
import type { Telemetry } from '../telemetry/index.ts'
import type { Evaluations, Knowledge, Preparation } from '../tools/index.ts'

/** What outlives a change of configuration. */
export interface Standing {
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly store: Store
  readonly identity: Identity
  readonly audit: AuditLog
  readonly governance: Governance
  readonly knowledge: Knowledge
  readonly preparation: Preparation
  readonly spending: Spending
  readonly privacy: Privacy
  readonly learning: Learning
  readonly evaluations: Evaluations
  readonly scales: TokenScales
  readonly tokenizers: Tokenizers
  readonly copyright: Copyright
  readonly telemetry: Telemetry
  /** Answers that models keep. */
  readonly caches: AnswerCaches
  /** Runs programs of answers. */
  readonly code: CodeRunner
  readonly edge: Edge
  readonly money: Money
  /** The data folder, absolute. */
  readonly folder: string
  /** Where relative paths of the configuration start. */
  readonly configFolder: string
}
