import type { KeyObject } from 'node:crypto'
import { assert } from '../../core/assert.ts'
import { PlatformError } from '../../core/errors.ts'
import { createIds, type Ids } from '../../core/ids.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { CallReader, Store } from '../../store/index.ts'
import type { PolicyMaterial } from '../policy/index.ts'
import { signCheckpoint, toVerifierKey } from './checkpoint.ts'
import { exportLines } from './export.ts'
import { Frontier, hashLeaf, proveConsistency, proveInclusion } from './merkle.ts'
import { toActRecord, toCallRecord } from './record.ts'
import { createAuditStore, type AuditStore, type LeafRow, type Subject } from './store.ts'

/** The log of every call and administrative act, as a tree that can be checked by who holds its public key. */
export interface AuditLog {
  /** The public key, as auditors are given it: `NAME+HASH+KEY`. */
  readonly verifierKey: string
  /** An administrative act; it is in the log from the next sealing on. */
  act(tenant: string, body: JsonValue): Promise<void>
  /** Keeps what decisions are made from, so that they can be made again. */
  keep(materials: readonly PolicyMaterial[]): Promise<void>
  /** Takes into the tree what is on record and not in it yet, and signs a checkpoint. The number of records taken. */
  seal(): Promise<number>
  /**
   * The whole log in one file, line by line: what a verifier needs and nothing else. Of other tenants than the one given,
   * only the hashes.
   */
  export(options: { readonly tenant: string | undefined }): AsyncIterable<string>
  /** What the log last said of itself, as a signed note; `undefined` before its first record. */
  checkpoint(): Promise<string | undefined>
  /** That a tenant's call is in the log, and how to check it. Rejects with NOT_FOUND. Cost: O(records). */
  prove(tenant: string, callId: string): Promise<InclusionProof>
  /** The hashes that show the log has grown from a checkpoint of `size` records. Rejects with INVALID_REQUEST. */
  proveGrowth(size: number): Promise<{ readonly checkpoint: string; readonly proof: readonly string[] }>
  /** Stops sealing by itself; resolves when a sealing under way has ended. */
  close(): Promise<void>
}

export interface InclusionProof {
  /** The record, byte for byte; its leaf is SHA-256 of a zero byte and this. */
  readonly record: string
  readonly place: number
  /** From below, base64. */
  readonly proof: readonly string[]
  readonly checkpoint: string
}

export interface AuditDeps {
  readonly store: Pick<Store, 'sql' | 'transaction' | 'flush'> & { readonly calls: CallReader }
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly key: KeyObject
  readonly origin: string
  /** How often what is on record is sealed, milliseconds. */
  readonly sealMs: number
  /** A call is on record at most this long after it began, milliseconds; what comes later is found at the next start. */
  readonly lateMs: number
}

/** Records of one transaction: bounds how long the place of the writer is held. */
const batchMax = 200

export function createAuditLog(deps: AuditDeps): AuditLog {
  const { clock, ids, log } = deps
  const store = createAuditStore(deps.store)
  const verifierKey = toVerifierKey(deps.origin, deps.key)
  let hasSwept = false
  let turn: Promise<unknown> = Promise.resolve()

  async function sealAll(isSweep: boolean): Promise<number> {
    await deps.store.flush()
    // Ids sort by the time of making: older trees than these have been looked for at the start.
    const fromId = isSweep || !hasSwept ? '' : firstIdAt(clock, clock.now() - deps.lateMs)
    let count = 0
    for (;;) {
      const subjects = await store.listUnsealed({ fromId, limit: batchMax })
      if (subjects.length === 0) break
      count += await sealBatch(deps, store, subjects)
    }
    hasSwept = true
    return count
  }

  const seal = (isSweep: boolean): Promise<number> => {
    const mine = turn.then(() => sealAll(isSweep))
    turn = mine.catch(() => undefined) // Whoever asked is told; the next turn goes on.
    return mine
  }

  const timer = setInterval(() => {
    seal(false).catch((thrown: unknown) => {
      log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'the audit log could not be sealed')
    })
  }, deps.sealMs).unref()

  return {
    verifierKey,
    act: (tenant, body) => store.addAct({ id: ids.create('act'), tenant, atMs: Math.trunc(clock.now()), body }),
    keep: (materials) => store.keepMaterials(materials),
    seal: () => seal(true),
    async *export({ tenant }) {
      await seal(true)
      yield* exportLines({ store, calls: deps.store.calls, tenant, verifierKey, key: deps.key, atMs: clock.now() })
    },
    checkpoint: async () => (await store.findLastCheckpoint())?.note,
    async prove(tenant, callId) {
      await seal(false)
      const [rootId = callId] = callId.split('.', 1) // a child's id is its root's, a dot and a number
      const leaf = await store.findLeaf(tenant, rootId)
      if (leaf === undefined) throw new PlatformError('NOT_FOUND', 'the log holds no such call')
      const { note, leaves } = await readTree(store)
      const record = (await readSubject(deps, store, { kind: leaf.kind, tenant, id: rootId }))(leaf.sequence)
      const proof = proveInclusion(leaves, leaf.place).map((hash) => hash.toString('base64'))
      return { record, place: leaf.place, proof, checkpoint: note }
    },
    async proveGrowth(size) {
      const { note, leaves } = await readTree(store)
      if (size > leaves.length) {
        throw new PlatformError('INVALID_REQUEST', `the log holds ${leaves.length} records`, { param: 'from' })
      }
      return { checkpoint: note, proof: proveConsistency(leaves, size).map((hash) => hash.toString('base64')) }
    },
    async close() {
      clearInterval(timer)
      await turn
    },
  }
}

