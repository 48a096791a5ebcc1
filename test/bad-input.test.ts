import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../src/core/errors.ts'
import { faces, type Face } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { expectRefusal, type ExpectedRefusal } from './kit/refusal.ts'
import { startStrata, toEndpoint, type RunningStrata } from './kit/strata.ts'

const bodyBytesMax = 2_500_000

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  strata = await startStrata({
    config: {
      server: { bodyBytesMax },
      endpoints: {
        openai: toEndpoint(mock, 'openai'),
        anthropic: toEndpoint(mock, 'anthropic'),
        'openai-responses': toEndpoint(mock, 'openai-responses'),
      },
      models: {
        openai: { endpoint: 'openai' },
        anthropic: { endpoint: 'anthropic' },
        'openai-responses': { endpoint: 'openai-responses' },
      },
    },
  })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

/** Whatever was sent before, the next request is answered. */
afterEach(async () => {
  mock.reset()
  const response = await strata.request('/v1/chat/completions', faces.openaiChat.ask('openai'))
  expect(response.status).toBe(200)
  await response.arrayBuffer()
  await strata.idle()
  mock.reset()
})

/** From 32 KB on a body takes another way through the server; what is refused must not depend on it. */
const sizes = [
  { size: 'small', padding: '' },
  { size: 'large', padding: `"padding":"${'x'.repeat(40_000)}",` },
] as const

interface Bad {
  readonly name: string
  /** The members of the body after the padding, or the whole body when it does not begin with a member. */
  readonly body: (face: Face, padding: string) => string | Buffer<ArrayBuffer>
  readonly code: ErrorCode
  readonly param?: string
  /** What the message says of the place. */
  readonly says?: RegExp
}

const chatFaces = Object.values(faces).map((face) => ({ face }))

/** The members of a proper body without its model. */
function rest(face: Face): string {
  const { model: _, stream: __, ...members } = face.ask('')
  return JSON.stringify(members).slice(1, -1)
}

const members =
  (text: (face: Face) => string): Bad['body'] =>
  (face, padding) =>
    `{${padding}${text(face)}}`
const withModel = (model: string): Bad['body'] => members((face) => `${model},${rest(face)}`)
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

