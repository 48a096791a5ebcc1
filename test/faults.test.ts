import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallFacts } from '../src/core/call.ts'
import { errorCatalogue, type ErrorCode } from '../src/core/errors.ts'
import type { JsonObject, JsonValue } from '../src/core/json.ts'
import { faces, readEvents, type Face, type ReadEvent } from './kit/faces.ts'
import { listFaults, startMockUpstream, type Fault, type MockUpstream, type RetryHint } from './kit/index.ts'
import { startStrata, toEndpoint, type NativeDialect, type RunningStrata } from './kit/strata.ts'

/** A face, and the dialect of the endpoint behind it: the same is relayed, another is translated. */
interface Way {
  readonly name: string
  readonly face: Face
  readonly endpoint: NativeDialect
}

const ways: readonly Way[] = [
  { name: 'chat', face: faces.openaiChat, endpoint: 'openai' },
  { name: 'messages', face: faces.anthropic, endpoint: 'anthropic' },
  { name: 'responses', face: faces.openaiResponses, endpoint: 'openai-responses' },
  { name: 'messages-by-chat', face: faces.anthropic, endpoint: 'openai' },
  { name: 'chat-by-messages', face: faces.openaiChat, endpoint: 'anthropic' },
]

const hintDateMs = 60_000
const startedAtMs = Date.now()
const faults = listFaults(startedAtMs + hintDateMs)
const goodText = 'Another endpoint answers. 换了一个。'

/** The code that a client is given for each fault that shows before the answer. */
const refusals: readonly (readonly [RegExp, ErrorCode])[] = [
  [/rate limited|limit resets|when to try again/, 'UPSTREAM_RATE_LIMITED'],
  [/is unavailable|is overloaded/, 'UPSTREAM_OVERLOADED'],
  [/^fails$|HTML error page|error as its first event/, 'UPSTREAM_FAILED'],
  [/refuses the credential/, 'UPSTREAM_UNAUTHENTICATED'],
  [/redirects/, 'REDIRECT_REFUSED'],
  [/never answers|a head and no event/, 'UPSTREAM_TIMEOUT'],
  [/before the head/, 'UPSTREAM_UNREACHABLE'],
  [/in the middle of a whole answer|before the first event/, 'UPSTREAM_CUT'],
  [/no HTTP|JSON null|empty body|HTML with|no text|ends a whole answer/, 'UPSTREAM_INVALID'],
]
const brokenStreams: readonly (readonly [RegExp, ErrorCode])[] = [
  [/stalls/, 'UPSTREAM_TIMEOUT'],
  [/resets|closes|ends the|leaves out the event/, 'UPSTREAM_CUT'],
  [/an error inside/, 'UPSTREAM_FAILED'],
  [/garbage|no UTF-8/, 'UPSTREAM_INVALID'],
]

let mock: MockUpstream
let strata: RunningStrata

beforeAll(async () => {
  mock = await startMockUpstream()
  const endpoints: Record<string, JsonObject> = {}
  const models: Record<string, JsonObject> = {}
  for (const { name, endpoint } of ways) {
    for (const [number, fault] of faults.entries()) {
      mock.forModel(`bad-${number}`, fault.behaviour)
      mock.forModel(`good-${name}-${number}`, { script: { text: goodText } })
      const bad = { model: `bad-${number}`, price, ...(fault.hangs ? { timeouts } : {}) }
      // Two of each bad endpoint: what one has gone through must not decide what the other test sees.
      endpoints[`${name}-${number}`] = toEndpoint(mock, endpoint, bad)
      endpoints[`${name}-${number}-first`] = toEndpoint(mock, endpoint, bad)
      endpoints[`${name}-${number}-second`] = toEndpoint(mock, endpoint, { model: `good-${name}-${number}`, price })
      models[`${name}-${number}`] = { endpoint: `${name}-${number}` }
      models[`${name}-${number}-safe`] = { fallback: [`${name}-${number}-first`, `${name}-${number}-second`] }
    }
  }
  strata = await startStrata({ config: { egress: { attemptsMax: 1 }, endpoints, models } })
})

afterAll(async () => {
  await strata.close()
  await mock.close()
})

const price = { input: '1', output: '2' }
const timeouts = { firstByteMs: 300, idleMs: 300 }

const mockText = 'Hello from the mock. 你好，世界。'

