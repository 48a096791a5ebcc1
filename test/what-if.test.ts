import { measureCoverage } from '../bench/kit/choice-worlds.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../src/core/json.ts'
import { createSeededRandom } from '../src/core/random.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { askWhatIf, partOf } from './kit/what-if.ts'

const calls = 240
let mock: MockUpstream
let strata: RunningStrata

/** A pool of three, behind it one in another region, and a model that goes from abroad to home. */
beforeAll(async () => {
  mock = await startMockUpstream()
  const price = { input: '0.15', output: '0.60' }
  const endpoints = {
    one: toEndpoint(mock, 'openai', { price, weight: 3 }),
    two: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }),
    three: toEndpoint(mock, 'openai', { price: { input: '0', output: '0' } }),
    spare: toEndpoint(mock, 'openai', { price: { input: '9', output: '9' }, processing: ['de'], storage: ['de'] }),
    abroad: toEndpoint(mock, 'openai', { price, processing: ['us'], storage: ['us'] }),
  }
  const models = {
    pool: { endpoint: ['one', 'two', 'three'] },
    fast: { endpoint: ['one', 'two'], balance: 'latency' },
    safe: { fallback: ['abroad', 'pool', 'spare'] },
  }
  const egress = { attemptsMax: 3, retryBackoffMs: 1, retryWaitMsMax: 2, breaker: { failuresMax: 4, openMs: 300 } }
  strata = await startStrata({ config: { endpoints, models, egress, governance: { allowedRegions: ['local', 'de'] } } })
  await record()
}, 180_000)
afterAll(async () => {
  await strata.close()
  await mock.close()
})

/** Traffic in which tries fail, are retried, fail over and are refused, some at a time and some at once. */
async function record(): Promise<void> {
  const random = createSeededRandom(7)
  mock.respondWith(() => {
    const fate = random.next()
    if (fate < 0.3) return { status: 503 }
    if (fate < 0.36) return { status: 429 }
    if (fate < 0.38) return { endAfterEvents: 2, script: { textDeltas: ['cut', 'off', 'here'] } }
    if (fate < 0.42) return { status: 400, json: { error: { message: 'no', type: 'invalid_request_error' } } }
    return {
      script: { textDeltas: ['a', 'b'], usage: { inputTotal: 10 + Math.floor(random.next() * 90), outputTotal: 5 } },
    }
  })
  const names = ['pool', 'fast', 'safe', 'safe', 'one', 'nowhere']
  const ask = async (index: number): Promise<void> => {
    const body = {
      model: names[index % names.length],
      stream: index % 4 === 0,
      messages: [{ role: 'user', content: 'Hi' }],
    }
    await (await strata.request('/v1/chat/completions', body)).text()
  }
  for (let index = 0; index < calls; index += 4) await Promise.all([0, 1, 2, 3].map((more) => ask(index + more)))
}

function replay(scenario: JsonObject, more: JsonObject = {}): Promise<JsonObject> {
  return askWhatIf(strata, { scenario, ...more })
}

describe('replayed with nothing changed', () => {
  test('every call takes its route again, at its cost to the picodollar', async () => {
    const body = await replay({})
    expect(body['examples']).toEqual([])
    expect(body).toMatchObject({ same: calls, changed: 0, kept: 0, routed: calls, estimated_tries: 0 })
    expect(partOf(body, 'replayed')).toEqual(partOf(body, 'recorded'))
    expect(partOf(body, 'recorded')).toMatchObject({ calls })
  })

  test('every dispatch costs what it did', async () => {
    const body = await replay({}, { level: 'price' })
    expect(body['recorded_usd']).toBe(body['repriced_usd'])
    expect(body['same']).toBe(body['dispatches'])
    expect(Number(body['dispatches'])).toBeGreaterThan(50)
  })
})

