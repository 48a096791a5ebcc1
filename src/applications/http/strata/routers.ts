import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { toIso } from '../../../core/time.ts'
import { findTopics, nameTopic, type KeptRouter, type Topic } from '../../../models/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, type Operation } from './operation.ts'

const routerName = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/

const newVersion = z.strictObject({
  file: z.string().min(1).max(67_108_864).describe('The text of the file that strata route train wrote.'),
})
const rollback = z.strictObject({ version: z.int().min(1).describe('The version to put in force again.') })
const newCertificate = z.strictObject({
  certificate: z.record(z.string(), z.unknown()).describe('The file that strata route certify wrote.'),
})
const question = z.strictObject({
  prompt: z.string().min(1).max(1_000_000).describe('What is asked.'),
  among: z.array(z.string().min(1).max(256)).min(2).max(64).describe('Models that may answer.'),
})
const shadowed = z.strictObject({
  prompt: z.string().min(1).max(1_000_000).describe('What both models were asked.'),
  scores: z.record(z.string(), z.number().min(0).max(1)).describe('Judged quality of each answer, 0 to 1.'),
  answers: z.record(z.string(), z.string().max(1_000_000)).default({}).describe('The answers, where kept.'),
  costs: z.record(z.string(), z.number().min(0)).default({}).describe('USD of each answer, where known.'),
})

/** Learned routers: versions, certificates, choices on line, the shadow stream, topics. */
export function routerRoutes(getParts: GetParts): readonly Route[] {
  return [...routesOfRouters(getParts), ...routesOfVersions(getParts), ...routesOfTraffic(getParts)]
}

function routesOfRouters(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/routers',
      access: 'routers:read',
      summary: 'Lists the routers of the tenant, as they are in force.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.learning.routers.list(principal.tenant)).map(toRouterJson) },
      }),
    }),
    operation(getParts, {
      method: 'PUT',
      path: '/v1/routers/{router}',
      access: 'routers:manage',
      summary: 'Takes in a router file as the next version and puts it in force.',
      body: newVersion,
      answer: async (given) => ({
        status: 200,
        body: toRouterJson(await given.parts.learning.routers.put(keyOf(given), given.body.file)),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/routers/{router}',
      access: 'routers:read',
      summary: 'One router: the version in force, all versions, what was learnt on line.',
      answer: async (given) => {
        const { routers, feedback } = given.parts.learning
        const key = keyOf(given)
        const router = await routers.get(key)
        const versions = (await routers.versions(key)).map(({ version, hash, created_at_ms: atMs }) => ({
          version,
          hash,
          created_at: toIso(atMs),
        }))
        const online = await feedback.estimate(key)
        return { status: 200, body: { ...toRouterJson(router), versions, online: toOnlineJson(online) } }
      },
    }),
  ]
}

function routesOfVersions(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/routers/{router}/rollback',
      access: 'routers:manage',
      summary: 'Puts a former version in force again, without a certificate.',
      body: rollback,
      answer: async (given) => ({
        status: 200,
        body: toRouterJson(await given.parts.learning.routers.rollBack(keyOf(given), given.body.version)),
      }),
    }),
    operation(getParts, {
      method: 'PUT',
      path: '/v1/routers/{router}/certificate',
      access: 'routers:manage',
      summary: 'Gives the version in force a certificate that was issued for it.',
      body: newCertificate,
      answer: async (given) => ({
        status: 200,
        body: toRouterJson(
          await given.parts.learning.routers.certify(keyOf(given), JSON.stringify(given.body.certificate)),
        ),
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/routers/{router}/compare',
      access: 'routers:read',
      summary: 'Compares two versions on prompts of feedback that neither was trained on; ?versions=1,2.',
      answer: async (given) => {
        const [one, other, ...more] = (given.exchange.query().get('versions') ?? '').split(',').map(Number)
        if (!isVersion(one) || !isVersion(other) || more.length > 0) {
          throw new PlatformError('INVALID_REQUEST', 'versions must be two version numbers: ?versions=1,2', {
            param: 'versions',
          })
        }
        const found = await given.parts.learning.feedback.compare(keyOf(given), [one, other])
        const versions = found.versions.map(({ version, squaredError, apgr }) => ({
          version,
          squared_error: squaredError ?? null,
          apgr: apgr ?? null,
        }))
        return { status: 200, body: { object: 'router.comparison', prompts: found.prompts, versions } }
      },
    }),
  ]
}

