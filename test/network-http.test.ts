import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const price = { input: '1', output: '2' }
  strata = await startStrata({
    config: {
      endpoints: {
        one: toEndpoint(mock, 'openai', { price, contextTokens: 4_000, outputTokensMax: 200 }),
        two: toEndpoint(mock, 'anthropic', { price, contextTokens: 4_000, outputTokensMax: 200 }),
      },
      models: {
        voted: { vote: { of: 'one', n: 3, stop: 'all' }, budget: { calls: 5 } },
        routed: { route: [{ when: { header: { name: 'x-data-class', is: 'secret' } }, use: 'one' }, { use: 'two' }] },
        short: {
          cascade: [{ use: 'one', accept: { check: { pattern: 'no answer has this' } } }, { use: 'two' }],
          budget: { calls: 1 },
        },
        passed: { verify: { use: 'one', check: { pattern: 'no answer has this' }, repairs: 0, otherwise: 'pass' } },
        kept: { cache: { use: 'one', seconds: 60 } },
      },
    },
  })
})
beforeEach(() => mock.reset())
afterAll(async () => {
  await strata.close()
  await mock.close()
})

const messages = [{ role: 'user', content: 'Hello' }]
const ask = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  strata.request('/v1/chat/completions', { messages, ...body }, { headers })

interface Answered {
  readonly error?: { readonly code: string; readonly param: string; readonly message: string }
  readonly strata?: Readonly<Record<string, unknown>>
}

