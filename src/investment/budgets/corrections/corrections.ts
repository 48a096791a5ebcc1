import { findScope, notKnown, type Dimension, type Scope } from '../budget.ts'
import type { Ledger } from '../../ledger/index.ts'
import { planCorrections, type ChargedAccount, type Correction } from './plan.ts'
import type { CorrectionStore, KeyLabels, PastBudget, RecordedTree } from './store.ts'

/** Brings corrected costs of calls to the accounts they were charged to. */
export interface Corrections {
  /**
   * Books every adjustment on record of the trees that is not in the books yet: once each, whatever is killed when. A period that
   * is over is corrected as it was: nothing can be spent from it any more, and the open one is not burdened with the past.
   */
  book(tenant: string, rootIds: readonly string[]): Promise<Booked>
}

export interface Booked {
  /** Transfers that were made. */
  readonly booked: number
  /** Corrections without an account: of whom the call was for is not on record, or it would give back more than was spent. */
  readonly unbooked: number
}

interface CorrectionsDeps {
  readonly store: CorrectionStore
  readonly ledger: Pick<Ledger, 'run' | 'open'>
}

export function createCorrections({ store, ledger }: CorrectionsDeps): Corrections {
  return {
    async book(tenant, rootIds) {
      const trees = (await store.readTrees(tenant, rootIds)).filter(isCorrected)
      const { charges, unknown } = await findUncharged({ store, ledger }, tenant, trees)
      const planned = trees.flatMap((tree) =>
        planCorrections({ ...tree, tenant, charges: [...tree.charges, ...(charges.get(tree.rootId) ?? [])] }),
      )
      const known = await store.readBooked(planned.map(({ reference }) => reference))
      const open = planned.filter(({ reference }) => !known.has(reference))
      const outcomes = await Promise.all(open.map((each) => adjust(ledger, each)))
      const booked = outcomes.filter((type) => type === 'done').length
      return { booked, unbooked: outcomes.length - booked + unknown }
    },
  }
}

function isCorrected({ adjustments, dispatches }: RecordedTree): boolean {
  return adjustments.length > 0 || dispatches.some(({ tokensTold }) => tokensTold !== undefined)
}

async function adjust(ledger: Pick<Ledger, 'run'>, correction: Correction): Promise<string> {
  return (await ledger.run({ type: 'adjust', ...correction })).type
}

interface Uncharged {
  readonly charges: ReadonlyMap<string, readonly ChargedAccount[]>
  readonly unknown: number
}

/**
 * Trees that were charged no money, since they cost nothing at the time, or before charges were kept: the budgets of that time that
 * they fall under, by what is on record of them.
 */
async function findUncharged(
  { store, ledger }: CorrectionsDeps,
  tenant: string,
  trees: readonly RecordedTree[],
): Promise<Uncharged> {
  const bare = trees.filter((tree) => tree.adjustments.length > 0 && !tree.charges.some(({ isMoney }) => isMoney))
  if (bare.length === 0) return { charges: new Map(), unknown: 0 }
  const budgets = await store.readBudgets(tenant)
  const keys = await store.readKeys(tenant, [...new Set(bare.map(({ keyId }) => keyId))])
  const charges = new Map<string, readonly ChargedAccount[]>()
  let unknown = 0
  for (const tree of bare) {
    const scopes: Scope[] = []
    for (const past of budgets.filter((each) => isInForce(each, tree.startedAtMs))) {
      const scope = findScope(past.budget, toValues(tree, keys.get(tree.keyId)), tree.startedAtMs)
      if (scope === notKnown) unknown++
      else if (scope !== undefined) scopes.push(scope)
    }
    charges.set(tree.rootId, await openAccounts(ledger, tenant, scopes))
  }
  return { charges, unknown }
}

function isInForce({ budget, removedAtMs }: PastBudget, atMs: number): boolean {
  return budget.createdAtMs <= atMs && atMs < (removedAtMs ?? Infinity)
}

/** A request may have named its user where the key does not: that is not on record. */
function toValues({ keyId, model }: RecordedTree, key: KeyLabels | undefined) {
  return (dimension: Dimension): string | typeof notKnown | undefined => {
    if (dimension === 'key') return keyId
    if (dimension === 'model') return model
    if (key === undefined) return notKnown
    return dimension === 'user' ? (key.user ?? notKnown) : key[dimension]
  }
}

async function openAccounts(
  ledger: Pick<Ledger, 'open'>,
  tenant: string,
  scopes: readonly Scope[],
): Promise<readonly ChargedAccount[]> {
  const keys = scopes.map(({ budget, subject, startsAtMs, endsAtMs }) => {
    const { id, limit, spanMs } = budget
    return { tenant, budget: id, subject, startsAtMs, endsAtMs, spanMs, limit }
  })
  const numbers = keys.length === 0 ? [] : await ledger.open(keys)
  return scopes.map(({ budget, startsAtMs, endsAtMs }, index) => {
    return { account: numbers[index] ?? 0, budget: budget.id, isMoney: true, startsAtMs, endsAtMs, amount: undefined }
  })
}