function routesOfTraffic(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/routers/{router}/choices',
      access: 'routers:choose',
      summary:
        'Chooses a model for a prompt, learning from feedback on the choices before; the chance of each is on record.',
      body: question,
      answer: async (given) => {
        const choice = await given.parts.learning.feedback.choose(keyOf(given), given.body)
        const arms = choice.arms.map(({ model, propensity, quality, predicted }) => ({
          model,
          propensity,
          quality,
          predicted,
        }))
        return { status: 201, body: { object: 'router.choice', id: choice.id, model: choice.model, arms } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/routers/{router}/shadow',
      access: 'routers:manage',
      summary: 'Takes a prompt that two models answered, judged: a pair to learn from, and a watch on the certificate.',
      body: shadowed,
      answer: async (given) => {
        const { tenant, keyId } = given.principal
        const router = keyOf(given)
        const { drift } = await given.parts.learning.feedback.shadow({ tenant, keyId }, { ...given.body, router })
        return { status: 201, body: { object: 'router.shadow', drift: toDriftJson(drift) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/topics',
      access: 'routers:read',
      summary: 'What the prompts of feedback are about, with quality and cost of each model; ?count=.',
      answer: async ({ parts, principal, exchange }) => {
        const count = readNumber(exchange, 'count', { min: 1, max: 50, default: 8 })
        const topics = findTopics(await parts.learning.feedback.pairs(principal.tenant), { count, seed: 1 })
        return { status: 200, body: { object: 'list', data: topics.map(toTopicJson) } }
      },
    }),
  ]
}

function isVersion(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value > 0
}

function keyOf({ principal, exchange }: Pick<Operation<unknown>, 'principal' | 'exchange'>): {
  tenant: string
  name: string
} {
  const name = exchange.parameters['router'] ?? ''
  if (!routerName.test(name)) {
    throw new PlatformError('INVALID_REQUEST', 'a router has letters, digits and . _ - in its name; at most 128', {
      param: 'router',
    })
  }
  return { tenant: principal.tenant, name }
}

function toRouterJson({ name, version, router, certificate, drift, updatedAtMs }: KeptRouter): object {
  return {
    object: 'router',
    name,
    version,
    hash: router.hash,
    weak: router.weak,
    strong: router.strong,
    models: router.models.map(({ id, labels, meanQuality, meanCost }) => ({
      id,
      labels,
      mean_quality: meanQuality,
      mean_cost: meanCost ?? null,
    })),
    pairs: router.pairs,
    reads_answers_of: router.judges,
    trained_at: toIso(router.trainedAtMs),
    certificate: certificate ?? null,
    drift: toDriftJson(drift),
    updated_at: toIso(updatedAtMs),
  }
}

function toDriftJson(drift: KeptRouter['drift']): object | null {
  if (drift === undefined) return null
  return { state: drift.type, seen: drift.seen, mean_loss: drift.meanLoss ?? null, evidence: drift.evidence }
}

function toOnlineJson({
  judged,
  meanScore,
  models,
}: Awaited<ReturnType<ReturnType<GetParts>['learning']['feedback']['estimate']>>): object {
  return {
    judged,
    mean_score: meanScore ?? null,
    always: Object.fromEntries(
      Object.entries(models).map(([model, found]) => [
        model,
        found === undefined
          ? null
          : { score: found.score, low_95: found.low95, high_95: found.high95, choices: found.matched },
      ]),
    ),
  }
}

function toTopicJson(topic: Topic): object {
  return {
    object: 'topic',
    id: nameTopic(topic),
    words: topic.words,
    prompts: topic.prompts,
    share: topic.share,
    example: topic.example,
    models: Object.fromEntries(
      Object.entries(topic.models).map(([model, { labels, meanScore, meanCost }]) => [
        model,
        { labels, mean_score: meanScore, mean_usd: meanCost ?? null },
      ]),
    ),
  }
}
