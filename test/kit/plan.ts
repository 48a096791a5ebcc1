import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { isJsonObject } from '../../src/core/json.ts'
import type { Behaviour, RetryHint } from './behaviour.ts'
import { anthropicMessages } from './dialects/anthropic-messages.ts'
import { answerEmbeddings, countTokens, listModels } from './dialects/lists.ts'
import type { AnswerContext, MockDialect, MockEvent, MockFailure } from './dialects/mock-dialect.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiResponses } from './dialects/openai-responses.ts'
import { completeScript, type Script } from './script.ts'
import { byteOrderMark, encodeEvent } from './sse.ts'

/** What is written for one request, and when. */
export interface Plan {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly framing: 'length' | 'chunked' | 'close'
  /** Length of the body where it is known beforehand. */
  readonly bodyBytes: number | undefined
  readonly pieces: Iterable<Piece>
}

export interface Piece {
  readonly bytes: Uint8Array
  /** Milliseconds to wait before the bytes; `Infinity` waits until the client leaves. */
  readonly delayMs: number
}

/** What a plan is made from. */
export interface PlanRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly json: JsonValue | undefined
  readonly number: number
}

export interface PlanOptions {
  readonly script: Script
  /** Names that the list of models gives. */
  readonly models: readonly string[]
  /** Milliseconds UTC. */
  readonly nowMs: number
}

/** The response to `request` under `behaviour`. */
export function planResponse(request: PlanRequest, behaviour: Behaviour, options: PlanOptions): Plan {
  const dialect = findDialect(request.path)
  if (behaviour.redirectTo !== undefined) {
    const headers = { location: behaviour.redirectTo, ...behaviour.headers }
    return planWhole('', { ...behaviour, status: behaviour.status ?? 307, headers }, request)
  }
  if (behaviour.echo === true) {
    const { method, path, headers, body } = request
    return planWhole(toJson({ method, path, headers: { ...headers }, body: body.toString() }), behaviour, request)
  }
  if (behaviour.body !== undefined) return planWhole(behaviour.body, behaviour, request)
  if (behaviour.json !== undefined) return planWhole(toJson(behaviour.json), behaviour, request)
  const isRefused = behaviour.error !== undefined && behaviour.errorAfterEvents === undefined
  if (isRefused || (behaviour.status ?? 200) >= 400) {
    return planError({ ...behaviour, status: behaviour.status ?? 500 }, dialect ?? openaiChat, request)
  }
  const listed = answerList(request, options)
  if (listed !== undefined) return planWhole(toJson(listed), behaviour, request)
  if (dialect === undefined || request.method !== 'POST') {
    const error = { type: 'invalid_request_error', message: `no ${request.method} ${request.path} here` }
    return planError({ status: 404, error }, openaiChat, request)
  }
  const body = isJsonObject(request.json) ? request.json : {}
  const context = createContext(request, { ...options, behaviour, body })
  if (body['stream'] !== true) return planWhole(toJson(dialect.answer(context)), behaviour, request)
  return {
    status: behaviour.status ?? 200,
    headers: toHeaders(behaviour, 'text/event-stream; charset=utf-8', request),
    framing: behaviour.framing === 'length' ? 'chunked' : (behaviour.framing ?? 'chunked'),
    bodyBytes: undefined,
    pieces: streamPieces(dialect, context, behaviour),
  }
}

function findDialect(path: string): MockDialect | undefined {
  if (path.endsWith('/chat/completions')) return openaiChat
  if (path.endsWith('/responses')) return openaiResponses
  if (path.endsWith('/messages')) return anthropicMessages
  return undefined
}

function answerList(request: PlanRequest, options: PlanOptions): JsonObject | undefined {
  const body = isJsonObject(request.json) ? request.json : {}
  if (request.method === 'GET' && request.path.endsWith('/models')) return listModels(options.models)
  if (request.method !== 'POST') return undefined
  if (request.path.endsWith('/embeddings')) return answerEmbeddings(body)
  if (request.path.endsWith('/messages/count_tokens')) return countTokens(request.body)
  return undefined
}

interface ContextOptions extends PlanOptions {
  readonly behaviour: Behaviour
  readonly body: JsonObject
}

function createContext(request: PlanRequest, { behaviour, body, ...options }: ContextOptions): AnswerContext {
  const script = completeScript(behaviour.script ?? options.script, request.number)
  const streamOptions = body['stream_options']
  return {
    script,
    model: script.model ?? (typeof body['model'] === 'string' ? body['model'] : 'mock'),
    number: request.number,
    createdAtSeconds: Math.floor(options.nowMs / 1_000),
    usage: behaviour.usage ?? 'as-asked',
    includeUsage: isJsonObject(streamOptions) && streamOptions['include_usage'] === true,
  }
}

