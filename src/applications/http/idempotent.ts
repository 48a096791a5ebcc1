import { createHash } from 'node:crypto'
import { sliceBytes, type ByteList } from '../../core/byte-list.ts'
import type { Principal } from '../../core/call.ts'
import type { ByteSink } from '../../core/model.ts'
import type { Idempotency, KeptAnswer } from '../../investment/index.ts'
import { dialectHeaders } from './chat-request.ts'
import type { Exchange, HeaderList } from './exchange.ts'
import type { JsonBody } from './json-body.ts'
import type { Route } from './route.ts'

const idempotencyHeader = 'idempotency-key'

/** Whether a request is to be answered once, however often it is sent. */
export function isRepeatable(route: Route, exchange: Exchange): boolean {
  if (route.access === 'public' || (route.method !== 'POST' && route.method !== 'PATCH')) return false
  return exchange.header(idempotencyHeader) !== undefined
}

export interface RepeatableRun {
  readonly idempotency: Idempotency
  readonly exchange: Exchange
  readonly principal: Principal
  readonly answerBytesMax: number
  /** Answers on the exchange it is given. */
  readonly run: (exchange: Exchange) => Promise<void>
}

/**
 * Runs a request once for its idempotency key; a repetition is sent what the first was answered, with
 * `idempotent-replayed: true`. Kept are answers with 2xx that came to their end; after anything else the key is free
 * again. The last byte waits until the answer is kept.
 */
export async function runRepeatable(options: RepeatableRun): Promise<void> {
  const { idempotency, exchange, principal, answerBytesMax } = options
  const bytes = await exchange.readBytes()
  const begun = await idempotency.begin({
    tenant: principal.tenant,
    principal: principal.keyId,
    credential: exchange.credential() ?? '',
    key: exchange.header(idempotencyHeader) ?? '',
    fingerprint: toFingerprint(exchange, bytes),
  })
  if (begun.type === 'answered') {
    replay(exchange, begun.answer)
    return
  }
  exchange.giveBack(bytes)
  const kept = new KeptExchange(exchange, answerBytesMax)
  let isRun = false
  try {
    await options.run(kept)
    isRun = true
  } finally {
    const { outcome } = kept
    if (isRun && outcome?.isKept === true) await begun.work.finish(outcome.answer, outcome.callId)
    else await begun.work.abandon()
    kept.release()
  }
}

function replay(exchange: Exchange, { status, headers, body }: KeptAnswer): void {
  exchange.begin(status, [...headers, 'idempotent-replayed', 'true'])
  exchange.end(body)
}

/** Method, path, query, the headers that change what a dialect means, and the body. A form counts without its boundary. */
function toFingerprint(exchange: Exchange, bytes: ByteList): string {
  const hash = createHash('sha256')
  const head = [exchange.method, exchange.path, exchange.query().toString()]
  hash.update(JSON.stringify([...head, ...dialectHeaders.map((name) => exchange.header(name) ?? null)]))
  const boundary = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(exchange.header('content-type') ?? '')
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined) for (const chunk of bytes.chunks) hash.update(chunk)
  else hash.update(sliceBytes(bytes, 0, bytes.length).toString('latin1').replaceAll(mark, ''), 'latin1')
  return hash.digest('base64url')
}

interface Outcome {
  readonly isKept: boolean
  /** `undefined` when it is too large. */
  readonly answer: KeptAnswer | undefined
  readonly callId: string | undefined
}

/** Looks on at what is answered, and holds back the last of it. */
class KeptExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly startedMonotonicMs: number
  readonly #inner: Exchange
  readonly #bytesMax: number
  #status = 0
  #headers: HeaderList = []
  #chunks: Buffer[] | undefined = []
  #length = 0
  #end: { readonly chunk: Buffer | string | undefined; readonly isBroken: boolean } | undefined

  constructor(inner: Exchange, bytesMax: number) {
    this.method = inner.method
    this.path = inner.path
    this.parameters = inner.parameters
    this.startedMonotonicMs = inner.startedMonotonicMs
    this.#inner = inner
    this.#bytesMax = bytesMax
  }

  /** `undefined` while the answer has not come to an end. */
  get outcome(): Outcome | undefined {
    if (this.#end === undefined) return undefined
    const headers = this.#headers
    const body = this.#chunks === undefined ? undefined : Buffer.concat(this.#chunks)
    const at = headers.indexOf('x-strata-call')
    return {
      isKept: !this.#end.isBroken && this.#status >= 200 && this.#status < 300,
      answer: body === undefined ? undefined : { status: this.#status, headers, body },
      callId: at === -1 ? undefined : headers[at + 1],
    }
  }

  /** Sends what was held back. */
  release(): void {
    if (this.#end !== undefined) this.#inner.end(this.#end.chunk)
  }

  get isBegun(): boolean {
    return this.#inner.isBegun
  }

  get sink(): ByteSink {
    const { sink } = this.#inner
    return {
      write: (chunk) => {
        this.#keep(chunk)
        return sink.write(chunk)
      },
      onDrain: (listener) => sink.onDrain(listener),
    }
  }

  query(): URLSearchParams {
    return this.#inner.query()
  }

  header(name: string): string | undefined {
    return this.#inner.header(name)
  }

  ownHeaders(): Readonly<Record<string, string>> {
    return this.#inner.ownHeaders()
  }

  credential(): string | undefined {
    return this.#inner.credential()
  }

  readBytes(): Promise<ByteList> {
    return this.#inner.readBytes()
  }

  letGoOfBody(): void {
    this.#inner.letGoOfBody()
  }

  giveBack(bytes: ByteList): void {
    this.#inner.giveBack(bytes)
  }

  readJson(): Promise<JsonBody> {
    return this.#inner.readJson()
  }

  sendJson(status: number, body: unknown, headers: HeaderList = []): void {
    if (this.isBegun) return
    const text = JSON.stringify(body)
    const type = ['content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text))]
    this.begin(status, [...type, ...headers])
    this.end(text)
  }

  begin(status: number, headers: HeaderList): void {
    this.#status = status
    this.#headers = headers
    this.#inner.begin(status, headers)
  }

  write(text: string): Promise<void> {
    this.#keep(text)
    return this.#inner.write(text)
  }

  end(chunk?: Buffer | string): void {
    if (chunk !== undefined) this.#keep(chunk)
    this.#end = { chunk, isBroken: false }
  }

  endBroken(chunk?: Buffer | string): void {
    this.#end = { chunk, isBroken: true }
  }

  destroy(): void {
    this.#inner.destroy()
  }

  onGone(listener: () => void): void {
    this.#inner.onGone(listener)
  }

  closed(): void {
    this.#inner.closed()
  }

  #keep(chunk: Uint8Array | string): void {
    if (this.#chunks === undefined) return
    const bytes = Buffer.from(chunk) // a copy: what arrives is a view of a larger piece
    this.#length += bytes.length
    if (this.#length > this.#bytesMax) this.#chunks = undefined
    else this.#chunks.push(bytes)
  }
}
