import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import { toIso, type Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import type { AuditLog } from '../audit/index.ts'
import { createIncidentStore, type IncidentPage, type IncidentRow, type IncidentStore, type NoteRow } from './store.ts'

/** The register of incidents, and the clock of Article 73 of Regulation (EU) 2024/1689. */
export interface Incidents {
  open(who: Reporter, incident: NewIncident): Promise<Incident>
  /** Adds to what is known; may judge its kind anew, which moves the deadline. Rejects with NOT_FOUND, CONFLICT once closed. */
  note(who: Reporter, id: string, note: NewNote): Promise<Incident>
  /** It was reported to the authority. Rejects with NOT_FOUND, CONFLICT when it was before. */
  report(who: Reporter, id: string, report: { readonly reference: string; readonly text: string }): Promise<Incident>
  /** Nothing more is to be done. Rejects with NOT_FOUND, CONFLICT while a report is owed. */
  close(who: Reporter, id: string, text: string): Promise<Incident>
  /** Rejects with NOT_FOUND. */
  get(tenant: string, id: string): Promise<IncidentFile>
  /** Newest first. */
  list(tenant: string, page: IncidentPage): Promise<readonly Incident[]>
  /** Says in the log what is due within a day, or overdue. Happens by itself every hour. */
  remind(): Promise<number>
  stop(): void
}

export interface Reporter {
  readonly tenant: string
  readonly keyId: string
}

/**
 * `death`: of a person · `widespread`: a widespread infringement, or a serious and irreversible disruption of critical
 * infrastructure · `serious`: any other serious incident · `other`: none that has to be reported.
 */
export type IncidentKind = IncidentRow['kind']
export const incidentKinds: readonly [IncidentKind, ...IncidentKind[]] = ['serious', 'death', 'widespread', 'other']

export interface NewIncident {
  readonly title: string
  readonly text: string
  readonly kind: IncidentKind
  readonly useCase: string | undefined
  /** Milliseconds UTC; not after `awareAtMs`. */
  readonly occurredAtMs: number
  /** Milliseconds UTC; not to come. */
  readonly awareAtMs: number
}

export interface NewNote {
  readonly text: string
  readonly kind?: IncidentKind | undefined
}

export interface Incident {
  readonly id: string
  readonly useCase: string | undefined
  readonly title: string
  readonly kind: IncidentKind
  readonly state: IncidentRow['state']
  readonly occurredAtMs: number
  readonly awareAtMs: number
  /** Until when it has to be reported, counted in hours from awareness; `undefined` for what need not be. */
  readonly dueAtMs: number | undefined
  readonly isOverdue: boolean
  readonly reportedAtMs: number | undefined
  readonly closedAtMs: number | undefined
  readonly reference: string | undefined
  readonly createdAtMs: number
}

export interface IncidentFile {
  readonly incident: Incident
  readonly notes: readonly NoteRow[]
}

export interface IncidentsDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly audit: Pick<AuditLog, 'act'>
}

const dayMs = 86_400_000
/** Article 73(2), (4), (3). Whole days are counted from the hour of awareness, so never later than the law counts them. */
const daysToReport: Readonly<Record<IncidentKind, number | undefined>> = {
  serious: 15,
  death: 10,
  widespread: 2,
  other: undefined,
}
const remindMs = 3_600_000
const remindedMax = 100

export function createIncidents(deps: IncidentsDeps): Incidents {
  const rows = createIncidentStore(deps.store)
  const now = (): number => Math.trunc(deps.clock.now())
  const view = (row: IncidentRow): Incident => toIncident(row, now())

  /** A change of one incident with its note and its act. */
  async function change(who: Reporter, id: string, work: (row: IncidentRow) => Change): Promise<Incident> {
    await rows.exclusively({ tenant: who.tenant, id }, async (row, queries, sql) => {
      if (row === undefined) throw new PlatformError('NOT_FOUND', 'there is no such incident')
      const { what, text, changes } = work(row)
      const number = (await queries.listNotes(who.tenant, id)).length + 1
      if (Object.keys(changes).length > 0) await queries.change(row, changes)
      const note = { incident: id, number, tenant: who.tenant, what, text, key_id: who.keyId, at_ms: now() }
      await queries.addNote(note)
      await deps.audit.act(who.tenant, toAct({ ...row, ...changes }, what, who), sql)
    })
    return (await get(who.tenant, id)).incident
  }

  async function get(tenant: string, id: string): Promise<IncidentFile> {
    const row = await rows.find(tenant, id)
    if (row === undefined) throw new PlatformError('NOT_FOUND', 'there is no such incident')
    return { incident: view(row), notes: await rows.listNotes(tenant, id) }
  }

  const timer = setInterval(() => {
    remind(deps, rows).catch((thrown: unknown) => {
      deps.log.warn(
        { reason: thrown instanceof Error ? thrown.message : 'unexpected' },
        'incidents could not be looked at',
      )
    })
  }, remindMs).unref()

  return {
    async open(who, incident) {
      const row = toRow(deps, who, incident)
      await rows.together(async (queries, sql) => {
        await queries.insert(row)
        const note = { incident: row.id, number: 1, tenant: who.tenant, key_id: who.keyId, at_ms: row.created_at_ms }
        await queries.addNote({ ...note, what: 'opened', text: incident.text })
        await deps.audit.act(who.tenant, toAct(row, 'opened', who), sql)
      })
      return view(row)
    },
    note: (who, id, { text, kind }) => change(who, id, (row) => toNoted(row, text, kind)),
    report: (who, id, { reference, text }) =>
      change(who, id, (row) => {
        if (row.state !== 'open') throw new PlatformError('CONFLICT', `the incident is ${row.state} already`)
        return { what: 'reported', text, changes: { state: 'reported', reference, reported_at_ms: now() } }
      }),
    close: (who, id, text) =>
      change(who, id, (row) => {
        if (row.state === 'closed') throw new PlatformError('CONFLICT', 'the incident is closed already')
        if (row.state === 'open' && row.due_at_ms !== null) {
          throw new PlatformError(
            'CONFLICT',
            'a report is owed: report it first, or judge its kind anew with the reason',
          )
        }
        return { what: 'closed', text, changes: { state: 'closed', closed_at_ms: now() } }
      }),
    get,
    list: async (tenant, page) => (await rows.list(tenant, page)).map(view),
    remind: () => remind(deps, rows),
    stop: () => clearInterval(timer),
  }
}

