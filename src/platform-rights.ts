import type { Config } from './config/index.ts'
import { PlatformError } from './core/errors.ts'
import type { DocumentRights, Purpose } from './core/ports-copyright.ts'
import type { EventLog, KnowledgeQuery, KnowledgeSearch } from './core/ports.ts'
import type { Random } from './core/random.ts'
import type { Clock } from './core/time.ts'
import { createCopyright, createPrivacy, type Copyright } from './governance/index.ts'
import type { Standing } from './platform-standing.ts'
import type { Store } from './store/index.ts'
import type { Knowledge } from './tools/index.ts'

/** Search that knows nothing of what may not be used for the purpose, before it ranks. */
export function createLawfulSearch(
  knowledge: KnowledgeSearch,
  rights: DocumentRights,
  purpose: Purpose,
): KnowledgeSearch {
  return { search: async (query) => knowledge.search(await exclude(query, rights, purpose)) }
}

async function exclude(query: KnowledgeQuery, rights: DocumentRights, purpose: Purpose): Promise<KnowledgeQuery> {
  const forbidden = await rights.listForbidden(query.tenant, purpose)
  if (forbidden.size === 0) return query
  return { ...query, excluded: [...new Set([...(query.excluded ?? []), ...forbidden])].toSorted() }
}

/** Personal data and the rights in works, and the knowledge that keeps to them. */
export function createRights(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  readonly knowledge: Knowledge
  /** Of the configuration in force. */
  readonly governance: () => Config['governance']
}): Pick<Standing, 'privacy' | 'copyright' | 'knowledge'> {
  const { governance } = deps
  const privacy = createPrivacy({ ...deps, secret: () => governance().privacy.key })
  const copyright = createCopyright({ ...deps, config: () => governance().copyright })
  return { privacy, copyright, knowledge: createLawfulKnowledge(deps.knowledge, copyright) }
}

/** Knowledge in which works that may not be found are not found, and withdrawn ones do not come back. */
function createLawfulKnowledge(knowledge: Knowledge, copyright: Copyright): Knowledge {
  const requireInForce = async (tenant: string, work: string): Promise<void> => {
    if (!(await copyright.isWithdrawn(tenant, work))) return
    throw new PlatformError('DOCUMENT_REFUSED', `the work ${work.slice(0, 128)} has been withdrawn`, {
      details: { reason: 'withdrawn' },
    })
  }
  return {
    ...knowledge,
    ...createLawfulSearch(knowledge, copyright, 'search'),
    find: async (query) => knowledge.find(await exclude(query, copyright, 'search')),
    async putDocument(tenant, collection, document) {
      await requireInForce(tenant, document.externalId)
      return knowledge.putDocument(tenant, collection, document)
    },
    async putDocuments(tenant, collection, documents) {
      for (const { externalId } of documents) await requireInForce(tenant, externalId)
      return knowledge.putDocuments(tenant, collection, documents)
    },
  }
}
