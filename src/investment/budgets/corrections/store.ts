import type { Selectable } from 'kysely'
import { decodeCharges } from '../../../core/spending.ts'
import type { Store, Tables } from '../../../store/index.ts'
import { toBudget } from '../store.ts'
import type { Budget } from '../budget.ts'
import type { Adjustment, ChargedAccount, Dispatch } from './plan.ts'

export interface RecordedTree {
  readonly rootId: string
  readonly startedAtMs: number
  readonly keyId: string
  /** The model that the client named. */
  readonly model: string
  readonly dispatches: readonly Dispatch[]
  readonly adjustments: readonly Adjustment[]
  /** Of money and tokens; empty where nothing is on record. */
  readonly charges: readonly ChargedAccount[]
}

/** Whom a key worked for; `undefined` where it names nobody. */
export interface KeyLabels {
  readonly team: string | undefined
  readonly project: string | undefined
  readonly user: string | undefined
}

/** The SQL of corrections. */
export interface CorrectionStore {
  readTrees(tenant: string, rootIds: readonly string[]): Promise<readonly RecordedTree[]>
  readKeys(tenant: string, keyIds: readonly string[]): Promise<ReadonlyMap<string, KeyLabels>>
  /** Those of money, with when each was removed. */
  readBudgets(tenant: string): Promise<readonly PastBudget[]>
  /** Of the references, those that are in the books. */
  readBooked(references: readonly string[]): Promise<ReadonlySet<string>>
}

export interface PastBudget {
  readonly budget: Budget
  readonly removedAtMs: number | undefined
}

export function createCorrectionStore({ sql }: Pick<Store, 'sql'>): CorrectionStore {
  return {
    async readTrees(tenant, rootIds) {
      if (rootIds.length === 0) return []
      const calls = await sql
        .selectFrom('call')
        .select(['root_id', 'id', 'kind', 'name', 'key_id', 'started_at_ms', 'cost', 'first_byte_ms'])
        .select(['input_total', 'output_total'])
        .where('tenant', '=', tenant)
        .where('root_id', 'in', rootIds)
        .where('kind', '!=', 'model')
        .orderBy('id')
        .execute()
      const fixes = await sql
        .selectFrom('call_adjustment')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('root_id', 'in', rootIds)
        .orderBy('created_at_ms')
        .execute()
      const charges = await selectCharges(sql, tenant, rootIds)
      const told = await selectTold(sql, tenant, rootIds)
      return calls
        .filter(({ kind }) => kind === 'request')
        .map((root) => ({
          rootId: root.root_id,
          startedAtMs: root.started_at_ms,
          keyId: root.key_id,
          model: root.name,
          dispatches: calls
            .filter(({ kind, root_id }) => kind === 'dispatch' && root_id === root.root_id)
            .map((call) => toDispatch(call, told.get(call.id))),
          adjustments: fixes.filter(({ root_id }) => root_id === root.root_id).map(toAdjustment),
          charges: charges.filter(({ rootId }) => rootId === root.root_id),
        }))
    },
    async readKeys(tenant, keyIds) {
      const rows = await sql
        .selectFrom('api_key')
        .select(['id', 'team', 'project', 'user_name'])
        .where('tenant', '=', tenant)
        .where('id', 'in', [...keyIds, ''])
        .execute()
      return new Map(
        rows.map(({ id, team, project, user_name }) => [
          id,
          { team: team ?? undefined, project: project ?? undefined, user: user_name ?? undefined },
        ]),
      )
    },
    async readBudgets(tenant) {
      const rows = await sql
        .selectFrom('budget')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('counts', '=', 'money')
        .execute()
      return rows.map((row) => ({ budget: toBudget(row), removedAtMs: row.removed_at_ms ?? undefined }))
    },
    async readBooked(references) {
      const rows = await sql
        .selectFrom('transfer')
        .select('reference')
        .where('reference', 'in', [...references, ''])
        .execute()
      return new Set(rows.flatMap(({ reference }) => (reference === null ? [] : [reference])))
    },
  }
}

async function selectCharges(sql: Store['sql'], tenant: string, rootIds: readonly string[]) {
  const rows = await sql
    .selectFrom('call_charge')
    .innerJoin('account', 'account.number', 'call_charge.account')
    .innerJoin('budget', (join) =>
      join.onRef('budget.tenant', '=', 'account.tenant').onRef('budget.id', '=', 'account.budget'),
    )
    .select(['call_charge.root_id', 'call_charge.amount', 'account.number', 'account.budget'])
    .select(['account.starts_at_ms', 'account.ends_at_ms', 'budget.counts'])
    .where('account.tenant', '=', tenant)
    .where('budget.counts', 'in', ['money', 'tokens'])
    .where('call_charge.root_id', 'in', rootIds)
    .orderBy('account.number')
    .execute()
  return rows.map((row) => ({
    rootId: row.root_id,
    account: row.number,
    budget: row.budget,
    isMoney: row.counts === 'money',
    startsAtMs: row.starts_at_ms,
    endsAtMs: row.ends_at_ms ?? undefined,
    amount: BigInt(row.amount),
  }))
}

type ToldRow = Pick<Selectable<Tables['call_lookup']>, 'call_id' | 'assumed' | 'input_total' | 'output_total' | 'state'>

/** By the id of the call: what vendors said, and what was assumed before they did. */
async function selectTold(sql: Store['sql'], tenant: string, rootIds: readonly string[]) {
  const rows = await sql
    .selectFrom('call_lookup')
    .select(['call_id', 'assumed', 'input_total', 'output_total', 'state'])
    .where('tenant', '=', tenant)
    .where('root_id', 'in', rootIds)
    .execute()
  return new Map(rows.map((row) => [row.call_id, row]))
}

type CallRow = Pick<
  Selectable<Tables['call']>,
  'id' | 'started_at_ms' | 'cost' | 'first_byte_ms' | 'input_total' | 'output_total'
>

function toDispatch(call: CallRow, told: ToldRow | undefined): Dispatch {
  const isTold = told !== undefined && (told.state === 'found' || told.state === 'booked')
  return {
    callId: call.id,
    startedAtMs: call.started_at_ms,
    cost: call.cost === null ? undefined : BigInt(call.cost),
    isAnswered: call.first_byte_ms !== null,
    tokens: countTokens(call),
    tokensTold: isTold ? countTokens(told) : undefined,
    assumed: new Map(decodeCharges(told?.assumed ?? '')?.map(({ purse, amount }) => [purse, amount])),
  }
}

/** As budgets count them; `undefined` where nothing is known. */
function countTokens({ input_total, output_total }: Pick<CallRow, 'input_total' | 'output_total'>): bigint | undefined {
  return input_total === null && output_total === null ? undefined : BigInt((input_total ?? 0) + (output_total ?? 0))
}

function toAdjustment(row: Selectable<Tables['call_adjustment']>): Adjustment {
  return {
    callId: row.call_id,
    version: row.price_version,
    before: row.before === null ? undefined : BigInt(row.before),
    after: BigInt(row.after ?? 0),
  }
}
