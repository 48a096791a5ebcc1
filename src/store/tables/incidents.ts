/** The register of incidents. */
export interface IncidentsTables {
  readonly incident: IncidentTable
  readonly incident_note: IncidentNoteTable
}

export interface IncidentTable {
  readonly id: string
  readonly tenant: string
  readonly use_case: string | null
  readonly title: string
  readonly kind: 'serious' | 'death' | 'widespread' | 'other'
  readonly state: 'open' | 'reported' | 'closed'
  readonly occurred_at_ms: number
  /** When the organisation became aware of it: the clock starts here. */
  readonly aware_at_ms: number
  /** Until when it has to be reported; `null` for what need not be. */
  readonly due_at_ms: number | null
  readonly reported_at_ms: number | null
  readonly closed_at_ms: number | null
  /** What the authority calls it. */
  readonly reference: string | null
  readonly key_id: string
  readonly created_at_ms: number
}

/** What was said or done; never changed. */
export interface IncidentNoteTable {
  readonly incident: string
  readonly number: number
  readonly tenant: string
  readonly what: 'opened' | 'noted' | 'judged' | 'reported' | 'closed'
  readonly text: string
  readonly key_id: string
  readonly at_ms: number
}
