import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verbs } from '../src/applications/cli/index.ts'
import { createRoutes } from '../src/applications/http/index.ts'
import { configJsonSchema } from '../src/config/index.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../src/core/json.ts'
import { controlCatalogues, loadControls } from '../src/governance/index.ts'
import { at } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { plainFacts } from './kit/use-case-answers.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeEach(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { plain: toEndpoint(mock, 'openai', { price: { input: '1', output: '1' } }) },
      models: { chat: { endpoint: 'plain' } },
      governance: {
        // In shadow nothing is refused, and use cases are on record.
        policies: [{ pack: 'cn-genai', mode: 'shadow' }],
        useCases: {
          support: { 'eu-ai-act': plainFacts },
          moods: { 'eu-ai-act': { ...plainFacts, practices: ['emotion-inference'], emotionSetting: 'workplace' } },
        },
      },
    },
  })
})

afterEach(async () => {
  await strata.close()
  await mock.close()
})

async function ask(useCase?: string): Promise<void> {
  const body = {
    model: 'chat',
    messages: [{ role: 'user', content: 'Hello' }],
    ...(useCase && { strata: { useCase } }),
  }
  expect((await strata.request('/v1/chat/completions', body)).status).toBe(200)
}

async function backtest(body: JsonObject): Promise<JsonValue> {
  return (await (await strata.request('/v1/policies/backtest', body)).json()) as JsonValue
}

describe('a back-test of a pack', () => {
  test('says what would have been refused, why, and what it has cost', async () => {
    for (const useCase of ['support', 'support', 'moods', undefined]) await ask(useCase)
    const found = await backtest({ pack: 'eu-ai-act' })
    expect(found).toMatchObject({
      calls: 4,
      calls_unknown: 1,
      allow: { calls: 2 },
      deny: { calls: 2 },
      newly_refused: { calls: 2 },
    })
    const costs = ['allow', 'deny'].map((verdict) => {
      const cost = at(found, [verdict, 'cost', 'picodollars'])
      return typeof cost === 'string' ? BigInt(cost) : 0n
    })
    expect(costs.every((cost) => cost > 0n)).toBe(true)
    const groups = at(found, ['groups'])
    expect(groups).toContainEqual(
      expect.objectContaining({ use_case: 'moods', decision: 'deny', articles: ['Art. 5(1)(f)'], calls: 1 }),
    )
    expect(groups).toContainEqual(expect.objectContaining({ use_case: null, decision: 'deny' }))
  })

  test('takes the use case of the key where the record does not say, and only calls of its span', async () => {
    const response = await strata.request('/v1/keys', { name: 'desk', use_case: 'support' })
    const { key } = (await response.json()) as { readonly key: string }
    const body = { model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }
    await strata.request('/v1/chat/completions', body, { headers: { authorization: `Bearer ${key}` } })
    expect(await backtest({ pack: 'eu-ai-act' })).toMatchObject({ calls: 1, allow: { calls: 1 } })
    expect(await backtest({ pack: 'eu-ai-act', until: '2020-01-01T00:00:00Z' })).toMatchObject({ calls: 0 })
  })

  test('is of a pack that there is, and of no file over HTTP', async () => {
    expect(await backtest({ pack: 'no-such' })).toMatchObject({ error: { code: 'NOT_FOUND' } })
    expect(await backtest({ pack: '../secret.yaml' })).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  })
})

test('a back-test of a pack about places decides on every connection that was made, by what its endpoint says of itself', async () => {
  const day = (more: number): string => new Date(Date.now() + more * 86_400_000).toISOString().slice(0, 10)
  const home = { processing: ['de'], storage: ['de'], price: { input: '1', output: '1' } }
  const shown = {
    abuseLog: { days: 0 },
    operator: ['de'],
    parents: [],
    subprocessors: [],
    transfer: 'none',
    trainsOnInput: false,
    keys: 'customer',
    evidence: [{ url: 'contract', on: day(-9), expires: day(9) }],
  }
  const config = (rack: object): JsonObject => ({
    endpoints: {
      rack: toEndpoint(mock, 'openai', { ...home, sovereignty: { ...shown, ...rack } }),
      cloud: toEndpoint(mock, 'openai', home),
    },
    models: { here: { endpoint: 'rack' }, there: { endpoint: 'cloud' } },
    governance: { allowedRegions: ['eu'], sovereignty: { mode: 'shadow' } },
  })
  await strata.reload(config({}))
  for (const model of ['here', 'here', 'there']) {
    const body = { model, messages: [{ role: 'user', content: 'Hello' }] }
    expect((await strata.request('/v1/chat/completions', body)).status).toBe(200)
  }
  const found = await backtest({ pack: 'eu-sovereignty' })
  expect(found).toMatchObject({ calls: 3, allow: { calls: 2 }, deny: { calls: 1 }, newly_refused: { calls: 1 } })
  const groups = at(found, ['groups']) as readonly JsonObject[] // a list, as the pages say
  expect(groups.map((group) => [group['use_case'], group['decision']])).toEqual([
    ['rack within eu', 'allow'],
    ['cloud within eu', 'deny'],
  ])
  expect(groups[1]?.['missing']).not.toEqual([])
  expect(at(found, ['newly_refused', 'cost_usd']) ?? at(found, ['newly_refused', 'cost'])).not.toBeNull()
  // What no longer holds of the endpoint decides anew, on the same record.
  await strata.reload(config({ trainsOnInput: true }))
  expect(await backtest({ pack: 'eu-sovereignty' })).toMatchObject({ calls: 3, deny: { calls: 3 } })
  // Without rules to hold places against it is not guessed.
  await strata.reload({ ...config({}), governance: { allowedRegions: ['eu'] } })
  expect(await backtest({ pack: 'eu-sovereignty' })).toMatchObject({
    error: { code: 'INVALID_REQUEST', param: 'pack' },
  })
})

describe('the catalogues of controls', () => {
  const routes = new Set(createRoutes(() => strata.platform.parts()).map(({ path }) => path))
  const names = new Set(verbs.map(({ name }) => name))

  /** Whether the configuration has the key. */
  function hasKey(path: string): boolean {
    let schema: JsonValue | undefined = configJsonSchema() as JsonObject // a JSON Schema is JSON
    for (const part of path.split('.')) schema = isJsonObject(schema) ? at(schema, ['properties', part]) : undefined
    return schema !== undefined
  }

  test.each(controlCatalogues)('%s names only places that there are', (id) => {
    const { clauses } = loadControls(id)
    expect(clauses.length).toBeGreaterThan(30)
    for (const { clause, evidence } of clauses) {
      for (const { at: places } of evidence) {
        for (const place of places) {
          const isThere = place.startsWith('/')
            ? routes.has(place)
            : place.startsWith('strata ')
              ? names.has(place.split(' ')[1] ?? '')
              : hasKey(place)
          expect(isThere, `${id} ${clause}: ${place}`).toBe(true)
        }
      }
    }
  })

  test('say where nothing is evidence, and are listed over HTTP', async () => {
    const body = (await (await strata.request('/v1/policies/controls')).json()) as JsonValue
    expect(at(body, ['data', 0, 'id'])).toBe('iso-42001')
    expect(at(body, ['data', 0, 'clauses'])).toContainEqual({
      clause: 'A.5.5',
      title: 'Impact on society',
      evidence: [],
    })
  })
})
