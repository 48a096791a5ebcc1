import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonValue } from '../src/core/json.ts'
import { faces, readEvents } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const chat = faces.openaiChat
const tale = Array.from(
  { length: 14 },
  (_, index) => `the traveller of ward ${index} crossed the silver bridge at dusk`,
).join(', ')
const handbook = 'Full-time staff have twenty-five days of paid leave a year. The bridge of the campus closes at ten.'

let mock: MockUpstream
let strata: RunningStrata
let taleId = ''

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      governance: { copyright: { overlap: 'cut' } },
      endpoints: { openai: toEndpoint(mock, 'openai') },
      models: { library: { ground: { in: 'library', with: { endpoint: 'openai' } } } },
    },
  })
  await strata.request('/v1/collections', { name: 'library' })
  taleId = await put('tale.txt', tale)
  await put('handbook.txt', handbook)
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

beforeEach(() => mock.reset())

async function put(name: string, text: string): Promise<string> {
  const response = await strata.request('/v1/collections/library/documents', { external_id: name, text })
  const body = (await response.json()) as { readonly id: string }
  expect(response.status).toBe(201)
  return body.id
}

async function state(rights: object): Promise<JsonValue> {
  const path = `/v1/collections/library/documents/${taleId}/rights`
  const response = await strata.request(path, rights, { method: 'PUT' })
  expect(response.status).toBe(200)
  return (await response.json()) as JsonValue
}

interface Told {
  readonly text: string
  readonly citations: readonly { readonly source: string; readonly text: string; readonly licence?: string }[]
}

async function askLibrary(stream = false): Promise<Told> {
  const response = await strata.request(
    chat.path,
    chat.ask('library', { stream, text: 'Who crossed the silver bridge?' }),
  )
  const body = await response.text()
  expect(response.status, body).toBe(200)
  if (stream) {
    const events = readEvents(body)
    const holder = events.map(({ json }) => json).findLast((json) => isJsonObject(json) && 'strata' in json)
    return { text: chat.streamedTextOf(events), citations: citationsOf(holder) }
  }
  const json = JSON.parse(body) as JsonValue
  return { text: chat.textOf(json), citations: citationsOf(json) }
}

function citationsOf(holder: JsonValue | undefined): Told['citations'] {
  const extension = isJsonObject(holder) ? holder['strata'] : undefined
  const cited = isJsonObject(extension) ? extension['citations'] : undefined
  return Array.isArray(cited) ? (cited as unknown as Told['citations']) : [] // as Strata writes them
}

