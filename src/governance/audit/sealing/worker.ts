/** The sealing of the audit log, as the folding thread does it: away from requests, and never against a fold that writes too. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { OpenedSideWork, SideDatabase } from '../../../store/index.ts'
import { signCheckpoint } from '../checkpoint.ts'
import { Frontier, hashLeaf } from '../merkle.ts'
import { readRecords } from '../records.ts'
import type { LeafRow } from '../store.ts'
import type { SealingInput } from './index.ts'
import { createSealingStore, type SealingStore } from './store.ts'

/** Records of one transaction: bounds how long the place of the writer is held, to some 20 ms, and the memory it takes. */
const batchMax = 200

/** Opened by the folding thread, under the name that every side work has. */
export function openSideWork(database: SideDatabase, input: unknown): OpenedSideWork {
  const { origin, key } = input as SealingInput // made by `toSideWork`
  const sealer = { origin, key: createPrivateKey(key), store: createSealingStore(database), calls: database }
  return { run: (atMs) => sealBatch(sealer, atMs) }
}

interface Sealer {
  readonly origin: string
  readonly key: KeyObject
  readonly store: SealingStore
  readonly calls: Pick<SideDatabase, 'findTrees'>
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
    await writer.addLeaves(rows)
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
