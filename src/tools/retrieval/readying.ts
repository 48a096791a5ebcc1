import { createHash } from 'node:crypto'
import { PlatformError } from '../../core/errors.ts'
import type { PreparedDocument } from '../preparation/index.ts'
import type { Analyser } from './analyse.ts'
import { indexChunk, mapInTurns, toHead, type ChunkEntry } from './indexing.ts'
import type { DocumentView, NewDocument } from './knowledge.ts'
import { readOnce, type LineageParts } from './lineage/lineage.ts'
import { toStages } from './lineage/stages.ts'
import type { StageRow } from './lineage/store.ts'
import type { DocumentRow } from './store.ts'
import { toDocumentView } from './views.ts'

/** A document ready to be written; everything that takes time has been done. */
export interface Ready {
  readonly document: NewDocument
  readonly prepared: PreparedDocument
  readonly fingerprint: string
  /** One for each chunk. */
  readonly entries: readonly ChunkEntry[]
  readonly stages: Pick<StageRow, 'stages' | 'parse_key' | 'parsed'>
}

export type Outcome = DocumentView | PlatformError

export interface ReadyParts extends LineageParts {
  readonly analyser: Analyser
}

export interface Readying {
  readonly tenant: string
  readonly document: NewDocument
  /** As it stands now. */
  readonly known: DocumentRow | undefined
}

/**
 * Part of every fingerprint, so that those on record stay: the analyser that was in force when fingerprints ceased to depend on it. What a
 * former analyser has indexed is renewed from what is kept (`renewing.ts`), and is no reason to read a file again.
 */
const unchanging = 'terms@4'

/** Reads a document and makes its terms, unless nothing has changed. What is refused comes as its error. */
export async function prepareDocument(
  parts: ReadyParts,
  { tenant, document, known }: Readying,
): Promise<Ready | Outcome> {
  const { analyser, preparation, clock } = parts
  const file = { ...document, source: document.name }
  // Known before anything is read, so that what has not changed costs nothing.
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([preparation.keyOf(file), unchanging]))
    .digest('hex')
  if (known?.fingerprint === fingerprint && known.region === (document.region ?? known.region)) {
    return { ...toDocumentView(known), outcome: 'unchanged' }
  }
  let read: Awaited<ReturnType<typeof readOnce>>
  try {
    read = await readOnce(parts, tenant, file)
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'DOCUMENT_REFUSED') return thrown
    throw thrown
  }
  const parsedAtMs = clock.monotonicMs()
  const prepared = preparation.chunk(read.parsed, document.cuts)
  const chunkedAtMs = clock.monotonicMs()
  const entries = await mapInTurns(prepared.chunks, ({ text, headings, symbols }) =>
    indexChunk(analyser, { text, head: toHead(document.name, prepared.title, headings), symbols }),
  )
  const stages = toStages(preparation, {
    file,
    prepared,
    isReused: read.isReused,
    parseMs: read.parseMs,
    chunkMs: chunkedAtMs - parsedAtMs,
    indexMs: clock.monotonicMs() - chunkedAtMs,
    analyser: analyser.id,
    sketches: entries.filter(({ likeness }) => likeness !== null).length,
  })
  const row = { stages: JSON.stringify(stages), parse_key: read.parseKey, parsed: read.kept }
  return { document, prepared, fingerprint, entries, stages: row }
}
