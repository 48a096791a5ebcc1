import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Clock } from '../../core/time.ts'
import type { UpstreamFailure } from '../dialects/index.ts'
import type { Egress, EgressBody, EgressResponse, Permit } from '../egress/index.ts'
import { boundFrames, boundLines, boundWhole } from './bounds.ts'

export interface DoorFetchOptions {
  readonly egress: Egress
  readonly clock: Clock
  readonly config: Pick<Config['egress'], 'answerBytesMax' | 'eventBytesMax'>
  /** For the first request; later ones are admitted anew, as calls for the same place. */
  readonly permit: Permit
  readonly isStream: boolean
  /** Requests that one try may take: embeddings in batches, answers that a vendor gives in instalments. */
  readonly requestsMax: number
  /** Puts into a request what its package has no place for. */
  readonly amend?: ((body: JsonObject) => JsonObject) | undefined
  /** What a status outside 2xx means. */
  readonly toRefusal: (failure: UpstreamFailure) => PlatformError
  /** The error in a body that came with 200; `undefined` when it holds none. */
  readonly findError: (body: string) => PlatformError | undefined
}

export interface DoorFetch {
  readonly fetch: typeof globalThis.fetch
  requestCount(): number
  /** Milliseconds since the first request was sent; 0 before. */
  elapsedMs(): number
  /** Closes the connection; the package's reading fails. */
  cancel(): void
}

/** Headers a package sets that are the door's: credentials, framing, identity. */
const ownedByDoor =
  /^(authorization|x-api-key|api-key|x-goog-api-key|x-amz-.*|cookie|host|connection|content-length|transfer-encoding|accept-encoding|user-agent)$/

/** Bytes of a refusal that are read; the rest says nothing more. */
const errorBytesMax = 65_536

/**
 * A `fetch` for a vendor's package that goes through the one door out: only below the target's base URL, only with the
 * target's credentials, bounded in number and in bytes. Refusals are read here, so that a package never judges one.
 */
export function createDoorFetch(options: DoorFetchOptions): DoorFetch {
  const { egress, clock, config, permit } = options
  let response: EgressResponse | undefined
  let requests = 0
  let startedMs: number | undefined

  function nextPermit(): Permit {
    requests += 1
    if (requests === 1) return permit
    if (requests <= options.requestsMax) return egress.admit(permit.target, permit.call)
    const { id } = permit.target
    throw new PlatformError('UPSTREAM_INVALID', `endpoint ${id} wants more than ${options.requestsMax} requests`)
  }

  /** Throws UPSTREAM_INVALID once an answer, or one event of a stream, is larger than configured. */
  function createBound({ headers }: EgressResponse): (chunk: Buffer) => void {
    const bytesMax = options.isStream ? config.eventBytesMax : config.answerBytesMax
    const isFramed = headers['content-type']?.startsWith('application/vnd.amazon.eventstream') === true
    const bound = !options.isStream ? boundWhole(bytesMax) : isFramed ? boundFrames(bytesMax) : boundLines(bytesMax)
    const what = options.isStream ? 'an event' : 'an answer'
    return (chunk) => {
      if (bound.add(chunk)) return
      const { id } = permit.target
      throw new PlatformError('UPSTREAM_INVALID', `endpoint ${id} sent ${what} of more than ${bytesMax} bytes`)
    }
  }

  async function refuse(head: EgressResponse): Promise<never> {
    const body = await readBounded(head.body)
    throw options.toRefusal({ status: head.status, headers: head.headers, body, nowMs: clock.now() })
  }

  async function requireKind({ headers, body }: EgressResponse): Promise<void> {
    const type = headers['content-type']?.toLowerCase() ?? ''
    const isPage = type.startsWith('text/html') || type.startsWith('application/xhtml')
    const isObject = options.isStream && type.startsWith('application/json')
    if (!isPage && !isObject) return
    const error = isObject ? options.findError(await readBounded(body)) : undefined
    body.cancel()
    if (error !== undefined) throw error
    const { id } = permit.target
    throw new PlatformError(
      'UPSTREAM_INVALID',
      `endpoint ${id} answered ${type} instead of its dialect; check endpoints.${id}.url`,
    )
  }

  return {
    async fetch(input, init) {
      const path = pathBelow(permit, new URL(input instanceof Request ? input.url : input))
      const request = {
        method: 'POST' as const,
        path,
        headers: ownHeaders(init?.headers),
        body: toBody(init?.body, options.amend),
      }
      const ticket = nextPermit()
      startedMs ??= clock.monotonicMs()
      response = await egress.send(ticket, request)
      if (response.status < 200 || response.status > 299) await refuse(response)
      await requireKind(response)
      const { status, headers, body } = response
      const stream = toStream(body, { takeBytes: createBound(response), isEvents: isEventStream(headers) })
      return new Response(status === 204 ? null : stream, { status, headers: { ...headers } })
    },
    requestCount: () => requests,
    elapsedMs: () => (startedMs === undefined ? 0 : clock.monotonicMs() - startedMs),
    cancel: () => response?.body.cancel(),
  }
}