async function remind({ clock, log }: IncidentsDeps, rows: IncidentStore): Promise<number> {
  const nowMs = Math.trunc(clock.now())
  const due = await rows.listDue(nowMs + dayMs, remindedMax)
  for (const { tenant, id, due_at_ms: dueAtMs } of due) {
    const fields = { tenant, incident: id, due: toIso(dueAtMs ?? 0), overdue: (dueAtMs ?? 0) < nowMs }
    log.warn(fields, 'an incident has to be reported')
  }
  return due.length
}

interface Change {
  readonly what: NoteRow['what']
  readonly text: string
  readonly changes: Partial<IncidentRow>
}

function toNoted(row: IncidentRow, text: string, kind: IncidentKind | undefined): Change {
  if (row.state === 'closed') throw new PlatformError('CONFLICT', 'the incident is closed')
  if (kind === undefined || kind === row.kind) return { what: 'noted', text, changes: {} }
  return {
    what: 'judged',
    text: `${row.kind} → ${kind}: ${text}`,
    changes: { kind, due_at_ms: toDue(kind, row.aware_at_ms) },
  }
}

function toDue(kind: IncidentKind, awareAtMs: number): number | null {
  const days = daysToReport[kind]
  return days === undefined ? null : awareAtMs + days * dayMs
}

function toRow({ ids, clock }: IncidentsDeps, who: Reporter, incident: NewIncident): IncidentRow {
  const { title, kind, useCase, occurredAtMs, awareAtMs } = incident
  const atMs = Math.trunc(clock.now())
  if (awareAtMs > atMs) throw new PlatformError('INVALID_REQUEST', 'aware_at is to come', { param: 'aware_at' })
  if (occurredAtMs > awareAtMs) {
    throw new PlatformError('INVALID_REQUEST', 'occurred_at is after aware_at', { param: 'occurred_at' })
  }
  return {
    id: ids.create('incident'),
    tenant: who.tenant,
    use_case: useCase ?? null,
    title,
    kind,
    state: 'open',
    occurred_at_ms: occurredAtMs,
    aware_at_ms: awareAtMs,
    due_at_ms: toDue(kind, awareAtMs),
    reported_at_ms: null,
    closed_at_ms: null,
    reference: null,
    key_id: who.keyId,
    created_at_ms: atMs,
  }
}

/** Without the words: these may tell of people. */
function toAct(row: IncidentRow, what: string, who: Reporter): JsonObject {
  return {
    act: `incident.${what}`,
    incident: row.id,
    kind: row.kind,
    state: row.state,
    use_case: row.use_case,
    aware_at: toIso(row.aware_at_ms),
    due_at: row.due_at_ms === null ? null : toIso(row.due_at_ms),
    key: who.keyId,
  }
}

function toIncident(row: IncidentRow, nowMs: number): Incident {
  const dueAtMs = row.due_at_ms ?? undefined
  return {
    id: row.id,
    useCase: row.use_case ?? undefined,
    title: row.title,
    kind: row.kind,
    state: row.state,
    occurredAtMs: row.occurred_at_ms,
    awareAtMs: row.aware_at_ms,
    dueAtMs,
    isOverdue: dueAtMs !== undefined && (row.reported_at_ms ?? nowMs) > dueAtMs,
    reportedAtMs: row.reported_at_ms ?? undefined,
    closedAtMs: row.closed_at_ms ?? undefined,
    reference: row.reference ?? undefined,
    createdAtMs: row.created_at_ms,
  }
}
