import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import type { ReadyRequest } from './example.ts'

/** A request as it goes out: its body is text or bytes, right or not. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer<ArrayBuffer> | undefined
  /** What was done to the proper one, in words. */
  readonly change: string
}

const nested = (levels: number): JsonValue => {
  let value: JsonValue = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

/** Values that stand where others are expected. */
const hostileValues: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  1e21,
  '',
  ' ',
  'x',
  'NaN',
  'Infinity',
  '-0',
  '1e400',
  '9'.repeat(400),
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\ufeff',
  '\u202e',
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '../../etc/passwd',
  '${HOME}',
  '{{input}}',
  '<script>',
  '😀'.repeat(200),
  'x'.repeat(70_000),
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2026-02-30T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '2026-01-01T00:00:00+23:59',
  '(a+)+$',
  '%00',
  [],
  {},
  [[]],
  [null],
  [{}],
  { '': '' },
  { a: { b: { c: null } } },
  { constructor: { prototype: 1 } },
  nested(500),
  Array.from({ length: 100_000 }, () => 0),
  Array.from({ length: 2_000 }, (_, index) => `x${index}`),
]

/** What stands in a path or query in the place of an id, a name or a number; already as it goes out. */
const hostileWords: readonly string[] = [
  '%00',
  'a%00b',
  '%',
  '%E0%A4%A',
  '%ED%A0%80',
  '%ff',
  '%2e%2e',
  '%2F..%2F..',
  '..%5c..',
  '.',
  '..',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '-1',
  '1.5',
  '1e9',
  '1e999',
  'NaN',
  'Infinity',
  '2147483648',
  '9223372036854775808',
  '9'.repeat(400),
  '0x10',
  '%20',
  '%0d%0aset-cookie:x',
  "'%20OR%20'1'%3D'1",
  '%F0%9F%98%80',
  'x'.repeat(6_000),
  '*',
  '%25',
  '$',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2026-13-01',
  'null',
  '[]',
  '{}',
  ',',
  'a,b,c',
]

/** Every parameter of a query that any route reads. */
const queryNames = (
  'limit before after from to by of step horizon remaining account kind as language models versions count control state ' +
  'use_case form format days startIndex filter attributes excludedAttributes code'
).split(' ')

const contentTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/json; charset=utf-16',
  'application/scim+json',
  '',
  'application/json, text/plain',
]

const hostileHeaders: readonly Readonly<Record<string, string>>[] = [
  { 'content-encoding': 'gzip' },
  { 'idempotency-key': 'x'.repeat(5_000) },
  { 'idempotency-key': '' },
  { 'x-strata-regions': 'us' },
  { 'x-strata-regions': ','.repeat(500) },
  { prefer: 'respond-async' },
  { 'anthropic-version': '' },
  { 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'gopher' },
  { range: 'bytes=0-' },
  { accept: 'text/event-stream' },
  { 'x-http-method-override': 'DELETE' },
  { traceparent: '00-zzzz' },
]

type Mutation = (request: ReadyRequest, random: Random) => Partial<RawRequest> | undefined

/** One change of a proper request, chosen by chance. */
export function mutate(request: ReadyRequest, random: Random): RawRequest {
  const proper: RawRequest = {
    method: request.method,
    path: request.path,
    headers: { 'content-type': 'application/json', ...request.headers },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    change: 'none',
  }
  for (let tries = 0; tries < 20; tries++) {
    const changed = pick(random, mutations)(request, random)
    if (changed !== undefined) return { ...proper, ...changed, headers: { ...proper.headers, ...changed.headers } }
  }
  return proper
}

const replaceValue: Mutation = ({ body }, random) => {
  if (body === undefined) return undefined
  const path = pick(random, listPaths(body))
  const value = pick(random, hostileValues)
  return { body: JSON.stringify(put(body, path, value)), change: `${path.join('.')} = ${show(value)}` }
}

