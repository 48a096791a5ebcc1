import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../src/core/json.ts'
import { faces, readEvents, type Face } from './kit/faces.ts'
import { startMockUpstream, type Behaviour, type MockRequest, type MockUpstream } from './kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const told = '写信给li.na@example.com，或打13800138000；卡号4111 1111 1111 1111。'

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const masked = { personalData: 'mask' }
  strata = await startStrata({
    config: {
      egress: { attemptsMax: 2 },
      governance: { allowedRegions: ['local', 'us'], privacy: { seenIn: ['local'] } },
      endpoints: {
        openai: toEndpoint(mock, 'openai', masked),
        anthropic: toEndpoint(mock, 'anthropic', masked),
        'openai-responses': toEndpoint(mock, 'openai-responses', masked),
        open: toEndpoint(mock, 'openai'),
        abroad: toEndpoint(mock, 'openai', { processing: ['us'], storage: ['us'] }),
        closed: toEndpoint(mock, 'openai', { personalData: 'refuse' }),
        vectors: toEndpoint(mock, 'openai', { ...masked, does: ['embed'] }),
      },
      models: {
        openai: { endpoint: 'openai' },
        anthropic: { endpoint: 'anthropic' },
        'openai-responses': { endpoint: 'openai-responses' },
        open: { endpoint: 'open' },
        abroad: { endpoint: 'abroad' },
        closed: { endpoint: 'closed' },
        'closed-or-open': { fallback: ['closed', 'open'] },
        vectors: { endpoint: 'vectors' },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

beforeEach(() => mock.reset())

/** What the endpoint was told, as it got it. */
function heard({ text }: MockRequest): string {
  return /写信给[^。]*。/u.exec(text)?.[0] ?? ''
}

/** Says what it was told in slices of three characters and writes of seven bytes, and calls a tool with it. */
function echo(request: MockRequest): Behaviour {
  const said = heard(request)
  const textDeltas = said.match(/.{1,3}/gsu) ?? []
  return { script: { textDeltas, toolCalls: [{ name: 'send', arguments: { body: said } }] }, writeBytes: 7 }
}

function ask(face: Face, model: string, stream = false): Promise<Response> {
  return strata.request(face.path, face.ask(model, { stream, text: told }))
}

const ways: readonly { readonly name: string; readonly face: Face; readonly model: string }[] = [
  { name: 'chat', face: faces.openaiChat, model: 'openai' },
  { name: 'messages', face: faces.anthropic, model: 'anthropic' },
  { name: 'responses', face: faces.openaiResponses, model: 'openai-responses' },
  { name: 'messages by a chat endpoint', face: faces.anthropic, model: 'openai' },
]

describe.each(ways)('through $name', ({ face, model }) => {
  test.each([false, true])('the endpoint sees tokens, the client what it said (stream: %s)', async (stream) => {
    mock.respondWith(echo)
    const response = await ask(face, model, stream)
    const answer = await response.text()
    expect(response.status, answer).toBe(200)
    const { text } = await mock.requestAt(0)
    expect(text).not.toMatch(/example\.com|13800138000|4111/)
    expect(text).toMatch(/写信给PII_EMAIL_\w{10}，或打PII_CN_MOBILE_\w{10}；卡号PII_CARD_\w{10}。/)
    expect(answer).not.toContain('PII_')
    const events = readEvents(answer)
    expect(stream ? face.streamedTextOf(events) : face.textOf(JSON.parse(answer) as JsonValue)).toBe(told)
    expect(stream ? face.isComplete(events) : true).toBe(true)
    // The arguments of the tool: escaped once as JSON in JSON, parted by the stream.
    const parted = stream ? events.map(({ json }) => JSON.stringify(json)).join('') : answer
    expect(parted).toContain('send')
  })
})

const chat = faces.openaiChat

test('arguments of tools are restored in whole answers too', async () => {
  mock.respondWith(echo)
  const body = (await (await ask(chat, 'openai')).json()) as {
    readonly choices: readonly {
      readonly message: { readonly tool_calls: readonly { readonly function: { readonly arguments: string } }[] }
    }[]
  }
  const [call] = body.choices[0]?.message.tool_calls ?? []
  expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ body: told })
})

test('an endpoint in a region where personal data may not be seen gets it masked without being told to', async () => {
  mock.respondWith(echo)
  expect(chat.textOf((await (await ask(chat, 'abroad')).json()) as JsonValue)).toBe(told)
  expect((await mock.requestAt(0)).text).toContain('PII_EMAIL_')
})

test('an endpoint that may see it gets the bytes of the client', async () => {
  await ask(chat, 'open')
  expect(heard(await mock.requestAt(0))).toBe(told)
})

test('an endpoint that refuses personal data is not called; the message names types and no values', async () => {
  const response = await ask(chat, 'closed')
  const body = await response.text()
  expect(response.status).toBe(403)
  expect(body).toContain('1 email, 1 cn-mobile, 1 card')
  expect(body).not.toMatch(/example\.com|13800138000/)
  expect(mock.requests).toHaveLength(0)
  expect((await ask(chat, 'closed-or-open')).status).toBe(200)
  const quiet = chat.ask('closed', { text: 'Hello' })
  expect((await strata.request(chat.path, quiet)).status).toBe(200)
})

test('an image is refused where it could not be masked', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'look' }, image] }]
  const response = await strata.request(chat.path, { model: 'openai', messages })
  expect(response.status).toBe(403)
  expect(await response.text()).toContain('messages[0].content[1]')
})

