import { z } from 'zod'
import { priceSchema } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Usage } from '../../core/usage.ts'
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import { findUsageFault } from '../../core/usage-units.ts'
import type { Store } from '../../store/index.ts'
import type { PriceRow } from './operator.ts'
import type { PriceBook } from './prices.ts'
import { nextVersion } from './rounds.ts'
import { createPriceBookStore, type EntryRow, type PriceBookStore, type PricedCall } from './store.ts'

const instant = z.iso.datetime({ offset: true })
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, for example 16:30')

/** A dated price for the book in the database. */
export const entrySchema = z.strictObject({
  kind: z.enum(['override', 'contract']).describe('An override wins over a contract, a contract over the catalogue.'),
  vendor: z.string().min(1).max(64).optional().describe('Vendor; any when absent.'),
  model: z.string().min(1).max(256).describe("The model's name at the vendor; a trailing * matches any rest."),
  from: instant.optional().describe('First instant in force; since ever when absent.'),
  to: instant.optional().describe('First instant no longer in force; for ever when absent.'),
  hours: z
    .strictObject({ from: timeOfDay, to: timeOfDay })
    .optional()
    .describe('Hours of the day in force, UTC; all day when absent.'),
  price: priceSchema,
  note: z.string().max(500).optional().describe('Where the price is written: a contract, a letter.'),
  replaces: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('The entry that this one corrects; that one is no longer in force.'),
})

export type NewEntry = Readonly<z.infer<typeof entrySchema>>

export interface PriceEntry extends NewEntry {
  readonly id: string
  readonly createdAtMs: number
  /** The entry that has taken its place. */
  readonly replacedBy: string | undefined
}

/** Prices of the book in the database, in memory, in the order in which they win. */
export interface PriceEntries {
  rows(): readonly (PriceRow & { readonly source: 'override' | 'contract' })[]
  list(): readonly PriceEntry[]
  /** Rejects with INVALID_REQUEST or, where another entry holds at the same time for the same model, CONFLICT. */
  add(entry: NewEntry): Promise<PriceEntry>
  refresh(): Promise<void>
  /**
   * Prices the calls of a stretch of time anew from their raw usage. What costs other than it was taken to gets an adjustment;
   * nothing that is on record is rewritten, and doing it again adds nothing. With `isTrial` it only says what it would do.
   */
  rerate(book: PriceBook, span: RerateSpan): Promise<Rerated>
  close(): void
}

export interface RerateSpan {
  readonly tenant: string
  readonly fromMs: number
  readonly untilMs: number
  readonly isTrial: boolean
}

export interface Rerated {
  readonly calls: number
  readonly adjusted: number
  /** Picodollars: what all adjustments add up to. */
  readonly difference: bigint
  /** Calls without a cost before, and with one now. */
  readonly becameKnown: number
  /** Calls whose cost is still not known. */
  readonly unknown: number
  /** Corrections in the accounts of budgets, and those for which there was no account. */
  readonly booked: number
  readonly unbooked: number
}

export type CorrectCharges = (
  tenant: string,
  rootIds: readonly string[],
) => Promise<{ readonly booked: number; readonly unbooked: number }>

const refreshMs = 5_000
const pageCalls = 500

export async function createPriceEntries(deps: {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'flush'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  /** Told of trees that have adjustments, so that what was charged for them is corrected; may be told of one again. */
  readonly correct?: CorrectCharges
}): Promise<PriceEntries> {
  const store = createPriceBookStore(deps.store)
  let entries: readonly PriceEntry[] = []
  let rows: ReturnType<PriceEntries['rows']> = []
  const take = (read: readonly EntryRow[]): void => {
    entries = toEntries(read)
    rows = toRows(entries)
  }
  take(await store.listEntries())
  const refresh = async (): Promise<void> => {
    // Entries are only added, so their number tells whether there is anything new.
    if ((await store.countEntries()) !== entries.length) take(await store.listEntries())
  }
  const timer = setInterval(() => {
    refresh().catch((thrown: unknown) => deps.log.warn({ reason: String(thrown) }, 'the price book could not be read'))
  }, refreshMs)
  timer.unref()
  return {
    rows: () => rows,
    list: () => entries,
    refresh,
    async add(entry) {
      const id = deps.ids.create('price')
      const row: EntryRow = {
        id,
        kind: entry.kind,
        model: entry.model,
        body: JSON.stringify(entry),
        note: entry.note ?? null,
        replaces: entry.replaces ?? null,
        created_at_ms: Math.trunc(deps.clock.now()),
      }
      await store.addEntry(row, (there) => checkEntry(entry, toEntries(there)))
      take(await store.listEntries())
      return (
        entries.find((each) => each.id === id) ?? {
          ...entry,
          id,
          createdAtMs: row.created_at_ms,
          replacedBy: undefined,
        }
      )
    },
    rerate: (book, span) => rerate({ store, clock: deps.clock, book, correct: deps.correct }, span),
    close: () => clearInterval(timer),
  }
}

function toEntries(rows: readonly EntryRow[]): readonly PriceEntry[] {
  const replacedBy = new Map(rows.flatMap((row) => (row.replaces === null ? [] : [[row.replaces, row.id] as const])))
  return rows.map((row) => ({
    ...entrySchema.parse(JSON.parse(row.body)),
    id: row.id,
    createdAtMs: row.created_at_ms,
    replacedBy: replacedBy.get(row.id),
  }))
}

