import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { expect } from 'vitest'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { startMockUpstream, type MockRequest, type MockUpstream } from '../kit/index.ts'
import { startStrata, toEndpoint, type RunningStrata } from '../kit/strata.ts'
import { createWireCheck, type WireCheck } from './wire-check.ts'

/** One model for each dialect an endpoint can speak: what a client does has to work over all of them. */
export const chatModels = ['over-chat', 'over-responses', 'over-messages'] as const

/** A mock behind a Strata that has a model for each dialect, and clients that use them. */
export interface Setting {
  readonly mock: MockUpstream
  readonly strata: RunningStrata
  readonly openai: OpenAI
  readonly anthropic: Anthropic
  /** What Strata has sent to the clients. */
  readonly wire: WireCheck
  /** Holds every OpenAI-shaped body that Strata has sent, to clients and to endpoints, against the API description. */
  expectShapes(): Promise<void>
  /** Forgets what the test before said and saw. */
  reset(): void
  /** The body of the mock's request of that number, from 0. */
  received(index: number): JsonObject
  /** The call tree that the last answer's `x-strata-call` names. */
  lastCall(): Promise<JsonObject>
  close(): Promise<void>
}

export async function createSetting(more: { readonly models?: JsonObject } = {}): Promise<Setting> {
  const mock = await startMockUpstream()
  const price = { input: '1', output: '2' }
  const config = {
    // One try, and no breaker: each test says what the endpoint does.
    egress: { attemptsMax: 1, breaker: { failuresMax: 1_000 } },
    endpoints: {
      'over-chat': toEndpoint(mock, 'openai', { price }),
      'over-responses': toEndpoint(mock, 'openai-responses', { price }),
      'over-messages': toEndpoint(mock, 'anthropic', { price }),
      embedder: toEndpoint(mock, 'openai', { does: ['embed'], model: 'vendor-embedder', price }),
      extract: { dialect: 'extract', model: 'builtin', processing: ['local'], storage: ['local'] },
    },
    models: { everyday: { fallback: ['over-chat', 'over-messages'] }, ...more.models },
  }
  const strata = await startStrata({ config })
  const wire = createWireCheck()
  const openai = new OpenAI({ apiKey: strata.key, baseURL: `${strata.url}/v1`, maxRetries: 0, fetch: wire.fetch })
  const anthropic = new Anthropic({ apiKey: strata.key, baseURL: strata.url, maxRetries: 0, fetch: wire.fetch })
  return {
    mock,
    strata,
    openai,
    anthropic,
    wire,
    async expectShapes() {
      expect([...(await wire.findFaults()), ...wire.findRequestFaults(mock.requests)]).toEqual([])
    },
    reset() {
      mock.reset()
      mock.script({ text: 'Leave is 25 天。', usage })
      wire.reset()
    },
    received: (index) => toBody(mock.requests[index]),
    async lastCall() {
      const id = wire.exchanges.at(-1)?.callId
      const response = await strata.request(`/v1/calls/${id}`)
      expect(response.status).toBe(200)
      const tree: unknown = await response.json()
      return isJsonObject(tree) ? tree : expect.fail('a call tree is an object')
    },
    async close() {
      await strata.close()
      await mock.close()
    },
  }
}

/** What the mock reports unless told otherwise. */
export const usage = { inputTotal: 30, outputTotal: 12, cacheRead: 4, reasoning: 5 }

function toBody(request: MockRequest | undefined): JsonObject {
  return isJsonObject(request?.json) ? request.json : expect.fail('no such request with a JSON object has come')
}

export const weather = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
}

/** Two calls in one answer. */
export const twoCalls = [
  { id: 'call_a', name: 'get_weather', arguments: { city: 'Köln' } },
  { id: 'call_b', name: 'get_weather', arguments: { city: '北京' } },
]

/** One red pixel, PNG. */
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='

/** Every text anywhere in a body that mentions one of the words: what has arrived, whatever the dialect. */
export function textsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap((each) => textsIn(each))
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}
