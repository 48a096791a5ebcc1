import type { Kysely, Selectable } from 'kysely'
import type { CallFacts } from '../core/call.ts'
import { PlatformError, toErrorCode } from '../core/errors.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { RecordedUse } from '../core/ports-replay.ts'
import type { Usage } from '../core/usage.ts'
import { toPicodollars } from './amounts.ts'
import { findCorrections, type CallCorrection } from './corrections.ts'
import type { CallScan } from './scan.ts'
import type { Tables } from './tables.ts'
import type { CallTable } from './tables/calls.ts'
import { readUsage } from './usage-columns.ts'

export interface CallReader {
  /** The whole tree that a call of the tenant belongs to, root first, then in the order of making; empty when there is none. */
  find(tenant: string, callId: string): Promise<readonly CallFacts[]>
  /** What has become known since of the dispatches of one tree, by their ids; of most trees nothing. */
  findCorrections(tenant: string, rootId: string): Promise<ReadonlyMap<string, CallCorrection>>
  /** Whole trees by the ids of their roots, in no order; those that are not there are left out. At most 1,000. */
  findTrees(tenant: string, rootIds: readonly string[]): Promise<readonly CallTree[]>
  /** Roots of the tenant, newest first. Rejects with `INVALID_REQUEST` for a limit outside 1…1001. */
  list(tenant: string, page: CallPage): Promise<readonly CallFacts[]>
  /** Roots of the trees of the tenant that were given passages of one of these versions of documents. Reads every call. */
  listGiven(tenant: string, versions: readonly string[]): Promise<readonly string[]>
  /** Whole trees whose root began in the span, oldest first: of each the root, then its nodes in the order of making. */
  scan(span: CallSpan): AsyncIterable<CallTree>
  /** Of the same trees the dispatches that used something, page by page: a fifth of the cost. */
  scanUses(span: CallSpan): AsyncIterable<readonly RecordedUse[]>
}

export interface CallTree {
  readonly root: CallFacts
  readonly nodes: readonly CallFacts[]
}

export interface CallSpan {
  readonly tenant: string
  /** Milliseconds UTC; `untilMs` is not part of it. */
  readonly fromMs: number
  readonly untilMs: number
}

export interface CallPage {
  readonly limit: number
  /** The id of a root: only older ones are listed. */
  readonly before?: string | undefined
}

/** A page of a thousand, and one more to see whether others follow. */
const limitMax = 1_001

/** Reads what has been recorded up to now: `flush` comes first. */
export function createCallReader(deps: {
  readonly database: Kysely<Tables>
  readonly flush: () => Promise<void>
  readonly scan: CallScan
}): CallReader {
  const { database, flush, scan } = deps
  return {
    async find(tenant, callId) {
      await flush()
      const [rootId = callId] = callId.split('.', 1) // a child's id is its root's, a dot and a number
      const rows = await database
        .selectFrom('call')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('root_id', '=', rootId)
        .orderBy((order) => order.fn<number>('length', ['id'])) // .10 comes after .9
        .orderBy('id')
        .execute()
      return rows.some((row) => row.id === callId) ? rows.map(toFacts) : []
    },
    findCorrections: (tenant, rootId) => findCorrections(database, tenant, rootId),
    findTrees: (tenant, rootIds) => findTrees(database, tenant, rootIds),
    async list(tenant, { limit, before }) {
      if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
        throw new PlatformError('INVALID_REQUEST', `limit is ${limit}; send a whole number from 1 to ${limitMax}`, {
          param: 'limit',
        })
      }
      await flush()
      const roots = database.selectFrom('call').selectAll().where('tenant', '=', tenant).whereRef('id', '=', 'root_id')
      const older = before === undefined ? roots : roots.where('root_id', '<', before)
      const rows = await older.orderBy('root_id', 'desc').limit(limit).execute()
      return rows.map(toFacts)
    },
    async listGiven(tenant, versions) {
      await flush()
      return listGiven(database, tenant, versions)
    },
    async *scan(span) {
      for await (const page of scan.trees(span)) yield* page
    },
    scanUses: (span) => scan.uses(span),
  }
}

const versionsPerStatement = 50
const rowsPerPage = 5_000

