import type { CallFacts } from '../../core/call.ts'
import type { DispatchIntent } from '../../core/ports.ts'

/*
 * A line of the journal is a checksum, a tab, a body, a newline. Bodies are fields between tabs: JSON stands as it is,
 * because JSON text holds no control character; other text has its control characters and backslashes escaped. An empty
 * field is absence. Numbers that may have a fraction stand in integer microseconds, and instants as the distance from
 * the first of the tree, because short integers are written three times as fast.
 *
 *   I callId rootId tenant keyId endpoint vendorModel atMs
 *   S rootId tenant keyId startedAtMs ( id parentId kind name startedAtMs durationMs status errorCode firstByteMs detail
 *     vendorModel regions priceVersion cost source inputTotal cacheRead cacheWrite5m cacheWrite1h outputTotal reasoning raw )*
 */

const tab = '\t'
const noDispatch = '\t'.repeat(12)
const controls = /[\u0000-\u001f\\]/ // oxlint-disable-line no-control-regex -- finding them is the purpose
const kinds = { request: 'r', model: 'm', dispatch: 'd' } as const
const statuses = { ok: 'o', error: 'e', cancelled: 'c', interrupted: 'i' } as const
const costMax = 2n ** 63n - 1n

/** The body of the line that says what is about to be sent. */
export function encodeIntent(intent: DispatchIntent): string {
  return `I\t${plain(intent.callId)}\t${plain(intent.rootId)}\t${plain(intent.tenant)}\t${plain(intent.keyId)}\t${plain(intent.endpoint)}\t${plain(intent.vendorModel)}\t${Math.trunc(intent.atMs)}`
}

/** The body of the line that holds one call tree; the first fact names root, tenant and key of all. */
export function encodeSettlement(facts: readonly [CallFacts, ...CallFacts[]]): string {
  const { rootId, tenant, keyId } = facts[0]
  const startedAtMs = Math.trunc(facts[0].startedAtMs)
  let body = `S\t${plain(rootId)}\t${plain(tenant)}\t${plain(keyId)}\t${startedAtMs}`
  for (const fact of facts) {
    body += `\t${toPlace(fact.id, rootId)}\t${toPlace(fact.parentId, rootId)}\t${kinds[fact.kind]}\t${plain(fact.name)}\t${Math.trunc(fact.startedAtMs) - startedAtMs}\t${Math.round(fact.durationMs * 1_000)}\t${statuses[fact.status]}\t${fact.errorCode ?? ''}\t${fact.firstByteMs === undefined ? '' : Math.round(fact.firstByteMs * 1_000)}\t${fact.detail === undefined ? '' : JSON.stringify(fact.detail)}`
    body += encodeDispatch(fact)
  }
  return body
}

function encodeDispatch(fact: CallFacts): string {
  const { usage, vendorModel, regions, priceVersion, cost } = fact
  if (usage === undefined) {
    if (vendorModel === undefined && regions === undefined && priceVersion === undefined && cost === undefined) {
      return noDispatch
    }
    return `\t${plain(vendorModel)}\t${regions === undefined ? '' : JSON.stringify(regions)}\t${plain(priceVersion)}\t${encodeCost(cost)}\t\t\t\t\t\t\t\t`
  }
  return `\t${plain(vendorModel)}\t${regions === undefined ? '' : JSON.stringify(regions)}\t${plain(priceVersion)}\t${encodeCost(cost)}\t${usage.source === 'reported' ? 'r' : 'e'}\t${count(usage.inputTotal)}\t${count(usage.cacheRead)}\t${count(usage.cacheWrite5m)}\t${count(usage.cacheWrite1h)}\t${count(usage.outputTotal)}\t${count(usage.reasoning)}\t${usage.raw === undefined ? '' : JSON.stringify(usage.raw)}`
}

/** A cost that 64 bits cannot hold (9.2 million dollars for one call) is unknown rather than wrapped. */
function encodeCost(cost: bigint | undefined): string {
  return cost === undefined || cost > costMax || cost < -costMax ? '' : cost.toString()
}

/** A count that is no whole number is not one that was reported in any known form: absent. The raw usage keeps it. */
function count(value: number | undefined): number | '' {
  return value !== undefined && Number.isSafeInteger(value) ? value : ''
}

/** A place in the tree: `.` is the root, `.7` its seventh node, `=…` an id of another form. */
function toPlace(id: string | undefined, rootId: string): string {
  if (id === undefined) return ''
  if (id === rootId) return '.'
  const tail = id.slice(rootId.length)
  return tail.startsWith('.') && id.startsWith(rootId) && tail.length > 1 ? plain(tail) : `=${plain(id)}`
}

function plain(text: string | undefined): string {
  if (text === undefined) return ''
  return controls.test(text) ? escape(text) : text
}

