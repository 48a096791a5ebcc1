/** Names, in lower case, and values in turn. */
export type HeaderPairs = readonly string[]

/** How the end of a body is known. */
export type Framing =
  | { readonly type: 'sized'; readonly bytes: number }
  | { readonly type: 'chunked' }
  | { readonly type: 'until-close' }

/** A status and headers. Headers are taken out of the text only when somebody asks: of most answers one or two are read. */
export class ResponseHead {
  readonly status: number
  readonly framing: Framing
  /** Whether the server keeps the connection open for another request. */
  readonly isKept: boolean
  readonly #text: string
  readonly #lower: string

  /** The head that ends before the empty line; `undefined` when it is none, or its framing is not plain. */
  static read(text: string): ResponseHead | undefined {
    const lower = text.toLowerCase()
    if (!text.startsWith('HTTP/1.') || !wholeHead.test(lower)) return undefined
    const status = (lower.charCodeAt(9) - zero) * 100 + (lower.charCodeAt(10) - zero) * 10 + lower.charCodeAt(11) - zero
    const framing = toFraming(status, lower)
    return framing === undefined ? undefined : new ResponseHead({ text, lower, status, framing })
  }

  private constructor(parts: Pick<ResponseHead, 'status' | 'framing'> & { text: string; lower: string }) {
    this.status = parts.status
    this.framing = parts.framing
    this.#text = parts.text
    this.#lower = parts.lower
    this.isKept = isKept(parts.lower)
  }

  /** The first value of a header, by its lower-case name. */
  find(name: string): string | undefined {
    const at = findLine(this.#lower, name, 0)
    return at === -1 ? undefined : valueAt(this.#text, at + name.length + 3)
  }

  /** All headers in the order they came. */
  pairs(): HeaderPairs {
    const headers: string[] = []
    for (let at = this.#text.indexOf('\r\n'); at !== -1; at = this.#text.indexOf('\r\n', at + 2)) {
      const colon = this.#text.indexOf(':', at)
      headers.push(this.#lower.slice(at + 2, colon), valueAt(this.#text, colon + 1))
    }
    return headers
  }
}

const wholeHead = /^http\/1\.[01] [1-9]\d\d(?: [^\0\r\n]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9a-z]+:[^\0\r\n]*)*$/
const zero = 48
const size = /^\d{1,15}$/
const chunked: Framing = Object.freeze({ type: 'chunked' })
const untilClose: Framing = Object.freeze({ type: 'until-close' })
const empty: Framing = Object.freeze({ type: 'sized', bytes: 0 })

/** `undefined` when a length or an encoding is said twice, or both are: two readers might take one each. */
function toFraming(status: number, lower: string): Framing | undefined {
  // Another protocol was never asked for.
  if (status === 101) return undefined
  const length = findLine(lower, 'content-length', 0)
  const encoding = findLine(lower, 'transfer-encoding', 0)
  if (length !== -1 && (encoding !== -1 || findLine(lower, 'content-length', length + 2) !== -1)) return undefined
  if (status < 200 || status === 204 || status === 304) return empty
  if (encoding !== -1) return isOnlyChunked(lower, encoding) ? chunked : undefined
  if (length === -1) return untilClose
  const digits = valueAt(lower, length + 'content-length'.length + 3)
  return size.test(digits) ? { type: 'sized', bytes: Number(digits) } : undefined
}

function isOnlyChunked(lower: string, at: number): boolean {
  const name = 'transfer-encoding'
  return valueAt(lower, at + name.length + 3) === 'chunked' && findLine(lower, name, at + 2) === -1
}

function isKept(lower: string): boolean {
  const isModern = lower.charCodeAt(7) === zero + 1
  let isKeptAlive = isModern
  const name = 'connection'
  for (let at = findLine(lower, name, 0); at !== -1; at = findLine(lower, name, at + 2)) {
    const words = valueAt(lower, at + name.length + 3).split(',')
    if (words.some((word) => word.trim() === 'close')) return false
    if (words.some((word) => word.trim() === 'keep-alive')) isKeptAlive = true
  }
  return isKeptAlive
}

/** Where the line break before a header is; -1 when there is no such header from `from` on. */
function findLine(lower: string, name: string, from: number): number {
  return lower.indexOf(`\r\n${name}:`, from)
}

function valueAt(text: string, from: number): string {
  const end = text.indexOf('\r\n', from)
  return text.slice(from, end === -1 ? text.length : end).trim()
}
