import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startMockUpstream, type Behaviour, type MockUpstream } from './kit/index.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

const price = { input: '1', output: '10' }

let mock: MockUpstream
let strata: RunningStrata

beforeEach(async () => {
  mock = await startMockUpstream()
  const place = {
    dialect: 'openai',
    url: mock.url,
    model: 'mock',
    key: 'secret',
    processing: ['local'],
    storage: ['local'],
  }
  strata = await startStrata({
    config: {
      endpoints: {
        here: { ...place, price },
        tiered: { ...place, price: { ...price, serviceTiers: { flex: '0.5', priority: '3' } } },
        advised: { ...place, dialect: 'anthropic' },
        unpriced: place,
        free: { ...place, price: { input: '0', output: '0' } },
      },
      models: {
        everyday: { endpoint: 'here' },
        tiered: { endpoint: 'tiered' },
        advised: { endpoint: 'advised' },
        unpriced: { endpoint: 'unpriced' },
        free: { endpoint: 'free' },
      },
      investment: {
        holds: { waitMsMax: 2_000 },
        webhook: { url: `${mock.url}/alerts`, processing: ['local'], storage: ['local'] },
      },
    },
  })
})

afterEach(async () => {
  await strata.close()
  await mock.close()
})

describe('a budget of money', () => {
  test('is spent to the picodollar, and holds nothing once the calls are over', async () => {
    const { id } = await budget({ name: 'all', limit: '1' })
    mock.respondWith(() => ({ script: { text: 'an answer', usage: { inputTotal: 1_000, outputTotal: 100 } } }))
    expect((await ask({ max_tokens: 200 })).status).toBe(200)
    expect(await stand(id)).toEqual({ posted: '0.002', held: '0', available: '0.998' })
  })

  test('refuses what it cannot pay with its figures, before anything is sent', async () => {
    await budget({ name: 'all', limit: '0.0001', period: 'day' })
    const response = await ask({ max_tokens: 200 })
    expect(response.status).toBe(402)
    const { error } = (await response.json()) as { error: { code: string; details: Record<string, unknown> } }
    expect(error.code).toBe('BUDGET_EXCEEDED')
    expect(error.details).toMatchObject({ name: 'all', limit: '0.0001', posted: '0', held: '0' })
    expect(Date.parse(String(error.details['resets_at']))).toBeGreaterThan(Date.now())
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(mock.requests).toHaveLength(0)
  })

  test('lowers the bound on output to what can be paid for', async () => {
    // 0.0017 dollars: the input and some hundred tokens of output.
    const { id } = await budget({ name: 'all', limit: '0.0017' })
    expect((await ask({ max_tokens: 50_000 })).status).toBe(200)
    const sent = JSON.parse(mock.requests[0]?.text ?? '{}') as { max_tokens: number }
    expect(sent.max_tokens).toBeGreaterThanOrEqual(16)
    expect(sent.max_tokens).toBeLessThan(170)
    expect(Number((await stand(id)).available)).toBeGreaterThanOrEqual(0)
  })

  test('bounds a request that gives no bound, and lets others through beside it', async () => {
    await budget({ name: 'all', limit: '0.05' })
    mock.respondWith(() => ({ headDelayMs: 300 }))
    const unbounded = ask({})
    await new Promise((resolve) => setTimeout(resolve, 100))
    mock.respondWith(() => ({}))
    const other = await ask({ max_tokens: 50 })
    expect(other.status).toBe(200)
    expect((await unbounded).status).toBe(200)
    const sent = JSON.parse(mock.requests[0]?.text ?? '{}') as { max_tokens: number }
    expect(sent.max_tokens).toBeGreaterThan(16)
    expect(sent.max_tokens).toBeLessThan(1_000)
  })

  test('lets nothing pass whose price is not known, and everything that costs nothing', async () => {
    await budget({ name: 'all', limit: '0' })
    const unpriced = await ask({ model: 'unpriced' })
    expect(unpriced.status).toBe(403)
    expect(await unpriced.text()).toContain('PRICE_UNKNOWN')
    expect((await ask({ model: 'free' })).status).toBe(200)
    expect((await ask({ max_tokens: 16 })).status).toBe(402)
  })

  test('waits for what calls under way give back', async () => {
    // Enough for one worst case at a time.
    const { id } = await budget({ name: 'all', limit: '0.006' })
    mock.respondWith(() => ({ headDelayMs: 60, script: { text: 'short', usage: { inputTotal: 20, outputTotal: 10 } } }))
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask({ max_tokens: 400 })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    expect(await stand(id)).toMatchObject({ posted: '0.00072', held: '0' })
  })

  test('is not overspent by requests that overlap and are answered in dearer tiers', async () => {
    // Some forty of the dearest answers.
    const { id } = await budget({ name: 'all', limit: '0.6' })
    mock.respondWith(({ text }) => {
      const { service_tier: asked, max_tokens: bound } = JSON.parse(text) as {
        service_tier?: string
        max_tokens: number
      }
      const usage = { prompt_tokens: Buffer.byteLength(text), completion_tokens: bound }
      const message = { role: 'assistant', content: 'an answer' }
      const tier = asked === undefined || asked === 'auto' ? 'priority' : asked
      return { headDelayMs: 20, json: { choices: [{ message, finish_reason: 'length' }], usage, service_tier: tier } }
    })
    const tiers = [{}, { service_tier: 'auto' }, { service_tier: 'priority' }, { service_tier: 'default' }]
    const asked = Array.from({ length: 400 }, (_, index) => ({ model: 'tiered', max_tokens: 400, ...tiers[index % 4] }))
    const answers = await Promise.all(asked.map((body) => ask(body)))
    const counted = Map.groupBy(answers, ({ status }) => status)
    expect(counted.get(200)?.length).toBeGreaterThan(30)
    expect(counted.get(402)?.length).toBeGreaterThan(100)
    const { posted, held } = await stand(id)
    expect(held).toBe('0')
    expect(Number(posted)).toBeLessThanOrEqual(0.6)
  })

  test('holds what the tiers cost that a request may be given, and no more', async () => {
    await budget({ name: 'all', limit: '0.004' })
    const boundOf = (index: number) =>
      (JSON.parse(mock.requests[index]?.text ?? '{}') as { max_tokens: number }).max_tokens
    // Some 0.0008 dollars of input and 0.001 of output: thrice that is more than there is.
    expect((await ask({ model: 'tiered', max_tokens: 100, service_tier: 'default' })).status).toBe(200)
    expect(boundOf(0)).toBe(100)
    expect((await ask({ model: 'tiered', max_tokens: 100 })).status).toBe(200)
    expect(boundOf(1)).toBeLessThan(80)
  })

  test('has an account for each key, team and user it is told to tell apart', async () => {
    const made = await strata.request('/v1/keys', { name: 'k', team: 'red' })
    const { key } = (await made.json()) as { key: string }
    const { id } = await budget({ name: 'each', limit: '1', each: ['team', 'user'] })
    await ask({ max_tokens: 20, user: 'ann' })
    await ask({ max_tokens: 20, user: 'bob' }, { authorization: `Bearer ${key}` })
    const json = (await (await strata.request(`/v1/budgets/${id}`)).json()) as { accounts: { subject: string }[] }
    expect(json.accounts.map(({ subject }) => subject).sort()).toEqual(['["ann",null]', '["bob","red"]'])
  })
})

