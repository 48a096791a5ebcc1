import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { askWhatIf, partOf } from './kit/what-if.ts'

let mock: MockUpstream
let dear: MockUpstream
let strata: RunningStrata

/** A tenth of a cent an input token at one place, a cent at the other; a hundred are counted for each request. */
beforeEach(async () => {
  mock = await startMockUpstream()
  dear = await startMockUpstream()
  for (const each of [mock, dear])
    each.respondWith(() => ({ script: { text: 'Forty-two.', usage: { inputTotal: 100, outputTotal: 1 } } }))
  const bounds = { outputTokensMax: 100 }
  strata = await startStrata({
    config: {
      endpoints: {
        here: toEndpoint(mock, 'openai', { price: { input: '1000', output: '0' }, ...bounds }),
        there: toEndpoint(dear, 'openai', { price: { input: '10000', output: '0' }, ...bounds }),
      },
      models: { small: { endpoint: 'here' }, large: { endpoint: 'there' } },
    },
  })
})

afterEach(async () => {
  await strata.close()
  await mock.close()
  await dear.close()
})

/** Asks, and says with the prompt how it was, where `keeps` says so. */
async function ask(question: string, keeps: boolean): Promise<void> {
  const prompt = `${question}: ${'what is the answer to everything, and why? '.repeat(9)}`
  const body = { model: 'small', max_tokens: 50, messages: [{ role: 'user', content: prompt }] }
  const response = await strata.request('/v1/chat/completions', body)
  const call = response.headers.get('x-strata-call')
  await response.text()
  if (!keeps) return
  const feedback = { score: 1, call, prompt, answer: ' forty-two. ' }
  expect((await strata.request('/v1/feedback', feedback)).status).toBe(201)
}

function rerun(asked: JsonObject, scenario: JsonObject = {}): Promise<JsonObject> {
  return askWhatIf(strata, { level: 'rerun', scenario, rerun: asked })
}

describe('a sample of recorded calls', () => {
  test('is sent again to another model, and says with intervals what that costs and whether it says the same', async () => {
    for (let index = 0; index < 8; index++) await ask(`question ${index}`, index < 6)
    const body = await rerun({ usd: '100', calls: 50, model: 'large' })
    expect(body).toMatchObject({ calls: 8, content_not_kept: 2, sent: 6, served: 6, failed: {}, stopped: 'sample' })
    expect(body['spent_usd']).toBe('6')
    expect(partOf(body, 'cost_usd')).toMatchObject({
      pairs: 6,
      recorded: expect.closeTo(0.1, 9) as number,
      again: expect.closeTo(1, 9) as number,
      lower: expect.closeTo(0.9, 9) as number,
      upper: expect.closeTo(0.9, 9) as number,
    })
    expect(partOf(body, 'latency_ms')['pairs']).toBe(6)
    expect(partOf(body, 'agreement')).toMatchObject({ of: 6, share: 1 })
    expect(partOf(body, 'agreement')['upper']).toBeCloseTo(1, 9)
    expect(partOf(body, 'agreement')['lower']).toBeLessThan(1)
    const asked = dear.requests.map(({ text }) => text)
    expect(asked).toHaveLength(6)
    expect(asked.every((text) => /question [0-5]/.test(text))).toBe(true)
  })

  test('draws the same from the same seed, and another from another', async () => {
    for (let index = 0; index < 12; index++) await ask(`question ${index}`, true)
    const draws: string[] = []
    for (const seed of [3, 3, 4]) {
      dear.reset()
      dear.respondWith(() => ({ script: { text: 'x', usage: { inputTotal: 1, outputTotal: 1 } } }))
      expect(await rerun({ usd: '100', calls: 4, seed, model: 'large' })).toMatchObject({ sent: 4 })
      draws.push(
        dear.requests
          .map(({ text }) => /question \d+/.exec(text)?.[0] ?? '')
          .toSorted((one, other) => (one < other ? -1 : 1))
          .join(),
      )
    }
    expect(draws[1]).toBe(draws[0])
    expect(draws[2]).not.toBe(draws[0])
  })

  test('stops at its budget and never spends beyond it', async () => {
    for (let index = 0; index < 6; index++) await ask(`question ${index}`, true)
    // Two requests fit, and no third: each is bound by what is left.
    const body = await rerun({ usd: '2.5', calls: 50, model: 'large' })
    expect(Number(body['spent_usd'])).toBeLessThanOrEqual(2.5)
    expect(Number(body['spent_usd'])).toBeGreaterThan(0)
    expect(body).toMatchObject({ sent: 2, served: 2, stopped: 'usd' })
    expect(dear.requests).toHaveLength(2)
  })

  test('is on record as a rerun of who asked for it, and is not sent again by the next', async () => {
    await ask('question 0', true)
    const body = await rerun({ usd: '10', calls: 5 })
    const calls = (await (await strata.request('/v1/calls?limit=10')).json()) as { data: { id: string }[] }
    const ids = calls.data.map(({ id }) => id)
    const trees = await Promise.all(ids.map(async (id) => (await strata.request(`/v1/calls/${id}`)).text()))
    expect(trees.filter((tree) => tree.includes(JSON.stringify(body['run'])))).toHaveLength(1)
    expect(await rerun({ usd: '10', calls: 5 })).toMatchObject({ calls: 1, sent: 1 })
  })

  test('goes through another tree, and has both answers judged', async () => {
    for (let index = 0; index < 5; index++) await ask(`question ${index}`, true)
    mock.respondWith(({ text }) => ({
      script: {
        text: text.includes('You judge') ? 'SCORE: 7' : 'Forty-two.',
        usage: { inputTotal: 10, outputTotal: 1 },
      },
    }))
    const judge = { model: 'small', criteria: 'Names the number.' }
    const body = await rerun({ usd: '100', calls: 5, judge }, { models: { small: { fallback: ['large', 'small'] } } })
    expect(dear.requests).toHaveLength(5)
    expect(partOf(body, 'quality')).toMatchObject({ pairs: 5, recorded: 0.7, again: 0.7, difference: 0 })
    expect(body['spent_usd']).toBe('5.1')
  })
})

describe('refuses', () => {
  test('to send what nobody kept, and says of how many', async () => {
    await ask('question 0', false)
    const response = await strata.request('/v1/what-if', { level: 'rerun', rerun: { usd: '1', calls: 5 } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('none of 1 calls has its content on record')
    expect(mock.requests).toHaveLength(1)
  })

  test.each([
    [{ level: 'rerun' }, 'rerun'],
    [{ level: 'rerun', rerun: { usd: '1', calls: 5 }, scenario: { gone: [{ endpoint: 'here' }] } }, 'scenario.gone'],
    [{ level: 'rerun', rerun: { usd: '-1', calls: 5 } }, 'rerun.usd'],
    [{ level: 'rerun', rerun: { usd: '1', calls: 201 } }, 'rerun'],
    [{ level: 'rerun', rerun: { usd: '1', calls: 5, model: 'nowhere' } }, 'model'],
  ])('%j', async (body, param) => {
    const response = await strata.request('/v1/what-if', body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.json()).toMatchObject({ error: { param } })
  })
})
