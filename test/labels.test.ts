import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { listenOnLoopback } from '../src/core/testing.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { askWhatIf } from './kit/what-if.ts'

let mocks: Record<'de' | 'us', MockUpstream>
let strata: RunningStrata
let collected = ''
const collector = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    collected += chunk.toString()
  })
  request.on('end', () => response.end('{}'))
})

const secret = 'The wage agreement of Stuttgart says forty hours.'

beforeAll(async () => {
  mocks = { de: await startMockUpstream(), us: await startMockUpstream() }
  const port = await listenOnLoopback(collector)
  const price = { input: '1', output: '1' }
  const at = (place: 'de' | 'us') =>
    toEndpoint(mocks[place], 'openai', { processing: [place], storage: [place], price })
  strata = await startStrata({
    config: {
      endpoints: { german: at('de'), american: at('us') },
      models: {
        both: { fallback: ['american', 'german'] },
        handbook: { ground: { in: 'handbook', with: 'both' } },
        judged: { ground: { in: 'handbook', with: 'german' } },
        summed: { mix: { of: ['judged', 'german'], aggregator: 'both' } },
        kept: { cache: { use: 'judged', seconds: 60 } },
        'summed-kept': { mix: { of: ['kept', 'german'], aggregator: 'both' } },
        americans: { ground: { in: 'handbook', with: 'american' } },
      },
      governance: {
        allowedRegions: ['local', 'de', 'fr', 'us'],
        guards: [{ guard: 'judge', by: 'both', rule: 'No recipes.', do: 'observe', at: ['passages'], onError: 'open' }],
      },
      telemetry: { traces: { url: `http://127.0.0.1:${port}/v1/traces`, processing: ['us'], storage: ['us'] } },
    },
  })
  await strata.request('/v1/collections', { name: 'handbook' })
  await put('wages', secret, 'de')
  await put('holidays', 'Holidays are thirty days for everybody, as everywhere.', undefined)
  await put('paris', 'The wage agreement of Paris says thirty-five hours.', 'fr')
})

afterAll(async () => {
  await strata.close()
  for (const mock of Object.values(mocks)) await mock.close()
  collector.close()
})

beforeEach(() => {
  for (const mock of Object.values(mocks)) mock.reset()
})

async function put(external_id: string, text: string, region: string | undefined): Promise<void> {
  const made = await strata.request('/v1/collections/handbook/documents', { external_id, text, region })
  expect(made.status).toBe(201)
}

async function ask(model: string, content: string, headers: Readonly<Record<string, string>> = {}) {
  const body = { model, messages: [{ role: 'user', content }] }
  const response = await strata.request('/v1/chat/completions', body, { headers })
  return { status: response.status, body: (await response.json()) as JsonObject }
}

const sentTo = (place: 'de' | 'us'): string => mocks[place].requests.map(({ text }) => text).join('\n')

const wages = 'What does the wage agreement of Stuttgart say about hours?'

test('a passage that is bound to a region goes to no model outside of it, a judge neither, and what is bound to none goes anywhere', async () => {
  expect((await ask('handbook', wages)).status).toBe(200)
  expect(sentTo('de')).toContain('forty hours')
  expect(mocks.us.requests).toHaveLength(0)
  expect((await ask('handbook', 'How many holidays are there for everybody?')).status).toBe(200)
  expect(sentTo('us')).toContain('thirty days')
})

test('where no model within its region can answer, it is refused, not sent', async () => {
  const refused = await ask('americans', wages)
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([403, expect.stringContaining('REGION_REFUSED')])
  expect(mocks.us.requests).toHaveLength(0)
})

test('passages of which no region could hold both are not given together', async () => {
  await ask('handbook', 'What do the wage agreements of Stuttgart and of Paris say about hours?')
  const sent = sentTo('de')
  expect(sent.includes('forty hours') && sent.includes('thirty-five hours')).toBe(false)
  expect(mocks.us.requests).toHaveLength(0)
})

test('what is made of an answer from such a passage stays there too: answers that are mixed, and answers that were kept', async () => {
  expect((await ask('summed', wages)).status).toBe(200)
  expect(mocks.us.requests).toHaveLength(0)
  for (const turn of [1, 2]) {
    mocks.us.reset()
    expect([turn, (await ask('summed-kept', wages)).status]).toEqual([turn, 200])
    expect(mocks.us.requests).toHaveLength(0)
  }
  expect((await ask('summed', 'How many holidays are there for everybody?')).status).toBe(200)
  expect(mocks.us.requests.length).toBeGreaterThan(0)
})

