import { foldFresh } from '../folding.ts'
import { createSearcher, type SearcherParts } from './searching.ts'
import type { SearchThread } from './thread.ts'

/** The same as the search thread, on the thread that asks. */
export function createSearchHere(parts: SearcherParts): SearchThread {
  const searcher = createSearcher(parts)
  return {
    search: (query) => searcher.search(query),
    fold: (collection, chunksMax) => foldFresh(parts.database, collection, chunksMax),
    close: () => Promise.resolve(),
  }
}
