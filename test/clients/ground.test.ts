import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { collect, createSetting, type Setting } from './setting.ts'

const folder = resolve(import.meta.dirname, '../../examples/handbook/documents')
const model = 'handbook'
const english = 'How much may a hotel cost per night in Zurich?'
const chinese = '笔记本电脑丢了,要在多长时间内报告?'
const unanswerable = 'Does the company pay for a gym membership?'

let setting: Setting
beforeAll(async () => {
  const models = {
    handbook: { ground: { in: 'handbook', with: 'extract' } },
    written: { ground: { in: 'handbook', with: 'over-messages' } },
  }
  setting = await createSetting({ models })
  await setting.strata.request('/v1/collections', { name: 'handbook' })
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8')
    const response = await setting.strata.request('/v1/collections/handbook/documents', { external_id: name, text })
    expect(response.status).toBe(201)
  }
})
afterAll(() => setting.close())
beforeEach(() => setting.reset())
afterEach(() => setting.expectShapes())

interface Cited {
  readonly source: string
  readonly start: number
  readonly end: number
  readonly text: string
  readonly answer_start: number | null
  readonly answer_end: number | null
}

/** The citations of the `strata` extension, each held against the file it names. */
function citationsOf(holder: unknown): readonly Cited[] {
  const strata = isJsonObject(holder) ? holder['strata'] : undefined
  const cited = isJsonObject(strata) ? strata['citations'] : undefined
  if (!Array.isArray(cited)) return []
  const citations = cited as readonly Cited[] // as Strata writes them
  for (const { source, start, end, text } of citations) {
    expect(readFileSync(join(folder, source), 'utf8').slice(start, end)).toBe(text)
  }
  return citations
}

function asJson(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value))
  return isJsonObject(json) ? json : expect.fail('an object')
}

describe('the openai client asks a collection', () => {
  test('whole: quotes with exact spans, as annotations and in the extension', async () => {
    const messages = [{ role: 'user' as const, content: english }]
    const completion = await setting.openai.chat.completions.create({ model, messages })
    const message = completion.choices[0]?.message
    expect(message?.content).toContain('210 euros')
    const [citation] = citationsOf(completion)
    expect(citation).toMatchObject({ source: 'travel-and-expenses.md', text: expect.stringContaining('210 euros') })
    const [annotation] = message?.annotations ?? []
    expect(annotation).toMatchObject({ type: 'url_citation', url_citation: { title: 'travel-and-expenses.md' } })
    expect(annotation?.url_citation.url).toMatch(new RegExp(`^strata:handbook/.+#${citation?.start}-${citation?.end}$`))
    const { start_index = 0, end_index = 0 } = annotation?.url_citation ?? {}
    expect([start_index, end_index]).toEqual([citation?.answer_start, citation?.answer_end])
    expect(message?.content?.slice(start_index, end_index)).toContain('210 euros')
  })

  test('streamed: the same text, annotations as they come, the extension at the end', async () => {
    const messages = [{ role: 'user' as const, content: chinese }]
    const whole = await setting.openai.chat.completions.create({ model, messages })
    const chunks = await collect(await setting.openai.chat.completions.create({ model, messages, stream: true }))
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    )
    const annotated = chunks.filter((chunk) => JSON.stringify(chunk.choices[0]?.delta ?? {}).includes('url_citation'))
    const citations = citationsOf(asJson(chunks.at(-1)))
    expect(citations).toEqual(citationsOf(whole))
    expect(citations[0]).toMatchObject({ source: '信息安全.md', text: expect.stringContaining('两小时') })
    expect(annotated).toHaveLength(citations.length)
  })

  test('and is told plainly when the passages do not answer', async () => {
    const messages = [{ role: 'user' as const, content: unanswerable }]
    const completion = await setting.openai.chat.completions.create({ model, messages })
    expect(citationsOf(completion)).toEqual([])
    expect(completion.choices[0]?.message.annotations ?? []).toEqual([])
    expect(completion.choices[0]?.message.content).toMatch(/do not|does not|not answer|no answer|nothing/i)
  })

  test('through responses, whole and streamed: file citations', async () => {
    const whole = await setting.openai.responses.create({ model, input: english })
    const streamed = await setting.openai.responses.stream({ model, input: english }).finalResponse()
    const events = await collect(await setting.openai.responses.create({ model, input: english, stream: true }))
    expect(events.some((event) => event.type === 'response.output_text.annotation.added')).toBe(true)
    for (const response of [whole, streamed]) {
      const [citation] = citationsOf(whole)
      const [message] = response.output
      const [part] = message?.type === 'message' ? message.content : []
      const annotations = part?.type === 'output_text' ? part.annotations : []
      expect(annotations[0]).toMatchObject({
        type: 'file_citation',
        filename: 'travel-and-expenses.md',
        index: citation?.answer_end,
        file_id: expect.stringMatching(new RegExp(`#${citation?.start}-${citation?.end}$`)),
      })
    }
    expect(citationsOf(asJson(events.at(-1)))).toEqual(citationsOf(whole))
  })

  test('leaves the extension out when it is told to', async () => {
    const messages = [{ role: 'user' as const, content: english }]
    const asked = { model, messages, strata: { report: false } }
    const completion = await setting.openai.chat.completions.create(asked)
    expect(completion).not.toHaveProperty('strata')
    expect(completion.choices[0]?.message.annotations?.length).toBeGreaterThan(0)
  })
})

