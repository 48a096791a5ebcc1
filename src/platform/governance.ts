import type { HttpParts } from '../applications/index.ts'
import type { Config } from '../config/index.ts'
import type { Ids } from '../core/ids.ts'
import type { EventLog } from '../core/ports.ts'
import type { Signer } from '../core/signer.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import {
  createAdmission,
  createDirectory,
  createIdentity,
  createIncidents,
  createMarker,
  createMarkRecord,
  createOversight,
  createPolicyAdmission,
  createRetention,
  createReviews,
  createSignalWatch,
  createUseCaseDesk,
  createUseCaseRegistry,
  type AuditLog,
  type createRegionGate,
  type Directory,
  type Identity,
  type Incidents,
  type MarkRecord,
  type PolicyGuard,
  type Retention,
  type Reviews,
  type UseCaseRegistry,
} from '../governance/index.ts'
import { createFeedbackWords } from '../models/index.ts'
import { createEvaluationWords } from '../tools/index.ts'
import { createSigner, deriveSecret } from './signing.ts'
import { auditKeys } from './audit.ts'
import { createBacktest } from './backtest.ts'
import type { Standing } from './standing.ts'
import type { Store } from '../store/index.ts'

/** What governance keeps that outlives a change of configuration. */
export interface Governance {
  readonly reviews: Reviews
  readonly useCases: UseCaseRegistry
  readonly marks: MarkRecord
  readonly incidents: Incidents
  readonly retention: Retention
  readonly signer: Signer
  readonly directory: Directory
  close(): void
}

interface GovernanceDeps {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: EventLog
  readonly audit: AuditLog
  /** The data folder, absolute. */
  readonly folder: string
  /** As it is now. */
  readonly config: () => Config['governance']
  /** After what requests are decided by has changed. */
  readonly onChange: () => Promise<void>
}

/** Who may ask, and what is kept of what they may. */
export async function openGovernance(
  deps: GovernanceDeps & { readonly isRegion: (name: string) => boolean },
): Promise<{ readonly governance: Governance; readonly identity: Identity }> {
  const { audit, config, isRegion } = deps
  let identity: Identity | undefined
  const governance = await createGovernance({ ...deps, refresh: async () => identity?.refresh() })
  identity = await createIdentity({
    ...deps,
    isRegion,
    isUseCase: (name, tenant) =>
      Object.hasOwn(config().useCases, name) || governance.useCases.find(tenant, name) !== undefined,
    keyDaysMax: () => config().keyDaysMax,
  })
  return { governance, identity: { ...identity, keys: auditKeys(identity.keys, audit) } }
}

async function createGovernance(deps: GovernanceDeps & { readonly refresh: () => Promise<void> }): Promise<Governance> {
  const reviews = createReviews({ ...deps, config: () => deps.config().reviews })
  const hintsMin = (): number | undefined => {
    const { mode, mismatchesMin } = deps.config().signals
    return mode === 'review' ? mismatchesMin : undefined
  }
  const useCases = await createUseCaseRegistry({ ...deps, hintsMin })
  const incidents = createIncidents(deps)
  const texts = [createFeedbackWords('client'), createFeedbackWords('shadow'), createEvaluationWords()]
  const retention = createRetention({ ...deps, texts, config: () => deps.config().retention })
  const derived = deriveSecret(deps.folder, 'marks')
  const marks = createMarkRecord({
    ...deps,
    config: () => deps.config().marks,
    secret: () => deps.config().marks.key ?? derived,
  })
  const directory = createDirectory({ ...deps, limits: () => deps.config().provisioning })
  return {
    directory,
    reviews,
    useCases,
    marks,
    incidents,
    retention,
    signer: createSigner(deps.folder),
    close() {
      for (const part of [reviews, useCases, marks, retention]) part.close()
      incidents.stop()
    },
  }
}

export interface GovernancePartsDeps {
  readonly standing: Standing
  readonly config: Config['governance']
  readonly endpoints: Config['endpoints']
  readonly gate: ReturnType<typeof createRegionGate>
  readonly policies: PolicyGuard
}

/** What the faces are given of governance under one configuration. */
export function createGovernanceParts(
  deps: GovernancePartsDeps,
): Pick<
  HttpParts,
  | 'policies'
  | 'backtest'
  | 'oversight'
  | 'reviews'
  | 'audit'
  | 'useCases'
  | 'signals'
  | 'marker'
  | 'marks'
  | 'signer'
  | 'incidents'
  | 'retention'
  | 'directory'
> &
  Pick<HttpParts['flow'], 'admission'> {
  const { standing, config, gate, policies } = deps
  const { reviews, useCases: registry, marks, signer, incidents, retention, directory } = standing.governance
  const { origin } = config.audit
  const { log } = standing.telemetry
  return {
    policies,
    backtest: createBacktest(standing, { config, endpoints: deps.endpoints, lattice: gate }, policies),
    directory,
    reviews,
    useCases: createUseCaseDesk({ registry, policies, clock: standing.clock, config }),
    marks,
    signer,
    incidents,
    retention,
    marker: createMarker({ config: config.marks, origin, clock: standing.clock, signer, record: marks }),
    signals: createSignalWatch({ registry, scanner: standing.privacy.scanner, log, config }),
    audit: standing.audit,
    oversight: createOversight({ reviews, clock: standing.clock, config: config.reviews }),
    admission: createPolicyAdmission({
      regions: createAdmission(config, gate),
      guard: policies,
      reviews: config.reviews,
    }),
  }
}
