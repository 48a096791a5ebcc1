import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import type { DialectId } from '../../core/chat.ts'
import type { Model } from '../../core/model.ts'
import type { Signer } from '../../core/signer.ts'
import type { Clock } from '../../core/time.ts'
import type {
  AuditLog,
  Backtest,
  Copyright,
  Directory,
  Identity,
  Incidents,
  Marker,
  MarkRecord,
  Oversight,
  PolicyEngine,
  PolicyGuard,
  ConfiguredPrivacy,
  Privacy,
  Retention,
  Reviews,
  SignalWatch,
  SignOn,
  UseCaseDesk,
  Witnessing,
} from '../../governance/index.ts'
import type { Dialect } from '../../infrastructure/dialects/index.ts'
import type { BodyDialect, BodyReading, Centre, UplinkState } from '../../infrastructure/index.ts'
import type {
  Billing,
  Outcomes,
  PriceBook,
  PriceEntries,
  SpendForecaster,
  Spending,
  WhatIf,
} from '../../investment/index.ts'
import type { Learning } from '../../models/index.ts'
import type { CallReader, CallSpan } from '../../store/index.ts'
import type { Evaluations, Knowledge, Ingestion, Preparation, Sources } from '../../tools/index.ts'
import type { FlowParts } from '../flow-parts.ts'

/** What the faces need of the platform. Read at each request, so that a new configuration serves the next one. */
export interface HttpParts {
  readonly clock: Clock
  readonly config: Config
  /** The number of the configuration in force. */
  readonly configVersion: number
  readonly flow: FlowParts
  readonly dialects: Readonly<Record<DialectId, Dialect>>
  readonly models: { list(principal: Principal): readonly Model[]; resolve(name: string, principal: Principal): Model }
  readonly knowledge: Knowledge
  readonly preparation: Preparation
  readonly sources: Sources
  readonly ingestion: Ingestion
  readonly copyright: Copyright
  readonly privacy: Pick<Privacy, 'scanner' | 'vault'> & Pick<ConfiguredPrivacy, 'names'>
  readonly calls: CallReader
  readonly keys: Identity['keys']
  /** `undefined` where single sign-on is not configured. */
  readonly signOn: SignOn | undefined
  readonly policies: PolicyGuard
  /** Recorded calls under another pack, by its id or as it is. Rejects with NOT_FOUND. */
  readonly backtest: (pack: string | PolicyEngine, span: CallSpan) => Promise<Backtest>
  /** What edge nodes tell, and how this one stands with its centre; `undefined` where it has none. */
  readonly edge: { readonly centre: Centre; link(): Promise<UplinkState | undefined> }
  readonly oversight: Oversight
  readonly reviews: Reviews
  readonly useCases: UseCaseDesk
  readonly signals: SignalWatch
  readonly marker: Marker
  readonly marks: MarkRecord
  readonly incidents: Incidents
  readonly retention: Retention
  readonly directory: Directory
  readonly signer: Signer
  readonly learning: Learning
  readonly evaluations: Evaluations
  readonly audit: AuditLog
  readonly witnessing: Pick<Witnessing, 'run'>
  readonly prices: PriceBook
  readonly spend: SpendForecaster
  readonly priceEntries: PriceEntries
  readonly billing: Billing
  readonly outcomes: Outcomes
  readonly whatIf: WhatIf
  /** Usage of one recorded body. Throws what is wrong with it. */
  readonly readBody: (bytes: Buffer, dialect: BodyDialect) => BodyReading
  readonly budgets: Spending['budgets']
  readonly health: { readonly isReady: boolean; readonly report: HealthReport }
  metricsText(): Promise<string>
}

export type GetParts = () => HttpParts

export interface HealthReport {
  readonly store: string
  readonly endpoints: readonly { readonly id: string; readonly breaker: string; readonly inFlight: number }[]
}
