import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { comparedQuestion, toComparedQuestion, toContextComparisonJson, toContextJson } from '../../shapes/index.ts'
import { operation } from './operation.ts'
import { parameter, toViewer } from './viewing.ts'

const newContexts = z.strictObject({
  model: z.string().min(1).max(256).describe('The model that writes, as the configuration names it.'),
})

const newComparison = z.strictObject({
  questions: z.array(comparedQuestion).min(1).max(500).describe('Questions with what answers them.'),
})

/** What a model writes of where the passages of a collection stand. */
export function contextRoutes(getParts: GetParts): readonly Route[] {
  const path = '/v1/collections/{collection}/contexts'
  return [
    operation(getParts, {
      method: 'PUT',
      path,
      access: 'knowledge:manage',
      summary: 'Has a model write where each passage stands in its document; passages are found by it too.',
      body: newContexts,
      async answer(given) {
        const { parts, principal, body } = given
        if (!parts.models.resolve(body.model, principal).traits.does.includes('chat')) {
          throw new PlatformError('INVALID_REQUEST', `the model ${body.model} does not chat`, { param: 'model' })
        }
        const wanted = { tenant: principal.tenant, collection: parameter(given, 'collection'), principal, ...body }
        return { status: 200, body: toContextJson(await parts.knowledge.planContexts(wanted)) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path,
      access: 'knowledge:read',
      summary: 'Says how far that is, what it cost, and which passages are without.',
      async answer(given) {
        const { parts, principal } = given
        const view = await parts.knowledge.getContexts(principal.tenant, parameter(given, 'collection'))
        return { status: 200, body: toContextJson(view) }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: `${path}/compare`,
      access: 'knowledge:manage',
      summary: 'Searches questions by words with what was written and without, and says what it gains.',
      body: newComparison,
      async answer(given) {
        const { parts, principal, body } = given
        const compared = await parts.knowledge.compareContexts({
          ...toViewer(given),
          tenant: principal.tenant,
          collection: parameter(given, 'collection'),
          questions: body.questions.map(toComparedQuestion),
        })
        return { status: 200, body: toContextComparisonJson(compared) }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path,
      access: 'knowledge:manage',
      summary: 'Takes out what was written, in the background.',
      async answer(given) {
        const { parts, principal } = given
        await parts.knowledge.removeContexts(principal.tenant, parameter(given, 'collection'))
        return { status: 202, body: { deleted: true } }
      },
    }),
  ]
}