test('@anthropic-ai/sdk asks a collection: character locations, whole and streamed', async () => {
  const asked = { model, max_tokens: 500, messages: [{ role: 'user' as const, content: english }] }
  const whole = await setting.anthropic.messages.create(asked)
  const streamed = await setting.anthropic.messages.stream(asked).finalMessage()
  const [citation] = citationsOf(whole)
  for (const { content } of [whole, streamed]) {
    const [block] = content
    expect(block?.type === 'text' ? block.citations?.[0] : undefined).toMatchObject({
      type: 'char_location',
      document_title: 'travel-and-expenses.md',
      cited_text: citation?.text,
      start_char_index: citation?.start,
      end_char_index: citation?.end,
    })
  }
})

test('a model of another vendor writes from the passages, and only genuine quotes are cited', async () => {
  setting.mock.script({ text: 'At most 210 euros 【1: "210 euros"】. Or 900 euros 【1: "900 euros"】.' })
  const messages = [{ role: 'user' as const, content: english }]
  const completion = await setting.openai.chat.completions.create({ model: 'written', messages })
  expect(completion.choices[0]?.message.content).toBe('At most 210 euros [1]. Or 900 euros.')
  expect(citationsOf(completion)).toMatchObject([{ text: '210 euros', source: 'travel-and-expenses.md' }])
  const system = JSON.stringify(setting.received(0)['system'])
  expect(system).toContain('210 euros')
})

test('the call tree in the record tells the route, the place and the spans, never the text', async () => {
  const messages = [{ role: 'user' as const, content: english }]
  const completion = await setting.openai.chat.completions.create({ model, messages })
  const tree = await setting.lastCall()
  expect(tree).toMatchObject({
    kind: 'request',
    name: 'handbook',
    status: 'ok',
    cost: { usd: '0' },
    children: [
      {
        kind: 'model',
        name: 'extract',
        status: 'ok',
        detail: { node: 'ground', collections: ['handbook'] },
        children: [{ kind: 'dispatch', name: 'extract', regions: ['local'], usage: { source: 'estimated' } }],
      },
    ],
  })
  expect(JSON.stringify(tree)).not.toContain('210 euros')
  expect(asJson(completion)['strata']).toMatchObject({
    call: tree['id'],
    endpoint: 'extract',
    regions: ['local'],
    route: [
      { kind: 'model', name: 'extract', status: 'ok' },
      { kind: 'dispatch', name: 'extract', status: 'ok' },
    ],
  })
})
