import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject, type JsonValue } from '../src/core/json.ts'
import { listenOnLoopback } from '../src/core/testing.ts'
import { faces } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
let meter: Server
let strata: RunningStrata
const received: { readonly path: string; readonly authorization: string; readonly body: string }[] = []

beforeAll(async () => {
  mock = await startMockUpstream()
  meter = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
      })
      response.writeHead(204).end()
    })
  })
  const port = await listenOnLoopback(meter)
  strata = await startStrata({
    config: {
      endpoints: { here: toEndpoint(mock, 'openai') },
      models: { here: { endpoint: 'here' } },
      investment: {
        meterSinks: {
          meter: {
            kind: 'openmeter',
            url: `http://127.0.0.1:${port}/api/v1/events?token=of-the-meter`,
            headers: { authorization: 'Bearer meter-token' },
            processing: ['local'],
            storage: ['local'],
          },
        },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
  meter.closeAllConnections()
  meter.close()
})

async function send(path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await strata.request(path, body)
  const answer: unknown = await response.json()
  if (!isJsonObject(answer)) throw new Error(`${path} answers an object`)
  return { ...answer, status: response.status }
}

const listOf = (body: JsonObject): readonly JsonObject[] =>
  (Array.isArray(body['data']) ? (body['data'] as readonly JsonValue[]) : []).filter(isJsonObject)

/** The last month, which has ended. */
const now = new Date()
const lastMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1))
const inLastMonth = new Date(lastMonth.getTime() + 3 * 86_400_000).toISOString()

