import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { configSchema } from '../../config/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import type { ChatRequest, DialectId } from '../../core/chat.ts'
import { createIds } from '../../core/ids.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Answer, EmbedKind } from '../../core/model.ts'
import type { CallRecorder, DispatchIntent, EventLog, RegionGate } from '../../core/ports.ts'
import { createSeededRandom, createSystemRandom } from '../../core/random.ts'
import { listenOnLoopback } from '../../core/testing.ts'
import { createSystemClock } from '../../core/time.ts'
import { dialects, type UpstreamFailure } from '../dialects/index.ts'
import { createEgress } from '../egress/index.ts'
import { createEndpoints, type Endpoints } from '../endpoints/index.ts'
import { createVendorAdapters } from './index.ts'

/** What the vendor's server answers one request with. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** Written in pieces of so many bytes; whole when absent. */
  readonly pieceBytes?: number
  /** After the body: `end`, `cut` the connection, or `hold` it open. */
  readonly after?: 'end' | 'cut' | 'hold'
}

export interface SeenRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: JsonObject
  /** Settles when the connection of the request has closed. */
  readonly closed: Promise<void>
  /** Of the reply: bytes that the other side has not taken yet. */
  readonly unsentBytes: () => number
}

/** A vendor's server on loopback: answers what it is told to, one reply for each request, the last one for all others. */
export interface VendorServer {
  readonly origin: string
  readonly requests: readonly SeenRequest[]
  reply(...replies: readonly Reply[]): void
  close(): Promise<void>
}

export async function startVendorServer(): Promise<VendorServer> {
  const requests: SeenRequest[] = []
  let replies: readonly Reply[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      requests.push({
        path: request.url ?? '',
        headers: request.headers,
        // Requests of the packages are JSON objects; what is none fails the test.
        body: JSON.parse(text) as JsonObject,
        closed: new Promise((resolve) => request.socket.once('close', () => resolve())),
        unsentBytes: () => request.socket.writableLength,
      })
      const [reply, ...rest] = replies
      if (rest.length > 0) replies = rest
      write(response, reply ?? { status: 500, body: 'no reply was given' })
    })
  })
  const port = await listenOnLoopback(server)
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    reply(...given) {
      replies = given
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function write(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status ?? 200, reply.headers)
  const body = Buffer.from(reply.body)
  const step = reply.pieceBytes ?? Math.max(1, body.length)
  for (let start = 0; start < body.length; start += step) response.write(body.subarray(start, start + step))
  if (reply.after === 'hold') return
  if (reply.after !== 'cut') response.end()
  else setTimeout(() => response.destroy(), 20) // what was written leaves first
}

const fixtures = new URL('../../../test/fixtures/vendors/', import.meta.url)

export function readFixture(vendor: string, name: string): string {
  return readFileSync(new URL(`${vendor}/${name}`, fixtures), 'utf8')
}

/** A recorded body as the vendor sends it: JSON, server-sent events, or Bedrock's binary frames. */
export function toReply(vendor: string, name: string, parts: Partial<Reply> = {}): Reply {
  if (name.endsWith('.events.json')) {
    const events = JSON.parse(readFixture(vendor, name)) as readonly FrameEvent[] // written so
    const type = 'application/vnd.amazon.eventstream'
    return { body: Buffer.concat(events.map(toFrame)), ...parts, headers: { 'content-type': type, ...parts.headers } }
  }
  const type = name.endsWith('.sse') ? 'text/event-stream; charset=utf-8' : 'application/json; charset=UTF-8'
  return { body: readFixture(vendor, name), ...parts, headers: { 'content-type': type, ...parts.headers } }
}

export interface FrameEvent {
  readonly type: string
  readonly payload: JsonObject
  /** `event` when absent. */
  readonly message?: 'event' | 'exception'
}

/** One frame of `application/vnd.amazon.eventstream`: lengths, checksum, headers, payload, checksum. */
export function toFrame({ type, payload, message = 'event' }: FrameEvent): Buffer {
  const headers = Buffer.concat(
    Object.entries({
      ':message-type': message,
      [message === 'event' ? ':event-type' : ':exception-type']: type,
      ':content-type': 'application/json',
    }).map(([name, value]) => toFrameHeader(name, value)),
  )
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(16 + headers.length + body.length, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const start = Buffer.concat([prelude, toChecksum(prelude), headers, body])
  return Buffer.concat([start, toChecksum(start)])
}

function toFrameHeader(name: string, value: string): Buffer {
  const text = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, text])
}

function toChecksum(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(bytes))
  return checksum
}

export interface VendorHarness {
  readonly endpoints: Endpoints
  readonly intents: readonly DispatchIntent[]
  root(allowedRegions?: readonly string[]): Call
  /** Asks the endpoint `one`. */
  ask(body: JsonObject, options?: AskOptions): Promise<Answer>
  embed(inputs: readonly string[], dimensions?: number, kind?: EmbedKind): ReturnType<Endpoints['embed']>
  close(): Promise<void>
}

