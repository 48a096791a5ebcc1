import type { Picodollars } from '../../core/money.ts'
import type { PolicyRefusal, RecordedCall, Replayed } from '../../core/ports-replay.ts'

/** What other policies make of recorded traffic. */
export interface PolicyReport {
  /** Calls that were answered and would be refused. */
  readonly newlyRefused: PolicyTally
  /** Calls that policies refused and these would let through: what those would have used is on no record. */
  readonly newlyAllowed: number
  /** Refused calls of one use case for the same reasons, the most frequent first. */
  readonly refused: readonly PolicyGroup[]
}

export interface PolicyTally {
  readonly calls: number
  /** What these calls have cost, as far as it is known. */
  readonly cost: Picodollars
  readonly callsOfUnknownCost: number
}

export interface PolicyGroup extends PolicyTally, PolicyRefusal {}

/** Further groups are counted in `newlyRefused` only. */
const groupsMax = 1_000

export function createPolicyTallies(): {
  add(call: RecordedCall, again: Replayed): void
  report(): PolicyReport
} {
  const newlyRefused = { calls: 0, cost: 0n, callsOfUnknownCost: 0 }
  const groups = new Map<string, { readonly refusal: PolicyRefusal; readonly tally: typeof newlyRefused }>()
  let newlyAllowed = 0

  const groupOf = (refusal: PolicyRefusal): typeof newlyRefused | undefined => {
    const { useCase, decision, packs, articles } = refusal
    const key = JSON.stringify([useCase ?? null, decision, packs, articles])
    const known = groups.get(key)
    if (known !== undefined) return known.tally
    if (groups.size >= groupsMax) return undefined
    const tally = { calls: 0, cost: 0n, callsOfUnknownCost: 0 }
    groups.set(key, { refusal, tally })
    return tally
  }

  return {
    add(call, { refusal, wasRefused = false }) {
      if (refusal === undefined) {
        if (wasRefused) newlyAllowed++
        return
      }
      const tallies = [groupOf(refusal), call.root.status === 'ok' ? newlyRefused : undefined]
      for (const tally of tallies) if (tally !== undefined) addCall(tally, call)
    },
    report: () => ({
      newlyRefused,
      newlyAllowed,
      refused: [...groups.values()]
        .toSorted((left, right) => right.tally.calls - left.tally.calls)
        .map(({ refusal, tally }) => ({ ...refusal, ...tally })),
    }),
  }
}

function addCall(tally: { calls: number; cost: bigint; callsOfUnknownCost: number }, { nodes }: RecordedCall): void {
  const used = nodes.filter(({ kind, usage }) => kind === 'dispatch' && usage !== undefined)
  tally.calls++
  tally.cost += used.reduce((sum, { cost = 0n }) => sum + cost, 0n)
  if (used.some(({ cost }) => cost === undefined)) tally.callsOfUnknownCost++
}
