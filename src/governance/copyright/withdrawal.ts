import { createHash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { KnowledgeSearch } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { RightRow, RightRows } from './store.ts'

/** Where the documents of a tenant stand; filled by tools. */
export interface WorkShelf extends Pick<KnowledgeSearch, 'search'> {
  listCollections(tenant: string): Promise<readonly { readonly name: string }[]>
  listDocuments(
    tenant: string,
    collection: string,
    page: { readonly limit: number; readonly after: string | undefined },
  ): Promise<readonly { readonly id: string; readonly externalId: string; readonly version: string }[]>
  getVersion(tenant: string, id: string): Promise<{ readonly text: string }>
  deleteDocument(tenant: string, collection: string, id: string): Promise<unknown>
}

/** What was taken out, and how it was looked for afterwards. */
export interface Withdrawal {
  readonly work: string
  /** Milliseconds UTC. */
  readonly atMs: number
  readonly documents: readonly WithdrawnDocument[]
  /** Stretches of the work that were searched for in every collection afterwards, and how many passages held one: 0. */
  readonly searches: number
  readonly hits: number
  /** SHA-256 of everything above as JSON. */
  readonly hash: string
}

export interface WithdrawnDocument {
  readonly collection: string
  readonly document: string
  readonly externalId: string
  /** SHA-256 of the text that was there. */
  readonly textHash: string
}

const pageSize = 1_000
/** Stretches looked for, of each document, and their length. */
const probesPerDocument = 8
const probeLength = 40

export function createWithdrawals(deps: {
  readonly rows: RightRows
  readonly clock: Clock
}): (tenant: string, work: string, shelf: WorkShelf) => Promise<Withdrawal> {
  const { rows, clock } = deps
  return async (tenant, work, shelf) => {
    const recorded = new Set((await rows.listByWork(tenant, work)).map(({ document }) => document))
    const collections = (await shelf.listCollections(tenant)).map(({ name }) => name)
    const found = await findCopies(tenant, collections, {
      shelf,
      isCopy: (id, externalId) => recorded.has(id) || externalId === work,
    })
    if (found.length === 0 && recorded.size === 0) {
      throw new PlatformError('NOT_FOUND', `no document is a copy of the work "${work.slice(0, 128)}"`, {
        param: 'work',
      })
    }
    const atMs = clock.now()
    // From here on no search finds it, also while its documents are being taken out; and it cannot be brought back.
    for (const { id } of found) if (!recorded.has(id)) await rows.write(toWithdrawn({ tenant, work, id, atMs }))
    await rows.withdraw(tenant, work, atMs)
    const probes: string[] = []
    const documents: WithdrawnDocument[] = []
    for (const { collection, id, externalId, version } of found) {
      const { text } = await shelf.getVersion(tenant, version)
      probes.push(...chooseProbes(text))
      await shelf.deleteDocument(tenant, collection, id)
      documents.push({ collection, document: id, externalId, textHash: hash(text) })
    }
    const hits = await countHits(tenant, collections, {
      shelf,
      probes,
      gone: new Set(documents.map(({ document }) => document)),
    })
    const proof = { work, atMs, documents, searches: probes.length, hits }
    return { ...proof, hash: hash(JSON.stringify(proof)) }
  }
}

/** The row of a document that nobody had said anything about. */
function toWithdrawn(copy: {
  readonly tenant: string
  readonly work: string
  readonly id: string
  readonly atMs: number
}): RightRow {
  const { tenant, work, id, atMs } = copy
  const none = { licence: null, attribution: null, may_search: 0, may_ground: 0, may_train: 0, may_copy: 0 }
  const said = { verdicts: '{}', signals: '[]' }
  return { tenant, document: id, work, ...none, ...said, decided_at_ms: atMs, withdrawn_at_ms: atMs }
}

interface Copy {
  readonly collection: string
  readonly id: string
  readonly externalId: string
  readonly version: string
}

async function findCopies(
  tenant: string,
  collections: readonly string[],
  { shelf, isCopy }: { readonly shelf: WorkShelf; readonly isCopy: (id: string, externalId: string) => boolean },
): Promise<readonly Copy[]> {
  const copies: Copy[] = []
  for (const collection of collections) {
    let after: string | undefined
    for (;;) {
      const page = await shelf.listDocuments(tenant, collection, { limit: pageSize, after })
      for (const document of page)
        if (isCopy(document.id, document.externalId)) copies.push({ collection, ...document })
      after = page.at(-1)?.externalId
      if (page.length < pageSize) break
    }
  }
  return copies
}

/** Stretches from all over a text. */
function chooseProbes(text: string): readonly string[] {
  const plain = text.replaceAll(/\s+/g, ' ').trim()
  const step = Math.max(probeLength, Math.floor(plain.length / probesPerDocument))
  return Array.from({ length: probesPerDocument }, (_, index) =>
    plain.slice(index * step, index * step + probeLength),
  ).filter((probe) => probe.trim() !== '')
}

/** Passages of documents that should be gone. Another work may hold the same words. */
async function countHits(
  tenant: string,
  collections: readonly string[],
  {
    shelf,
    probes,
    gone,
  }: { readonly shelf: WorkShelf; readonly probes: readonly string[]; readonly gone: ReadonlySet<string> },
): Promise<number> {
  let hits = 0
  for (const query of probes) {
    const passages = await shelf.search({ tenant, collections, query, passagesMax: 100 })
    hits += passages.filter(({ document }) => gone.has(document)).length
  }
  return hits
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
