/** A request as it came over the wire. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  /** Lower-case names; of a repeated header the values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** Names and values as received, in order. */
  readonly headerLines: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export interface RequestReader {
  push(chunk: Buffer): void
  /** True when a request has begun and not ended. */
  readonly isInside: boolean
}

export interface RequestReaderEvents {
  onRequest(request: RawRequest): void
  /** What was received is no HTTP/1.1 request; nothing more will be read. */
  onInvalid(reason: string): void
}

interface Head extends Omit<RawRequest, 'body'> {
  /** `undefined` for a chunked body. */
  readonly bodyBytes: number | undefined
}

const headBytesMax = 262_144

/** Reads HTTP/1.1 requests, one after another, from the bytes of a connection. */
export function createRequestReader(events: RequestReaderEvents): RequestReader {
  let chunks: Buffer[] = []
  let length = 0
  let head: Head | undefined
  let isBroken = false

  function gather(): Buffer {
    const [only] = chunks
    const all = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length)
    chunks = [all]
    return all
  }

  function keep(rest: Buffer): void {
    chunks = rest.length === 0 ? [] : [rest]
    length = rest.length
  }

  function fail(reason: string): false {
    isBroken = true
    events.onInvalid(reason)
    return false
  }

  /** True when a whole step was taken and another may follow. */
  function step(): boolean {
    if (head === undefined) {
      const all = gather()
      const end = all.indexOf('\r\n\r\n')
      if (end < 0) return length > headBytesMax ? fail('the head has no end') : false
      const parsed = parseHead(all.toString('latin1', 0, end))
      if (parsed === undefined) return fail('the head is no HTTP/1.1 head')
      head = parsed
      keep(all.subarray(end + 4))
      return true
    }
    if (head.bodyBytes !== undefined) {
      if (length < head.bodyBytes) return false
      const all = gather()
      return finish(head, { body: all.subarray(0, head.bodyBytes), end: head.bodyBytes, all })
    }
    const all = gather()
    const decoded = decodeChunked(all)
    if (decoded === 'invalid') return fail('a chunk of the body has no valid size')
    return decoded === undefined ? false : finish(head, { ...decoded, all })
  }

  function finish(of: Head, { body, end, all }: { body: Buffer; end: number; all: Buffer }): true {
    const { bodyBytes: _, ...request } = of
    head = undefined
    keep(all.subarray(end))
    events.onRequest({ ...request, body: Buffer.from(body) })
    return true
  }

  return {
    get isInside() {
      return head !== undefined || length > 0
    },
    push(chunk) {
      if (isBroken) return
      chunks.push(chunk)
      length += chunk.length
      while ((head !== undefined || length > 0) && step());
    },
  }
}

function parseHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const match = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  const headers: Record<string, string> = {}
  const headerLines: [string, string][] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) return undefined
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    const key = name.toLowerCase()
    headerLines.push([name, value])
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  const isChunked = headers['transfer-encoding']?.toLowerCase().includes('chunked') ?? false
  const bodyBytes = isChunked ? undefined : Number(headers['content-length'] ?? 0)
  if (bodyBytes !== undefined && !(Number.isSafeInteger(bodyBytes) && bodyBytes >= 0)) return undefined
  return { method: match[1], target: match[2], headers, headerLines, bodyBytes }
}

/** `undefined` while incomplete. `end` is where the next request begins. */
function decodeChunked(bytes: Buffer): { readonly body: Buffer; readonly end: number } | 'invalid' | undefined {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = /^([0-9a-f]{1,8})(;.*)?$/i.exec(bytes.toString('latin1', at, lineEnd))?.[1]
    if (size === undefined) return 'invalid'
    const start = lineEnd + 2
    const count = Number.parseInt(size, 16)
    if (count === 0) {
      // Trailers are not kept; a blank line ends them.
      const end = bytes.toString('latin1', start, start + 2) === '\r\n' ? start : bytes.indexOf('\r\n\r\n', start) + 2
      return end < 2 || bytes.length < end + 2 ? undefined : { body: Buffer.concat(parts), end: end + 2 }
    }
    if (bytes.length < start + count + 2) return undefined
    parts.push(bytes.subarray(start, start + count))
    at = start + count + 2
  }
}
