import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { CallFacts } from '../../../core/call.ts'
import { errorCatalogue, PlatformError, type ErrorCode } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Picodollars } from '../../../core/money.ts'

/** One call tree on its way from an edge node to its centre. */
export interface EdgeRecord {
  /** From 1, without gaps. */
  readonly sequence: number
  /** JSON of the tree. The MAC is over this very text. */
  readonly tree: string
  /** HMAC-SHA256, hex. */
  readonly mac: string
}

/** Whom a record is signed for. */
export interface Signed {
  readonly node: string
  readonly epoch: string
  readonly sequence: number
  readonly tree: string
}

/** What records are signed with: made from the key that both sides have, so that the key itself signs nothing. */
export function toSecret(key: string): Buffer {
  return createHash('sha256').update('strata edge record\n').update(key).digest()
}

export function sign(secret: Buffer, { node, epoch, sequence, tree }: Signed): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([node, epoch, sequence]))
    .update(tree)
    .digest('hex')
}

export function isSigned(secret: Buffer, signed: Signed, mac: string): boolean {
  const [own, given] = [Buffer.from(sign(secret, signed)), Buffer.from(mac)]
  return own.length === given.length && timingSafeEqual(own, given)
}

/** Nodes of one tree that are taken. */
const nodesMax = 2_000
const count = z.int().min(0).nullable()
const name = z.string().min(1).max(512)
const factsSchema = z.strictObject({
  id: z.string().regex(/^[a-z]+_[0-9A-Za-z_-]{10,64}(?:\.\d{1,6})?$/, 'the id of a call'),
  parent: z.string().max(128).nullable(),
  kind: z.enum(['request', 'model', 'dispatch']),
  name,
  key: name,
  started_at_ms: z.int().min(0),
  duration_ms: z.number().min(0),
  first_byte_ms: z.number().min(0).nullable(),
  status: z.enum(['ok', 'error', 'cancelled', 'interrupted']),
  error: z.string().max(64).nullable(),
  vendor_model: z.string().max(512).nullable(),
  regions: z.array(z.string().max(64)).max(64).nullable(),
  usage: z
    .strictObject({
      input_total: count,
      cache_read: count,
      cache_write_5m: count,
      cache_write_1h: count,
      output_total: count,
      reasoning: count,
      raw: z.json(),
      source: z.enum(['reported', 'estimated']),
    })
    .nullable(),
  cost: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable(),
  price_version: z.string().max(256).nullable(),
  detail: z.record(z.string(), z.json()).nullable(),
})
const treeSchema = z.array(factsSchema).min(1).max(nodesMax)

type WireFacts = z.infer<typeof factsSchema>

/** The text of a tree, root first. */
export function writeTree({ root, nodes }: { readonly root: CallFacts; readonly nodes: readonly CallFacts[] }): string {
  return JSON.stringify([root, ...nodes].map(toWire))
}

/** The facts of a tree as those of a tenant and key of the centre. Throws SETTLEMENT_REFUSED for what is none. */
export function readTree(
  { sequence, tree }: EdgeRecord,
  owner: { readonly tenant: string; readonly keyId: string; readonly node: string },
): readonly CallFacts[] {
  const parsed = treeSchema.safeParse(parse(tree))
  if (!parsed.success) throw refuse(sequence, parsed.error.issues[0]?.message ?? 'is no tree of a call')
  const [root, ...nodes] = parsed.data
  if (root === undefined || root.kind !== 'request' || root.id.includes('.'))
    throw refuse(sequence, 'does not begin with a request')
  const ids = new Set(parsed.data.map(({ id }) => id))
  if (ids.size !== parsed.data.length) throw refuse(sequence, 'names a call twice')
  if (nodes.some(({ id }) => !id.startsWith(`${root.id}.`))) throw refuse(sequence, 'holds calls of another request')
  return parsed.data.map((facts) => {
    const edge = { node: owner.node, key: facts.key, sequence }
    const detail = facts === root ? { ...facts.detail, edge } : facts.detail
    return { ...fromWire(facts, detail), rootId: root.id, tenant: owner.tenant, keyId: owner.keyId }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function toWire(facts: CallFacts): WireFacts {
  const { usage } = facts
  return {
    id: facts.id,
    parent: facts.parentId ?? null,
    kind: facts.kind,
    name: facts.name,
    key: facts.keyId,
    started_at_ms: Math.trunc(facts.startedAtMs),
    duration_ms: facts.durationMs,
    first_byte_ms: facts.firstByteMs ?? null,
    status: facts.status,
    error: facts.errorCode ?? null,
    vendor_model: facts.vendorModel ?? null,
    regions: facts.regions === undefined ? null : [...facts.regions],
    usage:
      usage === undefined
        ? null
        : {
            input_total: usage.inputTotal ?? null,
            cache_read: usage.cacheRead ?? null,
            cache_write_5m: usage.cacheWrite5m ?? null,
            cache_write_1h: usage.cacheWrite1h ?? null,
            output_total: usage.outputTotal ?? null,
            reasoning: usage.reasoning ?? null,
            raw: (usage.raw ?? null) as z.infer<typeof factsSchema>['detail'] & object, // JSON of the same shape
            source: usage.source,
          },
    cost: facts.cost === undefined ? null : String(facts.cost),
    price_version: facts.priceVersion ?? null,
    detail: facts.detail === undefined ? null : (facts.detail as WireFacts['detail']), // JSON of the same shape
  }
}

function fromWire(facts: WireFacts, detail: JsonObject | null): Omit<CallFacts, 'rootId' | 'tenant' | 'keyId'> {
  const { usage } = facts
  return {
    id: facts.id,
    parentId: facts.parent ?? undefined,
    kind: facts.kind,
    name: facts.name,
    startedAtMs: facts.started_at_ms,
    durationMs: facts.duration_ms,
    firstByteMs: facts.first_byte_ms ?? undefined,
    status: facts.status,
    errorCode: toErrorCode(facts.error),
    vendorModel: facts.vendor_model ?? undefined,
    regions: facts.regions ?? undefined,
    usage:
      usage === null
        ? undefined
        : {
            inputTotal: usage.input_total ?? undefined,
            cacheRead: usage.cache_read ?? undefined,
            cacheWrite5m: usage.cache_write_5m ?? undefined,
            cacheWrite1h: usage.cache_write_1h ?? undefined,
            outputTotal: usage.output_total ?? undefined,
            reasoning: usage.reasoning ?? undefined,
            raw: usage.raw ?? undefined,
            source: usage.source,
          },
    cost: facts.cost === null ? undefined : (BigInt(facts.cost) as Picodollars), // an integer, by its schema
    priceVersion: facts.price_version ?? undefined,
    detail: detail ?? undefined,
  }
}

/** A code that this version does not know is a defect of the other's. */
function toErrorCode(code: string | null): ErrorCode | undefined {
  if (code === null) return undefined
  return Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'INTERNAL' // just looked up
}

export function refuse(sequence: number, what: string): PlatformError {
  return new PlatformError('SETTLEMENT_REFUSED', `record ${sequence} ${what}`, { details: { sequence } })
}
