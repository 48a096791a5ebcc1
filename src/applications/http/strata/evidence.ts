import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import type { CollectionReport, VersionView } from '../../../tools/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { accessList } from './collections.ts'
import { operation, readNumber, type Operation } from './operation.ts'
import { checkMaySee, parameter, toReceiptJson } from './viewing.ts'
import { toLineageJson } from '../../shapes/index.ts'

const path = '/v1/collections/{collection}/documents/{document}'

/** Who may see documents, what citations point into, what happened, and proof of what is gone. */
export function evidenceRoutes(getParts: GetParts): readonly Route[] {
  return [...accessRoutes(getParts), ...historyRoutes(getParts)]
}

function accessRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'PUT',
      path: `${path}/access`,
      access: 'knowledge:manage',
      summary: 'Says who may see a document; holds for the next search.',
      body: accessList,
      answer: async (given) => {
        const [collection, document] = [parameter(given, 'collection'), parameter(given, 'document')]
        const { tenant } = given.principal
        await given.parts.knowledge.setAccess({ tenant, collection, document, access: given.body })
        return { status: 200, body: { object: 'access', document, ...given.body } }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path: `${path}/access`,
      access: 'knowledge:manage',
      summary: 'Lets everybody of the tenant see a document.',
      answer: async (given) => {
        const [collection, document] = [parameter(given, 'collection'), parameter(given, 'document')]
        const { tenant } = given.principal
        await given.parts.knowledge.setAccess({ tenant, collection, document, access: undefined })
        return { status: 200, body: { deleted: true } }
      },
    }),
    ...(['PUT', 'DELETE'] as const).map((method) =>
      operation(getParts, {
        method,
        path: '/v1/groups/{group}/members/{member}',
        access: 'knowledge:manage',
        summary: method === 'PUT' ? 'Puts a principal into a group.' : 'Takes a principal out of a group.',
        answer: async (given) => {
          const [group, member] = [parameter(given, 'group'), parameter(given, 'member')]
          const isMember = method === 'PUT'
          await given.parts.knowledge.setMember({ tenant: given.principal.tenant, group, member, isMember })
          return { status: 200, body: { object: 'member', group, member, is_member: isMember } }
        },
      }),
    ),
  ]
}

function historyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: `${path}/versions/{version}`,
      access: 'knowledge:read',
      summary: 'The canonical text of a version, which the spans of citations point into.',
      answer: async (given) => {
        const { createdAtMs, isCurrent, externalId, title, ...version } = await getVersion(given)
        const facts = { external_id: externalId, title: title ?? null, is_current: isCurrent }
        return { status: 200, body: { object: 'version', ...version, ...facts, created_at: toIso(createdAtMs) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: `${path}/lineage`,
      access: 'knowledge:read',
      summary:
        'What happened to a document, each event with the hash that chains it to the one before, and for each version the stages it went through.',
      answer: async (given) => {
        const document = parameter(given, 'document')
        await checkMaySee(given, document)
        const events = await given.parts.knowledge.listEvents(given.principal.tenant, document)
        const data = events.map(({ atMs, ...event }) => ({ ...event, at: toIso(atMs) }))
        const lineage = await given.parts.knowledge.listLineage(given.principal.tenant, document)
        return { status: 200, body: { object: 'list', data, versions: lineage.map(toLineageJson) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/collections/{collection}/quality',
      access: 'knowledge:manage',
      summary: 'Whether texts, index and history of a collection agree; reads all of it.',
      answer: async (given) => {
        const collection = parameter(given, 'collection')
        const report = await given.parts.knowledge.verify(given.principal.tenant, collection)
        return { status: 200, body: { object: 'quality', collection, ...toReportJson(report) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/receipts',
      access: 'receipts:read',
      summary: 'Receipts of deleted documents, latest first; ?limit= bounds them.',
      answer: async (given) => {
        const limit = readNumber(given.exchange, 'limit', { min: 1, max: 1_000, default: 100 })
        const receipts = await given.parts.knowledge.listReceipts(given.principal.tenant, limit)
        return { status: 200, body: { object: 'list', data: receipts.map(toReceiptJson) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/receipts/{document}',
      access: 'receipts:read',
      summary: 'The receipt of a deleted document.',
      answer: async (given) => {
        const { tenant } = given.principal
        return {
          status: 200,
          body: toReceiptJson(await given.parts.knowledge.getReceipt(tenant, parameter(given, 'document'))),
        }
      },
    }),
  ]
}

/** Throws NOT_FOUND for a version of another document, and of one that may not be seen. */
async function getVersion(given: Operation<unknown>): Promise<VersionView> {
  const document = parameter(given, 'document')
  await checkMaySee(given, document)
  const version = await given.parts.knowledge.getVersion(given.principal.tenant, parameter(given, 'version'))
  if (version.document === document && version.collection === parameter(given, 'collection')) return version
  throw new PlatformError('NOT_FOUND', 'the document has no version of that id', { param: 'version' })
}

function toReportJson(report: CollectionReport): object {
  return {
    documents: report.documents,
    former_documents: report.formerDocuments,
    passages: report.passages,
    wrong_spans: report.wrongSpans,
    missing_postings: report.missingPostings,
    stray_postings: report.strayPostings,
    wrong_counts: report.wrongCounts,
    history_break: report.historyBreak ?? null,
  }
}
