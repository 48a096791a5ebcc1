import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import type { LegalHold } from '../../governance/index.ts'

export function toHoldJson(hold: LegalHold): JsonObject {
  const toTime = (ms: number | undefined): string | null => (ms === undefined ? null : toIso(ms))
  return {
    object: 'hold',
    id: hold.id,
    name: hold.name,
    reason: hold.reason,
    use_case: hold.useCase ?? null,
    from: toTime(hold.fromMs),
    until: toTime(hold.untilMs),
    created_at: toIso(hold.createdAtMs),
    released_at: toTime(hold.releasedAtMs),
  }
}
