import { PlatformError } from '../../core/errors.ts'
import { toIso } from '../../core/time.ts'
import { createAccessWrites } from './access/store.ts'
import type { DerivedTexts } from '../../store/index.ts'
import type { Analyser } from './analyse.ts'
import { createContextRows } from './contexts/store.ts'
import { recordEvents } from './history/history.ts'
import { chooseShingles, type Shingles } from './history/shingles.ts'
import { createHistoryRows, type Gone, type ReceiptRow } from './history/store.ts'
import type { DeletionReceipt, Knowledge, KnowledgeParts } from './knowledge.ts'
import { removeEntries } from './removing.ts'
import type { SearchThread } from './searching/thread.ts'
import { createKnowledgeRows } from './store.ts'
import { noCollection, noDocument } from './views.ts'

type Deleter = Pick<Knowledge, 'listWithdrawn' | 'deleteDocument' | 'getReceipt' | 'listReceipts' | 'checkDeletions'>

interface DeleterParts extends KnowledgeParts {
  readonly analyser: Analyser
  readonly thread: Pick<SearchThread, 'search'>
}

/** Tables that hold something of a document. */
const tables = [
  'document',
  'document_version',
  'index_entry',
  'chunk',
  'posting_bucket',
  'access_list',
  'version_place',
  'version_stage',
  'ingestion_job',
  'chunk_vector',
  'chunk_context',
] as const

/**
 * A deletion is one transaction over rows and index. After it what was deleted is made to leave the disk, it is checked
 * that nothing is left of it, and the finding is signed.
 */
export function createDeleter(parts: DeleterParts): Deleter {
  const history = createHistoryRows(parts.store.sql)
  return {
    async deleteDocument(tenant, collection, id) {
      const removed = await remove(parts, { tenant, collection, id })
      return check(parts, removed)
    },
    async getReceipt(tenant, document) {
      const row = await history.findReceipt(tenant, document)
      if (row === undefined) {
        throw new PlatformError('NOT_FOUND', `there is no receipt for "${document}"`, { param: 'document' })
      }
      return toReceipt(row)
    },
    async listWithdrawn(tenant, versions) {
      const rows = await history.listWithdrawn(tenant, [...new Set(versions)])
      return rows.map((row) => ({ version: row.version_id, document: row.document_id, atMs: row.withdrawn_at_ms }))
    },
    listReceipts: async (tenant, limit = receiptsMax) =>
      (await history.listReceipts(tenant, Math.min(Math.max(1, limit), receiptsMax))).map(toReceipt),
    async checkDeletions() {
      const waiting = await history.listUnchecked()
      for (const { tenant, document_id: document, deleted_at_ms: deletedAtMs } of waiting) {
        // The process died in between: of the text nothing is known any more.
        const gone = { tenant, document, collection: 0, entries: [] }
        await check(parts, { gone, name: '', counts: undefined, deletedAtMs, shingles: { texts: [], words: [] } })
      }
      return waiting.length
    },
  }
}

const receiptsMax = 1_000

interface Removed {
  readonly gone: Gone
  /** Of the collection. */
  readonly name: string
  /** What was removed; `undefined` when the process died before it could be told. */
  readonly counts: { readonly versions: number; readonly passages: number } | undefined
  readonly deletedAtMs: number
  readonly shingles: Shingles
}

function remove(
  { store, analyser, clock }: DeleterParts,
  { tenant, collection: name, id }: { readonly tenant: string; readonly collection: string; readonly id: string },
): Promise<Removed> {
  return store.transaction(async (sql) => {
    const rows = createKnowledgeRows(sql)
    const collection = await rows.lockCollection(tenant, name)
    if (collection === undefined) throw noCollection(name)
    const document = await rows.findDocument({ tenant, collection: collection.number }, id)
    if (document === undefined) throw noDocument(id)
    const entries = await rows.listEntries(tenant, id)
    const versions = await rows.listTexts(tenant, id)
    const contexts = await createContextRows(sql).listContexts(tenant, id)
    const { chunk_count, term_count, context_count } = await removeEntries({ sql, analyser, collection }, entries)
    const deletedAtMs = Math.trunc(clock.now())
    await createHistoryRows(sql).withdraw({ tenant, collection: collection.number, document: id }, deletedAtMs)
    await rows.deleteDocument(tenant, id)
    await createAccessWrites(sql).deleteList(tenant, id)
    const numbers = entries.map((entry) => entry.number)
    const revision = await rows.recordChanges(collection.number, collection.revision, numbers)
    await rows.updateCollection(collection.number, { chunk_count, term_count, context_count, revision })
    const counts = { versions: versions.length, passages: collection.chunk_count - chunk_count }
    const place = { tenant, collection: collection.number, atMs: deletedAtMs }
    await recordEvents(sql, place, [{ event: 'deleted', document: id, detail: counts }])
    const row = {
      tenant,
      document_id: id,
      deleted_at_ms: deletedAtMs,
      statement: null,
      public_key: null,
      signature: null,
    }
    await createHistoryRows(sql).insertReceipt(row)
    const gone = { tenant, document: id, collection: collection.number, entries: numbers }
    // What a model has written of it is looked for by itself: it has words that the document lacks.
    const [own, written] = [chooseShingles(versions, id), chooseShingles(contexts, `${id}.contexts`)]
    const shingles = { texts: [...own.texts, ...written.texts], words: [...new Set([...own.words, ...written.words])] }
    return { gone, name, counts, deletedAtMs, shingles }
  })
}

