import type { JsonObject } from '../../../src/core/json.ts'
import type { Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import type { Behaviour } from '../behaviour.ts'
import type { MockRequest } from '../exchange.ts'
import type { MockUpstream } from '../mock-upstream.ts'

/** How a request goes, as its vendor and its client see it. */
export type Fate =
  /** Answered and read to its end. */
  | 'whole'
  /** Left by its client after a few words. */
  | 'left'
  /** Left by its client before the head of an answer. */
  | 'left-unheard'
  /** In the middle of its words when the server dies. */
  | 'begun'
  /** Past its head and before its words when the server dies. */
  | 'headed'
  /** Before its head when the server dies. */
  | 'unheard'

export const cutFates: readonly Fate[] = ['left', 'left-unheard', 'begun', 'headed', 'unheard']

/** How the vendor speaks of an answer when it is asked later. */
const tellings = {
  'at-once': true,
  /** Not there yet, the first time or two. */
  late: true,
  slow: true,
  'broken-first': true,
  /** With a cost beside the figures, in a currency of its own. */
  'other-currency': true,
  never: false,
  failing: false,
  garbage: false,
  /** Of another answer than that it was asked about. */
  another: false,
} as const
export type Telling = keyof typeof tellings

export function isTold(telling: Telling): boolean {
  return tellings[telling]
}

/** Where answers come from: how they are asked about, and at which price in picodollars a token. */
export const ways = {
  router: { input: 1_000_000n, output: 10_000_000n },
  /** Priced at 2 and 8 EUR a million tokens, a euro at 1.25 USD. */
  euro: { input: 2_500_000n, output: 10_000_000n },
  chat: { input: 1_000_000n, output: 10_000_000n },
  responses: { input: 1_000_000n, output: 10_000_000n },
} as const
export type Way = keyof typeof ways

export interface Planned {
  readonly number: number
  readonly way: Way
  readonly fate: Fate
  readonly telling: Telling
  readonly stream: boolean
}

export interface Figures {
  readonly input: number
  readonly output: number
}

/** What an answer that was read to its end used. */
export function toReported(number: number): Figures {
  return { input: 10 + number, output: 1 + (number % 97) }
}

/** What the vendor says of it when it is asked; no estimate comes to that. */
export function toTold(number: number): Figures {
  return { input: 2_000 + number, output: 700 + (number % 53) }
}

export function toCost(way: Way, { input, output }: Figures): bigint {
  return BigInt(input) * ways[way].input + BigInt(output) * ways[way].output
}

export function drawTelling(random: Random): Telling {
  return pick(random, Object.keys(tellings) as Telling[]) // the keys written above
}

/** A vendor that keeps to what is planned, and remembers by which id it knows each answer. */
export interface Vendor {
  /** Numbers of the requests that came. */
  readonly arrived: ReadonlySet<number>
  /** How often it was asked about each. */
  readonly asked: ReadonlyMap<number, number>
  numberOf(id: string): number | undefined
}

export function playVendor(mock: MockUpstream, plans: ReadonlyMap<number, Planned>): Vendor {
  const arrived = new Set<number>()
  const asked = new Map<number, number>()
  const numbers = new Map<string, number>()
  mock.respondWith((request) => {
    if (request.method === 'GET') {
      const id = readAskedId(request)
      const number = numbers.get(id)
      const planned = number === undefined ? undefined : plans.get(number)
      if (planned === undefined) return { status: 404, json: {} }
      const time = (asked.get(planned.number) ?? 0) + 1
      asked.set(planned.number, time)
      return tell(planned, id, time)
    }
    const planned = plans.get(readNumber(request.text))
    if (planned === undefined) return { status: 500 }
    arrived.add(planned.number)
    numbers.set(toId(planned, request), planned.number)
    return answer(planned)
  })
  return { arrived, asked, numberOf: (id) => numbers.get(id) }
}

/** As wide for every number, so that requests of one way are held alike. */
export function toText(number: number): string {
  return `request ${String(number).padStart(6, '0')}`
}

function readNumber(text: string): number {
  return Number(/request (\d{6})/.exec(text)?.[1] ?? Number.NaN)
}

function toId({ way, number }: Planned, request: MockRequest): string {
  if (way === 'chat') return `chatcmpl-mock${request.number}`
  return way === 'responses' ? `resp_mock${request.number}` : `gen-${number}`
}

function readAskedId({ target, path }: MockRequest): string {
  return /[?&]id=([^&]+)/.exec(target)?.[1] ?? path.slice(path.lastIndexOf('/') + 1)
}

function answer({ way, number, fate }: Planned): Behaviour {
  const head: Behaviour = way === 'router' || way === 'euro' ? { headers: { 'x-generation-id': `gen-${number}` } } : {}
  const { input, output } = toReported(number)
  switch (fate) {
    case 'whole':
      return { ...head, script: { text: 'a few words in pieces', usage: { inputTotal: input, outputTotal: output } } }
    case 'left':
    case 'begun':
      return { ...head, deltaRepeats: Infinity, eventDelayMs: 10 }
    case 'headed':
      return { ...head, firstEventDelayMs: Infinity }
    case 'left-unheard':
    case 'unheard':
      return { headDelayMs: Infinity }
  }
}

function tell({ way, number, telling }: Planned, id: string, time: number): Behaviour {
  const said = toBody(way, id, toTold(number))
  switch (telling) {
    case 'at-once':
      return { json: said }
    case 'late':
      return time <= 1 + (number % 2) ? { status: 404, json: {} } : { json: said }
    case 'slow':
      return { headDelayMs: 150, json: said }
    case 'broken-first':
      return time === 1 ? { json: said, cut: { at: 5, how: 'reset' } } : { json: said }
    case 'other-currency':
      return { json: withCurrency(way, said) }
    case 'never':
      return { status: 404, json: {} }
    case 'failing':
      return { status: 503, json: {} }
    case 'garbage':
      return { json: toBody(way, id, { input: -1, output: 1.5 }) }
    case 'another':
      return { json: toBody(way, `${id}0`, toTold(number)) }
  }
}

function toBody(way: Way, id: string, { input, output }: Figures): JsonObject {
  switch (way) {
    case 'router':
    case 'euro':
      return { data: { id, native_tokens_prompt: input, native_tokens_completion: output, native_tokens_cached: 0 } }
    case 'chat':
      return { id, usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } }
    case 'responses':
      return {
        id,
        status: 'cancelled',
        usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
      }
  }
}

function withCurrency(way: Way, said: JsonObject): JsonObject {
  const beside = { currency: 'CNY', total_cost: 99.5, usage: 99.5 }
  return way === 'router' || way === 'euro'
    ? { data: { ...(said['data'] as JsonObject), ...beside } }
    : { ...said, currency: 'CNY' }
}