describe('an answer that gives a source again', () => {
  test.each([false, true])('of the operator’s own goes through, with a citation (stream: %s)', async (stream) => {
    mock.respondWith(() => ({ script: { text: `It is told so: ${tale}. That is all.` } }))
    const told = await askLibrary(stream)
    expect(told.text).toBe(`It is told so: ${tale}. That is all.`)
    expect(told.citations).toMatchObject([{ source: 'tale.txt', text: tale }])
  })

  test.each([false, true])('of a work without a licence is cut at the limit (stream: %s)', async (stream) => {
    await state({ attribution: 'A. Writer' })
    mock.respondWith(() => ({ script: { text: `It is told so: ${tale}. That is all.` } }))
    const told = await askLibrary(stream)
    expect(told.text.length).toBeLessThan(tale.length - 100)
    expect(told.text).toMatch(/^It is told so: the traveller of ward 0[^[]* \[…\] \. That is all\.$/)
    expect(told.citations).toMatchObject([{ source: 'tale.txt', attribution: 'A. Writer' }])
  })

  test('of a licensed work goes through, and the citation names the licence', async () => {
    await state({ licence: 'CC-BY-4.0' })
    mock.respondWith(() => ({ script: { text: tale } }))
    expect(await askLibrary()).toMatchObject({ text: tale, citations: [{ source: 'tale.txt', licence: 'CC-BY-4.0' }] })
  })

  test('ends with an error in the stream where that is configured', async () => {
    await state({})
    const config = {
      governance: { copyright: { overlap: 'refuse' } },
      endpoints: { openai: toEndpoint(mock, 'openai') },
      models: { library: { ground: { in: 'library', with: { endpoint: 'openai' } } } },
    }
    await strata.reload(config)
    mock.respondWith(() => ({ script: { text: tale } }))
    const response = await strata.request(chat.path, chat.ask('library', { stream: true, text: 'silver bridge' }))
    const events = readEvents(await response.text())
    expect(events.map((event) => chat.streamedErrorOf(event)).find((error) => error !== undefined)).toMatchObject({
      code: 'COPYRIGHT_REFUSED',
    })
    expect(chat.isComplete(events)).toBe(false)
    const whole = await strata.request(chat.path, chat.ask('library', { text: 'silver bridge' }))
    expect(whole.status).toBe(403)
    await strata.reload({ ...config, governance: { copyright: { overlap: 'cut' } } })
  })
})

test('what may not be a source of answers reaches no model, and is found by search all the same', async () => {
  await state({ headers: { 'tdm-reservation': '1' } })
  await askLibrary()
  const { text } = await mock.requestAt(0)
  expect(text).not.toContain('traveller')
  expect(text).toContain('The bridge of the campus')
  const found = await strata.request('/v1/collections/library/search', { query: 'silver bridge' })
  expect(await found.text()).toContain('tale.txt')
  await state({ html: '<meta name="robots" content="noindex">' })
  const hidden = await strata.request('/v1/collections/library/search', { query: 'silver bridge' })
  expect(await hidden.text()).not.toContain('tale.txt')
})

test('rights are shown with what was said, and decided without being kept', async () => {
  await state({ licence: 'CC-BY-NC-4.0', url: 'https://example.com/tale' })
  const shown = await strata.request(`/v1/collections/library/documents/${taleId}/rights`)
  expect(await shown.json()).toMatchObject({
    work: 'https://example.com/tale',
    verdicts: { ground: { permits: false, by: 'licence' } },
    signals: [{ kind: 'licence', raw: 'CC-BY-NC-4.0' }],
    may_copy: false,
  })
  const decided = await strata.request('/v1/copyright/decide', { robots_txt: 'User-agent: GPTBot\nDisallow: /' })
  expect(await decided.json()).toMatchObject({ verdicts: { train: { permits: false, by: 'robots' } } })
  const wrong = await strata.request('/v1/copyright/decide', { robots: '' })
  expect(wrong.status).toBe(400)
  expect((await strata.request('/v1/collections/library/documents/doc_none/rights')).status).toBe(404)
})

test('a work is withdrawn in one call, with proof, and does not come back', async () => {
  const response = await strata.request('/v1/copyright/withdrawals', { work: 'https://example.com/tale' })
  expect(await response.json()).toMatchObject({
    object: 'withdrawal',
    documents: [{ collection: 'library', document: taleId, externalId: 'tale.txt' }],
    searches: 8,
    hits: 0,
  })
  const found = await strata.request('/v1/collections/library/search', { query: 'traveller silver bridge' })
  expect(await found.text()).not.toContain('tale.txt')
  const handbookGone = await strata.request('/v1/copyright/withdrawals', { work: 'handbook.txt' })
  expect(handbookGone.status).toBe(200)
  const again = await strata.request('/v1/collections/library/documents', {
    external_id: 'handbook.txt',
    text: handbook,
  })
  expect(again.status).toBe(422)
  expect((await strata.request('/v1/copyright/withdrawals', { work: 'unknown' })).status).toBe(404)
})

test('rights of a document that a key may not see are neither shown to it nor changed by it', async () => {
  const id = await put('closed.txt', 'For the keeper alone.')
  const path = `/v1/collections/library/documents/${id}`
  const closed = await strata.request(`${path}/access`, { allow: ['user:keeper'] }, { method: 'PUT' })
  expect(closed.status).toBe(200)
  const made = (await (await strata.request('/v1/keys', { name: 'member' })).json()) as { readonly key: string }
  const headers = { authorization: `Bearer ${made.key}` }
  const asked = [
    await strata.request(`${path}/rights`, undefined, { headers }),
    await strata.request(`${path}/rights`, { licence: 'CC-BY-4.0' }, { method: 'PUT', headers }),
  ]
  expect(asked.map(({ status }) => status)).toEqual([404, 404])
  const kept = (await (await strata.request(`${path}/rights`)).json()) as { readonly verdicts: unknown }
  expect(kept.verdicts).toBe(null)
  const deleted = await strata.request('/v1/collections/library', undefined, { method: 'DELETE', headers })
  expect([deleted.status, await deleted.text()]).toEqual([
    403,
    expect.stringContaining('knowledge:see-all, which keys of these roles have: admin, knowledge-manager'),
  ])
  expect((await strata.request(path)).status).toBe(200)
})
