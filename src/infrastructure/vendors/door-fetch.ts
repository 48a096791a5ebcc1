import { PlatformError } from '../../core/errors.ts'
import type { Egress, EgressBody, EgressResponse, Permit } from '../egress/index.ts'

export interface DoorFetch {
  readonly fetch: typeof globalThis.fetch
  /** From sending to the head of the response, milliseconds; `undefined` before it came. */
  firstByteMs(): number | undefined
  /** Closes the connection; the package's reading fails. */
  cancel(): void
}

/** Headers a package sets that are the door's: credentials, framing, identity. */
const ownedByDoor =
  /^(authorization|x-api-key|api-key|x-goog-api-key|x-amz-.*|cookie|host|connection|content-length|transfer-encoding|accept-encoding|user-agent)$/

/**
 * A `fetch` for a vendor's package that goes through the one door out, under one permit: it can be called once, only
 * below the target's base URL, and what it says of credentials is ignored.
 */
export function createDoorFetch(egress: Egress, permit: Permit): DoorFetch {
  let response: EgressResponse | undefined
  return {
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input)
      response = await egress.send(permit, {
        method: (init?.method ?? 'GET') as 'POST', // the packages send POST; anything else the door decides on
        path: pathBelow(permit, url),
        headers: ownHeaders(init?.headers),
        body: toBody(init?.body),
      })
      const hasBody = response.status !== 204 && response.status !== 304
      return new Response(hasBody ? toStream(response.body) : null, {
        status: response.status,
        headers: { ...response.headers },
      })
    },
    firstByteMs: () => response?.firstByteMs,
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

function toBody(body: RequestInit['body']): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  throw new PlatformError('INTERNAL', 'a package sent a body that is neither text nor bytes')
}

/** The body as a web stream; the upstream is paused while the package does not read. */
function toStream(body: EgressBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body
          .pump((chunk) => {
            controller.enqueue(chunk)
            return (controller.desiredSize ?? 0) > 0
          })
          .then(
            () => controller.close(),
            (thrown: unknown) => controller.error(thrown),
          )
      },
      pull: () => body.resume(),
      cancel: () => body.cancel(),
    },
    { highWaterMark: 16 },
  )
}
