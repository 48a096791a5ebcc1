import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { EndpointConfig, EndpointDialect } from '../../config/index.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import type { Clock } from '../../core/time.ts'
import type { Egress } from '../egress/index.ts'
import type { Adapter, Attempt, EndpointLocation, Upstream } from '../endpoints/index.ts'
import type { UpstreamFailure } from '../dialects/index.ts'
import { createDoorFetch, type DoorFetch } from './door-fetch.ts'
import { createPartReader, toParts, toUsage } from './events.ts'
import { toCallOptions } from './prompt.ts'
import { vendorTable, type Vendor, type VendorModels } from './vendor-table.ts'

export interface VendorAdapterDeps {
  readonly egress: Egress
  readonly clock: Clock
  /** What a refusal means: the reading that the native dialects use, retry hints of every form included. */
  readonly decodeError: (failure: UpstreamFailure) => PlatformError
}

/** One adapter per vendor whose dialect is translated by the vendor's own package. */
export function createVendorAdapters(deps: VendorAdapterDeps): Readonly<Partial<Record<EndpointDialect, Adapter>>> {
  const entries = Object.entries(vendorTable).map(([dialect, vendor]) => [dialect, createVendorAdapter(deps, vendor)])
  return Object.freeze(Object.fromEntries(entries))
}

function createVendorAdapter(deps: VendorAdapterDeps, vendor: Vendor): Adapter {
  const open = (door: DoorFetch, { endpoint, permit }: Attempt): Promise<VendorModels> =>
    vendor.load({ url: permit.target.url ?? '', fetch: door.fetch, config: endpoint.config })

  return {
    locate: (config) => locate(vendor, config),
    async answer(request, attempt) {
      const door = createDoorFetch(deps.egress, attempt.permit)
      try {
        const model = (await open(door, attempt)).chat(attempt.endpoint.config.model)
        const options = {
          ...toCallOptions(request.chat, attempt.endpoint.config.outputTokensMax),
          abortSignal: attempt.permit.call.cancellation.signal,
        }
        if (!request.stream) return toWhole(await model.doGenerate(options), door)
        const { stream } = await model.doStream(options)
        return await openStream(stream, { door, toError: (thrown) => toError(deps, thrown) })
      } catch (thrown) {
        door.cancel()
        throw toError(deps, thrown)
      }
    },
    async embed(request, attempt) {
      const door = createDoorFetch(deps.egress, attempt.permit)
      try {
        const models = await open(door, attempt)
        if (models.embedding === undefined) throw unsupportedEmbedding(attempt)
        if (request.dimensions !== undefined) throw unsupportedDimensions()
        const model = models.embedding(attempt.endpoint.config.model)
        const abortSignal = attempt.permit.call.cancellation.signal
        const result = await model.doEmbed({ values: [...request.inputs], abortSignal })
        const tokens = result.usage?.tokens
        return {
          vectors: result.embeddings,
          usage: tokens === undefined ? undefined : createUsage({ inputTotal: tokens, outputTotal: 0 }),
        }
      } catch (thrown) {
        door.cancel()
        throw toError(deps, thrown)
      }
    },
  }
}

function locate(vendor: Vendor, config: EndpointConfig): EndpointLocation {
  const url = config.url ?? vendor.url(config)
  if (url === undefined) {
    throw new PlatformError(
      'CONFIG_INVALID',
      `an endpoint of the dialect ${config.dialect} needs url or ${vendor.needs}`,
    )
  }
  const credentials = config.key === undefined ? {} : vendor.credentials(config.key)
  return { url, credentials, vendor: vendor.name, probePath: undefined }
}

type Generated = Parameters<typeof toParts>[0]

interface WholeResult {
  readonly content: Generated
  readonly finishReason: Extract<LanguageModelV4StreamPart, { type: 'finish' }>['finishReason']
  readonly usage: Parameters<typeof toUsage>[0]
}

function toWhole(result: WholeResult, door: DoorFetch): Upstream {
  const reader = createPartReader()
  const parts = [
    ...toParts(result.content),
    { type: 'finish' as const, finishReason: result.finishReason, usage: result.usage },
  ]
  const events = parts.flatMap((part) => reader.read(part))
  return {
    events: toIterable(events),
    wire: undefined,
    firstByteMs: door.firstByteMs() ?? 0,
    usage: () => toUsage(result.usage),
    generatedLength: () => events.reduce((length, event) => length + lengthOf(event), 0),
    cancel: () => undefined,
  }
}

async function* toIterable(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events
}

interface StreamOptions {
  readonly door: DoorFetch
  readonly toError: (thrown: unknown) => PlatformError
}

/** Resolves with the first event, so that an endpoint that fails before it is a failed try. */
async function openStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  options: StreamOptions,
): Promise<Upstream> {
  const parts = stream.getReader()
  const reader = createPartReader()
  let usage: Usage | undefined
  let generatedLength = 0
  let isFinished = false

  const next = async (): Promise<readonly AnswerEvent[] | undefined> => {
    for (;;) {
      const { done, value } = await parts.read()
      if (done) return undefined
      const events = reader.read(value)
      for (const event of events) {
        if (event.type === 'usage') usage = event.usage
        if (event.type === 'finish') isFinished = true
        generatedLength += lengthOf(event)
      }
      if (events.length > 0) return events
    }
  }

  const first = await next()
  async function* run(): AsyncGenerator<AnswerEvent> {
    try {
      for (let events = first; events !== undefined; events = await next()) yield* events
    } catch (thrown) {
      throw options.toError(thrown)
    } finally {
      if (!isFinished) options.door.cancel()
    }
    if (!isFinished) throw new PlatformError('UPSTREAM_CUT', 'the endpoint closed the stream before its end')
  }
  return {
    events: run(),
    wire: undefined,
    firstByteMs: options.door.firstByteMs() ?? 0,
    usage: () => usage,
    generatedLength: () => generatedLength,
    cancel: () => options.door.cancel(),
  }
}

function lengthOf(event: AnswerEvent): number {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text.length
    case 'tool-call-delta':
      return event.arguments.length
    default:
      return 0
  }
}

/** What a package throws: the door's own error inside, a refusal with its status, or something that is not of the dialect. */
function toError(deps: VendorAdapterDeps, thrown: unknown): PlatformError {
  for (let cause: unknown = thrown, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if (cause instanceof PlatformError) return cause
    if ('statusCode' in cause && typeof cause.statusCode === 'number' && cause.statusCode >= 400) {
      const body =
        'responseBody' in cause && typeof cause.responseBody === 'string' ? cause.responseBody.slice(0, 65_536) : ''
      const headers = 'responseHeaders' in cause ? toHeaders(cause.responseHeaders) : {}
      return deps.decodeError({ status: cause.statusCode, headers, body, nowMs: deps.clock.now() })
    }
  }
  if (thrown instanceof Error && /unsupported/i.test(thrown.name)) {
    return new PlatformError('UNSUPPORTED_PARAMETER', 'the endpoint does not have what the request asks for', {
      cause: thrown,
    })
  }
  return new PlatformError('UPSTREAM_INVALID', 'the endpoint answered something that is not of its dialect', {
    cause: thrown,
  })
}

function toHeaders(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return Object.fromEntries(pairs.map(([name, text]) => [name.toLowerCase(), text]))
}

function unsupportedEmbedding({ endpoint }: Attempt): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${endpoint.id} does not embed`, { param: 'model' })
}

function unsupportedDimensions(): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', 'dimensions cannot be sent to this endpoint', {
    param: 'dimensions',
  })
}
