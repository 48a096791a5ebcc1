import { loadOpenaiShapes, type MockRequest, type OpenaiShapes } from '../kit/index.ts'

/** A `fetch` for the official clients that holds every OpenAI-shaped body against the API description. */
export interface WireCheck {
  readonly fetch: typeof fetch
  readonly exchanges: readonly WireExchange[]
  /** Waits for every answer to have been read to its end, and says what is not of its shape. */
  findFaults(): Promise<readonly string[]>
  /** What is not of its shape among requests that Strata has written; those it relayed are the clients' own words. */
  findRequestFaults(requests: readonly MockRequest[]): readonly string[]
  reset(): void
}

/** One answer as it went over the wire. */
export interface WireExchange {
  readonly path: string
  /** The answer is in Anthropic's shape, for which there is no description to hold it against. */
  readonly isAnthropic: boolean
  readonly status: number
  readonly headers: Headers
  readonly callId: string | undefined
  /** The whole text; of a stream that its reader left, what had come by then. */
  readonly text: Promise<string>
}

export function createWireCheck(): WireCheck {
  const shapes = loadOpenaiShapes()
  const shapesOfSent = loadOpenaiShapes({ isOverlapAllowed: true })
  let exchanges: WireExchange[] = []
  return {
    get exchanges() {
      return exchanges
    },
    async fetch(input, init) {
      const response = await fetch(input, init)
      const path = new URL(input instanceof Request ? input.url : input).pathname
      const [own, theirs] = response.body === null ? [null, null] : response.body.tee()
      const { status, headers } = response
      const isAnthropic = new Headers(init?.headers).has('anthropic-version')
      const callId = headers.get('x-strata-call') ?? undefined
      exchanges.push({ path, isAnthropic, status, headers, callId, text: readAll(own) })
      return new Response(theirs, { status, statusText: response.statusText, headers })
    },
    async findFaults() {
      const found = exchanges.map(async (exchange) => findFaults(exchange, await exchange.text, shapes))
      return (await Promise.all(found)).flat()
    },
    findRequestFaults(requests) {
      const faces = new Set(exchanges.map((exchange) => exchange.path))
      return requests.flatMap(({ path, json }) => {
        const shape = faces.has(path) ? undefined : shapesOfRequests.find(([pattern]) => pattern.test(path))?.[1]
        const fault = shape === undefined ? undefined : shapesOfSent?.findFault(shape, json)
        return fault === undefined ? [] : [`a request for ${path} is no ${shape}: ${fault}\n${JSON.stringify(json)}`]
      })
    },
    reset() {
      exchanges = []
    },
  }
}

/** A reader that leaves cuts this branch too, which is no fault of what had come. */
async function readAll(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body ?? []) text += decoder.decode(chunk, { stream: true })
  } catch {
    // left by the reader
  }
  return text
}

/** Path, shape of a whole body, shape of an event. */
const shapesOfPaths: readonly (readonly [RegExp, string, string])[] = [
  [/\/chat\/completions$/, 'CreateChatCompletionResponse', 'CreateChatCompletionStreamResponse'],
  [/\/responses$/, 'Response', 'ResponseStreamEvent'],
  [/\/embeddings$/, 'CreateEmbeddingResponse', 'none'],
  [/\/models$/, 'ListModelsResponse', 'none'],
  [/\/models\/.+$/, 'Model', 'none'],
]

const shapesOfRequests: readonly (readonly [RegExp, string])[] = [
  [/\/chat\/completions$/, 'CreateChatCompletionRequest'],
  [/\/responses$/, 'CreateResponse'],
]

function findFaults(exchange: WireExchange, text: string, shapes: OpenaiShapes | undefined): readonly string[] {
  const found = shapesOfPaths.find(([pattern]) => pattern.test(exchange.path))
  if (found === undefined || exchange.isAnthropic) return []
  const [, whole, event] = found
  const isStream = exchange.headers.get('content-type')?.startsWith('text/event-stream') === true
  const bodies = isStream ? eventsIn(text) : [text]
  if (bodies.length === 0 && isStream) return []
  return bodies.flatMap((body) => {
    const value: unknown = JSON.parse(body, withVectors)
    const isError = exchange.status >= 400 || (isStream && whole !== 'Response' && isErrorBody(value))
    const shape = isError ? 'ErrorResponse' : isStream ? event : whole
    const fault = shapes?.findFault(shape, value)
    return fault === undefined ? [] : [`${exchange.path} is no ${shape}: ${fault}\n${body}`]
  })
}

/** The description knows vectors as numbers only, though the vendor's own client asks for base64. */
function withVectors(key: string, value: unknown): unknown {
  if (key !== 'embedding' || typeof value !== 'string') return value
  return [...new Float32Array(new Uint8Array(Buffer.from(value, 'base64')).buffer)]
}

function isErrorBody(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value
}

/** The JSON of each whole event; the mark at the end is none. */
function eventsIn(text: string): readonly string[] {
  return text
    .slice(0, text.lastIndexOf('\n\n') + 2)
    .split('\n\n')
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => line.slice('data: '.length))
    .filter((data) => data !== '[DONE]')
}
