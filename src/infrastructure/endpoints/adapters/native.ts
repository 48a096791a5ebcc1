import type { Config, EndpointConfig } from '../../../config/index.ts'
import type { ChatRequest } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { TextKeeper } from '../../../core/generated.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { LookupWay } from '../../../core/ports-lookups.ts'
import type { Clock } from '../../../core/time.ts'
import { createSseReader, type Dialect } from '../../dialects/index.ts'
import type { Egress, EgressRequest, EgressResponse } from '../../egress/index.ts'
import { findLookupWay, keepsAnswer, readAnswerIdOf } from '../../lookups/index.ts'
import type { Adapter, Attempt, Upstream } from '../adapter.ts'
import { embedOpenai, rerankOpenai } from './embeddings.ts'
import { openEventStream, type StreamSource } from './event-stream.ts'
import { locate } from './location.ts'
import { openWireStream } from './wire-stream.ts'
import { readWhole, toWhole } from './whole.ts'

export interface NativeAdapterDeps {
  readonly dialect: Dialect
  readonly egress: Egress
  readonly config: Pick<Config['egress'], 'answerBytesMax' | 'eventBytesMax'>
  readonly clock: Clock
}

/** Bytes of a refusal that are read; the rest says nothing more. */
const errorBytesMax = 65_536

/**
 * Talks to endpoints whose dialect Strata speaks itself. A request in the same dialect goes out as the client wrote it and
 * its answer comes back unchanged; all others are translated.
 */
export function createNativeAdapter(deps: NativeAdapterDeps): Adapter {
  const { dialect, egress, clock, config } = deps

  async function answer(request: ChatRequest, attempt: Attempt): Promise<Upstream> {
    const response = await egress.send(attempt.permit, toEgressRequest(dialect, request, attempt))
    const { body, contentType, status } = response
    const head = { clock, headMs: clock.monotonicMs(), headFirstByteMs: response.firstByteMs }
    if (status < 200 || status > 299) throw await toRefusal(response)
    const onAnswerId = identify({ egress, dialect }, { request, attempt, response })
    switch (kindOf(contentType, request.stream)) {
      case 'page':
        body.cancel()
        throw invalid(attempt, `a ${contentType ?? 'nameless'} page`)
      case 'object': {
        const bytes = await body.collect(config.answerBytesMax)
        const object = readWhole(bytes, attempt.endpoint.id)
        requireNoError(object)
        const firstByteMs = head.headFirstByteMs + clock.monotonicMs() - head.headMs
        // A client that waits for a stream is given one, made of the events.
        const isRelayable = request.wire?.dialect === dialect.id && !request.stream
        return toWhole({ dialect, body: bytes, object, firstByteMs, isRelayable })
      }
      case 'events':
        return openStream(deps, request, { body, ...head, onAnswerId, texts: attempt.texts })
    }
  }

  async function toRefusal(response: EgressResponse): Promise<PlatformError> {
    const body = await readBounded(response)
    return dialect.decodeError({ status: response.status, headers: response.headers, body, nowMs: clock.now() })
  }

  /** An error in a body that came as a success: its own code where it is an HTTP status, else a failure. */
  function requireNoError(object: JsonObject): void {
    const embedded = object['error']
    if (embedded === null || embedded === undefined) return
    const code = isJsonObject(embedded) ? embedded['code'] : undefined
    const status = typeof code === 'number' && code >= 400 && code <= 599 ? code : 502
    const body = JSON.stringify(object).slice(0, errorBytesMax)
    throw dialect.decodeError({ status, headers: {}, body, nowMs: clock.now() })
  }

  return {
    locate: (endpoint: EndpointConfig) => locate(dialect, endpoint),
    answer,
    embed: (request, attempt) => embedOpenai({ ...deps, toRefusal }, request, attempt),
    rerank: (request, attempt) => rerankOpenai({ ...deps, toRefusal }, request, attempt),
  }
}

/** Frozen, so that the door prepares them once. */
const objectHeaders = Object.freeze({ 'content-type': 'application/json', accept: 'application/json' })
const eventHeaders = Object.freeze({ 'content-type': 'application/json', accept: 'text/event-stream' })

function withHeaders(own: EgressRequest['headers'], added: EgressRequest['headers']): EgressRequest['headers'] {
  for (const _ in added) return { ...own, ...added }
  return own
}

