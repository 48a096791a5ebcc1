import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const endpoints = {
    cloud: toEndpoint(mock, 'openai', { energy: { activeParameters: [20, 40], totalParameters: [70, 400], pue: 1.2 } }),
    desk: toEndpoint(mock, 'openai', { energy: { watts: 60, carbonGramsPerKwh: 300 } }),
    plain: toEndpoint(mock, 'openai'),
  }
  strata = await startStrata({ config: { endpoints } })
})
afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function ask(model: string): Promise<unknown> {
  const body = { model, strata: {}, messages: [{ role: 'user', content: 'Hi' }] }
  const answer: unknown = await (await strata.request('/v1/chat/completions', body)).json()
  return answer
}

test('an answer says what energy it took, as a range with its method', async () => {
  const remote = { unit: 'Wh', method: 'ecologits-output-only', factors_version: 'ecologits-0.9.1' }
  expect(await ask('cloud')).toMatchObject({ strata: { energy: { ...remote, low: expect.any(Number) } } })
  const carbon = { unit: 'gCO2e', low: expect.any(Number) as number, high: expect.any(Number) as number }
  expect(await ask('desk')).toMatchObject({ strata: { energy: { unit: 'Wh', method: 'power-time', carbon } } })
  expect(await ask('cloud')).not.toMatchObject({ strata: { energy: { carbon: expect.anything() } } })
})

test('nothing is said of an endpoint that nothing is known of', async () => {
  expect(await ask('plain')).not.toMatchObject({ strata: { energy: expect.anything() } })
})

test('it is on record with the try', async () => {
  await ask('cloud')
  const [root] = await strata.platform.store.calls.list('default', { limit: 1 })
  const facts = await strata.platform.store.calls.find('default', root?.id ?? '')
  const energy = facts.find(({ kind }) => kind === 'dispatch')?.detail?.['energy']
  expect(energy).toMatchObject({ low: expect.any(Number), high: expect.any(Number), factorsVersion: 'ecologits-0.9.1' })
})
