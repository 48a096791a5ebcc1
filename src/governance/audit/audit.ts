import type { KeyObject } from 'node:crypto'
import type { Transaction } from 'kysely'
import { assert } from '../../core/assert.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { CallReader, Store, Tables } from '../../store/index.ts'
import type { PolicyMaterial } from '../policy/index.ts'
import { toVerifierKey } from './checkpoint.ts'
import { exportLines } from './export.ts'
import { proveConsistency, proveInclusion } from './merkle.ts'
import { readRecords } from './records.ts'
import { toSideWork } from './sealing/index.ts'
import { createAuditStore, type AuditStore } from './store.ts'
import { createWitnessStore } from './witnesses/index.ts'

/** The log of every call and administrative act, as a tree that can be checked by who holds its public key. */
export interface AuditLog {
  /** The public key, as auditors are given it: `NAME+HASH+KEY`. */
  readonly verifierKey: string
  /**
   * An administrative act; it is in the log from the next sealing on. With a transaction, it is on record exactly when
   * what else the transaction does is.
   */
  act(tenant: string, body: JsonValue, within?: Transaction<Tables>): Promise<void>
  /** Keeps what decisions are made from, so that they can be made again. */
  keep(materials: readonly PolicyMaterial[]): Promise<void>
  /** A pack or facts by the hash that records name them by; `undefined` where nothing of that hash is kept. */
  findMaterial(hash: string): Promise<string | undefined>
  /** Takes into the tree what is on record and not in it yet, and signs a checkpoint. How many records it covers for the first time. */
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
  readonly store: Pick<Store, 'sql' | 'transaction' | 'flush' | 'work' | 'attend'> & { readonly calls: CallReader }
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  readonly key: KeyObject
  readonly origin: string
  /** How often a checkpoint is signed, milliseconds. */
  readonly sealMs: number
}

export function createAuditLog(deps: AuditDeps): AuditLog {
  const { clock, ids, log } = deps
  const store = createAuditStore(deps.store)
  const witnessed = createWitnessStore(deps.store)
  const verifierKey = toVerifierKey(deps.origin, deps.key)
  const sealing = toSideWork(deps.origin, deps.key)
  deps.store.attend(sealing)
  let turn: Promise<unknown> = Promise.resolve()

  async function sealAll(): Promise<number> {
    await deps.store.flush()
    let sum = 0
    for (;;) {
      const count = await deps.store.work(sealing)
      if (count === 0) return sum
      sum += count
    }
  }

  const exported = () => ({ calls: deps.store.calls, atMs: clock.now() })
  const seal = (): Promise<number> => {
    const mine = turn.then(sealAll)
    turn = mine.catch(() => undefined) // Whoever asked is told; the next turn goes on.
    return mine
  }

  const timer = setInterval(() => {
    seal().catch((thrown: unknown) => {
      log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'the audit log could not be sealed')
    })
  }, deps.sealMs).unref()

  return {
    verifierKey,
    act: (tenant, body, within) =>
      store.addAct({ id: ids.create('act'), tenant, atMs: Math.trunc(clock.now()), body }, within),
    keep: (materials) => store.keepMaterials(materials),
    findMaterial: (hash) => store.findMaterial(hash),
    seal,
    async *export({ tenant }) {
      await seal()
      yield* exportLines({ store, witnessed, tenant, verifierKey, ...exported(), key: deps.key })
    },
    checkpoint: async () => (await store.findLastCheckpoint())?.note,
    async prove(tenant, callId) {
      await seal()
      const [rootId = callId] = callId.split('.', 1) // a child's id is its root's, a dot and a number
      const leaf = await store.findLeaf(tenant, rootId)
      if (leaf === undefined) throw new PlatformError('NOT_FOUND', 'the log holds no such call')
      if (leaf.gone_at_ms !== null) throw new PlatformError('NOT_FOUND', 'the call was deleted when its time had come')
      const { note, leaves } = await readTree(store)
      const records = await readRecords({ store, calls: deps.store.calls }, [{ kind: leaf.kind, tenant, id: rootId }])
      const record = records.get(rootId)?.(leaf.sequence) ?? ''
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