describe('a stream under a budget that is short', () => {
  test('ends as at its bound when the money ends, and says so', async () => {
    const behaviour = {
      script: { text: 'word '.repeat(20), usage: { inputTotal: 20, outputTotal: 20 } },
    } satisfies Behaviour
    const { id } = await budget({ name: 'all', limit: '0.01' })
    mock.respondWith(() => behaviour)
    // The endpoint shows once that it hides nothing.
    await (await ask({ stream: true, max_tokens: 100 })).text()
    mock.respondWith(() => ({ ...behaviour, deltaRepeats: 60 }))
    const response = await ask({ stream: true, max_tokens: 100_000 })
    const text = await response.text()
    expect(text).toContain('"finish_reason":"length"')
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect(text).not.toContain('"error"')
    expect(text).toContain('"stopped":"budget"')
    const { posted, held, available } = await stand(id)
    expect(Number(posted)).toBeGreaterThan(0.002)
    expect(held).toBe('0')
    expect(Number(available)).toBeGreaterThanOrEqual(0)
  })
})

describe('limits on requests, tokens and what runs at once', () => {
  test('refuse with 429 and say when to come back', async () => {
    await budget({ name: 'rate', counts: 'requests', limit: 2, seconds: 60 })
    expect([(await ask({})).status, (await ask({})).status]).toEqual([200, 200])
    const refused = await ask({})
    expect(refused.status).toBe(429)
    expect(await refused.text()).toContain('RATE_LIMITED')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30)
  })

  test('let no more run at once than they say', async () => {
    await budget({ name: 'places', counts: 'concurrency', limit: 2 })
    mock.respondWith(() => ({ headDelayMs: 200 }))
    const answers = await Promise.all([ask({}), ask({}), ask({}), ask({})])
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 429, 429])
    expect((await ask({})).status).toBe(200)
  })

  test('count the tokens that were used, not those that were feared', async () => {
    const { id } = await budget({ name: 'tokens', counts: 'tokens', limit: 10_000 })
    mock.respondWith(() => ({ script: { text: 'an answer', usage: { inputTotal: 30, outputTotal: 12 } } }))
    await ask({ max_tokens: 500 })
    expect(await stand(id)).toMatchObject({ posted: '42', held: '0' })
  })

  test('count the tokens of a model whose advice was asked inside the answer', async () => {
    const { id } = await budget({ name: 'tokens', counts: 'tokens', limit: 10_000 })
    const advice = {
      type: 'advisor_message',
      model: 'other',
      input_tokens: 700,
      cache_read_input_tokens: 200,
      output_tokens: 60,
    }
    const usage = { input_tokens: 30, output_tokens: 12, iterations: [{ type: 'message' }, advice] }
    const content = [{ type: 'text', text: 'an answer' }]
    const json = { type: 'message', role: 'assistant', model: 'mock', content, stop_reason: 'end_turn', usage }
    mock.respondWith(() => ({ json }))
    expect((await ask({ model: 'advised', max_tokens: 500 })).status).toBe(200)
    expect(await stand(id)).toMatchObject({ posted: '1002', held: '0' })
  })
})