export interface AskOptions {
  readonly call?: Call
  /** Whose client asks; OpenAI chat when absent. */
  readonly dialect?: DialectId
}

export interface VendorHarnessOptions {
  /** As in the configuration file; `dialect` and `url` at least. */
  readonly endpoint: JsonObject
  readonly egress?: JsonObject
}

/** One endpoint of a vendor behind the real door out, for tests. */
export function createVendorHarness(options: VendorHarnessOptions): VendorHarness {
  const config = configSchema.parse({
    endpoints: {
      one: { key: 'the-doors-key', processing: ['eu'], storage: [], does: ['chat', 'embed'], ...options.endpoint },
    },
    egress: {
      timeouts: { connectMs: 1_000, firstByteMs: 2_000, idleMs: 2_000, totalMs: 10_000 },
      attemptsMax: 1,
      ...options.egress,
    },
  })
  const clock = createSystemClock()
  const ids = createIds({ clock, random: createSystemRandom() })
  const intents: DispatchIntent[] = []
  const recorder: CallRecorder = {
    intend: (intent) => void intents.push(intent),
    identify: () => undefined,
    settle: () => undefined,
  }
  const pricer = { find: () => undefined }
  const egress = createEgress({ config: config.egress, gate, pricer, unknownPrice: 'flag', recorder, clock, log })
  const decodeError = (failure: UpstreamFailure) => dialects['openai-chat'].decodeError(failure)
  const endpoints = createEndpoints({
    config,
    egress,
    pricer,
    recorder,
    clock,
    ids,
    log,
    random: createSeededRandom(1),
    adapters: createVendorAdapters({ egress, clock, config: config.egress, decodeError }),
  })
  const root = (allowedRegions: readonly string[] = ['eu']): Call =>
    createRootCall(
      { clock, ids },
      {
        name: 'a-model',
        principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
        labels: { allowedRegions },
        durationMsMax: 10_000,
      },
    )
  return {
    endpoints,
    intents,
    root,
    ask: (body, { call = root(), dialect = 'openai-chat' } = {}) =>
      endpoints.answer(
        { endpoints: ['one'], balance: 'order', hedgeQuantile: undefined },
        createChatRequest(body, dialect),
        call,
      ),
    embed: (inputs, dimensions, kind) =>
      endpoints.embed(
        { endpoints: ['one'], balance: 'order', hedgeQuantile: undefined },
        { model: 'a-model', inputs, dimensions, kind },
        root(),
      ),
    async close() {
      endpoints.close()
      await egress.close()
    },
  }
}

function createChatRequest(body: JsonObject, dialect: DialectId): ChatRequest {
  const whole: JsonObject = {
    model: 'a-model',
    messages: [{ role: 'user', content: 'When does water boil?' }],
    ...body,
  }
  return {
    model: 'a-model',
    stream: whole['stream'] === true,
    outputTokensMax: undefined,
    wire: undefined,
    get chat() {
      return dialects[dialect].decodeRequest(whole)
    },
  }
}

/** What a client of the dialect sends as its next turn: its question, the answer it got, and results of the calls. */
export async function createNextTurn(
  dialect: DialectId,
  harness: VendorHarness,
  body: JsonObject,
): Promise<JsonObject> {
  const question = { role: 'user', content: 'How is the weather?' }
  const max = dialect === 'anthropic-messages' ? { max_tokens: 8_000 } : {}
  const first = { ...max, ...body, messages: [question] }
  const answer = await collectAnswer(await harness.ask(first, { dialect }))
  const meta = { callId: 'call_1', model: 'm', createdAtMs: 0, includeUsage: false, body: first }
  const encoded = dialects[dialect].encodeAnswer(answer, meta)
  if (dialect === 'anthropic-messages') {
    const results = answer.toolCalls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'sunny' }))
    const content: JsonValue = results.length > 0 ? results : 'And tomorrow?'
    const told = { role: 'assistant', content: encoded['content'] }
    return { ...first, messages: [question, told, { role: 'user', content }] }
  }
  const [choice] = encoded['choices'] as readonly JsonObject[] // as OpenAI chat has it
  const told = choice?.['message'] ?? null
  const results = answer.toolCalls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }))
  return { ...first, messages: [question, told, ...results] }
}

const gate: RegionGate = {
  decide({ processing, storage }, allowedRegions) {
    const outside = [...(processing ?? ['unknown']), ...(storage ?? ['unknown'])].find(
      (region) => !allowedRegions.includes(region),
    )
    return outside === undefined ? { type: 'pass' } : { type: 'deny', reason: `${outside} is not allowed` }
  },
}

const nothing = (): void => undefined
const log: EventLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
