import type { HeaderPairs } from './response-head.ts'

/** A header or a path that would end a line of the head, or cannot be written in it. */
class UnsendableError extends Error {
  override readonly name = 'UnsendableError'
  readonly code = 'unsendable'
}

export interface RequestHead {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Of the origin: name and port. */
  readonly host: string
  readonly headers: HeaderPairs
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What a value may hold: visible characters of Latin-1, blanks and tabs. */
const value = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const target = /^\/[\u0021-\u007e\u0080-\u00ff]*$/

/** The head of a request without its end, in Latin-1: `content-length`, where there is a body, comes last. Throws `UnsendableError`. */
export function writeHead({ method, path, host, headers }: RequestHead): string {
  if (!target.test(path)) throw new UnsendableError('a path cannot be sent')
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', said = ''] = [headers[at], headers[at + 1]]
    if (!token.test(name) || !value.test(said)) throw new UnsendableError('a header cannot be sent')
    text += `${name}: ${said}\r\n`
  }
  return text
}
