import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSetting, type Setting } from './setting.ts'

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

describe('the openai client', () => {
  test('gets the same vectors as numbers and as base64, in the order of the texts', async () => {
    const input = ['one', '二', 'three']
    const numbers = await setting.openai.embeddings.create({ model: 'embedder', input, encoding_format: 'float' })
    const unsaid = await setting.openai.embeddings.create({ model: 'embedder', input })
    expect(numbers.data.map((item) => item.index)).toEqual([0, 1, 2])
    expect(numbers.data.map((item) => item.embedding.length)).toEqual([8, 8, 8])
    // The client asks for base64 when it is told nothing, and decodes it: 32-bit floats.
    const rounded = numbers.data.map((item) => item.embedding.map((value) => Math.fround(value)))
    expect(unsaid.data.map((item) => item.embedding)).toEqual(rounded)
    expect(numbers.usage.prompt_tokens).toBeGreaterThan(0)
    expect(numbers.model).toBe('embedder')
    expect(setting.received(0)).toMatchObject({ model: 'vendor-embedder', input })
  })

  test('gets as many dimensions as it asks for', async () => {
    const asked = { model: 'embedder', input: 'one', dimensions: 4 }
    expect((await setting.openai.embeddings.create(asked)).data[0]?.embedding).toHaveLength(4)
    expect(await setting.lastCall()).toMatchObject({ name: 'embedder', children: [{ kind: 'dispatch', status: 'ok' }] })
  })

  test('is told that a model which chats does not embed', async () => {
    const embedded = setting.openai.embeddings.create({ model: 'over-chat', input: 'one' })
    await expect(embedded).rejects.toMatchObject({ status: 400, code: 'UNSUPPORTED_PARAMETER', param: 'model' })
  })

  test('lists the models and describes one', async () => {
    const models = (await setting.openai.models.list()).data
    const ids = models.map((model) => model.id)
    expect(ids).toEqual(expect.arrayContaining(['everyday', 'over-chat', 'over-messages', 'embedder']))
    expect(await setting.openai.models.retrieve('everyday')).toMatchObject({
      id: 'everyday',
      object: 'model',
      strata: { does: ['chat'], regions: ['local'], calls_max: 2 },
    })
    await expect(setting.openai.models.retrieve('nowhere')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })
})

test('@anthropic-ai/sdk lists the models and describes one', async () => {
  const page = await setting.anthropic.models.list()
  expect(page.data).toContainEqual(expect.objectContaining({ type: 'model', id: 'everyday', display_name: 'everyday' }))
  expect(page.hasNextPage()).toBe(false)
  expect(await setting.anthropic.models.retrieve('over-chat')).toMatchObject({ id: 'over-chat' })
})