/** Refused on every face and at every size, before anything is sent. */
const refused: readonly Bad[] = [
  {
    name: 'JSON that breaks off',
    body: (face, padding) => `{${padding}${rest(face)}`,
    code: 'INVALID_JSON',
    says: /it ends before it is complete|line 1, column \d+/,
  },
  {
    name: 'JSON without a comma',
    body: members((face) => `"model":"${face.dialect}" ${rest(face)}`),
    code: 'INVALID_JSON',
    says: /line 1, column \d+/,
  },
  {
    name: 'JSON with a comment',
    body: members((face) => `/* */"model":"${face.dialect}",${rest(face)}`),
    code: 'INVALID_JSON',
    says: /line 1, column \d+/,
  },
  {
    name: 'two objects',
    body: (face, padding) => `{${padding}"model":"${face.dialect}",${rest(face)}}{}`,
    code: 'INVALID_JSON',
  },
  {
    name: 'bytes that are no UTF-8',
    body: (_, padding) =>
      Buffer.concat([Buffer.from(`{${padding}"model":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    code: 'INVALID_ENCODING',
  },
  {
    name: 'half a character',
    body: (_, padding) =>
      Buffer.concat([Buffer.from(`{${padding}"model":"`), Buffer.from('模').subarray(0, 2), Buffer.from('"}')]),
    code: 'INVALID_ENCODING',
  },
  { name: 'no model', body: members(rest), code: 'INVALID_REQUEST', param: 'model' },
  { name: 'a model that is null', body: withModel('"model":null'), code: 'INVALID_REQUEST', param: 'model' },
  { name: 'a model that is a number', body: withModel('"model":7'), code: 'INVALID_REQUEST', param: 'model' },
  { name: 'an empty model', body: withModel('"model":""'), code: 'INVALID_REQUEST', param: 'model' },
  {
    name: 'a model that is not there',
    body: withModel('"model":"gpt-unknown"'),
    code: 'MODEL_NOT_FOUND',
    param: 'model',
    says: /gpt-unknown/,
  },
  {
    name: 'a model of the prototype',
    body: withModel('"model":"constructor"'),
    code: 'MODEL_NOT_FOUND',
    param: 'model',
  },
  {
    name: 'a model inherited through __proto__',
    body: withModel('"__proto__":{"model":"openai"}'),
    code: 'INVALID_REQUEST',
    param: 'model',
  },
  {
    name: 'two models, the second not there',
    body: withModel('"model":"openai","model":"gpt-unknown"'),
    code: 'MODEL_NOT_FOUND',
    param: 'model',
  },
  {
    name: 'stream that is a word',
    body: members((face) => `"model":"${face.dialect}","stream":"yes",${rest(face)}`),
    code: 'INVALID_REQUEST',
    param: 'stream',
  },
  {
    name: 'strata that is a word',
    body: members((face) => `"model":"${face.dialect}","strata":"x",${rest(face)}`),
    code: 'INVALID_REQUEST',
    param: 'strata',
  },
  {
    name: 'a region that is a number',
    body: members((face) => `"model":"${face.dialect}","strata":{"regions":[7]},${rest(face)}`),
    code: 'INVALID_REQUEST',
    param: 'strata.regions.0',
  },
  {
    name: 'a key of strata that is not there',
    body: members((face) => `"model":"${face.dialect}","strata":{"region":"eu"},${rest(face)}`),
    code: 'INVALID_REQUEST',
    param: 'strata.region',
  },
  {
    name: 'a region that is not allowed',
    body: members((face) => `"model":"${face.dialect}","strata":{"regions":["us"]},${rest(face)}`),
    code: 'REGION_REFUSED',
  },
  {
    name: 'nesting without end',
    body: members((face) => `"model":"${face.dialect}","x":${'['.repeat(1_000_000)}`),
    code: 'INVALID_REQUEST',
    says: /nested deeper than 1000 levels/,
  },
  {
    name: 'nesting of a million levels',
    body: members((face) => `"model":"${face.dialect}","x":${nested(1_000_000)},${rest(face)}`),
    code: 'INVALID_REQUEST',
    says: /nested deeper/,
  },
  {
    name: 'nesting of 3,000 levels',
    body: members((face) => `"model":"${face.dialect}","x":${nested(3_000)},${rest(face)}`),
    code: 'INVALID_REQUEST',
    says: /nested deeper/,
  },
  ...['base_url', 'baseURL', 'api_base', 'custom_host', 'endpoint_url', 'api_key', 'apiKey'].map(
    (field): Bad => ({
      name: `a field ${field}`,
      body: members((face) => `"model":"${face.dialect}","${field}":"http://evil.example",${rest(face)}`),
      code: 'BASE_URL_FORBIDDEN',
      param: field,
    }),
  ),
]

describe.each(chatFaces)('$face.name', ({ face }) => {
  describe.each(sizes)('$size bodies', ({ padding }) => {
    test.each(refused)('$name', async ({ body, ...expected }) => {
      await expectRefused(face, await post(face.path, body(face, padding)), expected)
    })
  })

  test.each([
    ['no body', '', { code: 'INVALID_JSON', says: /it is empty/ }],
    ['blanks', ' \n ', { code: 'INVALID_JSON', says: /it is empty/ }],
    ['a list', '[]', { code: 'INVALID_REQUEST', says: /must be a JSON object/ }],
    ['null', 'null', { code: 'INVALID_REQUEST', says: /must be a JSON object/ }],
    ['text', '"x"', { code: 'INVALID_REQUEST', says: /must be a JSON object/ }],
    ['a fault in the third line', '{\n"a": 1,\n"b" 2}', { code: 'INVALID_JSON', says: /line 3, column 5/ }],
    ['a word of Python', '{"model": "m",\n"stream": True}', { code: 'INVALID_JSON', says: /line 2, column 11/ }],
    ['no number', '{"messages": [],\n"a": {"temperature": NaN}}', { code: 'INVALID_JSON', says: /line 2, column 22/ }],
    ['a comma too many', '{"messages": [1,, 2]}', { code: 'INVALID_JSON', says: /line 1, column 17/ }],
    ['the end missing', '{"messages": [1', { code: 'INVALID_JSON', says: /line 1, column 16/ }],
    ['a byte order mark', '\ufeff{"model": "m"}', { code: 'INVALID_JSON', says: /begins with a byte order mark/ }],
    [
      'a byte order mark before much',
      `\ufeff{"model": "${'m'.repeat(40_000)}"}`,
      { code: 'INVALID_JSON', says: /begins with a byte order mark/ },
    ],
  ] as const)('%s as the whole body', async (_name, body, expected) => {
    await expectRefused(face, await post(face.path, body), expected)
  })

  test.each([
    ['x-base-url', 'http://evil.example'],
    ['x-portkey-custom-host', 'http://evil.example'],
    ['x-api-base', 'http://evil.example'],
    ['helicone-target-url', 'http://evil.example'],
  ])('the header %s', async (header, value) => {
    const response = await strata.request(face.path, face.ask(face.dialect), { headers: { [header]: value } })
    await expectRefused(face, response, { code: 'BASE_URL_FORBIDDEN', param: header })
  })

  test.each([
    ['content-type', 'text/plain'],
    ['content-type', 'application/x-www-form-urlencoded'],
    ['content-type', 'application/jsonp'],
    ['content-type', 'multipart/form-data; boundary=x'],
    ['content-encoding', 'gzip'],
  ])('%s: %s', async (header, value) => {
    const response = await strata.request(face.path, face.ask(face.dialect), { headers: { [header]: value } })
    await expectRefused(face, response, { code: 'UNSUPPORTED_MEDIA_TYPE', param: header })
  })

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json', 'text/json'])(
    'content-type: %s is JSON',
    async (type) => {
      const response = await strata.request(face.path, face.ask(face.dialect), { headers: { 'content-type': type } })
      expect(response.status).toBe(200)
    },
  )

  test.each(sizes)(
    'two models in a $size body: the endpoint is told one, that which was resolved',
    async ({ padding }) => {
      const twice = `{${padding}"model":"gpt-unknown",${rest(face)},"mod\\u0065l":"${face.dialect}"}`
      expect((await post(face.path, twice)).status).toBe(200)
      const sent = mock.requests[0]?.text ?? ''
      expect(sent.match(/"mod(e|\\u0065)l"\s*:/g)?.length).toBe(1)
      expect(mock.requests[0]?.model).toBe(`vendor-${face.dialect}`)
    },
  )

  test.each(sizes)('keys of the prototype in a $size body change nothing', async ({ padding }) => {
    const body = `{${padding}"model":"${face.dialect}","__proto__":{"stream":true,"base_url":"http://evil.example"},"constructor":1,${rest(face)}}`
    const response = await post(face.path, body)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(Object.hasOwn(Object.prototype, 'base_url')).toBe(false)
  })
})

async function expectRefused(face: Face, response: Response, expected: ExpectedRefusal): Promise<void> {
  await expectRefusal(face, response, expected)
  expect(mock.requests.length).toBe(0) // Nothing was sent to any endpoint.
}

function post(path: string, body: string | Buffer<ArrayBuffer>): Promise<Response> {
  return strata.request(path, undefined, { method: 'POST', body })
}
