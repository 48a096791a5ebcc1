/** The sealing of the audit log, as the folding thread does it: away from requests, and never against a fold that writes too. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Attendance, OpenedSideWork, SideDatabase } from '../../../store/index.ts'
import { signCheckpoint } from '../checkpoint.ts'
import { hashLeafText } from '../merkle.ts'
import { readRecords } from '../records.ts'
import type { Subject } from '../store.ts'
import { Appending } from './appending.ts'
import type { SealingInput } from './index.ts'
import { createRecordWriter, type RecordWriter } from './record-writer.ts'
import { createSealingStore, type SealingStore, type SealingWriter, type Waiting } from './store.ts'

/** Records of one transaction: bounds how long the place of the writer is held, to some 20 ms, and the memory it takes. */
const batchMax = 200

/** Opened by the folding thread, under the name that every side work has. */
export function openSideWork(database: SideDatabase, input: unknown): OpenedSideWork {
  const { origin, key } = input as SealingInput // made by `toSideWork`
  const store = createSealingStore(database)
  const sealer = { origin, key: createPrivateKey(key), store, database }
  const records = createRecordWriter()
  return { run: (atMs) => sealBatch(sealer, atMs), attendant: { begin: () => attend(store.writer, records) } }
}

/** A call's leaf is made of the rows that are being written, in their transaction: nothing has to be read again. */
async function attend(writer: SealingWriter, records: RecordWriter): Promise<Attendance> {
  const appending = new Appending(writer, await writer.hold())
  return {
    take(tree) {
      const [tenant, rootId] = tree[0] ?? []
      return appending.append(String(tenant), String(rootId), (sequence) => records.hash(tree, sequence))
    },
    async end() {
      await appending.end()
    },
  }
}

interface Sealer {
  readonly origin: string
  readonly key: KeyObject
  readonly store: SealingStore
  readonly database: SideDatabase
}

/**
 * Takes into the tree what waits longest without a leaf, and signs what the log is then. How many leaves its checkpoint covers
 * beyond the one before; 0 when there was nothing to do.
 */
async function sealBatch({ store, database, ...signer }: Sealer, atMs: number): Promise<number> {
  const waiting = await store.listWaiting(batchMax)
  const records = await readRecords({ store, calls: database }, toSubjects(waiting))
  return database.transaction(async () => {
    const { writer } = store
    const appending = new Appending(writer, await writer.hold())
    for (const { tenant, id } of await takeUnsealed(writer, waiting)) {
      await appending.append(tenant, id, (sequence) => hashLeafText(records.get(id)?.(sequence) ?? ''))
    }
    const frontier = await appending.end()
    const covered = frontier.size - (await writer.findSigned())
    if (covered === 0) return waiting.length
    const note = signCheckpoint({ origin: signer.origin, size: frontier.size, root: frontier.root() }, signer.key)
    await writer.addCheckpoint({ size: frontier.size, atMs, note })
    return covered
  })
}

function toSubjects(waiting: readonly Waiting[]): readonly Subject[] {
  return waiting.flatMap(({ subjects }) => subjects)
}

/** What another writer has taken meanwhile is left out, and so is a call that has its leaf already. */
async function takeUnsealed(writer: SealingWriter, waiting: readonly Waiting[]): Promise<readonly Subject[]> {
  if (waiting.length === 0) return []
  const taken = await writer.takeWaiting(waiting.map(({ number }) => number))
  const subjects = toSubjects(waiting.filter(({ number }) => taken.has(number)))
  const unsealed: Subject[] = []
  for (const [tenant, own] of Map.groupBy(subjects, (subject) => subject.tenant)) {
    const calls = own.filter(({ kind }) => kind === 'call').map(({ id }) => id)
    const sealed = await writer.findSealed(tenant, calls)
    unsealed.push(...own.filter(({ id }) => !sealed.has(id)))
  }
  return unsealed
}
