/** The votes so far. */
export interface Tally {
  /** Votes of the answer that leads, of two with as many the one that came first. */
  readonly leader: number
  /** Votes of the next one; 0 when there is none. */
  readonly runnerUp: number
  /** Samples that may still be taken. */
  readonly left: number
}

/**
 * The probability that the leader still leads after all samples, when every one that is left goes to one of the two:
 * their shares have a uniform prior, so the votes to come are beta-binomial. It is the Beta posterior of adaptive
 * consistency (Aggarwal et al., 2023) carried to the end of the samples there are. In 0…1; 1 when it cannot be overtaken.
 * Cost: O(left).
 */
export function leadIsFinal({ leader, runnerUp, left }: Tally): number {
  if (leader - runnerUp >= left) return 1
  let probability = 0
  for (let gained = 0; gained <= left; gained++) {
    if (leader + gained < runnerUp + left - gained) continue
    probability += Math.exp(logBetaBinomial(gained, left, { won: leader + 1, lost: runnerUp + 1 }))
  }
  return Math.min(1, probability)
}

/** Whether a vote may end; a single answer agrees with nobody yet. */
export function mayStop(tally: Tally, confidence: number): boolean {
  if (tally.left === 0) return true
  return tally.leader >= 2 && leadIsFinal(tally) >= confidence
}

/** The fewest further votes for the leader after which the vote may end: as many samples may as well be taken at once. */
export function votesNeeded({ leader, runnerUp, left }: Tally, confidence: number): number {
  for (let more = 1; more < left; more++) {
    if (mayStop({ leader: leader + more, runnerUp, left: left - more }, confidence)) return more
  }
  return left
}

function logBetaBinomial(
  gained: number,
  tries: number,
  { won, lost }: { readonly won: number; readonly lost: number },
): number {
  return logChoose(tries, gained) + logBeta(gained + won, tries - gained + lost) - logBeta(won, lost)
}

/** All arguments are whole numbers here, so sums of logarithms are exact enough and need no gamma function. */
function logBeta(left: number, right: number): number {
  return logFactorial(left - 1) + logFactorial(right - 1) - logFactorial(left + right - 1)
}

function logChoose(total: number, chosen: number): number {
  return logFactorial(total) - logFactorial(chosen) - logFactorial(total - chosen)
}

function logFactorial(number: number): number {
  let sum = 0
  for (let factor = 2; factor <= number; factor++) sum += Math.log(factor)
  return sum
}
