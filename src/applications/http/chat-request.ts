import type { Chat, ChatRequest, RequestAside, WireRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Dialect } from '../../infrastructure/dialects/index.ts'
import { refuseAddresses } from './addresses.ts'
import type { Exchange } from './exchange.ts'
import type { JsonBody } from './json-body.ts'
import { readRequestExtension, type RequestExtension } from './extension.ts'

/** A chat request read from its body, and what the body asks of Strata itself. */
export interface ReadChat {
  readonly request: ChatRequest
  readonly body: JsonObject
  readonly extension: RequestExtension | undefined
}

/** Headers a dialect gives a meaning to; they reach an endpoint of the same dialect. */
export const dialectHeaders = ['anthropic-beta', 'anthropic-version', 'openai-beta'] as const

/**
 * Reads the body of a chat request. What is malformed in the dialect is refused here; what the dialect as known here
 * does not have (a new kind of part, a new parameter) may still be forwarded to an endpoint of the same dialect, and is
 * refused only when the request has to be translated.
 */
export async function readChat(exchange: Exchange, dialect: Dialect): Promise<ReadChat> {
  return toChat(exchange, dialect, await exchange.readJson())
}

/** The same of a body that has been read. */
export function toChat(exchange: Exchange, dialect: Dialect, json: JsonBody): ReadChat {
  const { body } = json
  refuseAddresses(exchange, body)
  const extension = readRequestExtension(body)
  const model = body['model']
  if (typeof model !== 'string' || model === '') throw invalid('model', 'must be the name of a model')
  const stream = body['stream'] ?? false
  if (typeof stream !== 'boolean') throw invalid('stream', 'must be true or false')
  const wire = new Wire(dialect.id, json, readDialectHeaders(exchange))
  const variables = extension?.variables
  return { request: new WireChatRequest({ model, stream, wire, dialect, exchange, variables }), body, extension }
}

interface ChatRequestParts {
  readonly model: string
  readonly stream: boolean
  readonly wire: WireRequest
  readonly dialect: Dialect
  readonly exchange: Exchange
  readonly variables: JsonObject | undefined
}

/** The client's body as a request carries it; the text of a large one is made only for who asks. */
class Wire implements WireRequest {
  readonly dialect: WireRequest['dialect']
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
  readonly skim: JsonBody['skim']
  readonly #json: JsonBody

  constructor(dialect: WireRequest['dialect'], json: JsonBody, headers: Readonly<Record<string, string>>) {
    this.dialect = dialect
    this.headers = headers
    this.body = json.body
    this.skim = json.skim
    this.#json = json
  }

  get text(): string {
    return this.#json.text
  }
}

/**
 * A small body is decoded at once, so that what is malformed is refused here; a large one when a node needs its parts.
 * A class, because an object literal with getters makes V8 keep every request until the next major collection.
 */
class WireChatRequest implements ChatRequest {
  readonly model: string
  readonly stream: boolean
  readonly wire: WireRequest
  readonly #dialect: Dialect
  readonly #exchange: Exchange
  readonly #variables: JsonObject | undefined
  #decoded: Chat | PlatformError | undefined

  constructor(parts: ChatRequestParts) {
    this.model = parts.model
    this.stream = parts.stream
    this.wire = parts.wire
    this.#dialect = parts.dialect
    this.#exchange = parts.exchange
    this.#variables = parts.variables
    this.#decoded = parts.wire.skim === undefined ? decode(parts.dialect, parts.wire) : undefined
  }

  get outputTokensMax(): number | undefined {
    const chat = this.#getDecoded()
    return chat instanceof PlatformError ? undefined : chat.outputTokensMax
  }

  get aside(): RequestAside {
    return { headers: this.#exchange.ownHeaders(), variables: this.#variables }
  }

  get chat(): Chat {
    const chat = this.#getDecoded()
    if (chat instanceof PlatformError) throw chat
    return chat
  }

  #getDecoded(): Chat | PlatformError {
    return (this.#decoded ??= decode(this.#dialect, this.wire))
  }
}

function decode(dialect: Dialect, wire: WireRequest): Chat | PlatformError {
  try {
    return dialect.decodeRequest(wire.body)
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'UNSUPPORTED_PARAMETER') return thrown
    throw thrown
  }
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

function readDialectHeaders(exchange: Exchange): Readonly<Record<string, string>> {
  let headers: Record<string, string> | undefined
  for (const name of dialectHeaders) {
    const value = exchange.header(name)
    if (value !== undefined) {
      headers ??= {}
      headers[name] = value
    }
  }
  return headers ?? noHeaders
}

/** The person a request says it is for, in any of the fields that say so; cut where budgets stop telling names apart. */
export function readUser(body: JsonObject): string | undefined {
  const metadata = body['metadata']
  const named = body['safety_identifier'] ?? body['user'] ?? (isJsonObject(metadata) ? metadata['user_id'] : undefined)
  if (typeof named !== 'string' || named === '') return undefined
  // No database keeps U+0000 or half a character as it is.
  return named.slice(0, userLengthMax).toWellFormed().replaceAll('\0', '\ufffd')
}

const userLengthMax = 256

function invalid(param: string, what: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${param} ${what}`, { param })
}
