import { calls } from './001-calls.ts'
import { identity } from './010-identity.ts'
import { ledger } from './020-ledger.ts'
import { idempotency } from './021-idempotency.ts'
import { billing } from './030-billing.ts'
import { outcomes } from './031-outcomes.ts'
import { outlook } from './032-outlook.ts'
import { callCharges } from './033-call-charges.ts'
import { tokenScales } from './034-token-scales.ts'
import { lookups } from './035-lookups.ts'
import { useCase } from './050-use-case.ts'
import { audit } from './051-audit.ts'
import { reviews } from './052-reviews.ts'
import { useCases } from './053-use-cases.ts'
import { marks } from './054-marks.ts'
import { incidents } from './055-incidents.ts'
import { retention } from './056-retention.ts'
import { privacy } from './060-privacy.ts'
import { sealing } from './062-sealing.ts'
import { auditPages } from './064-audit-pages.ts'
import { learning } from './075-learning.ts'
import { composes } from './076-composes.ts'
import { edge } from './077-edge.ts'
import { shadowCalls } from './080-shadow-calls.ts'
import { copyright } from './061-copyright.ts'
import { knowledge } from './100-knowledge.ts'
import { places } from './101-places.ts'
import { sources } from './102-sources.ts'
import { ingestion } from './103-ingestion.ts'
import { index } from './105-index.ts'
import { receipts } from './106-receipts.ts'
import { likeness } from './107-likeness.ts'
import { documentFacts } from './108-document-facts.ts'
import { vectors } from './109-vectors.ts'
import { sourceCursor } from './115-source-cursor.ts'
import { withdrawnVersions } from './116-withdrawn-versions.ts'
import { vectorIndex } from './120-vector-index.ts'
import { embeddingForm } from './121-embedding-form.ts'
import { contexts } from './122-contexts.ts'
import { versionStages } from './117-version-stages.ts'
import { keptWords } from './131-kept-words.ts'
import { provisioning } from './140-provisioning.ts'
import { witnesses } from './141-witnesses.ts'
import { entryAnalyser } from './142-entry-analyser.ts'
import type { Migration } from './migration.ts'

export { migrate } from './migrate.ts'
export type { Migration } from './migration.ts'

/** Every migration, in the order of their ids. A new one is one file and one line here. */
export const migrations: readonly Migration[] = [
  calls,
  identity,
  ledger,
  idempotency,
  billing,
  outcomes,
  outlook,
  callCharges,
  tokenScales,
  lookups,
  useCase,
  audit,
  reviews,
  useCases,
  marks,
  incidents,
  retention,
  privacy,
  copyright,
  sealing,
  auditPages,
  learning,
  composes,
  edge,
  shadowCalls,
  knowledge,
  places,
  sources,
  ingestion,
  index,
  receipts,
  likeness,
  documentFacts,
  vectors,
  sourceCursor,
  withdrawnVersions,
  versionStages,
  vectorIndex,
  embeddingForm,
  contexts,
  keptWords,
  provisioning,
  witnesses,
  entryAnalyser,
]
