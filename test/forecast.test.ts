import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallFacts } from '../src/core/call.ts'
import { isJsonObject, type JsonObject } from '../src/core/json.ts'
import { createFacts } from '../src/core/testing.ts'
import { createUsage } from '../src/core/usage.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

const dayMs = 86_400_000
let strata: RunningStrata
let memberKey = ''
let strangerKey = ''

beforeAll(async () => {
  strata = await startStrata({ config: { models: { outlook: { forecast: { horizon: 3, levels: [0.9] } } } } })
  const { identity, store } = strata.platform
  memberKey = (await identity.keys.create({ tenant: 'default', name: 'member', role: 'member' })).key
  const other = await identity.tenants.create('other')
  strangerKey = (await identity.keys.create({ tenant: other.id, name: 'stranger', role: 'admin' })).key
  for (let day = 1; day <= 40; day++) store.recorder.settle(createCall(day))
})
afterAll(() => strata.close())

/** A call so many days ago that cost 2 dollars, or 1 on every seventh day. */
function createCall(daysAgo: number): readonly CallFacts[] {
  const id = `call_${String(daysAgo).padStart(26, '0')}`
  const root = createFacts({ id, startedAtMs: Date.now() - daysAgo * dayMs, durationMs: 5, firstByteMs: 1 })
  const usage = createUsage({ inputTotal: 100, outputTotal: 20 })
  const cost = daysAgo % 7 === 0 ? 1_000_000_000_000n : 2_000_000_000_000n
  return [{ ...root, id: `${id}.1`, parentId: id, kind: 'dispatch', name: 'cloud', usage, cost }, root]
}

async function readBody(response: Response): Promise<JsonObject> {
  const body: unknown = await response.json()
  if (isJsonObject(body)) return body
  throw new Error('the answer is no object')
}

const week = Array.from({ length: 70 }, (_, day) => 10 + (day % 7))

describe('POST /v1/forecast', () => {
  test('forecasts every series, for any key', async () => {
    const body = {
      series: [
        { name: 'a', values: week },
        { name: 'b', values: [1, null, 1] },
      ],
      horizon: 7,
      levels: [0.8],
    }
    const response = await strata.request('/v1/forecast', body, { headers: { authorization: `Bearer ${memberKey}` } })
    expect(response.status).toBe(200)
    const { series } = await readBody(response)
    expect(series).toMatchObject([
      { name: 'a', seasons: [7], missing: 0 },
      { name: 'b', missing: 1, points: [1, 1, 1, 1, 1, 1, 1] },
    ])
  })

  test.each([
    [{ series: [], horizon: 1 }, 'series'],
    [{ series: [{ values: [1] }], horizon: 2.5 }, 'horizon'],
    [{ series: [{ values: ['1'] }], horizon: 2 }, 'series.0.values.0'],
    [{ series: [{ values: [null] }], horizon: 2 }, 'series'],
    [{ series: [{ values: [1] }], horizon: 2, levels: [95] }, 'levels.0'],
  ])('refuses %j at %s', async (body, param) => {
    const response = await strata.request('/v1/forecast', body)
    expect(response.status).toBe(400)
    expect(await readBody(response)).toMatchObject({ error: { code: 'INVALID_REQUEST', param } })
  })
})

describe('GET /v1/forecast', () => {
  test('forecasts what was spent, by model, and the day the rest is used up', async () => {
    const response = await strata.request('/v1/forecast?by=model&horizon=14&remaining=12.5')
    const { series, until } = await readBody(response)
    expect(until).toBe(new Date(Math.floor(Date.now() / dayMs) * dayMs).toISOString())
    expect(series).toMatchObject([
      { name: 'everyday', costUnknown: 0, exhaustion: { remaining: 12.5, probability: 1 } },
    ])
    const [first] = Array.isArray(series) ? series : []
    const history = isJsonObject(first) ? first['history'] : undefined
    expect(history).toHaveLength(40)
    const fifth = new Date((Math.floor(Date.now() / dayMs) + 6) * dayMs).toISOString()
    expect(JSON.stringify(first)).toContain(`{"share":0.5,"step":7,"date":"${fifth}"}`)
  })

  test('is for admins, and sees nothing of another tenant', async () => {
    const ask = (key: string) =>
      strata.request('/v1/forecast', undefined, { headers: { authorization: `Bearer ${key}` } })
    expect((await ask(memberKey)).status).toBe(403)
    const stranger = await ask(strangerKey)
    expect(stranger.status).toBe(400)
    expect(await readBody(stranger)).toMatchObject({
      error: { message: expect.stringContaining('no whole day of calls') },
    })
  })

  test('refuses words it does not know', async () => {
    const response = await strata.request('/v1/forecast?by=planet')
    expect(await readBody(response)).toMatchObject({ error: { code: 'INVALID_REQUEST', param: 'by' } })
  })
})

describe('a model that forecasts', () => {
  const ask = async (content: string, stream = false): Promise<Response> =>
    strata.request('/v1/chat/completions', { model: 'outlook', stream, messages: [{ role: 'user', content }] })

  test.each([
    [
      'CSV',
      `day,spend\n${week
        .map((value, day) => `2026-01-${day + 1},${value}`)
        .slice(0, 28)
        .join('\n')}`,
    ],
    ['a JSON list', JSON.stringify(week)],
    ['a JSON object', JSON.stringify({ series: [{ name: 'spend', values: week }], horizon: 3 })],
  ])('answers %s with JSON', async (_, content) => {
    const body = await readBody(await ask(content))
    const [choice] = Array.isArray(body['choices']) ? body['choices'] : []
    const message = isJsonObject(choice) && isJsonObject(choice['message']) ? choice['message'] : {}
    const { content: text } = message
    const forecast: unknown = JSON.parse(typeof text === 'string' ? text : '')
    expect(forecast).toMatchObject({ object: 'forecast', horizon: 3, series: [{ intervals: [{ level: 0.9 }] }] })
  })

  test('streams, and ends in order', async () => {
    const text = await (await ask(JSON.stringify(week), true)).text()
    expect(text).toContain('\\"object\\":\\"forecast\\"')
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  })

  test('refuses what is no series', async () => {
    const response = await ask('What will we spend?')
    expect(response.status).toBe(400)
    expect(await readBody(response)).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
  })
})
