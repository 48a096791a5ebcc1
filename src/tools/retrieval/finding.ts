import type { KnowledgeParts, Knowledge, Viewer } from './knowledge.ts'
import { createPlaceRows } from './places/store.ts'
import type { Reranking } from './reranking.ts'
import { fuseResults, type Rewriting } from './rewriting.ts'
import type { SearchResult } from './searching/searching.ts'
import type { SearchThread } from './searching/thread.ts'
import type { DenseParts, DenseQuery } from './vectors/generations.ts'

/** With every region that lies in those that a viewer may see. */
export type Widen = <T extends Viewer>(viewer: T) => T

export interface FinderParts {
  readonly store: KnowledgeParts['store']
  readonly thread: Pick<SearchThread, 'search'>
  readonly generations: Pick<DenseParts, 'toVectors'> | undefined
  readonly rewriting: Rewriting
  readonly reranking: Reranking
  readonly widen: Widen
}

const none: DenseQuery = Object.freeze({ vectors: [] })

/** Puts the question in other words where that is asked for, embeds it where there are vectors, searches, has the best judged, and says where in its file each passage stands. */
export function createFinder({
  store,
  thread,
  generations,
  rewriting,
  reranking,
  widen,
}: FinderParts): Knowledge['find'] {
  const placed = createPlaceRows(store.sql)
  return async (query) => {
    const { by: _by, rewriteWith: _rewriteWith, ...widened } = widen(query)
    const passagesMax = reranking.countPassages(query)
    const rewritten = await rewriting.rewrite(query)
    const search = async (words: string | undefined): Promise<SearchResult> => {
      const { vectors, ...dense } = (await generations?.toVectors({ ...query, query: words ?? query.query })) ?? none
      const asked = { ...widened, passagesMax, ...(words === undefined ? {} : { words }) }
      const found = await thread.search(vectors.length === 0 ? asked : { ...asked, vectors })
      return dense.state === undefined ? found : { ...found, dense: { ...dense, state: dense.state } }
    }
    const results = await Promise.all([undefined, ...(rewritten?.queries ?? [])].map(search))
    const result = await reranking.rerank(query, fuseResults(results, passagesMax))
    const places = await placed.listPlaces(query.tenant, result.passages)
    const passages = result.passages.map((passage, index) =>
      places[index]?.length === 0 ? passage : { ...passage, places: places[index] },
    )
    return rewritten === undefined ? { ...result, passages } : { ...result, passages, rewritten }
  }
}
