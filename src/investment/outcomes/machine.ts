import { PlatformError } from '../../core/errors.ts'

/** Where an outcome stands. Only `settled` is billed; `reversed` after that is credited. */
export type OutcomeState = 'opened' | 'claimed' | 'provisional' | 'settled' | 'reversed'

/** Who says that the work is done: the customer, a rule that was agreed, or nobody until the window had passed. */
export type Confirmer = 'customer' | 'rule' | 'silence'

/** What happens to an outcome, each with its instant. */
export type OutcomeAct =
  | { readonly type: 'claim'; readonly evidence: string | undefined }
  | { readonly type: 'confirm'; readonly by: 'customer' | 'rule'; readonly evidence: string | undefined }
  | { readonly type: 'reopen'; readonly reason: string | undefined }
  | { readonly type: 'reverse'; readonly reason: string | undefined }

/** An outcome as it stands at an instant. */
export interface OutcomeStanding {
  readonly state: OutcomeState
  readonly confirmedBy: Confirmer | undefined
  /** Milliseconds UTC of the claim in force; of settling, where it has settled; of taking back. */
  readonly claimedAtMs: number | undefined
  readonly settledAtMs: number | undefined
  readonly reversedAtMs: number | undefined
  /** Times it was opened again. */
  readonly reopened: number
}

export const opened: OutcomeStanding = Object.freeze({
  state: 'opened',
  confirmedBy: undefined,
  claimedAtMs: undefined,
  settledAtMs: undefined,
  reversedAtMs: undefined,
  reopened: 0,
})

/**
 * opened → claimed → provisional → settled | reversed. A claim becomes provisional when a rule or the customer confirms it,
 * and settles when the reopen window has passed since the claim; without a confirmation it settles by silence then, where
 * silence counts. The customer's own confirmation settles at once. Time alone settles: `at` is asked for at every reading.
 */
export function standAt(standing: OutcomeStanding, atMs: number, rules: OutcomeRules): OutcomeStanding {
  const { state, claimedAtMs } = standing
  if ((state !== 'claimed' && state !== 'provisional') || claimedAtMs === undefined) return standing
  const settlesAtMs = claimedAtMs + rules.reopenWindowMs
  if (atMs < settlesAtMs || (state === 'claimed' && !rules.silenceCounts)) return standing
  return { ...standing, state: 'settled', confirmedBy: standing.confirmedBy ?? 'silence', settledAtMs: settlesAtMs }
}

export interface OutcomeRules {
  readonly reopenWindowMs: number
  readonly silenceCounts: boolean
}

/** What an act makes of an outcome. Throws CONFLICT for one that its state does not allow; nothing is changed then. */
export function actOn(
  before: OutcomeStanding,
  act: OutcomeAct,
  { atMs, rules }: { readonly atMs: number; readonly rules: OutcomeRules },
): OutcomeStanding {
  const standing = standAt(before, atMs, rules)
  const refuse = (): never => {
    throw new PlatformError('CONFLICT', `an outcome that is ${standing.state} cannot be ${pastOf[act.type]}`, {
      param: 'act',
    })
  }
  switch (act.type) {
    case 'claim':
      return standing.state === 'opened'
        ? { ...standing, state: 'claimed', claimedAtMs: atMs, confirmedBy: undefined }
        : refuse()
    case 'confirm':
      if (standing.state !== 'claimed' && standing.state !== 'provisional') return refuse()
      if (act.by === 'rule') return { ...standing, state: 'provisional', confirmedBy: 'rule' }
      return { ...standing, state: 'settled', confirmedBy: 'customer', settledAtMs: atMs }
    case 'reopen':
      if (standing.state !== 'claimed' && standing.state !== 'provisional') return refuse()
      return { ...opened, reopened: standing.reopened + 1 }
    case 'reverse':
      return standing.state === 'settled' ? { ...standing, state: 'reversed', reversedAtMs: atMs } : refuse()
  }
}

const pastOf = { claim: 'claimed', confirm: 'confirmed', reopen: 'reopened', reverse: 'reversed' } as const