describe('replayed with something changed', () => {
  test('a vendor that is gone serves nothing, and others take over', async () => {
    const body = await replay({ gone: [{ endpoint: 'one' }] })
    const [before, after] = [partOf(body, 'recorded'), partOf(body, 'replayed')]
    expect(partOf(partOf(before, 'endpoints'), 'one')['served']).toBeGreaterThan(0)
    expect(partOf(after, 'endpoints')['one']).toBeUndefined()
    expect(Number(body['estimated_tries'])).toBeGreaterThan(0)
    expect(Number(after['served'])).toBeLessThanOrEqual(Number(before['served']))
    expect(partOf(after, 'reasons')['NO_ENDPOINT']).toBeGreaterThan(0)
  })

  test('a name that no endpoint has is told, since it changes nothing', async () => {
    expect(await replay({ gone: [{ endpoint: 'oen' }, { endpoint: 'one' }] })).toMatchObject({ unmatched: ['oen'] })
    const price = await replay({ prices: [{ endpoint: 'oen', factor: '2' }] }, { level: 'price' })
    expect(price).toMatchObject({ unmatched: ['oen'], repriced_usd: price['recorded_usd'] })
  })

  test.each([
    [{ a: { fallback: ['a'] } }, 'scenario.models.a.fallback[0]', 'cannot be made of itself'],
    [{ a: { endpoint: 'nowhere' } }, 'scenario.models.a.endpoint', 'there is no endpoint'],
    [{ a: { falback: ['one'] } }, 'scenario.models.a.falback', 'Did you mean'],
  ])('models of it that cannot be are the fault of who asks: %j', async (models, param, says) => {
    const refused = await strata.request('/v1/what-if', { level: 'route', scenario: { models } })
    expect(await refused.json()).toMatchObject({
      error: { code: 'INVALID_REQUEST', param, message: expect.stringContaining(says) as string },
    })
    expect(refused.status).toBe(400)
  })

  test('it is gone only in its hours', async () => {
    const minute = (ms: number): string => new Date(Date.now() + ms).toISOString().slice(11, 16)
    const body = await replay({ gone: [{ endpoint: 'one', from: minute(3 * 3_600_000), to: minute(4 * 3_600_000) }] })
    expect(body['changed']).toBe(0)
  })

  test('a price that rises never lowers what fixed routes cost, and rises exactly', async () => {
    const body = await replay({ prices: [{ endpoint: '*', factor: '2' }] }, { level: 'price' })
    expect(Number(body['repriced_usd'])).toBeCloseTo(2 * Number(body['recorded_usd']), 12)
  })

  test('regions that are taken away are refused by the gate', async () => {
    const after = partOf(await replay({ allowedRegions: ['de'] }), 'replayed')
    const served = Object.entries(partOf(after, 'endpoints')).filter(
      ([, each]) => isJsonObject(each) && each['served'] !== 0,
    )
    expect(served.map(([name]) => name)).toEqual(['spare'])
    expect(Number(after['residency_refused'])).toBeGreaterThan(0)
  })

  test('half the money serves fewer calls, and spends no more than one call beyond it', async () => {
    const body = await replay({ budget: { share: '0.5' } })
    const [before, after] = [partOf(body, 'recorded'), partOf(body, 'replayed')]
    expect(partOf(after, 'reasons')['BUDGET']).toBeGreaterThan(0)
    expect(Number(after['cost_usd'])).toBeLessThan(0.5 * Number(before['cost_usd']) + 0.001)
  })

  test('another tree is routed by that tree', async () => {
    const tree = {
      pool: { endpoint: 'three' },
      fast: { endpoint: 'three' },
      safe: { endpoint: 'three' },
      one: { endpoint: 'three' },
    }
    const after = partOf(await replay({ models: tree }), 'replayed')
    expect(Object.keys(partOf(after, 'endpoints'))).toEqual(['three'])
    expect(after['cost_usd']).toBe('0')
  })

  test('models that the scenario does not name stay, and those it names may be made of them', async () => {
    const body = await replay({ models: { one: { fallback: ['pool'] } } })
    const [before, after] = [partOf(body, 'recorded'), partOf(body, 'replayed')]
    expect(partOf(after, 'reasons')['MODEL_NOT_FOUND']).toBe(partOf(before, 'reasons')['MODEL_NOT_FOUND'])
    expect(Number(after['served'])).toBeGreaterThan(0)
  })
})

test('what always one endpoint would have brought is estimated from the draws on record', async () => {
  const body = await replay({}, { level: 'policy' })
  const endpoints = Array.isArray(body['endpoints']) ? body['endpoints'].filter(isJsonObject) : []
  expect(endpoints.map(({ endpoint }) => endpoint)).toEqual(['one', 'three', 'two'])
  const means = endpoints.map((each) => {
    const { lower, mean, upper } = partOf(partOf(each, 'served'), 'doubly_robust')
    expect(Number(lower)).toBeLessThanOrEqual(Number(mean))
    expect(Number(upper)).toBeGreaterThanOrEqual(Number(mean))
    return Number(mean)
  })
  // Which of them failed while it was drawn is chance, and one may have rested most of the time.
  expect(Math.max(...means)).toBeGreaterThan(0.2)
})

test('off-policy estimates hold what is known of simulated logs, about as often as they say', async () => {
  const { estimates, held } = await measureCoverage({ worlds: 60, choices: 500, seed: 11 })
  expect(estimates).toBeGreaterThan(300)
  for (const share of Object.values(held)) expect(share).toBeGreaterThan(0.9)
  // An interval of everything would hold it always.
  expect(held.doublyRobust).toBeLessThan(0.99)
})

describe('refuses', () => {
  test.each([
    [{ scenario: { gone: [{ endpoint: 'one', from: '25:00' }] } }, 'scenario.gone.0.from'],
    [{ scenario: { budget: {} } }, 'budget'],
    [{ scenario: { vendors: [] } }, 'scenario.vendors'],
    [{ from: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'from'],
    [{ level: 'guess' }, 'level'],
  ])('%j', async (body, param) => {
    const response = await strata.request('/v1/what-if', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_REQUEST', param } })
  })

  test('a tree that cannot stand, with its key', async () => {
    const response = await strata.request('/v1/what-if', { scenario: { models: { pool: { fallback: ['nobody'] } } } })
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('nobody') } })
  })
})
