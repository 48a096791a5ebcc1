import type { Config } from '../../config/index.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createOutboxStore, type OutboxRow, type OutboxStore } from './store.ts'
import type { UsageEvent } from '../plans/index.ts'

export type SinkConfig = Config['investment']['meterSinks'][string]

/** One request to a meter elsewhere, at the sink's URL. */
export interface SinkRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface MeterExport {
  /** Sends what is due, until nothing is or a sink refuses; answers with how many events were taken. */
  flush(): Promise<number>
  waiting(): Promise<number>
  close(): Promise<void>
}

export interface MeterExportDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly log: EventLog
  readonly sinks: Readonly<Record<string, SinkConfig>>
  /** Through the one door out; resolves with the status. */
  readonly send: (sink: string, request: SinkRequest) => Promise<number>
}

const pauseMs = 5_000
const backoffMs = 2_000
const backoffMsMax = 3_600_000
const batchEvents = 100

/**
 * Sends counted events on, at least once, always under the same id, so that whoever receives one twice counts it once.
 * What is refused stays and is tried again, ever more seldom; nothing is dropped.
 */
export function createMeterExport(deps: MeterExportDeps): MeterExport {
  const outbox = createOutboxStore(deps.store)
  let running: Promise<number> | undefined
  const flush = async (): Promise<number> => {
    let taken = 0
    for (const [name, sink] of Object.entries(deps.sinks)) taken += await sendDue({ ...deps, outbox }, name, sink)
    return taken
  }
  const once = (): Promise<number> =>
    (running ??= flush().finally(() => {
      running = undefined
    }))
  const timer =
    Object.keys(deps.sinks).length === 0
      ? undefined
      : setInterval(() => {
          once().catch((thrown: unknown) =>
            deps.log.warn({ reason: String(thrown) }, 'counted events could not be sent on'),
          )
        }, pauseMs)
  timer?.unref()
  return {
    flush: once,
    waiting: () => outbox.countWaiting(),
    async close() {
      clearInterval(timer)
      await running?.catch(() => undefined)
    },
  }
}

async function sendDue(
  deps: MeterExportDeps & { readonly outbox: OutboxStore },
  name: string,
  sink: SinkConfig,
): Promise<number> {
  let taken = 0
  for (;;) {
    const rows = await deps.outbox.listDue(name, { nowMs: deps.clock.now(), limit: batchEvents })
    if (rows.length === 0) return taken
    for (const { request, rows: sent } of toRequests(sink, rows)) {
      const status = await deps.send(name, request).catch(() => 0)
      // 409: it has the event already.
      const isTaken = (status >= 200 && status < 300) || status === 409
      if (isTaken) {
        await deps.outbox.markSent(sent, deps.clock.now())
        taken += sent.length
        continue
      }
      const attempts = Math.max(...sent.map((row) => row.attempts)) + 1
      const waitMs = Math.min(backoffMsMax, backoffMs * 2 ** Math.min(attempts, 16))
      await deps.outbox.postpone(sent, { attempts, nextAtMs: deps.clock.now() + waitMs })
      deps.log.warn({ sink: name, status, events: sent.length, attempts }, 'a meter did not take counted events')
      return taken
    }
  }
}

interface Batch {
  readonly request: SinkRequest
  readonly rows: readonly OutboxRow[]
}

function toRequests(sink: SinkConfig, rows: readonly OutboxRow[]): readonly Batch[] {
  if (sink.kind === 'openmeter') {
    const body = JSON.stringify(rows.map(toCloudEvent))
    return [{ rows, request: { headers: { 'content-type': 'application/cloudevents-batch+json' }, body } }]
  }
  return rows.map((row) => ({ rows: [row], request: toStripe(row) }))
}

/** CloudEvents 1.0, as OpenMeter takes them: the meter is the type, the account the subject. */
function toCloudEvent(row: OutboxRow) {
  const event = eventOf(row)
  return {
    specversion: '1.0',
    id: row.event_id,
    source: event.source,
    type: event.meter,
    subject: event.account,
    time: event.at,
    data: { quantity: String(event.quantity ?? 1), ...event.dimensions },
  }
}

/** A meter event as Stripe takes it: form fields, the identifier being what makes it count once. */
function toStripe(row: OutboxRow): SinkRequest {
  const event = eventOf(row)
  const fields = new URLSearchParams({
    event_name: event.meter,
    identifier: row.event_id,
    timestamp: String(Math.floor(Date.parse(event.at) / 1_000)),
    'payload[stripe_customer_id]': event.account,
    'payload[value]': String(event.quantity ?? 1),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': row.event_id }
  return { headers, body: fields.toString() }
}

function eventOf(row: OutboxRow): UsageEvent {
  return JSON.parse(row.body) as UsageEvent // written here, after it was checked
}
