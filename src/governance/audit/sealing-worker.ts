/** The sealing of the audit log, as the folding thread does it: away from requests, and never against a fold that writes too. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import {
  createCallReader,
  openDatabase,
  type CallReader,
  type Location,
  type OpenedSideWork,
} from '../../store/index.ts'
import { signCheckpoint } from './checkpoint.ts'
import { Frontier, hashLeaf } from './merkle.ts'
import { readRecords } from './records.ts'
import type { SealingInput } from './sealing.ts'
import { createAuditStore, type AuditStore, type LeafRow } from './store.ts'

/** Records of one transaction: bounds how long the place of the writer is held, to some 50 ms. */
const batchMax = 1_000
/** Values that one statement binds stay below what both engines take. */
const leavesAtOnce = 1_000

const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Opened by the folding thread, under the name that every side work has. */
export async function openSideWork(location: Location, input: unknown): Promise<OpenedSideWork> {
  const { origin, key } = input as SealingInput // made by `toSideWork`
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
