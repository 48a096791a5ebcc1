import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../src/core/json.ts'
import { loadPack } from '../src/governance/index.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { plainFacts } from './kit/use-case-answers.ts'

let mock: MockUpstream
let strata: RunningStrata

const moods = { ...plainFacts, practices: ['emotion-inference'], emotionSetting: 'workplace' }
const inForce = [{ pack: 'eu-ai-act' }]

/** A pack in force that refuses one of three use cases, and one that nobody declared. */
beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({ config: configure({ support: plainFacts, moods }) })
  for (let index = 0; index < 12; index++) await ask(['support', 'moods', 'support', undefined][index % 4])
}, 180_000)
afterAll(async () => {
  await strata.close()
  await mock.close()
})

function configure(useCases: Readonly<Record<string, JsonObject>>): JsonObject {
  return {
    endpoints: { plain: toEndpoint(mock, 'openai', { price: { input: '1', output: '1' } }) },
    models: { chat: { endpoint: 'plain' } },
    governance: {
      policies: inForce,
      useCases: Object.fromEntries(Object.entries(useCases).map(([name, facts]) => [name, { 'eu-ai-act': facts }])),
    },
  }
}

async function ask(useCase: string | undefined): Promise<void> {
  const messages = [{ role: 'user', content: 'Hello' }]
  const body = { model: 'chat', messages, ...(useCase === undefined ? {} : { strata: { useCase } }) }
  await (await strata.request('/v1/chat/completions', body)).text()
}

async function replay(scenario: JsonObject): Promise<JsonObject> {
  const response = await strata.request('/v1/what-if', { scenario })
  const body: unknown = await response.json()
  if (!isJsonObject(body) || response.status !== 200) throw new Error(JSON.stringify(body))
  return body
}

describe('recorded calls under other policies', () => {
  test('with nothing changed stay as they were, refused ones too, and so do they under the very same pack', async () => {
    for (const scenario of [{}, { policies: inForce }]) {
      const body = await replay(scenario)
      expect(body).toMatchObject({ same: 12, changed: 0, estimated_tries: 0, examples: [] })
      expect(body['replayed']).toEqual(body['recorded'])
    }
    expect(await replay({})).toMatchObject({ recorded: { served: 6, denied: 6 }, policies: null })
  })

  test('without any, what was refused would be let through, and what that costs is not known', async () => {
    const body = await replay({ policies: [] })
    expect(body).toMatchObject({
      replayed: { served: 12, denied: 0 },
      estimated_tries: 6,
      policies: { newly_allowed: 6, newly_refused: { calls: 0 }, refused: [] },
    })
  })

  test('of a newer version given with the request, are refused with its articles and what they cost', async () => {
    const pack = JSON.parse(loadPack('eu-ai-act').text) as JsonObject & { rules: JsonObject[] }
    const rule = { id: 'test.none', article: 'Art. 99', title: 'None', from: '2020-01-01', effect: 'deny' }
    const isKnown = { exists: 'practices' }
    const when = { any: [isKnown, { not: isKnown }] }
    const strict = {
      ...pack,
      version: '9.9.9',
      rules: [...pack.rules, { ...rule, when, reason: 'Nothing is let through.' }],
    }
    const body = await replay({ policies: [{ pack: strict }] })
    const before = body['recorded'] as JsonObject
    expect(body).toMatchObject({
      replayed: { served: 0, denied: 12, cost_usd: '0' },
      policies: { newly_allowed: 0, newly_refused: { calls: 6, cost_usd: before['cost_usd'], cost_unknown: 0 } },
    })
    const { refused } = body['policies'] as { refused: JsonObject[] }
    expect(refused).toContainEqual(
      expect.objectContaining({
        use_case: 'support',
        decision: 'deny',
        packs: ['eu-ai-act@9.9.9'],
        articles: ['Art. 99'],
        calls: 6,
      }),
    )
  })

  test('are decided by the facts of then, also after the use cases were declared otherwise', async () => {
    await strata.reload(configure({ support: moods, moods: plainFacts }))
    expect(await replay({ policies: inForce })).toMatchObject({ same: 12, changed: 0 })
    await strata.reload(configure({ support: plainFacts, moods }))
  })

  test.each([
    [[{ pack: 'nowhere' }], 404],
    [[{ pack: { id: 'x' } }], 400],
    [[{ pack: 'eu-sovereignty' }], 400],
    [[{ pack: '../../etc/passwd' }], 400],
  ])('that cannot be are refused: %j', async (policies, status) => {
    expect((await strata.request('/v1/what-if', { scenario: { policies } })).status).toBe(status)
  })
})

test('calls that a review ended stay as they were: held, answered by a person, and those for which there was none', async () => {
  const { deepFake: _, ...unanswered } = plainFacts
  const own = await startStrata({
    config: {
      ...configure({}),
      governance: {
        policies: inForce,
        useCases: { open: { 'eu-ai-act': unanswered } },
        reviews: { undecided: 'hold', reviewers: [{ person: 'ada', competence: 'trained' }] },
      },
    },
  })
  const told = async (response: Promise<Response>): Promise<JsonObject> => (await (await response).json()) as JsonObject
  const send = (more: JsonObject): Promise<JsonObject> =>
    told(
      own.request('/v1/chat/completions', {
        model: 'chat',
        messages: [{ role: 'user', content: 'Hello' }],
        strata: { useCase: 'open', ...more },
      }),
    )
  const { key } = await told(own.request('/v1/keys', { name: 'ada', user: 'ada' }))
  const { error } = await send({})
  const { review } = (error as { readonly details: { readonly review: string } }).details
  await send({ review: 'review_01k0000000000000000000000' })
  const headers = { authorization: `Bearer ${key as string}` }
  const decision = { decision: 'override', reason: 'looked at it', text: 'Good day.' }
  await told(own.request(`/v1/reviews/${review}/decisions`, decision, { headers }))
  expect(await send({ review })).toMatchObject({ choices: [{ message: { content: 'Good day.' } }] })
  expect(await send({ review })).toMatchObject({ error: { code: 'CONFLICT' } })
  const body = await told(own.request('/v1/what-if', { scenario: {} }))
  expect(body).toMatchObject({ same: 4, changed: 0, kept: 4, estimated_tries: 0, examples: [] })
  expect(body['replayed']).toEqual(body['recorded'])
  await own.close()
})
