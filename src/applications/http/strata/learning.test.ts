import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from '../../../../test/kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../../../../test/kit/strata.ts'
import { certifyRouter, trainRouter, writeRouter } from '../../../models/index.ts'
import { createPairs } from '../../../models/learning/testing.ts'

let mock: MockUpstream
let strata: RunningStrata
const { router, content } = trainRouter({ pairs: createPairs(200, 2), seed: 1, nowMs: 0 })
const file = writeRouter(content)

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { one: toEndpoint(mock, 'openai', { price: { input: '1', output: '2' } }) },
      models: {
        one: { endpoint: 'one' },
        two: 'one',
        trial: { experiment: { by: 'user', arms: { a: { use: 'one' }, b: { use: 'two' } } } },
      },
    },
  })
})
afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function send(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const response = await strata.request(path, undefined, init)
  return { status: response.status, body: await response.json() }
}

describe('routers', () => {
  test('are taken in, certified, asked, compared and rolled back', async () => {
    expect(await send('PUT', '/v1/routers/support', { file })).toMatchObject({
      status: 200,
      body: { object: 'router', version: 1, weak: 'small', strong: 'large', certificate: null },
    })
    const guarantee = { epsilon: 0.1, delta: 0.1, loss: 'net' } as const
    const { certificate } = certifyRouter({ router, pairs: createPairs(400, 7), guarantee, judge: 'exact', nowMs: 0 })
    expect(await send('PUT', '/v1/routers/support/certificate', { certificate })).toMatchObject({
      status: 200,
      body: { certificate: { epsilon: 0.1 }, drift: { state: 'holds', seen: 0 } },
    })
    const made = await send('POST', '/v1/routers/support/choices', {
      prompt: 'What does the river say?',
      among: ['small', 'large'],
    })
    expect(made).toMatchObject({
      status: 201,
      body: { object: 'router.choice', arms: [{ model: 'small' }, { model: 'large' }] },
    })
    const { id } = made.body as { readonly id: string }
    expect(await send('POST', '/v1/feedback', { choice: id, score: 1 })).toMatchObject({ status: 201 })
    expect(await send('POST', '/v1/feedback', { choice: id, score: 1 })).toMatchObject({ status: 409 })
    expect(await send('PUT', '/v1/routers/support', { file })).toMatchObject({
      body: { version: 2, certificate: null },
    })
    expect(await send('POST', '/v1/routers/support/rollback', { version: 1 })).toMatchObject({ body: { version: 1 } })
    expect(await send('GET', '/v1/routers/support')).toMatchObject({
      body: { version: 1, versions: [{ version: 2 }, { version: 1 }], online: { judged: 1, mean_score: 1 } },
    })
    expect(await send('GET', '/v1/routers')).toMatchObject({ body: { data: [{ name: 'support' }] } })
    const shadow = { prompt: 'What does the lemma say?', scores: { small: 0, large: 1 }, answers: { small: 'x' } }
    expect(await send('POST', '/v1/routers/support/shadow', shadow)).toMatchObject({
      status: 201,
      body: { drift: null },
    })
    expect(await send('GET', '/v1/routers/support/compare?versions=1,2')).toMatchObject({
      body: { prompts: 1, versions: [{ version: 1 }, { version: 2 }] },
    })
    expect(await send('GET', '/v1/topics')).toMatchObject({ status: 200, body: { object: 'list' } })
  })

  test.each([
    ['PUT', '/v1/routers/x', { file: 'nonsense' }, 422, 'ROUTER_INVALID'],
    ['PUT', '/v1/routers/a%20b', { file }, 400, 'INVALID_REQUEST'],
    ['GET', '/v1/routers/none', undefined, 404, 'NOT_FOUND'],
    ['POST', '/v1/routers/none/choices', { prompt: 'x', among: ['a', 'b'] }, 404, 'NOT_FOUND'],
    ['POST', '/v1/routers/support/choices', { prompt: 'x', among: ['a'] }, 400, 'INVALID_REQUEST'],
    ['POST', '/v1/routers/support/shadow', { prompt: 'x', scores: { small: 2 } }, 400, 'INVALID_REQUEST'],
    ['GET', '/v1/routers/support/compare?versions=1', undefined, 400, 'INVALID_REQUEST'],
    ['PUT', '/v1/routers/support/certificate', { certificate: { epsilon: 1 } }, 422, 'CERTIFICATE_INVALID'],
  ] as const)('%s %s with %j is refused', async (...[method, path, body, status, code]) => {
    expect(await send(method, path, body)).toMatchObject({ status, body: { error: { code } } })
  })
})

