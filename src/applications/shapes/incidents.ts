import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import type { Incident, IncidentFile } from '../../governance/index.ts'

export function toIncidentJson(incident: Incident): JsonObject {
  return {
    object: 'incident',
    id: incident.id,
    use_case: incident.useCase ?? null,
    title: incident.title,
    kind: incident.kind,
    state: incident.state,
    occurred_at: toIso(incident.occurredAtMs),
    aware_at: toIso(incident.awareAtMs),
    due_at: toTime(incident.dueAtMs),
    overdue: incident.isOverdue,
    reported_at: toTime(incident.reportedAtMs),
    closed_at: toTime(incident.closedAtMs),
    reference: incident.reference ?? null,
    created_at: toIso(incident.createdAtMs),
  }
}

export function toIncidentFileJson({ incident, notes }: IncidentFile): JsonObject {
  const said = notes.map(({ number, what, text: words, key_id: key, at_ms: atMs }) => {
    return { number, what, text: words, key, at: toIso(atMs) }
  })
  return { ...toIncidentJson(incident), notes: said }
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : toIso(ms)
}