/** NUL becomes U+FFFD, because PostgreSQL has no text with NUL. */
function escape(text: string): string {
  return text.replaceAll(new RegExp(controls, 'g'), (character) =>
    character === '\0' ? '\ufffd' : `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

function unescape(field: string): string {
  return field.includes('\\')
    ? field.replaceAll(/\\([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : field
}

/** The columns of a call row, in the order of the table: those most rows leave empty stand last. */
export const callColumns = [
  'tenant',
  'root_id',
  'id',
  'parent_id',
  'kind',
  'name',
  'key_id',
  'started_at_ms',
  'duration_ms',
  'status',
  'detail',
  'first_byte_ms',
  'error_code',
  'vendor_model',
  'regions',
  'usage_source',
  'input_total',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'output_total',
  'reasoning',
  'usage_raw',
  'cost',
  'price_version',
] as const

/** Values of `callColumns`, in order. Trailing absent ones are left out. */
export type CallRow = readonly (string | number | bigint | null)[]

export type Entry =
  | { readonly type: 'intent'; readonly intent: DispatchIntent }
  | { readonly type: 'settlement'; readonly rootId: string; readonly rows: readonly CallRow[] }

const factFields = 22

/** What a body says; `undefined` when it is no body of a journal. */
export function decodeLine(body: string): Entry | undefined {
  const fields = body.split(tab)
  if (fields[0] === 'S') return decodeSettlement(fields)
  if (fields[0] === 'I' && fields.length === 8) return { type: 'intent', intent: decodeIntent(fields) }
  return undefined
}

function decodeIntent(fields: readonly string[]): DispatchIntent {
  const [, callId = '', rootId = '', tenant = '', keyId = '', endpoint = '', vendorModel = '', atMs = ''] = fields
  return {
    callId: unescape(callId),
    rootId: unescape(rootId),
    tenant: unescape(tenant),
    keyId: unescape(keyId),
    endpoint: unescape(endpoint),
    vendorModel: unescape(vendorModel),
    atMs: Number(atMs),
  }
}

interface Tree {
  readonly rootId: string
  readonly tenant: string
  readonly keyId: string
  readonly startedAtMs: number
}

function decodeSettlement(fields: readonly string[]): Entry | undefined {
  const [, rootId = '', tenant = '', keyId = '', startedAtMs = ''] = fields
  if (fields.length < 5 + factFields || (fields.length - 5) % factFields !== 0) return undefined
  const tree: Tree = {
    rootId: unescape(rootId),
    tenant: unescape(tenant),
    keyId: unescape(keyId),
    startedAtMs: Number(startedAtMs),
  }
  const rows: CallRow[] = []
  for (let at = 5; at < fields.length; at += factFields) rows.push(decodeFact(fields, at, tree))
  return { type: 'settlement', rootId: tree.rootId, rows }
}

function decodeFact(fields: readonly string[], at: number, tree: Tree): CallRow {
  const field = (index: number): string => fields[at + index] ?? ''
  const row: (string | number | bigint | null)[] = [
    tree.tenant,
    tree.rootId,
    fromPlace(field(0), tree.rootId),
    fromPlace(field(1), tree.rootId),
    toKind(field(2)),
    unescape(field(3)),
    tree.keyId,
    tree.startedAtMs + Number(field(4)),
    Number(field(5)) / 1_000,
    toStatus(field(6)),
    field(9) || null,
    field(8) === '' ? null : Number(field(8)) / 1_000,
    field(7) || null,
    unescape(field(10)) || null,
    field(11) || null,
    field(14) === '' ? null : field(14) === 'r' ? 'reported' : 'estimated',
    toCount(field(15)),
    toCount(field(16)),
    toCount(field(17)),
    toCount(field(18)),
    toCount(field(19)),
    toCount(field(20)),
    field(21) || null,
    field(13) === '' ? null : toCost(field(13)),
    unescape(field(12)) || null,
  ]
  while (row.at(-1) === null) row.pop()
  return row
}

/** Below 16 digits a number is exact, and cheaper than a bigint. */
function toCost(digits: string): number | bigint {
  return digits.length < 16 ? Number(digits) : BigInt(digits)
}

function toCount(field: string): number | null {
  return field === '' ? null : Number(field)
}

function fromPlace(place: string, rootId: string): string | null {
  if (place === '') return null
  if (place === '.') return rootId
  return place.startsWith('=') ? unescape(place.slice(1)) : rootId + unescape(place)
}

function toKind(letter: string): CallFacts['kind'] {
  return letter === 'r' ? 'request' : letter === 'm' ? 'model' : 'dispatch'
}

function toStatus(letter: string): CallFacts['status'] {
  return letter === 'o' ? 'ok' : letter === 'e' ? 'error' : letter === 'c' ? 'cancelled' : 'interrupted'
}
