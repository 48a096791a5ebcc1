/** What can be asked of the ledger, and what it answers. Amounts are whole and in the unit of their account. */
export type Operation =
  | HoldOperation
  | ShrinkOperation
  | SettleOperation
  | VoidOperation
  | AdjustOperation
  | FundOperation

/**
 * Holds amounts on several accounts, all or none. Amounts are totals, not increments: asked again, because an answer was
 * lost, it changes nothing. A leg that is there already is raised into its bounds, never lowered.
 */
export interface HoldOperation {
  readonly type: 'hold'
  readonly hold: string
  /** Who answers for it: whoever recovers the owner ends its holds. */
  readonly owner: string
  /** Of what the hold is for; a hold of the same id for something else is a conflict. */
  readonly purpose: string
  /** Milliseconds UTC; at this instant it has expired. */
  readonly deadlineMs: number
  readonly legs: readonly LegRequest[]
}

export interface LegRequest {
  readonly account: number
  readonly least: bigint
  /** Granted as far as it is available; `undefined` asks for half of what is available beyond `least`. */
  readonly most: bigint | undefined
}

/** Gives back what a hold does not need: its legs fall to `to`, or to what they have posted. */
export interface ShrinkOperation {
  readonly type: 'shrink'
  readonly hold: string
  readonly legs: readonly LegAmount[]
}

/** Ends a hold with what it came to; what exceeds a leg is an overrun, a transfer of its own. */
export interface SettleOperation {
  readonly type: 'settle'
  readonly hold: string
  readonly legs: readonly LegAmount[]
}

/** Ends a hold with what it has posted so far, which is nothing for a hold that is settled in one go. */
export interface VoidOperation {
  readonly type: 'void'
  readonly hold: string
}

/** Corrects what an account has spent, up or down; never below nothing. `reference` makes it happen once. */
export interface AdjustOperation {
  readonly type: 'adjust'
  readonly account: number
  readonly reference: string
  readonly amount: bigint
  /**
   * When what is corrected began to count: on an account with a span it comes back together with it, and nothing is corrected once
   * that has come back. A correction without it stays.
   */
  readonly sinceMs?: number
}

/** Sets an account's limit. What is spent and held stays. */
export interface FundOperation {
  readonly type: 'fund'
  readonly account: number
  readonly limit: bigint
}

export interface LegAmount {
  readonly account: number
  readonly amount: bigint
}

export type Outcome =
  /** Done, or done before. The hold's legs as they stand now, those asked about; after a hold also their accounts. */
  | { readonly type: 'done'; readonly legs: readonly LegAmount[]; readonly standing?: readonly Standing[] }
  /** Some accounts have too little; nothing was held on any. */
  | { readonly type: 'refused'; readonly short: readonly Standing[] }
  /** The hold has ended before: what ended it stands. */
  | { readonly type: 'ended'; readonly state: EndState }
  /** The id is known for something else, or for other amounts. */
  | { readonly type: 'conflict' }
  | { readonly type: 'unknown' }

/** An account as a hold on it sees it. */
export interface Standing {
  readonly account: number
  readonly balance: Balance
  /** Of what is spent: posted by the hold that asked. */
  readonly posted: bigint
  /** Of what is held: by other holds than the one that asked. */
  readonly heldByOthers: bigint
  /** When the next of what is spent or held comes free by itself; `undefined` when nothing does. */
  readonly nextFreeMs: number | undefined
}

/** `available = limit − spent − held`; below nothing after an overrun, or when a limit was lowered. */
export interface Balance {
  readonly limit: bigint
  readonly spent: bigint
  readonly held: bigint
}

export type EndState = 'posted' | 'voided' | 'expired'

/** Every change of a balance. `debit` loses what `credit` gains. Append only. */
export interface Transfer {
  readonly account: number
  readonly kind: TransferKind
  readonly debit: Pot
  readonly credit: Pot
  readonly amount: bigint
  readonly hold: string | undefined
  /** Unique where there is one. */
  readonly reference: string | undefined
  readonly atMs: number
}

/** The pots of one account; `limit` is where its money comes from, so it stands below nothing. Together they are 0. */
export type Pot = 'limit' | 'open' | 'held' | 'spent'

export type TransferKind =
  | 'fund'
  | 'defund'
  | 'hold'
  | 'release'
  | 'expire'
  | 'post'
  | 'overrun'
  | 'lapse'
  | 'adjust'
  | 'assume'
