import type { RouterScores } from './router.ts'

/** One model that may answer, with what is known of answering with it. `undefined` is unknown, and never 0. */
export interface Candidate {
  readonly model: string
  readonly usd: number | undefined
  readonly latencyMs: number | undefined
  readonly energyWh: number | undefined
  /** Whether the content leaves what the operator counts as private ground. */
  readonly isPrivate: boolean | undefined
}

/** What the operator gives up of quality (0…1) for one unit of each; absent: it does not count. */
export interface Terms {
  readonly perUsd?: number | undefined
  readonly perSecond?: number | undefined
  readonly perWh?: number | undefined
  /** For an answer from outside private ground. */
  readonly leaving?: number | undefined
}

export interface Ranked {
  readonly model: string
  readonly quality: number
  /** Quality minus all terms; `undefined` when a figure that counts is not known. */
  readonly utility: number | undefined
}

/**
 * The candidates, best first, by predicted quality minus the operator's terms. Who lacks a score or a figure that counts
 * comes last, in the order given: unknown is not allowed to win. Equal ones keep their order.
 */
export function rankCandidates(
  scores: RouterScores,
  candidates: readonly Candidate[],
  terms: Terms,
): readonly Ranked[] {
  return candidates
    .map((candidate) => {
      const quality = Object.hasOwn(scores, candidate.model) ? scores[candidate.model] : undefined
      return { model: candidate.model, quality: quality ?? 0, utility: findUtility(quality, candidate, terms) }
    })
    .toSorted((one, other) => {
      if (one.utility === undefined || other.utility === undefined) {
        return Number(one.utility === undefined) - Number(other.utility === undefined)
      }
      return other.utility - one.utility
    })
}

function findUtility(quality: number | undefined, candidate: Candidate, terms: Terms): number | undefined {
  const { usd, latencyMs, energyWh, isPrivate } = candidate
  const costs = [
    weigh(terms.perUsd, usd),
    weigh(terms.perSecond, latencyMs === undefined ? undefined : latencyMs / 1_000),
    weigh(terms.perWh, energyWh),
    weigh(terms.leaving, isPrivate === undefined ? undefined : Number(!isPrivate)),
  ]
  let utility = quality
  for (const cost of costs) utility = utility === undefined || cost === undefined ? undefined : utility - cost
  return utility
}

function weigh(term: number | undefined, amount: number | undefined): number | undefined {
  if (term === undefined || term === 0) return 0
  return amount === undefined ? undefined : term * amount
}
