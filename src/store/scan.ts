import { setImmediate as turn } from 'node:timers/promises'
import { sql as raw, type Kysely } from 'kysely'
import type { CallFacts } from '../core/call.ts'
import { toErrorCode } from '../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Picodollars } from '../core/money.ts'
import type { RecordedUse } from '../core/ports-replay.ts'
import type { Usage } from '../core/usage.ts'
import type { CallSpan, CallTree } from './calls.ts'
import type { Location } from './engine.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** Reads long stretches of the record, page by page, so that neither their length nor their reading holds up others. */
export interface CallScan {
  /** Whole trees whose root began in the span, oldest first: of each the root, then its nodes in the order of making. */
  trees(span: CallSpan): AsyncIterable<readonly CallTree[]>
  /** Dispatches that used something, of the same trees, in their order. */
  uses(span: CallSpan): AsyncIterable<readonly RecordedUse[]>
}

export interface CallScanDeps {
  readonly location: Location
  readonly database: Kysely<Tables>
  readonly flush: () => Promise<void>
}

/** One row: the columns in the order asked for. 64-bit amounts come as text. */
type Row = readonly (string | number | null)[]
/** Rows behind a place, at most a page of them. */
type ReadPage = (text: string, values: readonly (string | number)[]) => Promise<readonly Row[]>

/** About ten milliseconds of reading. */
const pageRows = 2_000

const usageColumns =
  'usage_source, input_total, cache_read, cache_write_5m, cache_write_1h, output_total, reasoning, usage_raw'
const treeColumns = `id, root_id, name, vendor_model, started_at_ms, cast(cost as text), ${usageColumns}, parent_id, kind,
  key_id, duration_ms, first_byte_ms, status, error_code, regions, price_version, detail`
const useColumns = `call.id, call.root_id, call.name, call.vendor_model, call.started_at_ms, cast(call.cost as text), ${usageColumns
  .split(', ')
  .map((column) => `call.${column}`)
  .join(', ')}`
const usageStart = 6
const restStart = 14

export function createCallScan(deps: CallScanDeps): CallScan {
  return {
    async *trees(span) {
      await deps.flush()
      const reader = openReader(deps)
      try {
        yield* readTrees(reader.read, span)
      } finally {
        reader.close()
      }
    },
    async *uses(span) {
      await deps.flush()
      const reader = openReader(deps)
      try {
        yield* readUses(reader.read, span)
      } finally {
        reader.close()
      }
    },
  }
}

async function* readTrees(read: ReadPage, span: CallSpan): AsyncGenerator<readonly CallTree[]> {
  const text = `select ${treeColumns} from call where tenant = $1 and root_id > $2 and started_at_ms >= $3
    order by root_id, id limit $4`
  const memory = new Map<string, JsonValue>()
  let after = ''
  for (let limit = pageRows; ; ) {
    const rows = await read(text, [span.tenant, after, span.fromMs, limit])
    const isLast = rows.length < limit
    const groups = groupByRoot(rows)
    // The last tree of a full page may go on beyond it: it is read again, with more room where it is all there is.
    if (!isLast) {
      if (groups.length === 1) {
        limit *= 2
        continue
      }
      groups.pop()
    }
    limit = pageRows
    const trees = groups.flatMap((members) => toTree(members, { tenant: span.tenant, memory }) ?? [])
    yield trees.filter(({ root }) => root.startedAtMs >= span.fromMs && root.startedAtMs < span.untilMs)
    // Ids sort by the time of making: what follows began later still.
    if (isLast || (trees.at(-1)?.root.startedAtMs ?? 0) >= span.untilMs) return
    after = String(groups.at(-1)?.[0]?.[1])
    await turn()
  }
}

/** The place stands as a bound of the key by itself: within an `or` alone each page would read all before it again. */
async function* readUses(read: ReadPage, span: CallSpan): AsyncGenerator<readonly RecordedUse[]> {
  const text = `select ${useColumns} from call join call as root
    on root.tenant = call.tenant and root.root_id = call.root_id and root.id = call.root_id
    where call.tenant = $1 and call.root_id >= $2 and (call.root_id > $3 or call.id > $4)
    and root.started_at_ms >= $5 and root.started_at_ms < $6
    and call.kind = 'dispatch' and call.usage_source is not null
    order by call.root_id, call.id limit $7`
  let [root, id] = ['', '']
  for (;;) {
    const rows = await read(text, [span.tenant, root, root, id, span.fromMs, span.untilMs, pageRows])
    yield rows.map(toUse)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    id = String(last[0])
    root = String(last[1])
    await turn()
  }
}

/** The embedded database on a connection of its own, rows as lists: a third of what rows as objects cost. */
function openReader({ location, database }: CallScanDeps): { readonly read: ReadPage; close(): void } {
  if (location.engine === 'postgres') {
    return {
      async read(text, values) {
        const parts = text.split(/\$\d/)
        const query = raw.join(
          parts.flatMap((part, index) =>
            index < values.length ? [raw.raw(part), raw.val(values[index])] : [raw.raw(part)],
          ),
          raw``,
        )
        const { rows } = await raw<Record<string, string | number | null>>`${query}`.execute(database)
        return rows.map((row) => Object.values(row))
      },
      close: () => undefined,
    }
  }
  const own = openSqlite(location.path, { readOnly: true })
  return {
    read(text, values) {
      const statement = own.prepare(text.replaceAll('$', '?'))
      statement.setReturnArrays(true)
      return Promise.resolve(statement.all(...values) as unknown as readonly Row[]) // lists, as just asked for
    },
    close: () => own.close(),
  }
}

