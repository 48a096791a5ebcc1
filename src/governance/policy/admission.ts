import type { Config } from '../../config/index.ts'
import type { Labels, PolicyLabel, Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { PolicyGuard } from './guard.ts'

/** What a request asks of governance. */
export interface AskedOfPolicy {
  readonly regions: readonly string[] | undefined
  readonly useCase?: string | undefined
}

/** What becomes of a request on which a person has to decide: it can be held · nothing of it is for people · it cannot. */
export type OversightMeans = 'held' | 'exempt' | 'none'

/** Gives a request its labels, the policies' decision among them, and refuses what they do not allow. */
export interface PolicyAdmission {
  /** Throws as the admission below it does, and POLICY_REFUSED when the request names another use case than its key. */
  labels(principal: Principal, asked: AskedOfPolicy): Labels
  /**
   * Throws POLICY_REFUSED, and POLICY_REVIEW where a person would have to decide and the request is none that is held
   * for people. Apart from `labels`, so that the refusal is on record as a call.
   */
  require(labels: Labels, means?: OversightMeans): void
  readonly narrow: (outer: readonly string[], inner: readonly string[]) => readonly string[]
}

interface RegionAdmission {
  labels(principal: Principal, regions?: readonly string[], policy?: PolicyLabel): Labels
  narrow(outer: readonly string[], inner: readonly string[]): readonly string[]
}

export interface PolicyAdmissionDeps {
  readonly regions: RegionAdmission
  readonly guard: Pick<PolicyGuard, 'label'>
  readonly reviews: Pick<Config['governance']['reviews'], 'undecided' | 'oversight'>
}

export function createPolicyAdmission({ regions, guard, reviews }: PolicyAdmissionDeps): PolicyAdmission {
  return {
    labels(principal, asked) {
      const { useCase } = principal
      if (useCase !== undefined && asked.useCase !== undefined && asked.useCase !== useCase) {
        const message = `the key stands for the use case ${useCase}; the request names another`
        throw new PlatformError('POLICY_REFUSED', message, { param: 'strata.useCase' })
      }
      return regions.labels(principal, asked.regions, guard.label(useCase ?? asked.useCase, principal.tenant))
    },
    require({ policy }, means = 'none') {
      if (policy === undefined) return
      const of =
        policy.useCase === undefined
          ? 'no use case is named (strata.useCase), and one that nothing is known of'
          : `the use case ${policy.useCase}`
      if (policy.decision === 'deny') {
        throw new PlatformError('POLICY_REFUSED', `${of} is refused: ${policy.refusal}`, { details: policy.record })
      }
      if (means === 'held' && (policy.decision === 'allow' || reviews.undecided === 'hold')) return
      if (policy.decision === 'review') {
        throw new PlatformError('POLICY_REVIEW', `${of} waits for review: ${policy.refusal}`, {
          details: policy.record,
        })
      }
      const { request, answer } = policy.oversight
      if (means === 'none' && reviews.oversight === 'hold' && request + answer > 0) {
        throw new PlatformError('POLICY_REVIEW', `${of} is overseen by people, and here nothing can be held for them`)
      }
    },
    narrow: (outer, inner) => regions.narrow(outer, inner),
  }
}