function* streamPieces(dialect: MockDialect, context: AnswerContext, behaviour: Behaviour): Generator<Piece> {
  const form = behaviour.sse ?? {}
  let count = 0
  if (form.bom === true) yield { bytes: byteOrderMark, delayMs: behaviour.firstEventDelayMs ?? 0 }
  for (const { event, isLast } of withLast(selectEvents(dialect.events(context), behaviour))) {
    const stallMs = behaviour.stall?.afterEvents === count ? behaviour.stall.durationMs : 0
    const paceMs = (count === 0 ? behaviour.firstEventDelayMs : behaviour.eventDelayMs) ?? 0
    const lateMs = context.usage === 'late' && event.isLate === true ? (behaviour.usageDelayMs ?? 50) : 0
    const delayMs = stallMs + paceMs + lateMs
    if (behaviour.insert?.afterEvents === count) yield { bytes: Buffer.from(behaviour.insert.bytes), delayMs: 0 }
    if (behaviour.errorAfterEvents === count) {
      yield { bytes: encodeEvent(dialect.errorEvent(toFailure(behaviour)), form, true), delayMs }
      return
    }
    if (behaviour.endAfterEvents === count) return
    yield { bytes: encodeEvent(event, form, isLast), delayMs }
    count++
  }
}

function* selectEvents(events: readonly MockEvent[], behaviour: Behaviour): Generator<MockEvent> {
  const firstDelta = events.findIndex((event) => event.part === 'delta')
  const deltas = events.filter((event) => event.part === 'delta')
  for (const [index, event] of events.entries()) {
    if (index === firstDelta) {
      for (let repeat = 1; repeat < (behaviour.deltaRepeats ?? 1); repeat++) yield* deltas
    }
    if (!(event.part === 'terminator' && behaviour.withoutTerminator === true)) yield event
  }
}

function* withLast(events: Iterable<MockEvent>): Generator<{ readonly event: MockEvent; readonly isLast: boolean }> {
  let held: MockEvent | undefined
  for (const event of events) {
    if (held !== undefined) yield { event: held, isLast: false }
    held = event
  }
  if (held !== undefined) yield { event: held, isLast: true }
}

function planWhole(body: string | Uint8Array, behaviour: Behaviour, request: PlanRequest): Plan {
  const bytes = Buffer.from(body)
  return {
    status: behaviour.status ?? 200,
    headers: toHeaders(behaviour, 'application/json', request),
    framing: behaviour.framing ?? 'length',
    bodyBytes: bytes.length,
    pieces: [{ bytes, delayMs: behaviour.firstEventDelayMs ?? 0 }],
  }
}

function planError(
  behaviour: Behaviour & { readonly status: number },
  dialect: MockDialect,
  request: PlanRequest,
): Plan {
  const hint = behaviour.retryHint
  const failure = toFailure(behaviour)
  const message =
    hint?.type === 'message' ? `${failure.message} Please try again in ${hint.seconds}s.` : failure.message
  const body = dialect.error({ ...failure, message })
  const headers = { ...toHintHeaders(hint), ...behaviour.headers }
  return planWhole(
    toJson(hint?.type === 'retry-info' ? withRetryInfo(body, hint.seconds) : body),
    { ...behaviour, headers },
    request,
  )
}

function toFailure(behaviour: Behaviour): MockFailure {
  const type =
    behaviour.status === 429 ? 'rate_limit_error' : behaviour.status === 529 ? 'overloaded_error' : 'api_error'
  return {
    type: behaviour.error?.type ?? type,
    code: behaviour.error?.code,
    message: behaviour.error?.message ?? `The mock was told to answer ${behaviour.status ?? 'an error'}.`,
  }
}

function toHintHeaders(hint: RetryHint | undefined): Readonly<Record<string, string>> {
  switch (hint?.type) {
    case 'seconds':
      return { 'retry-after': String(hint.seconds) }
    case 'date':
      return { 'retry-after': new Date(hint.atMs).toUTCString() }
    case 'milliseconds':
      return { 'retry-after-ms': String(hint.ms) }
    case 'reset':
      return { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': hint.value }
    case 'message':
    case 'retry-info':
    case undefined:
      return {}
  }
}

function withRetryInfo(body: JsonObject, seconds: number): JsonObject {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` }]
  return { ...body, error: { ...(isJsonObject(body['error']) ? body['error'] : {}), details } }
}

function toHeaders(behaviour: Behaviour, contentType: string, request: PlanRequest): Readonly<Record<string, string>> {
  return {
    'content-type': behaviour.contentType ?? contentType,
    'x-request-id': `req_mock${request.number}`,
    ...behaviour.headers,
  }
}

function toJson(value: JsonValue): string {
  return JSON.stringify(value)
}
