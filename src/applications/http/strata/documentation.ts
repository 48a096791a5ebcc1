import { documentForms, toMarkdown } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readChoice, readNumber } from './operation.ts'
import { draftFor } from '../../draft-documentation.ts'
import { toDraftJson } from '../../shapes/index.ts'

/** Documents drafted from what is known of a use case. */
export function documentationRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/use-cases/{name}/documentation',
      access: 'documentation:read',
      summary:
        'Drafts a document, gaps named: ?form= annex-iv, fria; ?format= json, md; ?days= of the record of calls.',
      answer: async ({ parts, principal, exchange }) => {
        const form = readChoice(exchange, 'form', documentForms)
        const format = readChoice(exchange, 'format', ['json', 'md'])
        const days = readNumber(exchange, 'days', { min: 1, max: 3_650, default: 90 })
        const draft = await draftFor(parts, principal, { name: exchange.parameters['name'] ?? '', form, days })
        const markdown = format === 'md' ? { markdown: toMarkdown(draft) } : {}
        return { status: 200, body: { ...toDraftJson(draft), ...markdown } }
      },
    }),
  ]
}
