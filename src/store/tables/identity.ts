import type { Role } from '../../core/rights.ts'

/** Tenants and their keys. */
export interface IdentityTables {
  readonly tenant: TenantTable
  readonly api_key: ApiKeyTable
}

/** Whoever shares nothing with the others. */
export interface TenantTable {
  readonly id: string
  readonly name: string
  readonly created_at_ms: number
}

/** Keys of tenants. Rows are added, revoked, and ended earlier when a key is rotated; never deleted or changed otherwise. */
export interface ApiKeyTable {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly role: Role
  readonly source: 'first-start' | 'environment' | 'created'
  /** SHA-256 of the key, hex. */
  readonly hash: string
  readonly prefix: string
  /** JSON array of model names; `null` for all. */
  readonly models: string | null
  /** JSON array of region names; `null` for what governance allows by default. */
  readonly regions: string | null
  /** Name of the declared use case; `null` for the default one. */
  readonly use_case: string | null
  /** 1 and 0: whether it may send networks of models; `null` for what the configuration says. */
  readonly composes: 1 | 0 | null
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
  readonly revoked_at_ms: number | null
  /** Whom the key works for: what budgets are told apart by. */
  readonly team: string | null
  readonly project: string | null
  readonly user_name: string | null
}