describe('networks over HTTP', () => {
  test('say their route, calls and cost in the answer and its headers', async () => {
    const response = await ask({ model: 'voted' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-strata-calls')).toBe('3')
    const { strata: report } = (await response.json()) as Answered
    expect(report).toMatchObject({ calls: 3, nodes: [{ vote: { samples: 3, samplesMax: 3 } }] })
    expect(mock.requests).toHaveLength(3)
  })

  test('a request brings a budget that narrows the model’s, and the answer says that it was cut short', async () => {
    const response = await ask({ model: 'voted', strata: { budget: { calls: 2 } } })
    const { strata: report } = (await response.json()) as Answered
    expect(report).toMatchObject({ calls: 2, cut: true })
    const refused = await ask({ model: 'voted', strata: { budget: { usd: '0.000000001' } } })
    expect(refused.status).toBe(402)
    expect(((await refused.json()) as Answered).error).toMatchObject({ code: 'BUDGET_SPENT' })
  })

  test('say it unasked when they answer with less than was asked for, whole and streamed', async () => {
    for (const [model, mark] of [
      ['short', '"cut":true'],
      ['passed', '"failed":"pattern"'],
    ] as const) {
      for (const stream of [false, true]) {
        expect(await (await ask({ model, stream })).text()).toContain(mark)
        expect(await (await ask({ model, stream, strata: { report: false } })).text()).not.toContain(mark)
      }
      const answered = (await (await ask({ model })).json()) as { readonly object?: unknown }
      expect(answered.object).toBe('chat.completion')
    }
    expect(await (await ask({ model: 'one' })).text()).not.toContain('"strata"')
  })

  test('choose by headers, which no endpoint sees', async () => {
    await ask({ model: 'routed' }, { 'x-data-class': 'secret' })
    await ask({ model: 'routed' })
    expect(mock.requests.map(({ path }) => path)).toEqual([
      expect.stringContaining('/chat/completions'),
      expect.stringContaining('/messages'),
    ])
    expect(JSON.stringify(mock.requests.map(({ headers }) => headers))).not.toContain('x-data-class')
  })

  test('answer from their cache as a stream too, for nothing', async () => {
    await (await ask({ model: 'kept' })).text()
    const again = await ask({ model: 'kept' })
    expect(again.headers.get('x-strata-cost')).toBe('0')
    const streamed = await (await ask({ model: 'kept', stream: true })).text()
    expect(streamed).toContain('data: [DONE]')
    expect(mock.requests).toHaveLength(1)
  })

  test('come with a request of an admin, made of models the key may use', async () => {
    const network = {
      fallback: ['one', { cascade: [{ use: 'one', accept: { check: { pattern: '.' } } }, { use: 'two' }] }],
    }
    const response = await ask({ model: 'inline', strata: { network } })
    expect(response.status).toBe(200)
    const { key } = (await (await strata.request('/v1/keys', { name: 'member', models: ['one'] })).json()) as {
      readonly key: string // the server's own shape
    }
    const member = await ask({ model: 'one', strata: { network } }, { authorization: `Bearer ${key}` })
    expect(member.status).toBe(403)
    expect(((await member.json()) as Answered).error).toMatchObject({ code: 'FORBIDDEN', param: 'strata.network' })
  })

  test('that come with requests keep answers of their own each, wherever their caches stand', async () => {
    for (const use of ['one', 'two', 'one', 'two'])
      await ask({ model: 'inline', strata: { network: { cache: { use, seconds: 60 } } } })
    expect(mock.requests.map(({ path }) => path)).toEqual([
      expect.stringContaining('/chat/completions'),
      expect.stringContaining('/messages'),
    ])
  })

  test('come with a request of a key that was made with that right, and only of models it may use', async () => {
    const made = await strata.request('/v1/keys', { name: 'composer', models: ['one'], composes: true })
    const composer = (await made.json()) as { readonly key: string; readonly composes: boolean } // the server's own shape
    expect(composer.composes).toBe(true)
    const headers = { authorization: `Bearer ${composer.key}` }
    const own = await ask({ model: 'inline', strata: { network: { vote: { of: 'one', n: 2 } } } }, headers)
    expect(own.status).toBe(200)
    const other = await ask({ model: 'inline', strata: { network: { vote: { of: 'two', n: 2 } } } }, headers)
    expect(other.status).toBe(400)
    const withheld = await strata.request('/v1/keys', { name: 'admin without', role: 'admin', composes: false })
    const { key } = (await withheld.json()) as { readonly key: string }
    const refused = await ask({ model: 'inline', strata: { network: 'one' } }, { authorization: `Bearer ${key}` })
    expect(((await refused.json()) as Answered).error).toMatchObject({ code: 'FORBIDDEN' })
  })

  test('run the program of an answer before it leaves, and say how it failed', async () => {
    const code = (call: string) => ({ call, cases: [{ arguments: [2], result: 4 }] })
    const network = (call: string) => ({ verify: { use: 'one', check: { code: code(call) }, repairs: 0 } })
    mock.script({ text: '```js\nconst twice = (n) => 2 * n\n```' })
    const passed = await ask({ model: 'inline', strata: { network: network('twice') } })
    expect(passed.status).toBe(200)
    const failed = await ask({ model: 'inline', strata: { network: network('thrice') } })
    expect(failed.status).toBe(502)
    expect(((await failed.json()) as Answered).error).toMatchObject({ code: 'ANSWER_REFUSED' })
    const [hostile, prototypes] = [code('twice; process'), code('__proto__.x y')]
    for (const each of [hostile, prototypes]) {
      const refused = await ask({
        model: 'inline',
        strata: { network: { verify: { use: 'one', check: { code: each } } } },
      })
      expect(refused.status).toBe(400)
    }
  })

  test.each([
    [{ vote: { of: 'nobody' } }, 'strata.network.vote.of', 'no model "nobody"'],
    [{ vote: { off: 'one' } }, 'strata.network.vote', ''],
    [{ route: [{ when: { tools: true }, use: 'one' }] }, 'strata.network.route[0].when', 'last rule must always hold'],
    [['one'], 'strata.network', ''],
  ])('that cannot stand are refused with their place: %j', async (network, param, message) => {
    const response = await ask({ model: 'inline', strata: { network } })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as Answered
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) })
    expect(error?.param).toContain(param)
    expect(mock.requests).toEqual([])
  })
})