test('what is embedded is masked', async () => {
  await strata.request('/v1/embeddings', { model: 'vectors', input: ['call 13800138000', 'hello'] })
  const { json } = await mock.requestAt(0)
  expect((json as JsonObject)['input']).toEqual([expect.stringMatching(/^call PII_CN_MOBILE_\w{10}$/), 'hello'])
})

test('other requests are answered while a long text is scanned', async () => {
  const order: string[] = []
  const scan = async (name: string, text: string): Promise<void> => {
    const response = await strata.request('/v1/privacy/scan', { text })
    expect(await response.json()).toMatchObject({ object: 'list' })
    order.push(name)
  }
  const long = scan('long', '4111 '.repeat(100_000))
  for (let round = 0; round < 4; round++) await scan('short', told)
  await long
  expect(order).toEqual(['short', 'short', 'short', 'short', 'long'])
})

test('a text is scanned over HTTP without being shown, and the vault is shredded', async () => {
  const response = await strata.request('/v1/privacy/scan', { text: told, types: ['email', 'card'] })
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({ data: [{ type: 'email', start: 3, end: 20 }, { type: 'card' }] })
  expect(body).not.toContain('example.com')
  const wrong = await strata.request('/v1/privacy/scan', { text: told, types: ['nome'] })
  expect(wrong.status).toBe(400)

  await ask(chat, 'openai')
  const before = heard(await mock.requestAt(0))
  await ask(chat, 'openai')
  expect(heard(await mock.requestAt(1))).toBe(before)
  const shredded = await strata.request('/v1/privacy/vault', undefined, { method: 'DELETE' })
  expect(await shredded.json()).toEqual({ shredded: true, values: 0 })
  await ask(chat, 'openai')
  expect(heard(await mock.requestAt(2))).not.toBe(before)
  expect(await (await strata.request('/v1/privacy/reveal', { tokens: ['PII_EMAIL_A'] })).json()).toEqual({ values: {} })
})

test('a type that there is not is refused with its place when the configuration is read', async () => {
  const config = { governance: { privacy: { types: ['email', 'nome'] } } }
  await expect(startStrata({ config })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    param: 'governance.privacy.types[1]',
  })
})

test('documents are kept, masked, put into the vault or refused, by collection', async () => {
  const privacy = { collections: { masked: 'mask', sealed: 'vault', closed: 'refuse' } }
  const running = await startStrata({ config: { governance: { privacy } } })
  const text = 'Li Na takes calls at 13800138000 and mail at li.na@example.com, says the handbook.'
  const statuses: number[] = []
  const found: string[] = []
  for (const name of ['open', 'masked', 'sealed', 'closed']) {
    await running.request('/v1/collections', { name })
    const put = await running.request(`/v1/collections/${name}/documents`, { external_id: 'a.txt', text })
    statuses.push(put.status)
    const search = await running.request(`/v1/collections/${name}/search`, { query: 'handbook calls' })
    found.push(await search.text())
  }
  expect(statuses).toEqual([201, 201, 201, 422])
  expect(found[0]).toContain('13800138000')
  expect(found[1]).toContain('calls at [cn-mobile] and mail at [email], says')
  const [token = ''] = /PII_EMAIL_\w{10}/.exec(found[2] ?? '') ?? []
  expect(found[2]).not.toContain('example.com')
  const revealed = await running.request('/v1/privacy/reveal', { tokens: [token] })
  expect(await revealed.json()).toEqual({ values: { [token]: 'li.na@example.com' } })
  expect(found[3]).not.toContain('handbook calls at')
  await running.close()
})