async function check(parts: DeleterParts, removed: Removed): Promise<DeletionReceipt> {
  const { store, clock, signer } = parts
  const { gone, name, counts, deletedAtMs, shingles } = removed
  const history = createHistoryRows(store.sql)
  const withdrawn = await history.listWithdrawnOf(gone.tenant, gone.document)
  const answers = await forgetAnswers(
    parts,
    gone.tenant,
    withdrawn.map((row) => row.version_id),
  )
  const hits = await countHits(parts, removed)
  const scrubbed = [...tables, ...tablesDerived(parts)]
  let isScrubbed = await store.scrub(scrubbed)
  let bytes = await countLeft(parts, shingles)
  if (bytes !== undefined && bytes.left > 0) {
    // Pages that were parted or joined may keep a copy between their rows.
    await store.rewrite()
    isScrubbed = await store.scrub(scrubbed)
    bytes = await countLeft(parts, shingles)
  }
  const rowsLeft = await history.countRows(gone)
  const isClean = rowsLeft === 0 && hits === 0 && (bytes?.left ?? 0) === 0 && isScrubbed
  const statement = JSON.stringify({
    statement: 'strata.deletion@1',
    tenant: gone.tenant,
    collection: name === '' ? null : name,
    document: gone.document,
    deleted_at: toIso(deletedAtMs),
    checked_at: toIso(Math.trunc(clock.now())),
    removed: counts ?? null,
    // Calls on record that were given passages of it, which say so from now on, and texts of theirs that were kept.
    answers,
    left: { rows: rowsLeft, hits, bytes: bytes?.left ?? null },
    searched: { texts: shingles.texts.length, words: shingles.words.length, elsewhere: bytes?.elsewhere ?? null },
    engine: store.engine,
    result: isClean ? 'gone' : 'left',
  })
  const row: ReceiptRow = {
    tenant: gone.tenant,
    document_id: gone.document,
    deleted_at_ms: deletedAtMs,
    statement,
    public_key: signer?.publicKey ?? null,
    signature: signer?.sign(statement) ?? null,
  }
  await history.completeReceipt(row)
  return toReceipt(row)
}

type Forgetting = Pick<KnowledgeParts, 'store' | 'derived'>

const tablesDerived = ({ derived = [] }: Forgetting): DerivedTexts['tables'] =>
  derived.flatMap(({ tables: own }) => own)

/** Erases what was kept of the calls that were given passages of these versions. The calls themselves hold no words. */
async function forgetAnswers(
  { store, derived = [] }: Forgetting,
  tenant: string,
  versions: readonly string[],
): Promise<{ readonly flagged: number; readonly erased: number }> {
  const calls = await store.calls.listGiven(tenant, versions)
  let erased = 0
  for (const texts of derived) erased += await texts.forget(tenant, calls)
  return { flagged: calls.length, erased }
}

/** After a whole collection has gone: what was made from it goes too, and what is gone leaves the disk. */
export async function cleanUp(parts: Forgetting, tenant: string, versions: readonly string[]): Promise<void> {
  await forgetAnswers(parts, tenant, versions)
  const scrubbed = [...tables, ...tablesDerived(parts)]
  await parts.store.scrub(scrubbed)
}

/** How many passages of the deleted document are still found by its own words. */
async function countHits({ thread }: DeleterParts, { gone, name, shingles }: Removed): Promise<number> {
  let hits = 0
  for (const query of [...shingles.texts, ...shingles.words]) {
    const ask = { tenant: gone.tenant, collections: [name], query, passagesMax: 20, confidenceMin: 0 }
    try {
      const { passages } = await thread.search(ask)
      const found = passages.flatMap(({ document, why }) => [
        document,
        ...(why?.copies ?? []).map((copy) => copy.document),
      ])
      hits += found.filter((document) => document === gone.document).length
    } catch (thrown) {
      if (!(thrown instanceof PlatformError && thrown.code === 'NOT_FOUND')) throw thrown // The collection went too.
    }
  }
  return hits
}

interface BytesLeft {
  readonly left: number
  /** Shingles that other documents hold as well, so that their bytes prove nothing. */
  readonly elsewhere: number
}

/** `undefined` where the files cannot be read, or nothing is known to look for. */
async function countLeft({ store }: DeleterParts, shingles: Shingles): Promise<BytesLeft | undefined> {
  const wanted = [...shingles.texts, ...shingles.words]
  if (wanted.length === 0) return undefined
  const counts = await store.countBytes(wanted.map((text) => Buffer.from(text, 'utf8')))
  if (counts === undefined) return undefined
  const rows = createKnowledgeRows(store.sql)
  let [left, elsewhere] = [0, 0]
  for (const [index, text] of wanted.entries()) {
    const count = counts[index] ?? 0
    if (count === 0) continue
    if (await rows.isTextKept(text)) elsewhere++
    else left += count
  }
  return { left, elsewhere }
}

function toReceipt(row: ReceiptRow): DeletionReceipt {
  return {
    document: row.document_id,
    deletedAtMs: row.deleted_at_ms,
    // Written by `check`, or nothing.
    statement: row.statement ?? undefined,
    publicKey: row.public_key ?? undefined,
    signature: row.signature ?? undefined,
  }
}
