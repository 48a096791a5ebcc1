import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'
import { plainFacts } from './kit/use-case-answers.ts'

const providing = {
  ...plainFacts,
  roles: ['provider', 'deployer'],
  obviousToPeople: false,
  assistiveEditingOnly: false,
  onMarketSince: '2026-10-01',
}

let mock: MockUpstream
let strata: RunningStrata

beforeEach(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      endpoints: { plain: toEndpoint(mock, 'openai') },
      models: { chat: { endpoint: 'plain' } },
      governance: {
        policies: [{ pack: 'eu-ai-act' }],
        useCases: { desk: { 'eu-ai-act': providing } },
        defaultUseCase: 'desk',
        marks: { wordsMin: 50 },
      },
    },
  })
})

afterEach(async () => {
  await strata.close()
  await mock.close()
})

const ask = (more: object = {}) => ({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }], ...more })

async function read(response: Response): Promise<JsonObject> {
  return (await response.json()) as JsonObject
}

test('an answer says that it was generated, in words and signed, also where no report is wanted, and the signature can be checked', async () => {
  for (const body of [ask(), ask({ strata: { report: false } })]) {
    const answer = await read(await strata.request('/v1/chat/completions', body))
    const report = answer['strata'] as JsonObject
    expect(report['notices']).toMatchObject([{ obligation: 'notice-first-turn', language: 'en' }])
    const choices = answer['choices'] as readonly { readonly message: { readonly content: string } }[]
    const text = choices[0]?.message.content ?? ''
    const provenance = report['provenance'] as JsonObject
    const checked = await read(await strata.request('/v1/marks/detect', { text, provenance }))
    expect(checked['provenance']).toEqual({ signed_here: true, text_unchanged: true })
    const changed = await read(await strata.request('/v1/marks/detect', { text: `${text}!`, provenance }))
    expect(changed['provenance']).toEqual({ signed_here: true, text_unchanged: false })
    const forged = { ...provenance, call: 'call_other' }
    const refused = await read(await strata.request('/v1/marks/detect', { text, provenance: forged }))
    expect(refused['provenance']).toEqual({ signed_here: false, text_unchanged: false })
  }
})

test('a stream carries the same in its last event, and the record of the call keeps it', async () => {
  const response = await strata.request('/v1/chat/completions', ask({ stream: true }))
  const text = await response.text()
  expect(text).toContain('"provenance":{"v":1,"generated":true')
  expect(text).toContain('notice-first-turn')
  const call = await read(await strata.request(`/v1/calls/${response.headers.get('x-strata-call')}`))
  expect(call['detail']).toMatchObject({ provenance: { alg: 'Ed25519' } })
})

test('the public key is there for whoever has a key', async () => {
  const key = await read(await strata.request('/v1/marks/key'))
  expect(key['public_key']).toContain('BEGIN PUBLIC KEY')
})