/** Overrides before contracts; exact names before patterns, longer patterns before shorter ones; a vendor's before any's. */
function toRows(entries: readonly PriceEntry[]): ReturnType<PriceEntries['rows']> {
  const rank = (entry: PriceEntry): readonly number[] => [
    entry.kind === 'override' ? 0 : 1,
    entry.model.endsWith('*') ? 1 : 0,
    -entry.model.length,
    entry.vendor === undefined ? 1 : 0,
    entry.hours === undefined ? 1 : 0,
  ]
  return entries
    .filter(({ replacedBy }) => replacedBy === undefined)
    .toSorted((left, right) => {
      const [one, other] = [rank(left), rank(right)]
      return one.map((value, index) => value - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0
    })
    .map(({ kind, vendor, model, from, to, hours, price }) => ({ source: kind, vendor, model, from, to, hours, price }))
}

function checkEntry(entry: NewEntry, entries: readonly PriceEntry[]): void {
  const [fromMs, untilMs] = windowOf(entry)
  if (fromMs >= untilMs) throw new PlatformError('INVALID_REQUEST', 'the price ends before it begins', { param: 'to' })
  const replaced = entries.find(({ id }) => id === entry.replaces)
  if (entry.replaces !== undefined && replaced === undefined) {
    throw new PlatformError('NOT_FOUND', `there is no price ${entry.replaces}`, { param: 'replaces' })
  }
  if (replaced?.replacedBy !== undefined) {
    throw new PlatformError('CONFLICT', `${replaced.id} has been replaced by ${replaced.replacedBy} already`, {
      param: 'replaces',
    })
  }
  const other = entries.find((each) => {
    if (each.replacedBy !== undefined || each.id === entry.replaces) return false
    const [start, end] = windowOf(each)
    const isSame = each.kind === entry.kind && each.model === entry.model && each.vendor === entry.vendor
    return isSame && start < untilMs && fromMs < end && hoursOverlap(each.hours, entry.hours)
  })
  if (other === undefined) return
  throw new PlatformError(
    'CONFLICT',
    `${other.id} holds for ${entry.model} at the same time; end one before the other begins, or replace it`,
    { param: 'from' },
  )
}

function windowOf({ from, to }: NewEntry): readonly [number, number] {
  return [from === undefined ? -Infinity : Date.parse(from), to === undefined ? Infinity : Date.parse(to)]
}

/** Two prices for different hours of one day may hold on the same days. All day and some hours do too: the hours win. */
function hoursOverlap(left: NewEntry['hours'], right: NewEntry['hours']): boolean {
  if (left === undefined || right === undefined) return left === right
  const minutes = (hours: NonNullable<NewEntry['hours']>): readonly (readonly [number, number])[] => {
    const [start, end] = [hours.from, hours.to].map((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))
    const [from, until] = [start ?? 0, end ?? 0]
    return from <= until
      ? [[from, until]]
      : [
          [from, 1_440],
          [0, until],
        ]
  }
  return minutes(left).some(([start, end]) => minutes(right).some(([from, until]) => start < until && from < end))
}

interface RerateDeps {
  readonly store: PriceBookStore
  readonly clock: Clock
  readonly book: PriceBook
  readonly correct: CorrectCharges | undefined
}

async function rerate({ store, clock, book, correct }: RerateDeps, span: RerateSpan): Promise<Rerated> {
  await store.flush()
  const found = { calls: 0, adjusted: 0, difference: 0n, becameKnown: 0, unknown: 0, booked: 0, unbooked: 0 }
  let after: { readonly rootId: string; readonly callId: string } | undefined
  for (;;) {
    const page = await store.listCalls({ ...span, after, limit: pageCalls })
    const earlier = await store.listAdjustments(span.tenant, [...new Set(page.map(({ rootId }) => rootId))])
    const corrected = new Set(page.filter(({ callId }) => earlier.has(callId)).map(({ rootId }) => rootId))
    for (const call of page) {
      found.calls++
      const price = book.find({ endpoint: call.endpoint, vendor: undefined, model: call.vendorModel, atMs: call.atMs })
      const cost = price?.cost(toUsage(call))
      if (price === undefined || cost === undefined) {
        if (call.cost === undefined && earlier.get(call.callId) === undefined) found.unknown++
        continue
      }
      const before = earlier.get(call.callId)?.after ?? call.cost
      if (before === cost) continue
      found.adjusted++
      found.difference += cost - (before ?? 0n)
      if (before === undefined) found.becameKnown++
      if (span.isTrial) continue
      const times = { created_at_ms: Math.trunc(clock.now()) }
      const own = {
        tenant: call.tenant,
        root_id: call.rootId,
        call_id: call.callId,
        price_version: nextVersion(price.version, earlier.get(call.callId)?.version),
      }
      await store.addAdjustment({ ...own, before: before ?? null, after: cost, ...times })
      corrected.add(call.rootId)
    }
    // Those of earlier runs too: whoever made them may have died before the accounts were told.
    if (correct !== undefined && !span.isTrial && corrected.size > 0) {
      const { booked, unbooked } = await correct(span.tenant, [...corrected])
      found.booked += booked
      found.unbooked += unbooked
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageCalls) return found
    after = last
  }
}

function toUsage({ usage }: PricedCall): Usage {
  const raw = usage.raw === null ? undefined : (JSON.parse(usage.raw) as JsonValue) // JSON, written by the record
  const fault = isJsonObject(raw) ? findUsageFault(raw) : undefined
  return {
    inputTotal: usage.inputTotal ?? undefined,
    cacheRead: usage.cacheRead ?? undefined,
    cacheWrite5m: usage.cacheWrite5m ?? undefined,
    cacheWrite1h: usage.cacheWrite1h ?? undefined,
    outputTotal: usage.outputTotal ?? undefined,
    reasoning: usage.reasoning ?? undefined,
    raw,
    source: usage.source,
    ...(fault === undefined ? {} : { fault }),
  }
}
