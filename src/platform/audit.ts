import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/index.ts'
import type { Ids } from '../core/ids.ts'
import type { EventLog } from '../core/ports.ts'
import type { Clock } from '../core/time.ts'
import { createAuditKey, createAuditLog, readAuditKey, type AuditLog, type Identity } from '../governance/index.ts'
import type { Store } from '../store/index.ts'

export interface AuditDeps {
  readonly config: Config
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  /** The data folder, absolute. */
  readonly folder: string
}

/** The audit log under the configured key, else under one of the data folder. Throws CONFIG_INVALID. */
export function createAudit({ config, store, clock, ids, log, folder }: AuditDeps): AuditLog {
  const { origin, key, sealMs } = config.governance.audit
  return createAuditLog({
    store,
    clock,
    ids,
    log,
    key: readAuditKey(key ?? findOrMakeKey(folder)),
    origin,
    sealMs,
  })
}

/** One key for a data folder, made by whoever comes first. */
function findOrMakeKey(folder: string): string {
  const path = join(folder, 'audit-key.pem')
  try {
    writeFileSync(path, createAuditKey(), { flag: 'wx', mode: 0o600 })
  } catch {
    // It is there already, or reading it says what is wrong.
  }
  return readFileSync(path, 'utf8')
}

/** Keys whose making and revoking are in the audit log. */
export function auditKeys(keys: Identity['keys'], audit: AuditLog): Identity['keys'] {
  return {
    async create(request) {
      const made = await keys.create(request)
      const { id, name, role, user, models, regions, useCase, composes } = made.record
      await audit.act(request.tenant, {
        act: 'key.create',
        key: id,
        name,
        role,
        user: user ?? null,
        models: models ?? null,
        regions: regions ?? null,
        use_case: useCase ?? null,
        ...(composes === undefined ? {} : { composes }),
      })
      return made
    },
    list: (tenant) => keys.list(tenant),
    async revoke(tenant, id) {
      const revoked = await keys.revoke(tenant, id)
      await audit.act(tenant, { act: 'key.revoke', key: id })
      return revoked
    },
    async rotate(tenant, id, overlapMs) {
      const rotated = await keys.rotate(tenant, id, overlapMs)
      await audit.act(tenant, { act: 'key.rotate', key: id, by: rotated.record.id, overlap_ms: overlapMs })
      return rotated
    },
  }
}
