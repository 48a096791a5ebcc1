import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import { hasRight } from '../../core/rights.ts'
import type { Review } from './review.ts'

export type Reviewers = Config['governance']['reviews']['reviewers']
type Decider = Pick<Principal, 'keyId' | 'role' | 'user'>

/**
 * The person a decision is on record under: named by the key, competent for the use case, and nobody who asked. Throws
 * FORBIDDEN saying what is missing.
 */
export function requireCompetence(reviewers: Reviewers, decider: Decider, review: Review): string {
  const { user: person } = decider
  if (person === undefined) {
    throw refuse('the key names no person; a decision needs one: make a key with its user')
  }
  if (!isCompetent(reviewers, decider, review.useCase)) {
    const what = review.useCase === undefined ? 'requests of no use case' : `the use case ${review.useCase}`
    throw refuse(`${person} is not listed under governance.reviews.reviewers for ${what}`)
  }
  if (decider.keyId === review.keyId || review.askers.includes(person)) {
    throw refuse(`${person} asked, and who asks cannot decide`)
  }
  return person
}

/** What of a tenant's reviews a key may see: all, those of some use cases, or those it asked for itself. */
export function toView(
  reviewers: Reviewers,
  viewer: Decider,
): { readonly keyId?: string; readonly useCases?: readonly string[] } {
  if (hasRight(viewer, 'reviews:read')) return {}
  const entries = reviewers.filter(({ person }) => person === viewer.user)
  if (entries.length === 0) return { keyId: viewer.keyId }
  if (entries.some(({ useCases }) => useCases === undefined)) return {}
  return { useCases: entries.flatMap(({ useCases = [] }) => useCases) }
}

export function maySee(reviewers: Reviewers, viewer: Decider, review: Review): boolean {
  const { keyId, useCases } = toView(reviewers, viewer)
  if (review.keyId === viewer.keyId) return true
  if (keyId !== undefined) return false
  return useCases === undefined || (review.useCase !== undefined && useCases.includes(review.useCase))
}

/** With nobody listed, it is whose role says so, as far as their keys name them. */
function isCompetent(reviewers: Reviewers, { role, user }: Decider, useCase: string | undefined): boolean {
  if (reviewers.length === 0) return hasRight({ role }, 'reviews:manage')
  return reviewers.some(
    ({ person, useCases }) =>
      person === user && (useCases === undefined || (useCase !== undefined && useCases.includes(useCase))),
  )
}

function refuse(message: string): PlatformError {
  return new PlatformError('FORBIDDEN', message)
}
