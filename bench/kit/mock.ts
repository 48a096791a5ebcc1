import { createServer, type Socket } from 'node:net'
import { announce } from './announce.ts'

/**
 * The upstream of the gateway bench, as fast as Node can be one: it finds where a request ends and writes bytes made
 * beforehand. Run as `node bench/kit/mock.ts`; prints its port, then serves until it is killed.
 *
 * A body with `"stream":true` gets 50 events, each its own write; with the model `paced` one every 10 ms. Any other gets a
 * whole answer of 1 KB. Bodies of any size are taken.
 */
const eventsPerStream = 50
const paceMs = 10

const wholeAnswer = createWholeAnswer()
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n',
)
const streamEvents = createStreamEvents()
const streamWanted = Buffer.from('"stream":true')
const streamWantedSpaced = Buffer.from('"stream": true')
const paceWanted = Buffer.from('"model":"paced"')
const headEnd = Buffer.from('\r\n\r\n')
const lengthName = Buffer.from('ontent-length:')
const lengthNameUpper = Buffer.from('ontent-Length:')
const chunkedName = Buffer.from('hunked')

const server = createServer({ noDelay: true }, serve)
await announce(server, Number(process.argv[2] ?? 0))

function serve(socket: Socket): void {
  let held: Buffer | undefined
  /** Bytes of a body still to come that nobody looks at: those beyond the first packet. */
  let bytesMissing = 0
  let pending: Buffer | undefined
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    if (bytesMissing > 0) {
      bytesMissing -= chunk.length
      if (bytesMissing <= 0 && pending !== undefined) answer(socket, pending)
      return
    }
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
    held = undefined
    const end = bytes.indexOf(headEnd)
    if (end < 0) {
      held = bytes
      return
    }
    const bodyStart = end + 4
    const bodyBytes = findLength(bytes, end)
    if (bodyBytes === undefined) {
      // Chunked: complete when the last chunk stands at the end. Good enough for clients that do not pipeline.
      if (bytes.subarray(-5).toString('latin1') === '0\r\n\r\n') answer(socket, bytes)
      else held = bytes
      return
    }
    bytesMissing = bodyStart + bodyBytes - bytes.length
    if (bytesMissing <= 0) answer(socket, bytes)
    else pending = bytes
  })
}

/** The content-length; 0 when there is none, `undefined` for a chunked body. */
function findLength(bytes: Buffer, end: number): number | undefined {
  let at = bytes.indexOf(lengthName)
  if (at < 0 || at > end) at = bytes.indexOf(lengthNameUpper)
  if (at < 0 || at > end) {
    const chunked = bytes.indexOf(chunkedName)
    return chunked >= 0 && chunked < end ? undefined : 0
  }
  let length = 0
  for (let index = at + lengthName.length; index < end; index++) {
    const digit = (bytes[index] ?? 0) - 48
    if (digit >= 0 && digit <= 9) length = length * 10 + digit
    else if (bytes[index] === 13) break
  }
  return length
}

function answer(socket: Socket, bytes: Buffer): void {
  const isStream = bytes.includes(streamWanted) || bytes.includes(streamWantedSpaced)
  if (!isStream) {
    socket.write(wholeAnswer)
    return
  }
  if (bytes.includes(paceWanted)) {
    socket.write(streamHead)
    pace(socket, 0)
    return
  }
  socket.write(streamHead)
  for (const event of streamEvents) socket.write(event)
}

function pace(socket: Socket, index: number): void {
  const event = streamEvents[index]
  if (event === undefined || socket.destroyed) return
  setTimeout(() => {
    socket.write(event)
    pace(socket, index + 1)
  }, paceMs)
}

function createWholeAnswer(): Buffer {
  const answerWith = (content: string): string =>
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'bench',
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: 210,
        completion_tokens: 170,
        total_tokens: 380,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    })
  const body = answerWith('x'.repeat(1_024 - answerWith('').length))
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.from(head + body)
}

/** Framed as chunks; the last buffer ends the stream and the body. */
function createStreamEvents(): readonly Buffer[] {
  const chunk = (choices: unknown, usage: unknown): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'bench', choices, usage })}\n\n`
  const delta = (content: unknown, reason: string | null = null): string =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason: reason }], null)
  const events = [
    delta({ role: 'assistant', content: '' }),
    ...Array.from({ length: eventsPerStream - 3 }, (_, index) => delta({ content: ` word${index}` })),
    delta({}, 'stop'),
    chunk([], { prompt_tokens: 210, completion_tokens: 47, total_tokens: 257 }),
  ]
  const frame = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
  const framed = events.map(frame)
  return [...framed.slice(0, -1), `${framed.at(-1)}${frame('data: [DONE]\n\n')}0\r\n\r\n`].map((text) =>
    Buffer.from(text),
  )
}
