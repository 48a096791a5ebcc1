import type { Labels, PolicyLabel, Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { PolicyGuard } from './guard.ts'

/** What a request asks of governance. */
export interface AskedOfPolicy {
  readonly regions: readonly string[] | undefined
  readonly useCase?: string | undefined
}

/** Gives a request its labels, the policies' decision among them, and refuses what they do not allow. */
export interface PolicyAdmission {
  /** Throws as the admission below it does, and POLICY_REFUSED when the request names another use case than its key. */
  labels(principal: Principal, asked: AskedOfPolicy): Labels
  /** Throws POLICY_REFUSED or POLICY_REVIEW. Apart from `labels`, so that the refusal is on record as a call. */
  require(labels: Labels): void
  readonly narrow: (outer: readonly string[], inner: readonly string[]) => readonly string[]
}

interface RegionAdmission {
  labels(principal: Principal, regions?: readonly string[], policy?: PolicyLabel): Labels
  narrow(outer: readonly string[], inner: readonly string[]): readonly string[]
}

export function createPolicyAdmission(regions: RegionAdmission, guard: Pick<PolicyGuard, 'label'>): PolicyAdmission {
  return {
    labels(principal, asked) {
      const { useCase } = principal
      if (useCase !== undefined && asked.useCase !== undefined && asked.useCase !== useCase) {
        const message = `the key stands for the use case ${useCase}; the request names another`
        throw new PlatformError('POLICY_REFUSED', message, { param: 'strata.useCase' })
      }
      return regions.labels(principal, asked.regions, guard.label(useCase ?? asked.useCase))
    },
    require({ policy }) {
      if (policy === undefined || policy.decision === 'allow') return
      const of = policy.useCase === undefined ? 'a use case that nothing is known of' : `the use case ${policy.useCase}`
      const code = policy.decision === 'deny' ? 'POLICY_REFUSED' : 'POLICY_REVIEW'
      const what = policy.decision === 'deny' ? 'is refused' : 'waits for review'
      throw new PlatformError(code, `${of} ${what}: ${policy.refusal}`, { details: policy.record })
    },
    narrow: (outer, inner) => regions.narrow(outer, inner),
  }
}
