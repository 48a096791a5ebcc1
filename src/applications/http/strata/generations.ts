import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import type { GenerationView } from '../../../tools/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation } from './operation.ts'
import { parameter, toViewer } from './viewing.ts'
import { comparedQuestion, toComparedQuestion, toGenerationComparisonJson } from '../../shapes/index.ts'

const newGeneration = z.strictObject({
  model: z.string().min(1).max(256).describe('The model that embeds, as the configuration names it.'),
  dimensions: z
    .int()
    .min(1)
    .max(16_384)
    .optional()
    .describe('Dimensions of the vectors; what the model gives when absent.'),
  with_context: z
    .boolean()
    .optional()
    .describe(
      'Whether passages are embedded with what a model has written of them, where it has; they are when absent.',
    ),
})
const newComparison = z.strictObject({
  against: z
    .int()
    .min(1)
    .optional()
    .describe('The other generation; the one in use when absent, words alone where there is none.'),
  questions: z.array(comparedQuestion).min(1).max(500).describe('Questions with what answers them.'),
})

/** Vectors of a collection, generation by generation. */
export function generationRoutes(getParts: GetParts): readonly Route[] {
  const path = '/v1/collections/{collection}/generations'
  return [
    operation(getParts, {
      method: 'POST',
      path,
      access: 'knowledge:manage',
      summary: 'Begins a generation of vectors beside the one in use; passages are embedded in the background.',
      body: newGeneration,
      async answer(given) {
        const { parts, principal, body } = given
        if (parts.models.resolve(body.model, principal).embed === undefined) {
          throw new PlatformError('INVALID_REQUEST', `the model ${body.model} does not embed`, { param: 'model' })
        }
        const collection = parameter(given, 'collection')
        const { with_context: withContext, ...rest } = body
        const wanted = { tenant: principal.tenant, collection, principal, withContext, ...rest }
        return { status: 201, body: toJson(await parts.knowledge.createGeneration(wanted)) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path,
      access: 'knowledge:read',
      summary: 'Lists the generations of vectors of a collection, with how far they are.',
      async answer(given) {
        const { parts, principal } = given
        const found = await parts.knowledge.listGenerations(principal.tenant, parameter(given, 'collection'))
        return { status: 200, body: { object: 'list', data: found.map(toJson) } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: `${path}/{generation}/switch`,
      access: 'knowledge:manage',
      summary: 'Has searches use a generation from now on; the one before is retired.',
      answer: async (given) => ({
        status: 200,
        body: toJson(await given.parts.knowledge.switchGeneration(toName(given))),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: `${path}/{generation}/compare`,
      access: 'knowledge:manage',
      summary: 'Answers questions with a generation and with the one in use, and says which ranks better.',
      body: newComparison,
      async answer(given) {
        const { parts, principal, body } = given
        const { against } = body
        const questions = body.questions.map(toComparedQuestion)
        const wanted = { ...toName(given), ...toViewer(given), against, questions, principal }
        const compared = await parts.knowledge.compareGenerations(wanted)
        return { status: 200, body: toGenerationComparisonJson(compared) }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path: `${path}/{generation}`,
      access: 'knowledge:manage',
      summary: 'Deletes a generation with its vectors.',
      async answer(given) {
        await given.parts.knowledge.deleteGeneration(toName(given))
        return { status: 200, body: { deleted: true } }
      },
    }),
  ]
}

function toName(given: Parameters<typeof parameter>[0] & { readonly principal: { readonly tenant: string } }) {
  const text = parameter(given, 'generation')
  const generation = /^\d{1,9}$/.test(text) ? Number(text) : undefined
  if (generation === undefined) {
    const what = `a generation is named by its number, not "${text.slice(0, 64)}"`
    throw new PlatformError('NOT_FOUND', what, { param: 'generation' })
  }
  return { tenant: given.principal.tenant, collection: parameter(given, 'collection'), generation }
}

function toJson(view: GenerationView): object {
  return {
    object: 'generation',
    number: view.number,
    model: view.model,
    dimensions: view.dimensions ?? null,
    form: view.form ?? null,
    with_context: view.withContext,
    state: view.state,
    vectors: view.vectors,
    missing: view.missing,
    refused: view.refused,
    fault: view.fault ?? null,
    created_at: toIso(view.createdAtMs),
  }
}
