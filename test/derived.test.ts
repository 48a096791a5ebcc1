import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const secret = 'Marmalade is served to auditors on alternate Thursdays beside the eastern staircase.'
const question = 'What is served to auditors on Thursdays?'

let mock: MockUpstream
let strata: RunningStrata

/** A model that repeats whatever it was told, and judges. */
beforeAll(async () => {
  mock = await startMockUpstream()
  mock.respondWith(({ text }) => ({
    script: {
      text: text.includes('You judge') ? 'SCORE: 7' : `It is said: ${text.includes('Marmalade') ? secret : 'nothing.'}`,
      usage: { inputTotal: 10, outputTotal: 10 },
    },
  }))
  const price = { input: '1', output: '1' }
  strata = await startStrata({
    config: {
      endpoints: { small: toEndpoint(mock, 'openai', { price }), large: toEndpoint(mock, 'openai', { price }) },
      models: {
        told: { ground: { in: 'house', with: 'small' } },
        many: { ground: { in: 'many', with: 'small' } },
        watched: {
          ground: {
            in: 'house',
            with: { shadow: { use: 'small', of: ['small', 'large'], judge: 'small', share: 0.2 } },
          },
        },
        free: { shadow: { use: 'small', of: ['told', 'large'], judge: 'large', share: 0.2 } },
      },
    },
  })
  await strata.request('/v1/collections', { name: 'house' })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

async function ask(model: string): Promise<string> {
  const body = { model, messages: [{ role: 'user', content: question }] }
  const response = await strata.request('/v1/chat/completions', body)
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('It is said')])
  return response.headers.get('x-strata-call') ?? ''
}

async function listFeedback(): Promise<readonly JsonObject[]> {
  const { data } = (await (await strata.request('/v1/feedback?limit=100')).json()) as { data: readonly JsonObject[] }
  return data
}

const isShadow = ({ source }: JsonObject): boolean => source === 'shadow'

/** Asks until a shadow of the model has come to its end, and none is under way. */
async function askUntilSampled(model: string): Promise<void> {
  const before = (await listFeedback()).filter(isShadow).length
  for (let asked = 0; asked < 200; asked++) {
    await ask(model)
    const now = (await listFeedback()).filter(isShadow).length
    if (now > before) break
  }
  let last = -1
  await expect
    .poll(
      async () => {
        const now = (await listFeedback()).filter(isShadow).length
        const isSettled = now === last && now > before
        last = now
        return isSettled
      },
      { interval: 500 },
    )
    .toBe(true)
}

test('what models said from a document goes with it: feedback, shadows, evaluations; what was said otherwise stays', async () => {
  const put = { external_id: 'marmalade', name: 'marmalade.md', text: secret }
  const { id } = (await (await strata.request('/v1/collections/house/documents', put)).json()) as { id: string }

  const call = await ask('told')
  const other = await ask('large')
  for (const each of [call, other]) {
    const feedback = { score: 1, model: 'told', call: each, prompt: question, answer: `${secret} (${each})` }
    expect((await strata.request('/v1/feedback', feedback)).status).toBe(201)
  }
  for (const model of ['watched', 'free']) await askUntilSampled(model)
  const shadows = (await listFeedback()).filter(isShadow).length
  const cases = [{ id: 'a', prompt: question, expect: { contains: ['Marmalade'] } }]
  const evaluated = await strata.request('/v1/evaluations', { name: 'e', models: ['told', 'small'], cases })
  const evaluation = (await evaluated.json()) as { id: string }
  expect(JSON.stringify(evaluation)).toContain('eastern staircase')

  await strata.request(`/v1/collections/house/documents/${id}`, undefined, { method: 'DELETE' })
  const receipt = (await (await strata.request(`/v1/receipts/${id}`)).json()) as { statement: string }
  // One answer with feedback, those of shadows, of which some were asked with passages, and one evaluated.
  expect(JSON.parse(receipt.statement)).toMatchObject({ answers: { erased: 1 + shadows + 1 } })

  const left = await listFeedback()
  expect(left.filter(isShadow)).toMatchObject(
    Array.from({ length: shadows }, () => ({ prompt: null, answer: null, score: 0.7 })),
  )
  expect(left.find((row) => row['call'] === call)).toMatchObject({ prompt: question, answer: null, score: 1 })
  expect(left.find((row) => row['call'] === other)).toMatchObject({ answer: `${secret} (${other})` })
  const kept = await (await strata.request(`/v1/evaluations/${evaluation.id}`)).text()
  expect(kept).not.toContain('eastern staircase')
  expect(JSON.parse(kept)).toMatchObject({ results: [{ outcomes: { told: { score: 1 }, small: { score: 0 } } }] })
})

test('a collection that is deleted takes along what was said from any of its documents', async () => {
  await strata.request('/v1/collections', { name: 'many' })
  for (let index = 0; index < 60; index++) {
    const text = index === 37 ? secret : `Rule ${index} is about chairs of kind ${index * 7}.`
    await strata.request('/v1/collections/many/documents', { external_id: `d${index}`, name: `d${index}.md`, text })
  }
  const call = await ask('many')
  expect(
    (await strata.request('/v1/feedback', { score: 1, model: 'many', call, prompt: question, answer: secret })).status,
  ).toBe(201)
  expect((await strata.request('/v1/collections/many', undefined, { method: 'DELETE' })).status).toBe(200)
  expect((await listFeedback()).find((row) => row['call'] === call)).toMatchObject({ prompt: question, answer: null })
})