describe('budgets themselves', () => {
  test.each([
    [{ name: 'a', limit: '-1' }, 'limit'],
    [{ name: 'a', limit: '0.0000000000001' }, 'limit'],
    [{ name: 'a', limit: '1e40' }, 'limit'],
    [{ name: 'a', limit: '' }, 'limit'],
    [{ name: 'a', counts: 'requests', limit: 1.5 }, 'limit'],
    [{ name: 'a', counts: 'requests', limit: '-3' }, 'limit'],
    [{ name: 'a', counts: 'concurrency', limit: 3, period: 'day' }, 'period'],
    [{ name: 'a', limit: '1', period: 'day', seconds: 5 }, 'seconds'],
    [{ name: 'a', limit: '1', match: { team: 'x' }, each: ['team'] }, 'each'],
    [{ name: 'a', limit: '1', match: { planet: 'x' } }, 'match'],
    [{ name: 'a', limit: '1', alerts: [0] }, 'alerts'],
    [{ name: 'a', limit: '1', period: 'day', forecast: { probability: 1 } }, 'forecast'],
    [{ name: 'a', limit: '1', forecast: {} }, 'forecast'],
  ])('that make no sense are refused: %j', async (request, field) => {
    const response = await strata.request('/v1/budgets', request)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { code: string; param: string } }
    expect(error.code).toBe('INVALID_REQUEST')
    expect(error.param).toContain(field)
  })

  test('of the same calls or the same name are a conflict', async () => {
    await budget({ name: 'one', limit: '1' })
    expect((await strata.request('/v1/budgets', { name: 'two', limit: '5' })).status).toBe(409)
    expect((await strata.request('/v1/budgets', { name: 'one', limit: '5', period: 'day' })).status).toBe(409)
  })

  test('tell a webhook when a share of the limit is reached, once', async () => {
    await budget({ name: 'watched', limit: '0.01', alerts: [10, 90] })
    mock.respondWith(() => ({ script: { text: 'an answer', usage: { inputTotal: 1_000, outputTotal: 100 } } }))
    await ask({ max_tokens: 100 })
    const isTold = () => mock.requests.some(({ text }) => text.includes('budget.alert'))
    for (let waits = 0; waits < 60 && !isTold(); waits++) await new Promise((resolve) => setTimeout(resolve, 100))
    const alerts = mock.requests.filter(({ text }) => text.includes('budget.alert'))
    expect(alerts.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      expect.objectContaining({ percent: 10, name: 'watched', posted: '0.002', limit: '0.01' }),
    ])
  })

  test('tell the webhook that they will not last, and show what the forecast says', async () => {
    const { id } = await budget({ name: 'hasty', limit: '0.01', period: 'hour', forecast: { probability: 0.8 } })
    await spendBefore(id, { minutes: 40, picodollars: '1000000000000' })
    const alerts = () => mock.requests.filter(({ text }) => text.includes('budget.alert'))
    for (let waits = 0; waits < 60 && alerts().length === 0; waits++) await new Promise((done) => setTimeout(done, 100))
    expect(alerts().map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      expect.objectContaining({
        reason: 'forecast',
        name: 'hasty',
        forecast: expect.objectContaining({ probability: 1, runs_out: expect.anything() as unknown }) as unknown,
      }),
    ])
    const shown = (await (await strata.request(`/v1/budgets/${id}`)).json()) as { accounts: { outlook: unknown }[] }
    expect(shown.accounts[0]?.outlook).toMatchObject({ state: 'forecast', probability: 1 })
    const ended = await strata.request(`/v1/budgets/${id}`, { forecast: null }, { method: 'PATCH' })
    expect(await ended.json()).toMatchObject({ forecast: null })
  })

  test('can be raised, corrected and removed', async () => {
    const { id } = await budget({ name: 'one', limit: '0' })
    expect((await ask({ max_tokens: 20 })).status).toBe(402)
    await strata.request(`/v1/budgets/${id}`, { limit: '1' }, { method: 'PATCH' })
    expect((await ask({ max_tokens: 20 })).status).toBe(200)
    const correction = { amount: '0.5', reference: 'bill of May' }
    await strata.request(`/v1/budgets/${id}/adjustments`, correction)
    await strata.request(`/v1/budgets/${id}/adjustments`, correction)
    expect(Number((await stand(id)).posted)).toBeCloseTo(0.5, 2)
    expect((await strata.request(`/v1/budgets/${id}`, undefined, { method: 'DELETE' })).status).toBe(200)
    expect((await strata.request(`/v1/budgets/${id}`)).status).toBe(404)
    expect((await ask({ max_tokens: 20 })).status).toBe(200)
  })
})