const mutations: readonly Mutation[] = [
  replaceValue,
  replaceValue,
  replaceValue,
  replaceValue,
  ({ body }, random) => {
    if (body === undefined) return undefined
    const path = pick(random, listPaths(body))
    return { body: JSON.stringify(put(body, path, undefined)), change: `without ${path.join('.')}` }
  },
  ({ body }, random) => {
    if (!isJsonObject(body)) return undefined
    const key = pick(random, ['__proto__', 'constructor', 'unknown', '', 'strata', 'x'.repeat(3_000)])
    const text = `{${JSON.stringify(key)}:${JSON.stringify(pick(random, hostileValues))},${JSON.stringify(body).slice(1)}`
    return { body: text.replace(/,\}$/, '}'), change: `with ${show(key)}` }
  },
  ({ body }, random) => {
    if (!isJsonObject(body) || Object.keys(body).length === 0) return undefined
    const key = pick(random, Object.keys(body))
    const twice = `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(pick(random, hostileValues))}}`
    return { body: twice, change: `${key} twice` }
  },
  ({ body }, random) => {
    const text = JSON.stringify(body ?? {})
    const raw = pick(random, [
      '',
      'null',
      '[]',
      '"x"',
      text.slice(0, -1),
      `${text}${text}`,
      `\ufeff${text}`,
      text.replace('{', '{,'),
      `{"a":${'['.repeat(5_000)}`,
      '{"a":1e99999}',
      '{"a":NaN}',
      text.replaceAll('"', "'"),
    ])
    return { body: raw, change: `the body ${show(raw)}` }
  },
  ({ body }, random) => {
    const bytes = Buffer.from(JSON.stringify(body ?? {}), 'utf8')
    const at = Math.floor(random.next() * bytes.length)
    bytes[at] = Math.floor(random.next() * 256)
    return { body: bytes, change: `byte ${at} is another` }
  },
  ({ body }) => ({ body: Buffer.from(JSON.stringify(body ?? {}), 'utf16le'), change: 'UTF-16' }),
  (_, random) => {
    const type = pick(random, contentTypes)
    return { headers: { 'content-type': type }, change: `content-type ${show(type)}` }
  },
  (_, random) => {
    const headers = pick(random, hostileHeaders)
    return { headers, change: `headers ${show(headers)}` }
  },
  ...pathMutations(),
]

function pathMutations(): readonly Mutation[] {
  const replaceSegment: Mutation = ({ path }, random) => {
    const [where = '', query] = path.split('?')
    const segments = where.split('/')
    const word = pick(random, hostileWords)
    const at = 1 + Math.floor(random.next() * (segments.length - 1))
    const changed = segments.map((segment, index) => (index === at ? word : segment)).join('/')
    return { path: query === undefined ? changed : `${changed}?${query}`, change: `segment ${at} = ${show(word)}` }
  }
  const replaceQuery: Mutation = ({ path }, random) => {
    const [where = '', query = ''] = path.split('?')
    const own = query.split('&').flatMap((pair) => (pair === '' ? [] : [pair.split('=')[0] ?? '']))
    const name = pick(random, own.length > 0 && random.next() < 0.7 ? own : queryNames)
    const word = pick(random, hostileWords)
    const others = query.split('&').filter((pair) => pair !== '' && !pair.startsWith(`${name}=`))
    return { path: `${where}?${[...others, `${name}=${word}`].join('&')}`, change: `?${name}=${show(word)}` }
  }
  const changeMethod: Mutation = ({ method }, random) => {
    const other = pick(random, ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'])
    const takesNone = other === 'GET' || other === 'HEAD'
    return { method: other, change: `${other} for ${method}`, ...(takesNone ? { body: undefined } : {}) }
  }
  return [replaceSegment, replaceSegment, replaceQuery, replaceQuery, changeMethod]
}

type Path = readonly (string | number)[]

/** Every place of a value, the whole first. */
function listPaths(value: JsonValue, at: Path = []): readonly Path[] {
  if (value === null || typeof value !== 'object') return [at]
  const entries = Array.isArray(value)
    ? (value as readonly JsonValue[]).map((each, index) => [index, each] as const)
    : Object.entries(value)
  return [at, ...entries.flatMap(([key, each]) => listPaths(each as JsonValue, [...at, key]))] // of a JSON value
}

function put(value: JsonValue, path: Path, other: JsonValue | undefined): JsonValue | undefined {
  const [key, ...rest] = path
  if (key === undefined) return other
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).flatMap((each, index) => {
      const changed = index === key ? put(each, rest, other) : each
      return changed === undefined ? [] : [changed]
    })
  }
  const entries = Object.entries(value as JsonObject).flatMap(([name, each]) => {
    // a path leads through containers
    const changed = name === key ? put(each ?? null, rest, other) : each
    return changed === undefined ? [] : [[name, changed] as const]
  })
  return Object.fromEntries(entries)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 60 ? text : `${text.slice(0, 60)}… (${text.length})`
}
