import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import type { CallReader } from '../../store/index.ts'
import { readRecords } from './records.ts'
import type { AuditStore, CheckpointRow, LeafRow, StoredLeaf, Subject } from './store.ts'
import type { WitnessStore } from './witnesses/index.ts'

/*
 * The file of an export, one fact a line, fields between tabs:
 *
 *   strata-audit 1 VERIFIER-KEY EXPORTED-AT TENANT-OR-*
 *   pack  HASH  JSON           a policy pack, canonical
 *   facts HASH  JSON           the facts of a use case, canonical
 *   leaf  PLACE HASH           a record of another tenant: its hash alone
 *   gone PLACE HASH TENANT SEQUENCE    a record that retention has deleted: an act in the log names it
 *   record PLACE JSON          a record, canonical, byte for byte what the tree holds
 *   checkpoint NOTE            a signed note, as a JSON string, after the last record it covers; cosignatures of witnesses are in it
 *   time SIZE TOKEN            a time-stamp (RFC 3161, base64) of the text of the checkpoint before it
 *   end  RECORDS  CHECKPOINTS  SIGNATURE    Ed25519 over all that stands before this line, so that nothing can be left out
 */

export interface ExportOptions {
  readonly store: AuditStore
  readonly witnessed: Pick<WitnessStore, 'listCosignatures' | 'listTimestamps'>
  readonly calls: CallReader
  /** Whose records are shown; all when absent. */
  readonly tenant: string | undefined
  readonly verifierKey: string
  readonly key: KeyObject
  readonly atMs: number
}

const pageRows = 500

export async function* exportLines(options: ExportOptions): AsyncGenerator<string> {
  const digest = createHash('sha256')
  let [records, checkpoints] = [0, 0]
  for await (const line of listLines(options)) {
    digest.update(line)
    if (line.startsWith('checkpoint')) checkpoints += 1
    else if (/^(?:record|leaf|gone)\t/.test(line)) records += 1
    yield line
  }
  const signature = sign(null, toSigned(digest.digest('hex')), options.key)
  yield `end\t${records}\t${checkpoints}\t${signature.toString('base64')}\n`
}

/** Whether a file with that digest of everything before its last line was ended by the holder of the key. */
export function isEndSigned(digest: string, signature: string, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64')
  return bytes.length === 64 && bytes.toString('base64') === signature && verify(null, toSigned(digest), key, bytes)
}

/** Its own words before the digest, so that the signature can stand for nothing else. */
function toSigned(digest: string): Buffer {
  return Buffer.from(`strata audit export\n${digest}\n`)
}

async function* listLines(options: ExportOptions): AsyncGenerator<string> {
  const { store, calls, tenant, verifierKey, atMs } = options
  yield `strata-audit\t1\t${verifierKey}\t${new Date(atMs).toISOString()}\t${tenant ?? '*'}\n`
  for (const { kind, hash, text } of await store.listMaterials()) yield `${kind}\t${hash}\t${text}\n`
  const checkpoints = await store.listCheckpoints()
  const seen = await readSeen(options.witnessed)
  let [place, told] = [0, 0]
  for (;;) {
    const leaves = await store.listLeaves({ from: place, limit: pageRows })
    if (leaves.length === 0) break
    const shown = leaves.filter((leaf) => isShown(leaf, tenant) && leaf.gone_at_ms === null)
    const records = await readRecords({ store, calls }, shown.map(toSubject))
    for (const leaf of leaves) {
      const isGone = isShown(leaf, tenant) && leaf.gone_at_ms !== null
      yield isGone ? toGoneLine(leaf) : toLine(leaf, records.get(leaf.subject))
      place = leaf.place + 1
      for (let next = checkpoints[told]; next !== undefined && next.size <= place; next = checkpoints[told]) {
        yield* seen(next)
        told += 1
      }
    }
  }
}

/** The lines of a checkpoint, with what others said of it. */
async function readSeen(witnessed: ExportOptions['witnessed']): Promise<(checkpoint: CheckpointRow) => string[]> {
  const cosigned = Map.groupBy(await witnessed.listCosignatures(), ({ size }) => size)
  const stamped = Map.groupBy(await witnessed.listTimestamps(), ({ size }) => size)
  return ({ size, note }) => {
    const lines = (cosigned.get(size) ?? []).map(({ line }) => `${line}\n`)
    return [
      `checkpoint\t${JSON.stringify(note + lines.join(''))}\n`,
      ...(stamped.get(size) ?? []).map(({ token }) => `time\t${size}\t${token.toString('base64')}\n`),
    ]
  }
}

/** Of what is not shown, the hash alone. */
function toLine({ place, hash, sequence }: LeafRow, record: ((sequence: number) => string) | undefined): string {
  return record === undefined ? `leaf\t${place}\t${hash}\n` : `record\t${place}\t${record(sequence)}\n`
}

function isShown(leaf: StoredLeaf, tenant: string | undefined): boolean {
  return tenant === undefined || leaf.tenant === tenant
}

function toGoneLine({ place, hash, tenant, sequence }: LeafRow): string {
  return `gone\t${place}\t${hash}\t${tenant}\t${sequence}\n`
}

function toSubject({ kind, tenant, subject }: LeafRow): Subject {
  return { kind, tenant, id: subject }
}
