import { z } from 'zod'
import type { Principal } from '../../core/call.ts'
import type { KeyRow, TenantRow } from './store.ts'

/** A key as it is listed: all but its hash. */
export interface KeyRecord {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly role: Principal['role']
  readonly team: string | undefined
  readonly project: string | undefined
  readonly user: string | undefined
  /** `first-start`: made because there was none · `environment`: STRATA_ADMIN_KEY · `created`: by an admin. */
  readonly source: KeyRow['source']
  /** The beginning of the key, to recognise it by. */
  readonly prefix: string
  readonly models: readonly string[] | undefined
  readonly regions: readonly string[] | undefined
  /** The declared use case the key stands for. */
  readonly useCase: string | undefined
  /** Whether it may send networks of models; `undefined` for what the configuration says. */
  readonly composes: boolean | undefined
  /** Milliseconds UTC, these and the others. */
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export interface Tenant {
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
}

/** A known key, ready to answer a request with. */
export interface MirroredKey {
  readonly record: KeyRecord
  /** The same object for every request, so that what is decided by its lists can be remembered by their identity. */
  readonly principal: Principal
}

const names = z.array(z.string())

export function toMirroredKey(row: KeyRow, past: MirroredKey | undefined): MirroredKey {
  const record = toRecord(row)
  if (past !== undefined)
    return {
      record: { ...past.record, revokedAtMs: record.revokedAtMs, expiresAtMs: record.expiresAtMs },
      principal: past.principal,
    }
  const { tenant, role, team, project, user, models, regions, useCase, composes } = record
  const principal = { tenant, keyId: record.id, role, team, project, user, models, regions, useCase, composes }
  return { record, principal: Object.freeze(principal) }
}

export function toTenant(row: TenantRow): Tenant {
  return { id: row.id, name: row.name, createdAtMs: row.created_at_ms }
}

function toRecord(row: KeyRow): KeyRecord {
  return Object.freeze({
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    role: row.role,
    team: row.team ?? undefined,
    project: row.project ?? undefined,
    user: row.user_name ?? undefined,
    source: row.source,
    prefix: row.prefix,
    models: toNames(row.models),
    regions: toNames(row.regions),
    useCase: row.use_case ?? undefined,
    composes: row.composes === null ? undefined : row.composes === 1,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  })
}

function toNames(json: string | null): readonly string[] | undefined {
  return json === null ? undefined : Object.freeze(names.parse(JSON.parse(json)))
}
