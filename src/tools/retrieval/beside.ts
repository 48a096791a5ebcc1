import type { Analyser } from './analyse.ts'
import { createContexts, type ContextWork } from './contexts/contexts.ts'
import type { Widen } from './finding.ts'
import type { Knowledge, KnowledgeParts } from './knowledge.ts'
import { createRenewing } from './renewing.ts'
import { createSearchHere } from './searching/here.ts'
import { createSearchThread, type SearchThread } from './searching/thread.ts'
import { createGenerations, type DenseParts } from './vectors/generations.ts'
import { foldAside } from './writing.ts'

/** Where searches run and the index is folded. */
export function openThread(deps: KnowledgeParts, analyser: Analyser): SearchThread {
  const { store, config, log } = deps
  const bounds = {
    viewsMax: config.collectionsInMemoryMax,
    postingBytesMax: config.postingsInMemoryMib * 2 ** 20,
    dense: { ...config.dense, bytesMax: config.dense.inMemoryMib * 2 ** 20 },
    contextWeight: config.context.weight,
  }
  return deps.searchOn === 'same-thread'
    ? createSearchHere({ database: store.sql, engine: store.engine, analyser, ...bounds })
    : createSearchThread({
        data: { location: store.location, bounds, pageBytesMax: config.pagesInMemoryMib * 2 ** 20 },
        waitingMax: config.searchesWaitingMax,
        log,
      })
}

/** What is done with the passages of collections beside the work. */
export interface Beside {
  /** Where there is a model that embeds, and one that writes. */
  readonly generations: DenseParts | undefined
  readonly contexts: ContextWork | undefined
  /** Something in the collection is new. */
  readonly follow: (collection: number) => void
  readonly work: Knowledge['embedding']
}

export function createBeside(
  deps: KnowledgeParts,
  parts: { readonly analyser: Analyser; readonly thread: SearchThread; readonly widen: Widen },
): Beside {
  const { config, embedder, contextWriter: writer } = deps
  const { analyser, thread, widen } = parts
  const generations =
    embedder === undefined ? undefined : createGenerations({ ...deps, config: config.dense, embedder })
  const changed = async (collection: number): Promise<void> => {
    generations?.follow(collection)
    await foldAside({ ...deps, thread }, collection)
  }
  const contexts =
    writer === undefined
      ? undefined
      : createContexts({
          ...deps,
          config: config.context,
          analyser,
          writer,
          search: (query) => thread.search(widen(query)),
          changed,
        })
  const renewing = createRenewing({ ...deps, analyser, changed })
  const follow = (collection?: number): void => {
    generations?.follow(collection)
    contexts?.follow(collection)
  }
  return {
    generations,
    contexts,
    follow,
    work: {
      start() {
        renewing.follow()
        follow()
      },
      // What is indexed anew or written of is embedded behind it.
      async settled() {
        await renewing.settled()
        await contexts?.settled()
        await generations?.settled()
      },
      async stop() {
        await renewing.close()
        await contexts?.close()
        await generations?.close()
      },
    },
  }
}
