export {
  createAuditKey,
  createAuditLog,
  createWitnessing,
  readAuditKey,
  verifyExport,
  type AuditLog,
  type AuditReport,
  type AskPlace,
  type Witnessing,
} from './audit/index.ts'
export { createGuards, type Guards } from './guards/index.ts'
export {
  createDirectory,
  createIdentity,
  createSignOn,
  delegateKeys,
  sessionPrefix,
  toNameKey,
  type AskProvider,
  type Directory,
  type Group,
  type Identity,
  type KeyRecord,
  type NewGroup,
  type NewPerson,
  type Page,
  type Person,
  type SignOn,
} from './identity/index.ts'
export {
  backtestPack,
  controlCatalogues,
  createPolicyAdmission,
  createEngine,
  createPolicyGuard,
  isControlsStale,
  loadControls,
  loadPack,
  readPack,
  toGiven,
  type Backtest,
  type ControlCatalogue,
  type PolicyEngine,
  type Decision,
  type Pack,
  type PackDecision,
  type PolicyGuard,
} from './policy/index.ts'
export {
  createCopyright,
  createOverlapMeter,
  decideRights,
  type Copyright,
  type OverlapMeter,
  type ProtectedText,
  type Rights,
  type RightsSources,
  type RightsView,
} from './copyright/index.ts'
export {
  checkPrivacy,
  createDocumentScreen,
  createPersonalDataScanner,
  createPrivacy,
  type ConfiguredPrivacy,
  type Privacy,
} from './privacy/index.ts'
export {
  createOversight,
  createReviews,
  createReviewTexts,
  type HeldRequest,
  type Oversight,
  type Passage,
  type Review,
  type ReviewFile,
  type Reviews,
} from './reviews/index.ts'
export { createRetention, type LegalHold, type Retention } from './retention/index.ts'
export {
  createIncidents,
  incidentKinds,
  type Incident,
  type IncidentFile,
  type IncidentKind,
  type Incidents,
} from './incidents/index.ts'
export {
  createMarker,
  createMarkRecord,
  isSigned,
  type Detection,
  type Marker,
  type MarkRecord,
} from './marks/index.ts'
export {
  documentForms,
  toMarkdown,
  type DocumentForm,
  type DraftDocument,
  type KnownFacts,
  type KnownUsage,
} from './documentation/index.ts'
export {
  createSignalWatch,
  createUseCaseDesk,
  createUseCaseRegistry,
  type FullStanding,
  type SignalWatch,
  type Standing as UseCaseStanding,
  type UseCaseDesk,
  type UseCaseDocument,
  type UseCaseRegistry,
  type UseCaseVersion,
} from './use-cases/index.ts'
export {
  backtestPlaces,
  checkRegions,
  createAdmission,
  createRegionGate,
  createSovereignGate,
  type RegionLattice,
} from './sovereignty/index.ts'