test('a judge of an evaluation sees no answer that may not go where it is', async () => {
  const cases = [{ id: 'wages', prompt: wages, expect: { judge: 'It is right.' } }]
  for (const [model, isAsked] of [
    ['judged', false],
    ['german', true],
  ] as const) {
    mocks.us.reset()
    const made = await strata.request('/v1/evaluations', { name: model, models: [model], judge: 'american', cases })
    expect([model, made.status]).toEqual([model, 201])
    expect([model, mocks.us.requests.length > 0]).toEqual([model, isAsked])
  }
})

test('a replay in which nothing is changed keeps requests within the regions that each of them allowed', async () => {
  expect((await ask('both', 'hello', { 'x-strata-regions': 'de' })).status).toBe(200)
  expect((await ask('both', 'hello')).status).toBe(200)
  const report = await askWhatIf(strata, { level: 'route', scenario: {} })
  expect(report).toMatchObject({ changed: 0 })
  expect(Number(report['routed'])).toBeGreaterThanOrEqual(2)
})

test('a rerun has nothing judged where its request, or what it was told, could not go', async () => {
  const asked = [
    { model: 'judged', prompt: wages, headers: {} },
    { model: 'german', prompt: 'A riddle for Germany alone?', headers: { 'x-strata-regions': 'de' } },
    { model: 'german', prompt: 'A riddle for everybody?', headers: {} },
  ]
  for (const { model, prompt, headers } of asked) {
    const body = { model, messages: [{ role: 'user', content: prompt }] }
    const response = await strata.request('/v1/chat/completions', body, { headers })
    const call = response.headers.get('x-strata-call')
    await response.text()
    const feedback = { score: 1, call, prompt, answer: `as told: ${prompt} ${model === 'judged' ? secret : ''}` }
    expect((await strata.request('/v1/feedback', feedback)).status).toBe(201)
  }
  for (const mock of Object.values(mocks)) mock.reset()
  const judge = { model: 'american', criteria: 'It is right.' }
  const report = await askWhatIf(strata, { level: 'rerun', scenario: {}, rerun: { usd: '10', calls: 10, judge } })
  expect(report).toMatchObject({ sent: 3, served: 3 })
  expect(sentTo('us')).toContain('A riddle for everybody?')
  expect(sentTo('us')).not.toContain('Germany alone')
  expect(sentTo('us')).not.toContain('forty hours')
})

test('a request narrows its regions by a header as by its body, and not by both', async () => {
  expect((await ask('both', 'hello', { 'x-strata-regions': 'de, local' })).status).toBe(200)
  expect(mocks.us.requests).toHaveLength(0)
  expect((await ask('american', 'hello', { 'x-strata-regions': 'de' })).status).toBe(403)
  expect((await ask('both', 'hello', { 'x-strata-regions': 'cn' })).status).toBe(403)
  const body = { model: 'both', messages: [{ role: 'user', content: 'x' }], strata: { regions: ['de'] } }
  const both = await strata.request('/v1/chat/completions', body, { headers: { 'x-strata-regions': 'de' } })
  expect(both.status).toBe(400)
})

test('a trace goes to a collector only where the request may go', async () => {
  const ids = new Map<string, string>()
  for (const [name, headers] of [
    ['free', {}],
    ['narrow', { 'x-strata-regions': 'de' }],
    ['bound', {}],
  ] as const) {
    const body = { model: name === 'bound' ? 'judged' : 'both', messages: [{ role: 'user', content: wages }] }
    const response = await strata.request('/v1/chat/completions', body, { headers })
    expect(response.status).toBe(200)
    ids.set(name, response.headers.get('x-strata-call') ?? '')
    await response.arrayBuffer()
  }
  for (let tries = 0; tries < 100 && !collected.includes(ids.get('free') ?? '?'); tries += 1) await sleep(50)
  expect(collected).toContain(ids.get('free'))
  expect(collected).not.toContain(ids.get('narrow'))
  expect(collected).not.toContain(ids.get('bound'))
})
