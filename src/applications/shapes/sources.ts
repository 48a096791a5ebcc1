import { toIso } from '../../core/time.ts'
import type { SourceView, SyncView } from '../../tools/index.ts'

export function toSourceJson({ name, kind, collection, sync, faults }: SourceView): object {
  return { object: 'source', name, kind, collection, sync: sync === undefined ? null : toSyncJson(sync), faults }
}

export function toSyncJson({ id, source, state, counts, reason, startedAtMs, endedAtMs }: SyncView): object {
  return {
    object: 'sync',
    id,
    source,
    state,
    counts,
    reason: reason ?? null,
    started_at: toIso(startedAtMs),
    ended_at: endedAtMs === undefined ? null : toIso(endedAtMs),
  }
}
