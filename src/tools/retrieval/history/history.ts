import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { JsonObject } from '../../../core/json.ts'
import type { Tables } from '../../../store/index.ts'
import { createHistoryRows, type EventRow } from './store.ts'

export interface NewEvent {
  readonly event: EventRow['event']
  readonly document: string
  readonly detail: JsonObject
}

export interface Place {
  readonly tenant: string
  readonly collection: number
  readonly atMs: number
}

/** Adds events to the chain of their collection, within the transaction that holds the collection. */
export async function recordEvents(sql: Kysely<Tables>, place: Place, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const rows = createHistoryRows(sql)
  const last = await rows.findLast(place.collection)
  let number = last?.number ?? 0
  let hash = last?.hash ?? ''
  const added: EventRow[] = []
  for (const { event, document, detail } of events) {
    number++
    const row = {
      tenant: place.tenant,
      number,
      event,
      collection: place.collection,
      document_id: document,
      detail: JSON.stringify(detail),
      at_ms: place.atMs,
    }
    hash = hashEvent(row, hash)
    added.push({ ...row, hash })
  }
  await rows.insert(added)
}

/** The number of the first event of a collection that does not follow from the one before; `undefined` when all do. */
export async function findBreak(sql: Kysely<Tables>, collection: number): Promise<number | undefined> {
  const rows = createHistoryRows(sql)
  let number = 1
  let hash = ''
  for (;;) {
    const page = await rows.listFrom(collection, number)
    for (const row of page) {
      hash = hashEvent(row, hash)
      if (row.number !== number || row.hash !== hash) return number
      number++
    }
    if (page.length === 0) return undefined
  }
}

function hashEvent(row: Omit<EventRow, 'hash'>, previous: string): string {
  const facts = [previous, row.tenant, row.collection, row.number, row.event, row.document_id, row.detail, row.at_ms]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
