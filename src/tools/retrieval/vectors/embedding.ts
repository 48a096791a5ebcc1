import type { Principal } from '../../../core/call.ts'
import { PlatformError, toPlatformError } from '../../../core/errors.ts'
import type { EventLog, TextEmbedder } from '../../../core/ports.ts'
import type { Store } from '../../../store/index.ts'
import { toHead } from '../indexing.ts'
import { createRuns, type Runs } from '../runs.ts'
import { toUnitBytes } from './block.ts'
import { checkForm, toKind } from './form.ts'
import type { IndexKeeping } from './indexed/index.ts'
import { createVectorRows, type GenerationRow, type NewVector, type Unembedded } from './store.ts'

export interface EmbeddingParts {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly embedder: TextEmbedder
  readonly log: EventLog
  /** Passages in one request. */
  readonly batchMax: number
  readonly index: Pick<IndexKeeping, 'keepUp'>
}

/** Characters in one request, about a tenth of what endpoints take. */
const batchLengthMax = 100_000
const passagesPerRead = 512
/** Only a hint to the endpoint's patience: a batch may wait in its queue. */
const batchMsMax = 120_000

/** Gives every passage of a generation its vector, in the background. */
export function createEmbeddingRuns(parts: EmbeddingParts): Runs<GenerationRow> {
  return createRuns({
    keyOf: ({ collection, number }) => `${collection}/${number}`,
    async work(generation, signal) {
      await embedMissing(parts, generation, () => signal.aborted)
      await parts.index.keepUp(generation, () => signal.aborted)
    },
    list: () => createVectorRows(parts.store.sql).listKept(),
    what: 'generations of vectors',
    log: parts.log,
  })
}

/** Never rejects: what went wrong stands in the generation, and the next run tries again. */
async function embedMissing(parts: EmbeddingParts, given: GenerationRow, isClosed: () => boolean): Promise<void> {
  const { store, log } = parts
  const rows = createVectorRows(store.sql)
  let after = 0
  let refused = 0
  try {
    for (;;) {
      const generation = (await rows.listGenerations(given.collection)).find(({ number }) => number === given.number)
      if (generation === undefined || generation.state === 'retired' || isClosed()) return
      const page = await rows.listUnembedded(generation, { after, limit: passagesPerRead })
      const last = page.at(-1)
      if (last === undefined) break
      after = last.chunk
      refused += await embedPage(parts, generation, page)
    }
    await rows.updateGeneration(given, { refused, fault: null })
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown)
    const { collection, number } = given
    log.warn({ collection, generation: number, code, reason: message }, 'passages could not be embedded')
    await rows.updateGeneration(given, { fault: code }).catch(() => undefined) // the store itself may be the trouble
  }
}

/** How many passages no endpoint in their regions could embed. */
async function embedPage(parts: EmbeddingParts, given: GenerationRow, page: readonly Unembedded[]): Promise<number> {
  let generation = given
  let refused = 0
  for (const [region, passages] of Map.groupBy(page, (passage) => passage.region)) {
    for (const batch of toBatches(passages, parts.batchMax)) {
      try {
        generation = await embedBatch(parts, generation, { region, batch })
      } catch (thrown) {
        if (region === null || !(thrown instanceof PlatformError && thrown.code === 'REGION_REFUSED')) throw thrown
        refused += batch.length
      }
    }
  }
  return refused
}

interface Batch {
  /** Of the documents; `null` when they are bound to none. */
  readonly region: string | null
  readonly batch: readonly Unembedded[]
}

/** Gives the generation as it is from then on: with the first vector it has its dimensions and its form. */
async function embedBatch(
  parts: EmbeddingParts,
  generation: GenerationRow,
  { region, batch }: Batch,
): Promise<GenerationRow> {
  const { store, embedder } = parts
  const { model, dimensions } = generation
  const given = await embedder.embed(
    {
      model,
      inputs: batch.map((each) => toInput(each, generation)),
      dimensions: dimensions ?? undefined,
      kind: toKind(generation, 'passage'),
    },
    {
      principal: JSON.parse(generation.principal) as Principal, // written by `createGenerations`
      regions: region === null ? undefined : [region],
      durationMsMax: batchMsMax,
    },
  )
  const { vectors } = given
  const form = checkForm(generation, given)
  const length = vectors[0]?.length ?? 0
  if (vectors.length !== batch.length || length === 0 || (dimensions !== null && length !== dimensions)) {
    throw new PlatformError(
      'UPSTREAM_INVALID',
      `${model} gave ${vectors.length} vectors of ${length} dimensions for ${batch.length} texts; the generation has ${dimensions ?? 'no'} dimensions`,
    )
  }
  const made = batch.flatMap(({ chunk }, index): readonly NewVector[] => {
    const vector = toUnitBytes(vectors[index] ?? [])
    return vector === undefined ? [] : [{ chunk, vector }]
  })
  const known = { dimensions: length, form }
  await store.transaction(async (sql) => {
    const rows = createVectorRows(sql)
    if (dimensions === null || generation.form === null) await rows.updateGeneration(generation, known)
    await rows.insertVectors(generation, made)
  })
  return { ...generation, ...known }
}

/** What a passage says, what it stands under, and what a model has written of it. */
function toInput({ text, headings, context, source, title }: Unembedded, generation: GenerationRow): string {
  const head = toHead(source, title ?? undefined, JSON.parse(headings) as string[]) // written by this room
  return context === null || generation.with_context === 0 ? `${head}\n\n${text}` : `${head}\n\n${context}\n\n${text}`
}

function toBatches(passages: readonly Unembedded[], countMax: number): readonly (readonly Unembedded[])[] {
  const batches: Unembedded[][] = []
  let length = 0
  for (const passage of passages) {
    const open = batches.at(-1)
    length += passage.text.length
    if (open === undefined || open.length === countMax || length > batchLengthMax) {
      batches.push([passage])
      length = passage.text.length
    } else open.push(passage)
  }
  return batches
}
