import { createHash } from 'node:crypto'
import type { Config, EndpointDialect } from '../config/index.ts'
import type { CallFacts } from '../core/call.ts'
import { toDollars } from '../core/money.ts'

/** What a span says of an endpoint beyond the facts of the call. */
export interface EndpointDescription {
  /** As the GenAI conventions name the provider: `openai`, `gcp.gemini`. */
  readonly provider: string
  /** The model as configured: what was asked for. */
  readonly model: string
  /** Host and port; `undefined` when the vendor's own is used or nothing leaves the machine. */
  readonly address: string | undefined
  readonly port: number | undefined
}

export type EndpointDescriptions = ReadonlyMap<string, EndpointDescription>

/** Describes the configured endpoints for spans. */
export function describeEndpoints(endpoints: Config['endpoints']): EndpointDescriptions {
  return new Map(
    Object.entries(endpoints).map(([id, endpoint]) => {
      const url = endpoint.url === undefined ? undefined : new URL(endpoint.url)
      const port = url === undefined ? undefined : Number(url.port || (url.protocol === 'https:' ? 443 : 80))
      const provider = endpoint.vendor ?? providers[endpoint.dialect]
      return [id, { provider, model: endpoint.model, address: url?.hostname, port }]
    }),
  )
}

/** The body of an OTLP/HTTP request in JSON (opentelemetry-proto 1.x). */
export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly Span[] }[]
  }[]
}

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: 1 | 2 | 3
  /** Nanoseconds UTC, in decimal. */
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code?: 2; readonly message?: string }
}

export interface Attribute {
  readonly key: string
  readonly value: AttributeValue
}

export type AttributeValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly { readonly stringValue: string }[] } }

/**
 * Call facts as OpenTelemetry spans, with the names of the GenAI semantic conventions where they have one and
 * `strata.*` elsewhere. Ids are derived from the call's, so that the same facts give the same spans. Never content.
 */
export function toSpans(facts: readonly CallFacts[], endpoints: EndpointDescriptions): TraceRequest {
  const operations = findOperations(facts)
  const spans = facts.map((fact) => {
    const operation = fact.kind === 'dispatch' ? operationOf(fact) : operations.get(fact.rootId)
    return toSpan(fact, { endpoint: endpoints.get(fact.name), operation: operation ?? 'chat' })
  })
  return {
    resourceSpans: [
      {
        resource: { attributes: toAttributes({ 'service.name': 'strata' }) },
        scopeSpans: [{ scope: { name: 'strata.calls' }, spans }],
      },
    ],
  }
}

/** The trace that a call tree becomes: 32 hexadecimal digits. */
export function toTraceId(rootId: string): string {
  return digest(rootId).slice(0, 32)
}

/** Names of the GenAI conventions where they list the provider, else the vendor's own. */
const providers: Readonly<Record<EndpointDialect, string>> = {
  openai: 'openai',
  'openai-responses': 'openai',
  anthropic: 'anthropic',
  google: 'gcp.gemini',
  bedrock: 'aws.bedrock',
  azure: 'azure.ai.openai',
  mistral: 'mistral_ai',
  cohere: 'cohere',
  groq: 'groq',
  deepseek: 'deepseek',
  xai: 'x_ai',
  alibaba: 'alibaba_cloud',
  moonshot: 'moonshot_ai',
  llama: 'strata.llama',
  onnx: 'strata.onnx',
  extract: 'strata.extract',
}

const spanKinds = { request: 2, model: 1, dispatch: 3 } as const

/** What a try was for: the conventions' `chat` and `embeddings`, and `rerank`, for which they have no name. */
function operationOf({ detail }: CallFacts): string {
  const operation = detail?.['operation']
  return typeof operation === 'string' ? operation : 'chat'
}

/** By the root of a tree what all of its tries were for; `chat` where they were for different things. */
function findOperations(facts: readonly CallFacts[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const fact of facts) {
    if (fact.kind !== 'dispatch') continue
    const operation = operationOf(fact)
    found.set(fact.rootId, (found.get(fact.rootId) ?? operation) === operation ? operation : 'chat')
  }
  return found
}

interface SpanParts {
  readonly endpoint: EndpointDescription | undefined
  readonly operation: string
}

function toSpan(fact: CallFacts, { endpoint, operation }: SpanParts): Span {
  const startNs = BigInt(Math.round(fact.startedAtMs * 1_000)) * 1_000n
  const durationNs = BigInt(Math.max(0, Math.round(fact.durationMs * 1_000))) * 1_000n
  const isFailure = fact.status === 'error' || fact.status === 'interrupted'
  return {
    traceId: toTraceId(fact.rootId),
    spanId: toSpanId(fact.id),
    ...(fact.parentId === undefined ? {} : { parentSpanId: toSpanId(fact.parentId) }),
    name: `${fact.kind === 'dispatch' ? operation : fact.kind} ${endpoint?.model ?? fact.name}`,
    kind: spanKinds[fact.kind],
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + durationNs),
    attributes: toAttributes({
      'gen_ai.operation.name': operation,
      ...(fact.kind === 'dispatch' ? attemptAttributes(fact, endpoint) : { 'gen_ai.request.model': fact.name }),
      ...usageAttributes(fact),
      'error.type': fact.errorCode ?? (fact.status === 'ok' ? undefined : fact.status),
      'strata.call.id': fact.id,
      'strata.call.kind': fact.kind,
      'strata.call.status': fact.status,
      'strata.tenant': fact.tenant,
      'strata.key.id': fact.keyId,
      'strata.first_byte_ms': fact.firstByteMs,
      'strata.cost_dollars': fact.cost === undefined ? undefined : toDollars(fact.cost),
      'strata.price_version': fact.priceVersion,
    }),
    status: isFailure ? { code: 2, ...(fact.errorCode === undefined ? {} : { message: fact.errorCode }) } : {},
  }
}

type Attributes = Readonly<Record<string, string | number | readonly string[] | undefined>>

function attemptAttributes(fact: CallFacts, endpoint: EndpointDescription | undefined): Attributes {
  return {
    'gen_ai.provider.name': endpoint?.provider,
    'gen_ai.request.model': endpoint?.model ?? fact.vendorModel,
    'gen_ai.response.model': fact.vendorModel,
    'server.address': endpoint?.address,
    'server.port': endpoint?.port,
    'strata.endpoint': fact.name,
    'strata.regions': fact.regions,
  }
}

function usageAttributes({ usage }: CallFacts): Attributes {
  if (usage === undefined) return {}
  const writes = [usage.cacheWrite5m, usage.cacheWrite1h].filter((tokens) => tokens !== undefined)
  return {
    'gen_ai.usage.input_tokens': usage.inputTotal,
    'gen_ai.usage.output_tokens': usage.outputTotal,
    'gen_ai.usage.cache_read.input_tokens': usage.cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': writes.length === 0 ? undefined : writes.reduce((sum, n) => sum + n, 0),
    'gen_ai.usage.reasoning.output_tokens': usage.reasoning,
    'strata.usage.source': usage.source,
  }
}

/** What is not known has no attribute. */
function toAttributes(attributes: Attributes): readonly Attribute[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [{ key, value: toAttributeValue(value) }]
  })
}

function toAttributeValue(value: string | number | readonly string[]): AttributeValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value !== 'number') return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

function toSpanId(callId: string): string {
  return digest(callId).slice(0, 16)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
