import type { JsonObject, JsonValue } from '../../../src/core/json.ts'

/**
 * One request that a route answers, sent by who owns what it names. `$name` anywhere in `at`, `query` or `body` stands
 * for something of the tenant: a name it has chosen, or an id that an earlier example was given.
 */
export interface Example {
  /** `POST /v1/collections`, as the table has it. */
  readonly route: string
  /** The parameters of the path. */
  readonly at?: Readonly<Record<string, string>>
  /** Without the question mark. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: JsonObject
  /** Keeps what lies at a path of the answer under a name. `header:x` keeps a header. */
  readonly keep?: Readonly<Record<string, readonly (string | number)[] | string>>
  /** Any of 2xx when absent. */
  readonly status?: number | readonly number[]
  /** Whose key sends it; that of an admin when absent. */
  readonly by?: 'admin' | 'reviewer' | 'node'
  /** Asked again until it answers as it should: what it needs is done beside. */
  readonly eventually?: (answer: JsonValue) => boolean
  /** Makes something of a name that its sender chooses, which another tenant may choose as well. */
  readonly makes?: true
  /** Takes something away for good, so that it comes after all others. */
  readonly ends?: true
}

export type Names = Readonly<Record<string, string>>

/** A request that is ready to be sent. */
export interface ReadyRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonValue | undefined
}

const reference = /\$([a-zA-Z]+)/g

/** Whether an example names anything of its tenant; words that are said name nothing. */
export function namesThings({ at, query, body }: Example): boolean {
  return JSON.stringify([at, query, body]).replaceAll('$marker', '').search(reference) !== -1
}

/** Puts names for references. What has none stays as it is, `$` and all. */
export function fill(example: Example, names: Names): ReadyRequest {
  const [method = '', pattern = ''] = example.route.split(' ')
  const put = (text: string): string => text.replaceAll(reference, (whole, name: string) => names[name] ?? whole)
  const at = Object.fromEntries(Object.entries(example.at ?? {}).map(([key, value]) => [key, put(value)]))
  const path = pattern.replaceAll(/\{(\w+)\*?\}/g, (_, name: string) => encodeURIComponent(at[name] ?? ''))
  const query = example.query === undefined ? '' : `?${put(example.query)}`
  const takesBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  const body = example.body ?? (takesBody ? {} : undefined)
  return {
    method,
    path: `${path}${query}`,
    headers: example.headers ?? {},
    body: body === undefined ? undefined : fillValue(body, put),
  }
}

function fillValue(value: JsonValue, put: (text: string) => string): JsonValue {
  if (typeof value === 'string') return put(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((each) => fillValue(each, put))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [put(key), fillValue(each ?? null, put)]))
}