const pageRows = 10_000

/** Every leaf that the last checkpoint covers. Rejects with NOT_FOUND before the first. */
async function readTree(store: AuditStore): Promise<{ readonly note: string; readonly leaves: readonly Buffer[] }> {
  const last = await store.findLastCheckpoint()
  if (last === undefined) throw new PlatformError('NOT_FOUND', 'the log holds no record yet')
  const leaves: Buffer[] = []
  while (leaves.length < last.size) {
    const rows = await store.listLeaves({ from: leaves.length, limit: Math.min(pageRows, last.size - leaves.length) })
    assert(rows.length > 0, 'a checkpoint covers leaves that are there')
    for (const { hash } of rows) leaves.push(Buffer.from(hash, 'hex'))
  }
  return { note: last.note, leaves }
}

/** Takes subjects into the tree, all or none, and signs what the log is then. Those that have a leaf already are passed over. */
async function sealBatch(deps: AuditDeps, store: AuditStore, subjects: readonly Subject[]): Promise<number> {
  const made = await Promise.all(subjects.map((subject) => readSubject(deps, store, subject)))
  return store.exclusively(async (writer) => {
    const last = await writer.findLastCheckpoint()
    const sealed = await writer.findSealed(subjects.map(({ id }) => id))
    const frontier = new Frontier(
      last?.size ?? 0,
      last?.frontier.map((root) => Buffer.from(root, 'hex')),
    )
    const sequences = new Map<string, number>()
    const rows: LeafRow[] = []
    for (const [index, { kind, tenant, id }] of subjects.entries()) {
      if (sealed.has(id)) continue
      const sequence = (sequences.get(tenant) ?? (await writer.findSequence(tenant))) + 1
      sequences.set(tenant, sequence)
      const hash = hashLeaf(Buffer.from(made[index]?.(sequence) ?? '', 'utf8'))
      rows.push({ place: frontier.size, tenant, sequence, kind, subject: id, hash: hash.toString('hex') })
      frontier.append(hash)
    }
    if (rows.length === 0) return 0
    await writer.addLeaves(rows)
    const { origin, key, clock } = deps
    const note = signCheckpoint({ origin, size: frontier.size, root: frontier.root() }, key)
    const roots = frontier.roots.map((root) => root.toString('hex'))
    await writer.addCheckpoint({ size: frontier.size, atMs: Math.trunc(clock.now()), note, frontier: roots })
    return rows.length
  })
}

/** What a subject's record is, once its sequence is known. */
async function readSubject(
  deps: AuditDeps,
  store: AuditStore,
  subject: Subject,
): Promise<(sequence: number) => string> {
  const { tenant, id } = subject
  if (subject.kind === 'call') {
    const facts = await deps.store.calls.find(tenant, id)
    return (sequence) => toCallRecord({ tenant, sequence }, facts)
  }
  const act = await store.findAct(id)
  return (sequence) => toActRecord({ tenant, sequence }, { id, atMs: act?.atMs ?? 0, body: act?.body ?? null })
}

/** The least id that a call made at that instant can have. */
function firstIdAt(clock: Clock, atMs: number): string {
  const at = { now: () => Math.max(0, Math.trunc(atMs)), monotonicMs: () => clock.monotonicMs() }
  return createIds({ clock: at, random: { next: () => 0, bytes: (count) => new Uint8Array(count) } }).create('call')
}
