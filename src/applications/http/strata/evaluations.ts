import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { caseSchema, compareModels, toTrainingPairs } from '../../../tools/index.ts'
import { createAsk } from '../../ask-model.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, toPage } from './operation.ts'
import { toEvaluationJson, toComparisonJson, toSummaryJson } from '../../shapes/index.ts'

const asksMax = 200
const modelName = z.string().min(1).max(256)

const newEvaluation = z.strictObject({
  name: z.string().min(1).max(128).describe('What is evaluated.'),
  models: z.array(modelName).min(1).max(16).describe('Models to ask.'),
  judge: modelName.optional().describe('The model that judges what expect.judge describes.'),
  cases: z.array(caseSchema).min(1).max(asksMax).describe('Prompts with what is expected of the answers.'),
})

/** Evaluations: suites run against models, summaries with intervals, paired comparisons. */
export function evaluationRoutes(getParts: GetParts): readonly Route[] {
  return [...routesOfRuns(getParts), ...routesOfResults(getParts)]
}

function routesOfRuns(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/evaluations',
      access: 'evaluations:run',
      summary: `Asks every model every case, scores the answers and keeps them; cases times models at most ${asksMax}.`,
      body: newEvaluation,
      answer: async ({ parts, principal, body }) => {
        const { name, models, judge, cases } = body
        if (cases.length * models.length > asksMax) {
          const what = `${cases.length} cases for ${models.length} models are more than ${asksMax} questions; use strata eval run`
          throw new PlatformError('INVALID_REQUEST', what, { param: 'cases' })
        }
        for (const model of [...models, ...(judge === undefined ? [] : [judge])]) parts.models.resolve(model, principal)
        const evaluation = await parts.evaluations.run(principal.tenant, {
          name,
          models: [...new Set(models)],
          judge,
          cases: cases.map(({ id, prompt, expect }, place) => ({ id: id ?? String(place + 1), prompt, expect })),
          ask: createAsk(parts, { principal, face: 'evaluation' }),
          atOnce: 4,
        })
        return { status: 201, body: toEvaluationJson(evaluation) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/evaluations',
      access: 'evaluations:read',
      summary: 'Lists evaluations of the tenant, newest first; ?limit= and ?before= page.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 1_000, default: 50 })
        const before = exchange.query().get('before') ?? undefined
        const found = await parts.evaluations.list(principal.tenant, { limit: limit + 1, before })
        return { status: 200, body: toPage(found, limit, toSummaryJson) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/evaluations/{id}',
      access: 'evaluations:read',
      summary: 'One evaluation with the answer of every model to every case.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toEvaluationJson(await parts.evaluations.get(principal.tenant, exchange.parameters['id'] ?? '')),
      }),
    }),
  ]
}

function routesOfResults(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/evaluations/{id}/pairs',
      access: 'evaluations:read',
      summary: 'Its scores as pairs that strata route train takes.',
      answer: async ({ parts, principal, exchange }) => {
        const { results } = await parts.evaluations.get(principal.tenant, exchange.parameters['id'] ?? '')
        return { status: 200, body: { object: 'list', data: toTrainingPairs(results) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/evaluations/{id}/compare',
      access: 'evaluations:read',
      summary: 'Compares two of its models case by case, with an interval; ?models=A,B.',
      answer: async ({ parts, principal, exchange }) => {
        const { results } = await parts.evaluations.get(principal.tenant, exchange.parameters['id'] ?? '')
        const [first, second, ...more] = (exchange.query().get('models') ?? '').split(',')
        if (first === undefined || second === undefined || more.length > 0) {
          throw new PlatformError('INVALID_REQUEST', 'models must be two names: ?models=A,B', { param: 'models' })
        }
        const comparison = compareModels(results, { first, second })
        return {
          status: 200,
          body: { object: 'evaluation.comparison', first, second, ...toComparisonJson(comparison) },
        }
      },
    }),
  ]
}
