import { PlatformError } from '../../core/errors.ts'
import type { HeaderPairs } from './http1/index.ts'

/** Names a caller may not set: credentials come from the target, framing and routing from the connection. */
const refusedRequestHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-amz-security-token',
  'cookie',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'expect',
  'accept-encoding',
])

/** Names that stay behind: credentials, cookies, challenges, and what belongs to one connection. */
const droppedResponseHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'authentication-info',
  'x-api-key',
  'api-key',
  'set-cookie',
  'set-cookie2',
  'cookie',
  'www-authenticate',
  'proxy-authenticate',
  'proxy-authentication-info',
  'clear-site-data',
  'strict-transport-security',
  'alt-svc',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  '__proto__',
])

/**
 * Names and values in one flat list, as the wire wants them; a caller's header takes the place of a fixed one of the same
 * name. Throws INTERNAL on a header that is not the caller's to set.
 */
export function toWireHeaders(base: readonly string[], headers: Readonly<Record<string, string>>): string[] {
  const list = [...base]
  for (const name of Object.keys(headers)) {
    if (refusedRequestHeaders.has(name) || name !== name.toLowerCase()) {
      throw new PlatformError(
        'INTERNAL',
        `the header ${name} is not the caller's to set; credentials come from the target`,
      )
    }
    const value = headers[name] ?? ''
    const at = findName(base, name)
    if (at === undefined) list.push(name, value)
    else list[at + 1] = value
  }
  return list
}

/** The headers of a response that may be passed on; repeated ones joined. */
export function toPublicHeaders(pairs: HeaderPairs): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < pairs.length; at += 2) {
    const [name = '', value = ''] = [pairs[at], pairs[at + 1]]
    if (droppedResponseHeaders.has(name)) continue
    const former = headers[name]
    headers[name] = former === undefined ? value : `${former}, ${value}`
  }
  return headers
}

function findName(list: readonly string[], name: string): number | undefined {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return at
  return undefined
}