function groupByRoot(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = []
  let members: Row[] = []
  for (const row of rows) {
    if (members[0]?.[1] !== row[1]) {
      members = []
      groups.push(members)
    }
    members.push(row)
  }
  return groups
}

interface Reading {
  readonly tenant: string
  /** What short texts say that many rows have: regions. */
  readonly memory: Map<string, JsonValue>
}

/** `undefined` when the root is not among the rows. */
function toTree(members: readonly Row[], reading: Reading): CallTree | undefined {
  const root = members.find((row) => row[0] === row[1])
  if (root === undefined) return undefined
  const nodes = members.filter((row) => row !== root)
  // .10 comes after .9
  if (nodes.length > 9)
    nodes.sort(
      ([left], [right]) => String(left).length - String(right).length || (String(left) < String(right) ? -1 : 1),
    )
  return { root: new ScannedFacts(root, reading), nodes: nodes.map((row) => new ScannedFacts(row, reading)) }
}

/** One row as facts. A class because most of its JSON is never asked for, and then never parsed. */
class ScannedFacts implements CallFacts {
  readonly id: string
  readonly rootId: string
  readonly parentId: string | undefined
  readonly kind: CallFacts['kind']
  readonly name: string
  readonly tenant: string
  readonly keyId: string
  readonly startedAtMs: number
  readonly durationMs: number
  readonly firstByteMs: number | undefined
  readonly status: CallFacts['status']
  readonly errorCode: CallFacts['errorCode']
  readonly vendorModel: string | undefined
  readonly usage: Usage | undefined
  readonly cost: Picodollars | undefined
  readonly priceVersion: string | undefined
  readonly #regions: string | undefined
  readonly #detailText: string | undefined
  readonly #memory: Map<string, JsonValue>
  #detail: JsonObject | undefined

  constructor(row: Row, { tenant, memory }: Reading) {
    // The columns of the table, in the order of `treeColumns`, have these types.
    const [id, rootId, name, vendorModel, startedAtMs, cost] = row as [
      string,
      string,
      string,
      string | null,
      number,
      string,
    ]
    const [parentId, kind, keyId, durationMs, firstByteMs, status] = row.slice(restStart) as [
      string | null,
      CallFacts['kind'],
      string,
      number,
      number | null,
      CallFacts['status'],
    ]
    const [errorCode, regions, priceVersion, detail] = row.slice(restStart + 6) as (string | null)[]
    this.id = id
    this.rootId = rootId
    this.parentId = parentId ?? undefined
    this.kind = kind
    this.name = name
    this.tenant = tenant
    this.keyId = keyId
    this.startedAtMs = startedAtMs
    this.durationMs = durationMs
    this.firstByteMs = firstByteMs ?? undefined
    this.status = status
    this.errorCode = toErrorCode(errorCode ?? null)
    this.vendorModel = vendorModel ?? undefined
    this.usage = toUsage(row)
    this.cost = toCost(cost)
    this.priceVersion = priceVersion ?? undefined
    this.#regions = regions ?? undefined
    this.#detailText = detail ?? undefined
    this.#memory = memory
  }

  get regions(): readonly string[] | undefined {
    if (this.#regions === undefined) return undefined
    const value = remember(this.#regions, this.#memory)
    return Array.isArray(value) ? value.map(String) : undefined
  }

  get detail(): JsonObject | undefined {
    if (this.#detailText === undefined) return undefined
    if (this.#detail === undefined) {
      const isRoot = this.kind === 'request'
      const value = isRoot ? remember(this.#detailText, this.#memory) : parse(this.#detailText)
      this.#detail = isJsonObject(value) ? value : undefined
    }
    return this.#detail
  }
}

const rememberedMax = 1_000
const rememberedLengthMax = 500

function remember(text: string, memory: Map<string, JsonValue>): JsonValue {
  const known = memory.get(text)
  if (known !== undefined) return known
  const value = parse(text)
  if (memory.size < rememberedMax && text.length <= rememberedLengthMax) memory.set(text, value)
  return value
}

function parse(text: string): JsonValue {
  return JSON.parse(text) as JsonValue // JSON, written by the record
}

function toUse(row: Row): RecordedUse {
  const [, , name, vendorModel, startedAtMs, cost] = row as [
    string,
    string,
    string,
    string | null,
    number,
    string | null,
  ]
  return { name, vendorModel: vendorModel ?? undefined, startedAtMs, usage: toUsage(row), cost: toCost(cost) }
}

function toCost(text: string | null): Picodollars | undefined {
  return text === null ? undefined : BigInt(text)
}

function toUsage(row: Row): Usage | undefined {
  const source = row[usageStart] as Usage['source'] | null
  if (source === null) return undefined
  const count = (place: number): number | undefined => (row[usageStart + place] as number | null) ?? undefined
  const text = row[usageStart + 7] as string | null
  return {
    inputTotal: count(1),
    cacheRead: count(2),
    cacheWrite5m: count(3),
    cacheWrite1h: count(4),
    outputTotal: count(5),
    reasoning: count(6),
    raw: text === null ? undefined : parse(text),
    source,
  }
}