function toEgressRequest(dialect: Dialect, request: ChatRequest, { endpoint, permit }: Attempt): EgressRequest {
  const { stream, wire } = request
  const { model, outputTokensMax } = endpoint.config
  const outputTokensCap = permit.hold?.outputTokensCap
  const target = { model, stream, outputTokensMax, outputTokensCap }
  const own = stream ? eventHeaders : objectHeaders
  // A bound on reasoning has to stay below the one on all output, which only the normal form knows how to do.
  const isEntangled = outputTokensCap !== undefined && wire?.body['thinking'] !== undefined
  if (wire?.dialect === dialect.id && !isEntangled) {
    const body = dialect.patchRequest(wire, target)
    return { method: 'POST', path: dialect.path, headers: withHeaders(own, wire.headers), body }
  }
  const body = JSON.stringify(dialect.encodeRequest(request.chat, target))
  return { method: 'POST', path: dialect.path, headers: own, body }
}

interface Begun {
  readonly request: ChatRequest
  readonly attempt: Attempt
  readonly response: EgressResponse
}

/**
 * Puts the vendor's id of the answer on record if its head names it already; otherwise gives back who is to be told by the events.
 * What costs nothing is asked about by nobody.
 */
function identify(
  { egress, dialect }: Pick<NativeAdapterDeps, 'egress' | 'dialect'>,
  { request, attempt, response }: Begun,
): ((id: string) => void) | undefined {
  const { permit, endpoint } = attempt
  if (permit.price === undefined && permit.hold === undefined) return undefined
  const way = findLookupWay({ dialect: dialect.id, vendor: permit.target.vendor, setting: endpoint.config.lookup })
  const lookup = way === undefined || !isKept(way, dialect, request) ? undefined : way
  const named = lookup === undefined ? undefined : readAnswerIdOf(lookup, response)
  if (named === undefined) return (id) => egress.identify(permit, id, lookup)
  egress.identify(permit, named, lookup)
  return undefined
}

/** Whether the vendor was asked to keep the answer: a request that did not come in its dialect asks for nothing to be stored. */
function isKept(way: LookupWay, dialect: Dialect, { wire }: ChatRequest): boolean {
  return keepsAnswer(way, wire?.dialect === dialect.id ? wire.body['store'] : false)
}

interface NamedStream extends StreamSource {
  readonly onAnswerId: ((id: string) => void) | undefined
  readonly texts: TextKeeper | undefined
}

function openStream(deps: NativeAdapterDeps, request: ChatRequest, source: NamedStream): Promise<Upstream> {
  const { dialect } = deps
  const { eventBytesMax } = deps.config
  const { onAnswerId, texts } = source
  const decode = {
    onAnswerId,
    texts,
    createDecoder: () => dialect.createStreamDecoder(),
    createReader: () => createSseReader({ eventBytesMax }),
  }
  if (request.wire?.dialect !== dialect.id || !request.stream) return openEventStream(source, decode)
  const stripUsage = dialect.id === 'openai-chat' && !asksForUsage(request.wire.body)
  const reader = dialect.createWireReader({ stripUsage, eventBytesMax, onAnswerId, texts })
  return openWireStream(source, { dialect: dialect.id, reader, ...decode })
}

/** What a body is by its content type; servers that name none, or name it wrongly, are believed to have done as asked. */
function kindOf(contentType: string | undefined, isStream: boolean): 'object' | 'events' | 'page' {
  const type = contentType?.toLowerCase() ?? ''
  if (type.startsWith('text/event-stream')) return 'events'
  if (type.includes('json')) return 'object'
  if (type.startsWith('text/html') || type.startsWith('application/xhtml')) return 'page'
  return isStream ? 'events' : 'object'
}

function asksForUsage(body: JsonObject): boolean {
  const options = body['stream_options']
  return isJsonObject(options) && options['include_usage'] === true
}

/** The text of a refusal, cut at a bound: the rest of a longer one is not waited for. */
async function readBounded({ body }: EgressResponse): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    await body.pump((chunk) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= errorBytesMax) body.cancel()
      return true
    })
  } catch {
    // A refusal that was cut, or left at the bound, still says what it says.
  }
  return Buffer.concat(chunks).subarray(0, errorBytesMax).toString('utf8')
}

function invalid({ endpoint }: Attempt, what: string): PlatformError {
  return new PlatformError(
    'UPSTREAM_INVALID',
    `endpoint ${endpoint.id} answered ${what} instead of its dialect; check endpoints.${endpoint.id}.url`,
  )
}