test('feedback on a call knows who answered and what it cost, and makes pairs', async () => {
  const chat = { model: 'one', messages: [{ role: 'user', content: 'x' }] }
  const response = await strata.request('/v1/chat/completions', chat)
  await response.arrayBuffer()
  const call = response.headers.get('x-strata-call') ?? ''
  expect(await send('POST', '/v1/feedback', { call, score: 0.5, prompt: 'x', comment: '还行' })).toMatchObject({
    status: 201,
    body: { object: 'feedback', model: 'one', usd: 0.00003, call, comment: '还行' },
  })
  expect(await send('GET', '/v1/feedback?limit=1')).toMatchObject({ body: { data: [{ call }], has_more: true } })
  const pairs = (await send('GET', '/v1/feedback/pairs')).body as {
    readonly data: readonly { readonly prompt: string }[]
  }
  expect(pairs.data.find(({ prompt }) => prompt === 'x')).toMatchObject({
    scores: { one: 0.5 },
    costs: { one: 0.00003 },
  })
  expect(await send('POST', '/v1/feedback', { call: 'call_none', score: 1 })).toMatchObject({ status: 404 })
  expect(await send('POST', '/v1/feedback', { score: 1 })).toMatchObject({
    status: 400,
    body: { error: { param: 'model' } },
  })
  expect(await send('POST', '/v1/feedback', { score: 7, model: 'one' })).toMatchObject({ status: 400 })
})

test('a model may have any name, also one that every object knows', async () => {
  await send('PUT', '/v1/routers/names', { file })
  const among = ['__proto__', 'constructor', 'small']
  const made = await send('POST', '/v1/routers/names/choices', { prompt: 'Which?', among })
  expect(made).toMatchObject({ status: 201, body: { arms: among.map((model) => ({ model })) } })
})

describe('evaluations', () => {
  test('ask the models there are, are kept, and compare two of them', async () => {
    const cases = [
      { prompt: 'hello', expect: { excludes: ['never'] } },
      { id: 'b', prompt: 'hello', expect: { equals: 'never' } },
    ]
    const made = await send('POST', '/v1/evaluations', { name: 'first', models: ['one', 'two'], cases })
    expect(made).toMatchObject({
      status: 201,
      body: {
        object: 'evaluation',
        models: [
          { model: 'one', scored: 2, failed: 0, mean_score: 0.5 },
          { model: 'two', mean_score: 0.5 },
        ],
        results: [{ id: '1' }, { id: 'b', outcomes: { one: { score: 0 } } }],
        judge_agreement: null,
      },
    })
    const { id } = made.body as { readonly id: string }
    expect(await send('GET', `/v1/evaluations/${id}`)).toMatchObject({ body: made.body as object })
    expect(await send('GET', '/v1/evaluations')).toMatchObject({ body: { data: [{ id, name: 'first' }] } })
    expect(await send('GET', `/v1/evaluations/${id}/compare?models=one,two`)).toMatchObject({
      body: { first: 'one', second: 'two', cases: 2, ties: 2, verdict: 'undecided' },
    })
    expect(await send('GET', `/v1/evaluations/${id}/pairs`)).toMatchObject({
      body: { data: [{ prompt: 'hello' }, {}] },
    })
  })

  test.each([
    [{ name: 'x', models: ['none'], cases: [{ prompt: 'x' }] }, 404],
    [{ name: 'x', models: ['one'], cases: [] }, 400],
    [{ name: 'x', models: ['one', 'two'], cases: Array.from({ length: 150 }, () => ({ prompt: 'x' })) }, 400],
    [{ name: 'x', models: ['one'], cases: [{ prompt: 'x', expect: { wish: 1 } }] }, 400],
  ])('%j is refused', async (body, status) => {
    expect(await send('POST', '/v1/evaluations', body)).toMatchObject({ status })
  })
})

describe('experiments', () => {
  test('are compared by their subjects, with feedback, cost and latency', async () => {
    const users = Array.from({ length: 60 }, (_, at) => `person ${at}`)
    const armOf = new Map<string, string>()
    for (const user of users) {
      const chat = { model: 'trial', user, messages: [{ role: 'user', content: 'Hello' }] }
      const call = (await strata.request('/v1/chat/completions', chat)).headers.get('x-strata-call') ?? ''
      const recorded = JSON.stringify((await send('GET', `/v1/calls/${call}`)).body)
      const arm = /"arm":"([ab])"/.exec(recorded)?.[1] ?? ''
      armOf.set(user, arm)
      await send('POST', '/v1/feedback', { call, score: arm === 'a' ? 0 : 1 })
    }
    const { status, body } = await send('GET', '/v1/experiments/trial?control=a')
    expect(status).toBe(200)
    const found = body as { readonly arms: readonly object[]; readonly comparisons: readonly object[] }
    const subjects = (arm: string): number => [...armOf.values()].filter((each) => each === arm).length
    expect(found).toMatchObject({
      object: 'experiment.report',
      by: ['user'],
      moved_subjects: 0,
      truncated: false,
      arms: [
        {
          arm: 'a',
          subjects: subjects('a'),
          score: { mean: 0 },
          usd: { subjects: subjects('a') },
          failures: { mean: 0 },
        },
        { arm: 'b', subjects: subjects('b'), score: { mean: 1 }, latency_ms: { subjects: subjects('b') } },
      ],
      comparisons: [{ arm: 'b', control: 'a', score: { difference: 1, p_value: 0 } }],
    })
    expect(JSON.stringify(body)).not.toContain('person')
  })

  test('are refused where there are none', async () => {
    expect(await send('GET', '/v1/experiments/one')).toMatchObject({ status: 404 })
    expect(await send('GET', '/v1/experiments/trial?control=c')).toMatchObject({ status: 404 })
    expect(await send('GET', '/v1/experiments/trial?from=yesterday')).toMatchObject({ status: 400 })
  })
})
