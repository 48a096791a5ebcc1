import type { AuditTables } from './tables/audit.ts'
import type { BillingTables } from './tables/billing.ts'
import type { CallsTables } from './tables/calls.ts'
import type { CopyrightTables } from './tables/copyright.ts'
import type { EdgeTables } from './tables/edge.ts'
import type { HouseTables } from './tables/house.ts'
import type { IdentityTables } from './tables/identity.ts'
import type { IncidentsTables } from './tables/incidents.ts'
import type { IngestionTables } from './tables/ingestion.ts'
import type { KnowledgeTables } from './tables/knowledge.ts'
import type { LearningTables } from './tables/learning.ts'
import type { LedgerTables } from './tables/ledger.ts'
import type { MarksTables } from './tables/marks.ts'
import type { OutcomesTables } from './tables/outcomes.ts'
import type { PrivacyTables } from './tables/privacy.ts'
import type { ProvisioningTables } from './tables/provisioning.ts'
import type { RetentionTables } from './tables/retention.ts'
import type { ReviewsTables } from './tables/reviews.ts'
import type { SourcesTables } from './tables/sources.ts'
import type { UseCaseTables } from './tables/use-cases.ts'

/** Every table, by name, with its columns as they are read. `null` is absence in SQL; JSON lies in text columns. */
export interface Tables
  extends AuditTables,
    BillingTables,
    CallsTables,
    EdgeTables,
    HouseTables,
    IdentityTables,
    IngestionTables,
    KnowledgeTables,
    LearningTables,
    LedgerTables,
    OutcomesTables,
    PrivacyTables,
    ProvisioningTables,
    IncidentsTables,
    MarksTables,
    RetentionTables,
    ReviewsTables,
    SourcesTables,
    UseCaseTables,
    CopyrightTables {}
