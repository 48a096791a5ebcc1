import type { Kysely } from 'kysely'
import type { Picodollars } from '../core/money.ts'
import type { Usage } from '../core/usage.ts'
import { toPicodollars } from './amounts.ts'
import type { Tables } from './tables.ts'
import type { UsageColumns } from './tables/calls.ts'
import { readUsage } from './usage-columns.ts'

/** What has become known of a dispatch since it ended. The call itself stays as it was recorded. */
export interface CallCorrection {
  readonly callId: string
  /** The newest cost, and by which price; `undefined` where the cost was not corrected. */
  readonly cost: Picodollars | undefined
  readonly priceVersion: string | undefined
  /** Whether its vendor was asked what it used; `undefined` where it is not. */
  readonly lookup: CallLookup | undefined
}

export type CallLookup =
  | { readonly state: 'told'; readonly usage: Usage; readonly atMs: number }
  /** It will be asked, or asked again. */
  | { readonly state: 'open'; readonly reason: string | undefined }
  /** What is on record stays. */
  | { readonly state: 'none'; readonly reason: string | undefined }

/** Corrections of one tree, by the id of the call. */
export async function findCorrections(
  database: Kysely<Tables>,
  tenant: string,
  rootId: string,
): Promise<ReadonlyMap<string, CallCorrection>> {
  const lookups = await database
    .selectFrom('call_lookup')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('root_id', '=', rootId)
    .execute()
  const adjustments = await database
    .selectFrom('call_adjustment')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('root_id', '=', rootId)
    .orderBy('created_at_ms')
    .execute()
  const newest = new Map(adjustments.map((row) => [row.call_id, row]))
  const asked = new Map(lookups.map((row) => [row.call_id, row]))
  const ids = new Set([...newest.keys(), ...asked.keys()])
  return new Map(
    [...ids].map((callId) => {
      const [fix, row] = [newest.get(callId), asked.get(callId)]
      const cost = fix === undefined ? undefined : toPicodollars(fix.after)
      const lookup = row === undefined ? undefined : toLookup(row)
      return [callId, { callId, cost, priceVersion: fix?.price_version, lookup }]
    }),
  )
}

type LookupRow = Pick<Tables['call_lookup'], 'reason' | 'told_at_ms' | keyof UsageColumns> & { readonly state: string }

function toLookup(row: LookupRow): CallLookup {
  const reason = row.reason ?? undefined
  if (row.state === 'open') return { state: 'open', reason }
  if (row.state === 'none' || row.told_at_ms === null) return { state: 'none', reason }
  return { state: 'told', usage: readUsage(row, 'reported'), atMs: row.told_at_ms }
}
