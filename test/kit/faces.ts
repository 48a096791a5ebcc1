import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import type { NativeDialect } from './strata.ts'

/** One chat face of the server as a client sees it: how to ask, and how to tell text, end and error apart. */
export interface Face {
  readonly name: 'openai-chat' | 'anthropic' | 'openai-responses'
  readonly path: string
  /** The dialect of an endpoint whose bytes this face relays. */
  readonly dialect: NativeDialect
  /** A request that says `text`. */
  ask(model: string, options?: { readonly stream?: boolean; readonly text?: string }): JsonObject
  /** The text of a whole answer. */
  textOf(body: JsonValue): string
  /** The text that events of a stream add up to. */
  streamedTextOf(events: readonly ReadEvent[]): string
  /** Whether the stream ended the way the dialect ends one that went well. */
  isComplete(events: readonly ReadEvent[]): boolean
  /** The error of a whole body in the face's own shape; `undefined` when it is not in that shape. */
  errorOf(body: JsonValue): FaceError | undefined
  /** The error that an event of a stream carries; `undefined` when it carries none. */
  streamedErrorOf(event: ReadEvent | undefined): FaceError | undefined
}

export interface FaceError {
  readonly type: string | undefined
  readonly code: string | undefined
  readonly message: string
  readonly param: string | undefined
}

export interface ReadEvent {
  /** The `event:` field; empty when absent. */
  readonly event: string
  readonly data: string
  /** `undefined` when the data is no JSON. */
  readonly json: JsonValue | undefined
}

/** The events of a stream as any line ending and any form of `data:` spells them. */
export function readEvents(text: string): readonly ReadEvent[] {
  const blocks = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n|\r/g, '\n')
    .split('\n\n')
  return blocks.flatMap((block) => {
    const lines = block.split('\n')
    const data = valuesOf(lines, 'data')
    if (data.length === 0) return []
    const joined = data.join('\n')
    return [{ event: valuesOf(lines, 'event').at(-1) ?? '', data: joined, json: parse(joined) }]
  })
}

const messagesOf = (text: string): JsonValue => [{ role: 'user', content: text }]

const openaiChat: Face = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  dialect: 'openai',
  ask: (model, { stream = false, text = 'Hello' } = {}) => ({ model, stream, messages: messagesOf(text) }),
  textOf: (body) => textAt(body, ['choices', 0, 'message', 'content']),
  streamedTextOf: (events) => events.map(({ json }) => textAt(json, ['choices', 0, 'delta', 'content'])).join(''),
  isComplete: (events) => events.some(({ data }) => data.trim() === '[DONE]'),
  errorOf: (body) => toError(at(body, ['error'])),
  streamedErrorOf: (event) => toError(at(event?.json, ['error'])),
}

const anthropic: Face = {
  name: 'anthropic',
  path: '/v1/messages',
  dialect: 'anthropic',
  ask: (model, { stream = false, text = 'Hello' } = {}) => ({
    model,
    stream,
    max_tokens: 100,
    messages: messagesOf(text),
  }),
  textOf: (body) => textAt(body, ['content', 0, 'text']),
  streamedTextOf: (events) => events.map(({ json }) => textAt(json, ['delta', 'text'])).join(''),
  isComplete: (events) => events.some(({ json }) => at(json, ['type']) === 'message_stop'),
  errorOf: (body) => (at(body, ['type']) === 'error' ? toError(at(body, ['error'])) : undefined),
  streamedErrorOf: (event) => (event?.event === 'error' ? anthropic.errorOf(event.json ?? null) : undefined),
}

const openaiResponses: Face = {
  name: 'openai-responses',
  path: '/v1/responses',
  dialect: 'openai-responses',
  ask: (model, { stream = false, text = 'Hello' } = {}) => ({ model, stream, input: text }),
  textOf: (body) => textAt(body, ['output', 0, 'content', 0, 'text']),
  streamedTextOf: (events) =>
    events
      .filter(({ json }) => at(json, ['type']) === 'response.output_text.delta')
      .map(({ json }) => textAt(json, ['delta']))
      .join(''),
  isComplete: (events) => events.some(({ json }) => at(json, ['type']) === 'response.completed'),
  errorOf: (body) => toError(at(body, ['error'])),
  streamedErrorOf: (event) => (event?.event === 'error' ? toError(event.json) : undefined),
}

/** Every chat face. */
export const faces = Object.freeze({ openaiChat, anthropic, openaiResponses })

/** What lies at a path of keys and indices. */
export function at(value: JsonValue | undefined, path: readonly (string | number)[]): JsonValue | undefined {
  let found = value
  for (const key of path) {
    if (typeof key === 'number') found = Array.isArray(found) ? (found as readonly JsonValue[])[key] : undefined
    else found = isJsonObject(found) ? found[key] : undefined
  }
  return found
}

function textAt(value: JsonValue | undefined, path: readonly (string | number)[]): string {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

function toError(value: JsonValue | undefined): FaceError | undefined {
  if (!isJsonObject(value) || typeof value['message'] !== 'string') return undefined
  const text = (key: string): string | undefined => (typeof value[key] === 'string' ? value[key] : undefined)
  return { type: text('type'), code: text('code'), message: value['message'], param: text('param') }
}

function valuesOf(lines: readonly string[], field: string): readonly string[] {
  return lines
    .filter((line) => line === field || line.startsWith(`${field}:`))
    .map((line) => line.slice(field.length + 1).replace(/^ /, ''))
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue // whatever JSON.parse gives is JSON
  } catch {
    return undefined
  }
}

/** Errors of SCIM say the code at the beginning of their sentence. */
export const scim: Pick<Face, 'errorOf'> = {
  errorOf(body) {
    const detail = at(body, ['detail'])
    if (typeof detail !== 'string' || typeof at(body, ['status']) !== 'string') return undefined
    const [, code] = /^([A-Z_]+): /.exec(detail) ?? []
    return { type: 'invalid_request_error', code, message: detail, param: undefined }
  },
}

/** The face whose shape the errors of a path have. */
export function faceOf(path: string): Pick<Face, 'errorOf'> {
  if (path.startsWith('/scim/v2/')) return scim
  return path.startsWith('/v1/messages') ? faces.anthropic : faces.openaiChat
}