interface Standing {
  readonly posted: string
  readonly held: string
  readonly available: string
}

async function budget(request: unknown): Promise<{ readonly id: string }> {
  const response = await strata.request('/v1/budgets', request)
  expect(response.status).toBe(201)
  return (await response.json()) as { id: string }
}

/** As if as much had been charged in each minute until now. */
async function spendBefore(budgetId: string, { minutes, picodollars }: { minutes: number; picodollars: string }) {
  const hour = Math.floor(Date.now() / 3_600_000)
  const period = { starts_at_ms: hour * 3_600_000, ends_at_ms: (hour + 1) * 3_600_000, span_ms: null }
  const amounts = { limit_amount: '10000000000', spent: '0', held: '0' }
  const moved = {
    kind: 'post',
    debit: 'held',
    credit: 'spent',
    amount: picodollars,
    hold: null,
    reference: null,
  } as const
  const rows = Array.from({ length: minutes }, (_, ago) => ({ ...moved, at_ms: Date.now() - (ago + 1) * 60_000 }))
  await strata.platform.store.transaction(async (sql) => {
    const { number } = await sql
      .insertInto('account')
      .values({ tenant: 'default', budget: budgetId, subject: '', ...period, ...amounts })
      .returning('number')
      .executeTakeFirstOrThrow()
    await sql
      .insertInto('transfer')
      .values(rows.map((row) => ({ ...row, account: number })))
      .execute()
  })
}

/** How the only account of a budget stands. */
async function stand(id: string): Promise<Standing> {
  const json = (await (await strata.request(`/v1/budgets/${id}`)).json()) as { accounts: Standing[] }
  expect(json.accounts).toHaveLength(1)
  const { posted = '', held = '', available = '' } = json.accounts[0] ?? {}
  return { posted, held, available }
}

function ask(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const messages = [{ role: 'user', content: 'a question of some length, so that it costs something to read' }]
  return strata.request('/v1/chat/completions', { model: 'everyday', messages, ...body }, { headers })
}
