/** What the store itself keeps: its schema, configurations and jobs. */
export interface HouseTables {
  readonly migration: MigrationTable
  readonly config_version: ConfigVersionTable
  readonly job: JobTable
}

/** Which migrations this database has seen. */
export interface MigrationTable {
  readonly id: number
  readonly name: string
  readonly applied_at_ms: number
}

/** Configurations that have been in force, numbered upwards. `text` is as written: references to secrets, no secrets. */
export interface ConfigVersionTable {
  readonly version: number
  readonly hash: string
  readonly text: string
  readonly applied_at_ms: number
}

/** Work that outlives the request that asked for it. */
export interface JobTable {
  readonly tenant: string
  readonly id: string
  readonly kind: string
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  /** JSON. */
  readonly input: string
  /** JSON; `null` until done. */
  readonly output: string | null
  readonly error_code: string | null
  readonly created_at_ms: number
  readonly started_at_ms: number | null
  readonly ended_at_ms: number | null
}
