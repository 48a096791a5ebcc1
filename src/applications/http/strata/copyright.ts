import { z } from 'zod'
import { hasRight } from '../../../core/rights.ts'
import { toIso } from '../../../core/time.ts'
import type { Rights, RightsSources, RightsView } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, type Operation } from './operation.ts'
import { checkMaySee } from './viewing.ts'

const text = z.string().max(1_048_576).optional()

/** What came with a document, as it came. */
const sources = z.strictObject({
  url: z.string().max(4_096).optional().describe('Where it was fetched from.'),
  headers: z.record(z.string(), z.string()).optional().describe('Of the answer that brought it, lower-case names.'),
  robots_txt: text.describe('The site’s robots.txt.'),
  tdmrep_json: text.describe('The site’s /.well-known/tdmrep.json.'),
  ai_txt: text.describe('The site’s ai.txt.'),
  rsl_xml: text.describe('The RSL document that robots.txt or the page names.'),
  html: text.describe('The page, or its head.'),
  licence: z.string().max(1_024).optional().describe('SPDX id or expression, or the address of a licence.'),
  contract: z
    .strictObject({
      id: z.string().min(1).max(256).describe('Your own name for it.'),
      permits: z.array(z.enum(['search', 'ground', 'train'])).describe('What it permits; everything else it forbids.'),
    })
    .optional()
    .describe('What was agreed with whoever holds the rights; it goes before everything else.'),
})

const newRights = sources.extend({
  work: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('The work that the document is a copy of; its address when absent.'),
  attribution: z.string().min(1).max(1_024).optional().describe('What has to stand beside a quotation.'),
})

const newWithdrawal = z.strictObject({
  work: z.string().min(1).max(512).describe('The work, or the external id of its documents.'),
})

/** Rights in works: deciding what was said, keeping it for documents, withdrawing a work. */
export function copyrightRoutes(getParts: GetParts): readonly Route[] {
  const path = '/v1/collections/{collection}/documents/{document}/rights'
  return [
    operation(getParts, {
      method: 'PUT',
      path,
      access: 'knowledge:write',
      summary: 'Decides from what was said what a document may be used for, and keeps it with the words themselves.',
      body: newRights,
      answer: async (given) => {
        const { parts, principal, body } = given
        const { work, attribution, ...said } = body
        const document = { id: await findDocument(given), work, attribution }
        const view = await parts.copyright.record(principal.tenant, document, toSources(said))
        return { status: 200, body: toRightsJson(view) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path,
      access: 'copyright:read',
      summary: 'What a document may be used for, whose word decided, and what was said.',
      answer: async (given) => {
        const { parts, principal } = given
        const view = await parts.copyright.find(principal.tenant, await findDocument(given))
        return { status: 200, body: view === undefined ? { object: 'rights', verdicts: null } : toRightsJson(view) }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/copyright/decide',
      access: 'copyright:read',
      summary: 'Decides from what was said, and keeps nothing.',
      body: sources,
      answer: async ({ parts, body }) => ({
        status: 200,
        body: toDecisionJson(parts.copyright.decide(toSources(body))),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/copyright/withdrawals',
      access: 'copyright:withdraw',
      summary: 'Takes a work out of every collection of the tenant for good, and proves that it is gone.',
      body: newWithdrawal,
      answer: async ({ parts, principal, body }) => {
        const { atMs, ...proof } = await parts.copyright.withdraw(principal.tenant, body.work, parts.knowledge)
        return { status: 200, body: { object: 'withdrawal', ...proof, at: toIso(atMs) } }
      },
    }),
  ]
}

/** The id of the document in the path. Rejects with NOT_FOUND, also where a reader of documents may not see it. */
async function findDocument(given: Operation<unknown>): Promise<string> {
  const { parts, principal, exchange } = given
  const { collection = '', document = '' } = exchange.parameters
  if (hasRight(principal, 'knowledge:read')) await checkMaySee(given, document)
  return (await parts.knowledge.getDocument(principal.tenant, collection, document)).id
}

function toSources(said: z.infer<typeof sources>): RightsSources {
  return {
    url: said.url,
    headers: said.headers,
    robotsTxt: said.robots_txt,
    tdmrepJson: said.tdmrep_json,
    aiTxt: said.ai_txt,
    rslXml: said.rsl_xml,
    html: said.html,
    licence: said.licence,
    contract: said.contract,
  }
}

function toDecisionJson({ verdicts, licence, signals }: Rights): object {
  return { object: 'rights', verdicts, licence: licence ?? null, signals }
}

function toRightsJson(view: RightsView): object {
  const { decidedAtMs, withdrawnAtMs, mayCopy, licence, attribution, ...rest } = view
  return {
    object: 'rights',
    ...rest,
    licence: licence ?? null,
    attribution: attribution ?? null,
    may_copy: mayCopy,
    decided_at: toIso(decidedAtMs),
    withdrawn_at: withdrawnAtMs === undefined ? null : toIso(withdrawnAtMs),
  }
}