function pathBelow(permit: Permit, url: URL): string {
  const base = new URL(permit.target.url ?? 'about:blank')
  const basePath = base.pathname.replace(/\/+$/, '')
  if (url.origin !== base.origin || !`${url.pathname}/`.startsWith(`${basePath}/`)) {
    throw new PlatformError('INTERNAL', `the package of ${permit.target.id} asked for an address outside its base URL`)
  }
  return url.pathname.slice(basePath.length) + url.search
}

function ownHeaders(given: RequestInit['headers']): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [name, value] of new Headers(given)) if (!ownedByDoor.test(name)) headers[name] = value
  return headers
}

function toBody(body: RequestInit['body'], amend: DoorFetchOptions['amend']): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  // What a package writes as text is a JSON object.
  if (typeof body === 'string' && amend !== undefined) return JSON.stringify(amend(JSON.parse(body) as JsonObject))
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  throw new PlatformError('INTERNAL', 'a package sent a body that is neither text nor bytes')
}

interface StreamOptions {
  readonly takeBytes: (chunk: Buffer) => void
  /** Whether the bytes are server-sent events. */
  readonly isEvents: boolean
}

/**
 * The body as a web stream; the upstream is paused while the package does not read. The last event of a stream counts
 * without its blank line too, and when that is a bare CR: the packages' reader would wait for what follows.
 */
function toStream(body: EgressBody, { takeBytes, isEvents }: StreamOptions): ReadableStream<Uint8Array> {
  let isOpen = true
  let isLineOver = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (act: () => void): void => {
          // A package that has left its stream is told nothing more.
          if (isOpen) act()
          isOpen = false
        }
        body
          .pump((chunk) => {
            takeBytes(chunk)
            isLineOver = lineEnds.has(chunk.at(-1))
            if (isOpen) controller.enqueue(chunk)
            return (controller.desiredSize ?? 0) > 0
          })
          .then(
            () =>
              end(() => {
                if (isEvents && isLineOver) controller.enqueue(blankLine)
                controller.close()
              }),
            (thrown: unknown) => end(() => controller.error(thrown)),
          )
      },
      pull: () => body.resume(),
      cancel() {
        isOpen = false
        body.cancel()
      },
    },
    { highWaterMark: 16 },
  )
}

const isEventStream = (headers: EgressResponse['headers']): boolean =>
  headers['content-type']?.toLowerCase().startsWith('text/event-stream') === true

const lineEnds: ReadonlySet<number | undefined> = new Set([10, 13])
const blankLine = Buffer.from('\n\n')

/** The text of a refusal, cut at a bound: the rest of a longer one is not waited for. */
async function readBounded(body: EgressBody): Promise<string> {
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
