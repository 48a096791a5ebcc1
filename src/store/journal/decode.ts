import type { CallFacts } from '../../core/call.ts'
import type { JsonValue } from '../../core/json.ts'
import type { DispatchIntent, IdentifiedAnswer } from '../../core/ports.ts'
import { toAnswerReference } from '../../core/ports-lookups.ts'
import { decodeCharges, type Charge } from '../../core/spending.ts'
import { headBytes, unescape } from './byte-line.ts'
import { dispatchStart, factFields, treeFields } from './encode.ts'

const tab = '\t'
const tabCode = 9
const newline = 10

export interface Line {
  /** `undefined` when the line is damaged: torn by a death, or changed on the disk. */
  readonly entry: Entry | undefined
  /** Where the next line starts. */
  readonly end: number
}

/** The line that starts at `start`; `undefined` when its newline is not there yet. */
export function decodeLine(buffer: Buffer, start: number): Line | undefined {
  const end = buffer.indexOf(newline, start)
  if (end === -1) return undefined
  const from = start + headBytes
  const isWhole = end >= from && buffer[from - 1] === tabCode && readLength(buffer, start) === end - from
  return { entry: isWhole ? toEntry(buffer.toString('utf8', from, end)) : undefined, end: end + 1 }
}

/** Eight hexadecimal digits; other bytes give a number that is no line's length. */
function readLength(buffer: Buffer, start: number): number {
  let length = 0
  for (let at = start; at < start + headBytes - 1; at++) {
    const code = buffer[at] ?? 0
    const digit = code >= 97 && code <= 102 ? code - 87 : code >= 48 && code <= 57 ? code - 48 : Number.NaN
    length = length * 16 + digit
  }
  return length
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

/** What a line is about. What it says is decoded when it is written: most intents never are. */
export interface Entry {
  readonly type: 'intent' | 'answer' | 'settlement'
  readonly rootId: string
  /** Rows of calls in it. */
  readonly rows: number
  readonly body: string
}

/** `undefined` when the body is none of a journal. */
function toEntry(body: string): Entry | undefined {
  const rootEnd = body.indexOf(tab, 2)
  if (rootEnd === -1 || body[1] !== tab) return undefined
  const rootId = unescape(body.slice(2, rootEnd))
  if (body.startsWith('I') || body.startsWith('J')) return { type: 'intent', rootId, rows: 0, body }
  if (body.startsWith('A')) return { type: 'answer', rootId, rows: 0, body }
  const rows = Number(body.slice(rootEnd + 1, body.indexOf(tab, rootEnd + 1)))
  const isSettlement = body.startsWith('S') || body.startsWith('T')
  return isSettlement && rows > 0 ? { type: 'settlement', rootId, rows, body } : undefined
}

/** What was about to be sent; `undefined` when the body is damaged. */
export function decodeIntent({ body, rootId }: Entry): DispatchIntent | undefined {
  const fields = body.split(tab)
  const isHeld = body.startsWith('J')
  if (fields.length !== (isHeld ? 9 : 8)) return undefined
  const [, , place = '', tenant = '', keyId = '', endpoint = '', vendorModel = '', atMs = ''] = fields
  return {
    callId: fromPlace(place, rootId) ?? rootId,
    rootId,
    tenant: unescape(tenant),
    keyId: unescape(keyId),
    endpoint: unescape(endpoint),
    vendorModel: unescape(vendorModel),
    atMs: Number(atMs),
    charges: isHeld ? decodeCharges(fields[8] ?? '') : undefined,
  }
}

/** How a vendor knows an answer; `undefined` when the body is damaged. */
export function decodeIdentified({ body, rootId }: Entry): IdentifiedAnswer | undefined {
  const [, , place = '', text = '', ...rest] = body.split(tab)
  if (rest.length > 0 || !text.endsWith('}')) return undefined
  const answer = toAnswerReference(JSON.parse(text) as JsonValue) // a whole line is what was written, and JSON was
  return answer === undefined ? undefined : { callId: fromPlace(place, rootId) ?? rootId, rootId, answer }
}

/** What a settled tree was charged and when it began; `undefined` when no budget limits it. */
export function decodeCharged({
  body,
}: Entry): { readonly charges: readonly Charge[]; readonly sinceMs: number } | undefined {
  if (!body.startsWith('T')) return undefined
  const charges = decodeCharges(body.slice(body.lastIndexOf(tab) + 1))
  if (charges === undefined) return undefined
  let start = 0
  for (let field = 1; field < treeFields; field++) start = body.indexOf(tab, start) + 1
  return { charges, sinceMs: Number(body.slice(start, body.indexOf(tab, start))) }
}

interface Tree {
  readonly rootId: string
  readonly tenant: string
  readonly keyId: string
  readonly startedAtMs: number
}

/** The rows of one call tree; `undefined` when the body is damaged. */
export function decodeRows({ body, rootId, rows }: Entry): readonly CallRow[] | undefined {
  const fields = body.split(tab)
  if (body.startsWith('T')) fields.pop() // the charges, which are no part of any row
  if (fields.length !== treeFields + rows * factFields) return undefined
  const [, , , tenant = '', keyId = '', startedAtMs = ''] = fields
  const tree: Tree = { rootId, tenant: unescape(tenant), keyId: unescape(keyId), startedAtMs: Number(startedAtMs) }
  const decoded: CallRow[] = []
  for (let at = treeFields; at < fields.length; at += factFields) decoded.push(decodeFact(fields, at, tree))
  return decoded
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
  ]
  for (let index = at + dispatchStart; index < at + factFields; index++) {
    if (fields[index] === '') continue
    addDispatch(row, fields, at)
    break
  }
  while (row[row.length - 1] === null) row.pop()
  return row
}

function addDispatch(row: (string | number | bigint | null)[], fields: readonly string[], at: number): void {
  const field = (index: number): string => fields[at + index] ?? ''
  row.push(
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
  )
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