describe('money over HTTP', () => {
  test('a call without a price has an unknown cost until the book has one; then it is adjusted, and the record stays', async () => {
    const answer = await strata.request('/v1/chat/completions', faces.openaiChat.ask('here'))
    const call = answer.headers.get('x-strata-call') ?? ''
    await answer.arrayBuffer()
    const before = await send('/v1/usage')
    expect(before['total']).toMatchObject({ dispatches: 1, unknown_cost: 1, cost: { usd: '0' } })
    const tree = await send(`/v1/calls/${call}`)
    const model = JSON.stringify(tree).match(/"vendor_model":"([^"]+)"/)?.[1] ?? ''
    const entry = { kind: 'override', model, price: { input: '1', output: '1' } }
    expect(await send('/v1/prices', entry)).toMatchObject({ status: 201, kind: 'override' })
    await expectRefusal(faces.openaiChat, await strata.request('/v1/prices', entry), { code: 'CONFLICT' })
    const span = {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 1_000).toISOString(),
    }
    expect(await send('/v1/prices/rerate', { ...span, trial: true })).toMatchObject({
      adjusted: 1,
      became_known: 1,
      trial: true,
    })
    expect(await send('/v1/prices/rerate', span)).toMatchObject({ adjusted: 1 })
    expect(await send('/v1/prices/rerate', span)).toMatchObject({ adjusted: 0 })
    const after = await send('/v1/usage?by=key')
    expect(after['total']).toMatchObject({ dispatches: 1, unknown_cost: 0 })
    expect(JSON.stringify(after['total'])).not.toContain('"usd":"0"')
    const { correction, ...kept } = dispatchOf(await send(`/v1/calls/${call}`))
    expect(correction).toMatchObject({ price_version: expect.stringMatching(/^override:/) })
    expect(kept).toEqual(dispatchOf(tree))
  })

  test('the price of one body', async () => {
    const body = {
      object: 'chat.completion',
      model: 'gpt-4o',
      choices: [],
      usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
    }
    expect(await send('/v1/price', { dialect: 'openai', body, at: '2026-10-01T00:00:00Z' })).toMatchObject({
      status: 200,
      cost: { usd: '0.0026' },
      usage: { input_total: 1_000, output_total: 10, cache_read: null },
    })
    const bad = { ...body, usage: { prompt_tokens: -1 } }
    await expectRefusal(faces.openaiChat, await strata.request('/v1/price', { dialect: 'openai', body: bad }), {
      code: 'INVALID_REQUEST',
      says: /prompt_tokens = -1/,
    })
  })

  test('a plan, an account, events and the invoice in every form; counted events arrive elsewhere', async () => {
    const plan = {
      id: 'team',
      name: 'Team 团队',
      currency: 'EUR',
      meters: [{ id: 'minutes', places: 2 }],
      prices: [{ kind: 'unit', id: 'minutes', meter: 'minutes', amount: '0.5' }],
    }
    expect(await send('/v1/plans', plan)).toMatchObject({ status: 201, version: 1 })
    expect(
      await send('/v1/accounts', { id: 'acme', name: 'Acme 公司', plan: 'team', starts_at: lastMonth.toISOString() }),
    ).toMatchObject({ status: 201 })
    const event = { id: 'e1', account: 'acme', meter: 'minutes', quantity: '12.25', at: inLastMonth }
    const verdicts = await send('/v1/usage', { events: [event, event, { ...event, id: 'e2', quantity: '-1' }] })
    expect(listOf(verdicts).map((verdict) => verdict['result'])).toEqual(['accepted', 'duplicate', 'parked'])
    expect(listOf(await send('/v1/usage/parked'))[0]).toMatchObject({ reason: expect.stringMatching(/negative/) })
    expect(await send('/v1/invoices', { account: 'acme', preview: true })).toMatchObject({
      payable: '6.12',
      preview: true,
    })
    const invoice = await send('/v1/invoices', { account: 'acme' })
    expect(invoice).toMatchObject({
      status: 201,
      number: 'acme-0001',
      payable: '6.12',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    await expectRefusal(faces.openaiChat, await strata.request('/v1/invoices', { account: 'acme' }), {
      code: 'PERIOD_OPEN',
    })
    expect(await send('/v1/invoices/acme-0001/verify')).toMatchObject({ equal: true })
    for (const [form, type, says] of [
      ['html', 'text/html', '账单'],
      ['focus', 'text/csv', 'BilledCost,'],
      ['csv', 'text/csv', 'acme-0001,usage'],
      ['pdf', 'application/pdf', '%PDF-1.5'],
      ['evidence', 'application/json', '"segments"'],
    ] as const) {
      const response = await strata.request(`/v1/invoices/acme-0001?as=${form}&language=zh`)
      expect(response.headers.get('content-type')).toContain(type)
      expect(await response.text()).toContain(says)
    }
    await expectRefusal(faces.openaiChat, await strata.request('/v1/invoices/acme-0001?as=png'), {
      code: 'INVALID_REQUEST',
      param: 'as',
    })
    expect(await send('/v1/invoices/acme-0001/credit', { amount: '1.12', reason: 'outage' })).toMatchObject({
      kind: 'credit-note',
      payable: '-1.12',
    })
    for (let tries = 0; received.length === 0 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect(received[0]).toMatchObject({
      path: '/api/v1/events?token=of-the-meter',
      authorization: 'Bearer meter-token',
    })
    expect(JSON.parse(received[0]?.body ?? '[]')).toMatchObject([
      { type: 'minutes', subject: 'acme', data: { quantity: '12.25' } },
    ])
  })

  test('outcomes: what a resolved task cost, and what it all returned', async () => {
    await send('/v1/outcomes/kinds', { id: 'ticket', reopen_hours: 0 })
    await send('/v1/outcomes', { id: 't1', kind: 'ticket', account: 'acme' })
    expect(await send('/v1/outcomes/t1/acts', { act: 'claim', evidence: 'call' })).toMatchObject({
      state: 'settled',
      confirmed_by: 'silence',
    })
    await expectRefusal(faces.openaiChat, await strata.request('/v1/outcomes/t1/acts', { act: 'claim' }), {
      code: 'CONFLICT',
    })
    expect(await send('/v1/outcomes/report')).toMatchObject({
      tasks: 1,
      by_state: { settled: 1 },
      cost_per_resolved: { usd: '0' },
    })
    const found = await send('/v1/outcomes/return', { assumptions: { hours_per_task: 0.5, cost_per_hour: 40 } })
    expect(found).toMatchObject({ label: 'gross, not incremental', net: 20 })
    expect((found['drivers'] as readonly JsonValue[]).length).toBe(3)
  })
})

function dispatchOf(tree: unknown): Readonly<Record<string, unknown>> {
  const { children } = tree as { readonly children: readonly [Readonly<Record<string, unknown>>] }
  return children[0]
}
