import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import type { KeyRecord } from '../../governance/index.ts'

/** A key as it is listed; it never holds the key itself. */
export function toKeyJson(key: KeyRecord): JsonObject {
  return {
    object: 'key',
    id: key.id,
    name: key.name,
    role: key.role,
    team: key.team ?? null,
    project: key.project ?? null,
    user: key.user ?? null,
    prefix: key.prefix,
    models: key.models ?? null,
    regions: key.regions ?? null,
    use_case: key.useCase ?? null,
    composes: key.composes ?? null,
    created_at: toIso(key.createdAtMs),
    expires_at: key.expiresAtMs === undefined ? null : toIso(key.expiresAtMs),
    revoked_at: key.revokedAtMs === undefined ? null : toIso(key.revokedAtMs),
  }
}
