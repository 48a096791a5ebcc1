import { createPrivateKey, type KeyObject } from 'node:crypto'
import {
  createCallReader,
  openDatabase,
  type CallReader,
  type Location,
  type OpenedSideWork,
  type SideWork,
} from '../../store/index.ts'
import { signCheckpoint } from './checkpoint.ts'
import { Frontier, hashLeaf } from './merkle.ts'
import { toActRecord, toCallRecord } from './record.ts'
import { createAuditStore, type AuditStore, type LeafRow, type Subject } from './store.ts'

/** Records of one transaction: bounds how long the place of the writer is held, to some 50 ms. */
const batchMax = 1_000
/** Values that one statement binds stay below what both engines take. */
const leavesAtOnce = 1_000

interface Input {
  readonly origin: string
  /** PEM. */
  readonly key: string
}

/** Sealing as the folding thread does it: away from requests, and never against a fold that wants to write too. */
export function toSideWork(origin: string, key: KeyObject): SideWork {
  const input: Input = { origin, key: String(key.export({ type: 'pkcs8', format: 'pem' })) }
  return { module: import.meta.url, input }
}

const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Opened by the folding thread, under the name that every side work has. */
export async function openSideWork(location: Location, input: unknown): Promise<OpenedSideWork> {
  const { origin, key } = input as Input // made by `toSideWork`
  const database = await openDatabase(
    location.engine === 'postgres' ? { ...location, connectionsMax: 1 } : location,
    silentLog,
  )
  const store = createAuditStore({
    sql: database,
    transaction: (work) => database.transaction().execute(work),
  })
  const sealer = {
    origin,
    key: createPrivateKey(key),
    store,
    calls: createCallReader({ database, flush: async () => undefined }),
  }
  return { run: (atMs) => sealBatch(sealer, atMs), close: () => database.destroy() }
}

interface Sealer {
  readonly origin: string
  readonly key: KeyObject
  readonly store: AuditStore
  readonly calls: Pick<CallReader, 'findTrees'>
}

/**
 * Takes what waits longest into the tree, all or none, and signs what the log is then. What has a leaf already is passed
 * over. The number of subjects that waited, 0 when none did.
 */
async function sealBatch(sealer: Sealer, atMs: number): Promise<number> {
  const waiting = await sealer.store.listWaiting(batchMax)
  const subjects = waiting.flatMap((row) => row.subjects)
  if (subjects.length === 0) return 0
  const records = await readRecords(sealer, subjects)
  await sealer.store.exclusively(async (writer) => {
    const last = await writer.findLastCheckpoint()
    const sealed = await writer.findSealed(subjects.map(({ id }) => id))
    const roots = last?.frontier.map((root) => Buffer.from(root, 'hex'))
    const frontier = new Frontier(last?.size ?? 0, roots)
    const sequences = new Map<string, number>()
    const rows: LeafRow[] = []
    for (const { kind, tenant, id } of subjects) {
      if (sealed.has(id)) continue
      const sequence = (sequences.get(tenant) ?? (await writer.findSequence(tenant))) + 1
      sequences.set(tenant, sequence)
      const hash = hashLeaf(Buffer.from(records.get(id)?.(sequence) ?? '', 'utf8'))
      rows.push({ place: frontier.size, tenant, sequence, kind, subject: id, hash: hash.toString('hex') })
      frontier.append(hash)
    }
    for (let from = 0; from < rows.length; from += leavesAtOnce) {
      await writer.addLeaves(rows.slice(from, from + leavesAtOnce))
    }
    await writer.dropWaiting(waiting.map(({ number }) => number))
    if (rows.length === 0) return
    const note = signCheckpoint({ origin: sealer.origin, size: frontier.size, root: frontier.root() }, sealer.key)
    await writer.addCheckpoint({
      size: frontier.size,
      atMs,
      note,
      frontier: frontier.roots.map((root) => root.toString('hex')),
    })
  })
  return subjects.length
}

/** What a subject's record is, once its sequence is known. */
type ToRecord = (sequence: number) => string

/** One for each subject, by its id. What is gone from the tables has an empty record, which no leaf of a full one matches. */
export async function readRecords(
  { store, calls }: Pick<Sealer, 'store' | 'calls'>,
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