/** What a node was given stands in its detail: the `version` of each passage (`tools/ground`). */
async function listGiven(
  database: Kysely<Tables>,
  tenant: string,
  versions: readonly string[],
): Promise<readonly string[]> {
  if (versions.length === 0) return []
  if (versions.length > versionsPerStatement) return findAmong(database, tenant, new Set(versions))
  const rows = await database
    .selectFrom('call')
    .select('root_id')
    .distinct()
    .where('tenant', '=', tenant)
    .where('kind', '!=', 'dispatch')
    .where((build) => build.or(versions.map((version) => build('detail', 'like', `%"version":"${version}"%`))))
    .execute()
  return rows.map((row) => row.root_id)
}

/** Of very many versions: every call that was given anything is read once. */
async function findAmong(
  database: Kysely<Tables>,
  tenant: string,
  versions: ReadonlySet<string>,
): Promise<readonly string[]> {
  const roots = new Set<string>()
  for (let after = ''; ; ) {
    const rows = await database
      .selectFrom('call')
      .select(['id', 'root_id', 'detail'])
      .where('tenant', '=', tenant)
      .where('kind', '!=', 'dispatch')
      .where('detail', 'like', '%"version":"%')
      .where('id', '>', after)
      .orderBy('id')
      .limit(rowsPerPage)
      .execute()
    for (const { root_id: root, detail } of rows)
      for (const [, version = ''] of (detail ?? '').matchAll(/"version":"([^"]+)"/g))
        if (versions.has(version)) roots.add(root)
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsPerPage) return [...roots]
    after = last.id
  }
}

async function findTrees(
  database: Kysely<Tables>,
  tenant: string,
  rootIds: readonly string[],
): Promise<readonly CallTree[]> {
  if (rootIds.length === 0) return []
  const rows = await database
    .selectFrom('call')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('root_id', 'in', rootIds)
    .orderBy('root_id')
    .orderBy('id')
    .execute()
  return toTrees(rows)
}

/** Trees of rows of table `call`, however they were read, in the order of roots; rows whose root is not among them are left out. */
export function toTrees(
  given: readonly Readonly<Record<string, unknown>>[] | readonly Selectable<CallTable>[],
): CallTree[] {
  const rows = given as readonly Selectable<CallTable>[] // what the table holds, whoever asks it
  const trees: CallTree[] = []
  let members: Selectable<CallTable>[] = []
  const finish = (): void => {
    const root = members.find((row) => row.id === row.root_id)
    if (root === undefined) return
    const nodes = members.filter((row) => row !== root)
    // .10 comes after .9
    if (nodes.length > 9) nodes.sort((left, right) => left.id.length - right.id.length || (left.id < right.id ? -1 : 1))
    trees.push({ root: toFacts(root), nodes: nodes.map(toFacts) })
  }
  for (const row of rows) {
    if (members[0] !== undefined && members[0].root_id !== row.root_id) {
      finish()
      members = []
    }
    members.push(row)
  }
  finish()
  return trees
}

function toFacts(row: Selectable<CallTable>): CallFacts {
  const detail = row.detail === null ? undefined : parseObject(row.detail)
  return {
    id: row.id,
    rootId: row.root_id,
    parentId: row.parent_id ?? undefined,
    kind: row.kind,
    name: row.name,
    tenant: row.tenant,
    keyId: row.key_id,
    startedAtMs: row.started_at_ms,
    durationMs: row.duration_ms,
    firstByteMs: row.first_byte_ms ?? undefined,
    status: row.status,
    errorCode: toErrorCode(row.error_code),
    vendorModel: row.vendor_model ?? undefined,
    regions: row.regions === null ? undefined : parseNames(row.regions),
    usage: toUsage(row),
    cost: toPicodollars(row.cost),
    priceVersion: row.price_version ?? undefined,
    detail,
  }
}

function toUsage(row: Selectable<CallTable>): Usage | undefined {
  return row.usage_source === null ? undefined : readUsage(row, row.usage_source)
}

function parseObject(text: string): JsonObject | undefined {
  const value: unknown = JSON.parse(text)
  return isJsonObject(value) ? value : undefined
}

function parseNames(text: string): readonly string[] | undefined {
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value.map(String) : undefined
}
