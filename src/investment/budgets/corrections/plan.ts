/** A call tree with everything that says what its accounts should have been charged. */
export interface CorrectedTree {
  readonly tenant: string
  readonly rootId: string
  readonly startedAtMs: number
  readonly dispatches: readonly Dispatch[]
  /** Oldest first; the newest of a call says what it costs. */
  readonly adjustments: readonly Adjustment[]
  readonly charges: readonly ChargedAccount[]
}

export interface Dispatch {
  readonly callId: string
  readonly startedAtMs: number
  /** As it was taken to be when it ended; `undefined` when nobody knew. */
  readonly cost: bigint | undefined
  readonly isAnswered: boolean
  /** On record, and as the vendor said later; `undefined` when nobody knew, and where it was not asked. */
  readonly tokens: bigint | undefined
  readonly tokensTold: bigint | undefined
  /** By account: what was charged because nobody saw its end. */
  readonly assumed: ReadonlyMap<number, bigint>
}

export interface Adjustment {
  readonly callId: string
  readonly version: string
  readonly before: bigint | undefined
  readonly after: bigint
}

/** An account of a budget of money or tokens that the tree fell under. */
export interface ChargedAccount {
  readonly account: number
  readonly budget: string
  /** Otherwise tokens. */
  readonly isMoney: boolean
  readonly startsAtMs: number
  readonly endsAtMs: number | undefined
  /** For all dispatches of the tree; `undefined` when it is not on record. */
  readonly amount: bigint | undefined
}

/** What an account has to be told. The same tree always says the same, so that saying it again changes nothing. */
export interface Correction {
  readonly account: number
  readonly reference: string
  readonly amount: bigint
  readonly sinceMs: number
}

/**
 * The corrections that bring each account from what it was charged to what the calls cost now: each adjustment by its
 * difference, in the period that its call belongs to, be it over or not. Calls whose cost nobody knew were charged what was
 * seen of them, for the tree as a whole: that share is replaced once every one of them is known. What was assumed of a call
 * whose end nobody saw is replaced by itself.
 */
export function planCorrections(tree: CorrectedTree): readonly Correction[] {
  const groups = Map.groupBy(tree.charges, ({ budget }) => budget)
  return [...groups.values()].flatMap((accounts) =>
    accounts.some(({ isMoney }) => isMoney) ? planFor(tree, accounts) : planTokens(tree, accounts),
  )
}

function planFor(tree: CorrectedTree, accounts: readonly ChargedAccount[]): readonly Correction[] {
  const { rootId, startedAtMs: sinceMs, dispatches, adjustments } = tree
  const name = (words: string, account: number): string => `rerate/${tree.tenant}/${rootId}/${words}/${account}`
  const corrections: Correction[] = []
  const add = (callId: string, words: string, amount: bigint): void => {
    const account = accountOf(dispatches.find((each) => each.callId === callId)?.startedAtMs ?? sinceMs, accounts)
    if (account !== undefined && amount !== 0n)
      corrections.push({ account, amount, sinceMs, reference: name(words, account) })
  }
  const assumedOf = new Map(dispatches.map(({ callId, assumed }) => [callId, assumed]))
  const isAssumed = (callId: string): boolean => accounts.some(({ account }) => assumedOf.get(callId)?.has(account))
  for (const { callId, version, before, after } of adjustments) {
    if (before !== undefined || !isAssumed(callId)) continue
    for (const [account, amount] of assumedOf.get(callId) ?? []) {
      if (!accounts.some((each) => each.account === account) || after === amount) continue
      corrections.push({ account, amount: after - amount, sinceMs, reference: name(`${callId} ${version}`, account) })
    }
  }
  const becameKnown = adjustments.filter(({ callId, before }) => before === undefined && !isAssumed(callId))
  for (const { callId, version, before, after } of adjustments)
    if (before !== undefined) add(callId, `${callId} ${version}`, after - before)
  const seen = findSeen(dispatches, accounts)
  if (seen === undefined) return corrections
  if (seen === 0n) {
    for (const { callId, version, after } of becameKnown) add(callId, `${callId} ${version}`, after)
    return corrections
  }
  const known = new Set(becameKnown.map(({ callId }) => callId))
  const isComplete = dispatches.every((each) => each.cost !== undefined || !each.isAnswered || known.has(each.callId))
  const [first] = becameKnown.toSorted((one, other) => (one.callId < other.callId ? -1 : 1))
  if (isComplete && first !== undefined)
    add(first.callId, 'known', becameKnown.reduce((sum, { after }) => sum + after, 0n) - seen)
  return corrections
}

/** What vendors said later that calls used, less what was charged for them. */
function planTokens(tree: CorrectedTree, accounts: readonly ChargedAccount[]): readonly Correction[] {
  const { tenant, rootId, startedAtMs: sinceMs } = tree
  const corrections: Correction[] = []
  for (const { callId, startedAtMs, tokens, tokensTold, assumed } of tree.dispatches) {
    if (tokensTold === undefined) continue
    const assumedAt = accounts.find(({ account }) => assumed.has(account))?.account
    const account = assumedAt ?? accountOf(startedAtMs, accounts)
    const charged = assumedAt === undefined ? tokens : assumed.get(assumedAt)
    if (account === undefined || charged === undefined || charged === tokensTold) continue
    const reference = `lookup/${tenant}/${rootId}/${callId} tokens/${account}`
    corrections.push({ account, amount: tokensTold - charged, sinceMs, reference })
  }
  return corrections
}

/** What was charged for calls of unknown cost; `undefined` when nobody has it on record. */
function findSeen(dispatches: readonly Dispatch[], accounts: readonly ChargedAccount[]): bigint | undefined {
  let charged = 0n
  for (const { amount } of accounts) {
    if (amount === undefined) return undefined
    charged += amount
  }
  const known = dispatches.reduce((sum, { cost = 0n, assumed }) => {
    return accounts.reduce((own, { account }) => own + (assumed.get(account) ?? 0n), sum + cost)
  }, 0n)
  return charged > known ? charged - known : 0n
}

/** The one whose period the instant lies in; a tree that runs over the end of a period has two. */
function accountOf(atMs: number, accounts: readonly ChargedAccount[]): number | undefined {
  const own = accounts.find(({ startsAtMs, endsAtMs }) => startsAtMs <= atMs && atMs < (endsAtMs ?? Infinity))
  return (own ?? accounts.at(-1))?.account
}