describe.each(ways)('$name', (way) => {
  for (const stream of [false, true]) {
    const form = stream ? 'stream' : 'whole'
    const modelOf = (fault: Fault): string => `${way.name}-${faults.indexOf(fault)}`
    const shownAs = (harm: Fault['harm']): readonly Fault[] =>
      faults.filter((fault) => fault.harm === harm && (fault.shows === 'both' || fault.shows === form))

    test.concurrent.each(shownAs('none'))(`an endpoint that $name: ${form}, read to the end`, async (fault) => {
      const answer = await ask(way, modelOf(fault), stream)
      expect(answer).toMatchObject({ status: 200, text: fault.behaviour.script?.textDeltas?.join('') ?? mockText })
      if (stream) expect(way.face.isComplete(answer.events)).toBe(true)
      expect(answer.root).toMatchObject({ status: 'ok', errorCode: undefined })
      // Absent is not zero.
      const isReported = fault.name !== 'reports no usage'
      expect(answer.root?.usage?.outputTotal).toBe(isReported ? 9 : undefined)
      expect(answer.dispatches[0]?.cost).toEqual(isReported ? expect.any(BigInt) : undefined)
    })

    test.concurrent.each(shownAs('before-answer'))(
      `an endpoint that $name: ${form}, refused in the shape of the face`,
      async (fault) => {
        const code = codeIn(refusals, fault)
        const answer = await ask(way, modelOf(fault), stream)
        expect(answer.status).toBe(errorCatalogue[code].status)
        expect(answer.headers.get('x-strata-error')).toBe(code)
        expect(way.face.errorOf(answer.json ?? null)).toMatchObject({
          code,
          message: expect.stringContaining(errorCatalogue[code].help),
        })
        expectRetryHint(answer.headers, fault)
        expect(answer.root).toMatchObject({ status: 'error', errorCode: code, usage: undefined, cost: undefined })
        expect(answer.dispatches).toMatchObject([{ status: 'error', errorCode: code }])
      },
    )

    test.concurrent.each(shownAs('before-answer'))(
      `an endpoint that $name: ${form}, answered by another`,
      async (fault) => {
        const answer = await ask(way, `${modelOf(fault)}-safe`, stream)
        expect(answer).toMatchObject({ status: 200, text: goodText, root: { status: 'ok' } })
        expect(answer.dispatches.map(({ name, status }) => [name, status])).toEqual([
          [`${modelOf(fault)}-first`, 'error'],
          [`${modelOf(fault)}-second`, 'ok'],
        ])
      },
    )

    if (!stream) continue
    // An OpenAI stream whose finish reason has come is whole; that some servers leave out [DONE] is no fault of it.
    const isFault = ({ name }: Fault): boolean => way.endpoint !== 'openai' || !name.startsWith('leaves out')
    test.concurrent.each(shownAs('mid-answer').filter(isFault))(
      'an endpoint that $name: told in band, and never as a success',
      async (fault) => {
        const code = codeIn(brokenStreams, fault)
        const answer = await ask(way, `${modelOf(fault)}-safe`, true)
        expect(answer.status).toBe(200)
        expect(textOf(fault).startsWith(answer.text)).toBe(true)
        expect(answer.text.length).toBeGreaterThan(0)
        expect(way.face.streamedErrorOf(answer.events.at(-1))).toMatchObject({ code })
        expect(answer.events.filter((event) => way.face.streamedErrorOf(event) !== undefined).length).toBe(1)
        expect(way.face.isComplete(answer.events)).toBe(false)
        expect(answer.root).toMatchObject({ status: 'error', errorCode: code, usage: { source: 'estimated' } })
        expect(answer.root?.usage?.outputTotal).toBeGreaterThan(0)
        // One dispatch: a stream that has begun is never continued by another endpoint.
        expect(answer.dispatches).toMatchObject([{ status: 'error', errorCode: code, cost: expect.any(BigInt) }])
      },
    )
  }
})

test('an endpoint of the OpenAI dialect that leaves out [DONE] after the finish reason has answered in full', async () => {
  const [way] = ways
  const number = faults.findIndex(({ name }) => name.startsWith('leaves out the event'))
  const fault = faults[number]
  if (way === undefined || fault === undefined) throw new Error('the kit has that fault')
  const answer = await ask(way, `${way.name}-${number}`, true)
  expect(answer).toMatchObject({
    status: 200,
    text: textOf(fault),
    root: { status: 'ok', usage: { source: 'reported' } },
  })
})

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly json: JsonValue | undefined
  readonly events: readonly ReadEvent[]
  readonly text: string
  readonly root: CallFacts | undefined
  readonly dispatches: readonly CallFacts[]
}

/** Asks, reads the answer to its end, which must come properly, and then the record of the call. */
async function ask({ face }: Way, model: string, stream: boolean): Promise<Answered> {
  const response = await strata.request(face.path, face.ask(model, { stream }))
  const body = await response.text()
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const events = isStream ? readEvents(body) : []
  const json = isStream ? undefined : (JSON.parse(body) as JsonValue) // whatever JSON.parse gives is JSON
  const facts = await strata.platform.parts().calls.find('default', response.headers.get('x-strata-call') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    json,
    events,
    text: isStream ? face.streamedTextOf(events) : face.textOf(json ?? null),
    root: facts.find(({ parentId }) => parentId === undefined),
    dispatches: facts.filter(({ kind }) => kind === 'dispatch').toSorted((a, b) => a.startedAtMs - b.startedAtMs),
  }
}

function codeIn(table: readonly (readonly [RegExp, ErrorCode])[], fault: Fault): ErrorCode {
  const code = table.find(([pattern]) => pattern.test(fault.name))?.[1]
  if (code === undefined) throw new Error(`what an endpoint that ${fault.name} ends in is not said`)
  return code
}

function textOf({ behaviour }: Fault): string {
  return behaviour.script?.text ?? mockText
}

/** What the endpoint said of when to come back is passed on: as seconds, rounded up, and as milliseconds. */
function expectRetryHint(headers: Headers, { behaviour }: Fault): void {
  const [leastMs, mostMs] = hintedMs(behaviour.retryHint)
  const hinted = headers.get('retry-after-ms')
  if (mostMs === undefined) {
    expect([hinted, headers.get('retry-after')]).toEqual([null, null])
    return
  }
  expect(Number(hinted)).toBeGreaterThan(leastMs ?? 0)
  expect(Number(hinted)).toBeLessThanOrEqual(mostMs)
  expect(headers.get('retry-after')).toBe(String(Math.ceil(Number(hinted) / 1_000)))
}

function hintedMs(hint: RetryHint | undefined): readonly [number?, number?] {
  switch (hint?.type) {
    case undefined:
      return []
    case 'seconds':
    case 'message':
    case 'retry-info':
      return [hint.seconds * 1_000 - 50, hint.seconds * 1_000]
    case 'milliseconds':
      return [hint.ms - 1, hint.ms]
    case 'reset':
      return [900, 1_000]
    case 'date':
      return [1_000, hint.atMs - startedAtMs]
  }
}
