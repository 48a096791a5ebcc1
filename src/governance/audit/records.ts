import type { CallReader } from '../../store/index.ts'
import { toActRecord, toCallRecord } from './record.ts'
import type { AuditStore, Subject } from './store.ts'

/** What a subject's record is, once its sequence is known. */
type ToRecord = (sequence: number) => string

/** One for each subject, by its id. What is gone from the tables has an empty record, which no leaf of a full one matches. */
export async function readRecords(
  { store, calls }: { readonly store: Pick<AuditStore, 'findActs'>; readonly calls: Pick<CallReader, 'findTrees'> },
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, ToRecord>> {
  const records = new Map<string, ToRecord>()
  for (const { kind, tenant, id } of subjects) {
    records.set(id, (sequence) =>
      kind === 'call'
        ? toCallRecord({ tenant, sequence }, [])
        : toActRecord({ tenant, sequence }, { id, atMs: 0, body: null }),
    )
  }
  const acts = await store.findActs(subjects.filter(({ kind }) => kind === 'act').map(({ id }) => id))
  for (const act of acts) records.set(act.id, (sequence) => toActRecord({ tenant: act.tenant, sequence }, act))
  for (const [tenant, members] of groupByTenant(subjects.filter(({ kind }) => kind === 'call'))) {
    for (const { root, nodes } of await calls.findTrees(tenant, members)) {
      records.set(root.rootId, (sequence) => toCallRecord({ tenant, sequence }, [root, ...nodes]))
    }
  }
  return records
}

function groupByTenant(subjects: readonly Subject[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { tenant, id } of subjects) {
    const group = groups.get(tenant)
    if (group === undefined) groups.set(tenant, [id])
    else group.push(id)
  }
  return groups
}
