import type { Config } from '../config/index.ts'
import { PlatformError, toPlatformError } from '../core/errors.ts'
import type { DocumentRights, Purpose } from '../core/ports-copyright.ts'
import type { EventLog, KnowledgeQuery, KnowledgeSearch } from '../core/ports.ts'
import type { Random } from '../core/random.ts'
import type { Clock } from '../core/time.ts'
import { createCopyright, createDocumentScreen, createPrivacy, type Copyright } from '../governance/index.ts'
import { createRecogniserAsk } from './recognising.ts'
import type { Standing } from './standing.ts'
import type { Store } from '../store/index.ts'
import type { Knowledge, Preparation } from '../tools/index.ts'

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
  readonly preparation: Pick<Preparation, 'parse'>
  /** Of the configuration in force. */
  readonly config: () => Config
  /** The models in force, for what is found by a model. */
  readonly inForce: { readonly parts: Parameters<typeof createRecogniserAsk>[0] }
}): Pick<Standing, 'privacy' | 'copyright' | 'knowledge'> {
  const governance = (): Config['governance'] => deps.config().governance
  const privacy = createPrivacy({
    ...deps,
    asker: createRecogniserAsk(deps.inForce.parts),
    secret: () => governance().privacy.key,
  })
  const copyright = createCopyright({ ...deps, config: () => governance().copyright })
  const screen = createDocumentScreen({
    ...privacy,
    configured: () => privacy.configure(governance(), { decide: () => ({ type: 'pass' }) }),
    readText: async ({ name, bytes }) => (await deps.preparation.parse({ source: name, bytes })).text,
  })
  const admit: Admit = async (tenant, collection, document) => {
    if (await copyright.isWithdrawn(tenant, document.externalId)) throw toWithdrawn(document.externalId)
    const { documents, collections } = governance().privacy
    const bytes = await screen.screen(tenant, document, collections[collection] ?? documents)
    return bytes === document.bytes ? document : { ...document, bytes }
  }
  return { privacy, copyright, knowledge: createLawfulKnowledge(deps.knowledge, copyright, admit) }
}

type NewDocument = Parameters<Knowledge['putDocument']>[2]
/** A document as it may be taken in. Rejects with DOCUMENT_REFUSED. */
type Admit = (tenant: string, collection: string, document: NewDocument) => Promise<NewDocument>

function toWithdrawn(work: string): PlatformError {
  return new PlatformError('DOCUMENT_REFUSED', `the work ${work.slice(0, 128)} has been withdrawn`, {
    details: { reason: 'withdrawn' },
  })
}

/** Knowledge in which works that may not be found are not found, and into which nothing comes that was not admitted. */
function createLawfulKnowledge(knowledge: Knowledge, copyright: Copyright, admit: Admit): Knowledge {
  return {
    ...knowledge,
    ...createLawfulSearch(knowledge, copyright, 'search'),
    find: async (query) => knowledge.find(await exclude(query, copyright, 'search')),
    putDocument: async (tenant, collection, document) =>
      knowledge.putDocument(tenant, collection, await admit(tenant, collection, document)),
    async putDocuments(tenant, collection, documents) {
      const admitted: (NewDocument | PlatformError)[] = []
      for (const document of documents) {
        admitted.push(await admit(tenant, collection, document).catch((thrown: unknown) => toPlatformError(thrown)))
      }
      const put = await knowledge.putDocuments(
        tenant,
        collection,
        admitted.filter((each): each is NewDocument => !(each instanceof PlatformError)),
      )
      const views = put.values()
      return admitted.map((each) =>
        each instanceof PlatformError ? each : (views.next().value ?? toPlatformError(each)),
      )
    },
  }
}
