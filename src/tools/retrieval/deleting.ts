import type { Analyser } from './analyse.ts'
import type { Knowledge, KnowledgeParts } from './knowledge.ts'
import { removeEntries } from './removing.ts'
import { createKnowledgeRows } from './store.ts'
import { noCollection, noDocument } from './views.ts'

type Deleter = Pick<Knowledge, 'deleteDocument'>

interface DeleterParts extends KnowledgeParts {
  readonly analyser: Analyser
}

/** Takes documents out of rows and index, in one transaction each. */
export function createDeleter({ store, analyser }: DeleterParts): Deleter {
  return {
    deleteDocument: (tenant, name, id) =>
      store.transaction(async (sql) => {
        const rows = createKnowledgeRows(sql)
        const collection = await rows.lockCollection(tenant, name)
        if (collection === undefined) throw noCollection(name)
        const document = await rows.findDocument({ tenant, collection: collection.number }, id)
        if (document === undefined) throw noDocument(id)
        const entries = await rows.listEntries(tenant, id)
        const { chunk_count, term_count } = await removeEntries({ sql, analyser, collection }, entries)
        await rows.deleteDocument(tenant, id)
        const gone = entries.map((entry) => entry.number)
        const revision = await rows.recordChanges(collection.number, collection.revision, gone)
        await rows.updateCollection(collection.number, { chunk_count, term_count, revision })
      }),
  }
}
