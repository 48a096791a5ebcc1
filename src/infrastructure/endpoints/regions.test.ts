import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMockUpstream, type Behaviour, type MockUpstream } from '../../../test/kit/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { createHarness, createRequest } from './harness.ts'

const regions = ['de', 'eu', 'us', 'cn'] as const
const servers: MockUpstream[] = []

beforeAll(async () => {
  for (let count = 0; count < 4; count++) servers.push(await startMockUpstream())
})

afterAll(async () => {
  for (const server of servers) await server.close()
})

const faults: readonly Behaviour[] = [
  {},
  { status: 500 },
  { status: 429, retryHint: { type: 'milliseconds', ms: 1 } },
  { status: 401 },
  { cut: { at: 'head', how: 'reset' } },
  { endAfterEvents: 4 },
  { body: '<html>', contentType: 'text/html' },
  { redirectTo: 'http://127.0.0.1:9/elsewhere' },
]

const places = fc.subarray([...regions], { minLength: 0 })
const endpoint = fc.record({
  processing: fc.option(places, { nil: undefined }),
  storage: fc.option(places, { nil: undefined }),
  fault: fc.constantFrom(...faults),
  weight: fc.constantFrom(1, 5),
})
const situation = fc.record({
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 4 }),
  allowedRegions: places,
  balance: fc.constantFrom('least-loaded', 'price', 'latency', 'order'),
  hedgeQuantile: fc.option(fc.constant(0.5), { nil: undefined }),
  streams: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  seed: fc.integer(),
})

test('nothing is ever sent to an endpoint outside the allowed regions, whatever fails', {
  timeout: 300_000,
}, async () => {
  let reached = 0
  let situations = 0
  await fc.assert(
    fc.asyncProperty(situation, async ({ endpoints, allowedRegions, balance, hedgeQuantile, streams, seed }) => {
      // What a situation before has sent and given up may arrive only now: each has paths of its own.
      const prefix = `/situation${situations++}`
      const harness = createHarness({
        endpoints: Object.fromEntries(
          endpoints.map(({ processing, storage, weight }, index) => [
            `e${index}`,
            { url: `${servers[index]?.origin ?? ''}${prefix}/v1`, weight, processing, storage },
          ]),
        ),
        egress: { hedgesSampleMin: 1, breaker: { failuresMax: 2 } },
        seed,
      })
      for (const [index, server] of servers.entries()) {
        server.reset()
        server.respondWith(() => endpoints[index]?.fault)
      }
      await Promise.all(
        streams.map(async (stream) => {
          const call = harness.root({ allowedRegions })
          await harness
            .ask(createRequest(stream ? { stream } : {}), call, { balance, hedgeQuantile })
            .then(collectAnswer)
            .catch(() => undefined)
          const ended = call.facts.filter((facts) => facts.kind === 'dispatch')
          expect(new Set(ended.map((facts) => facts.id)).size).toBe(ended.length)
        }),
      )
      await harness.close()
      for (const [index, { processing, storage }] of endpoints.entries()) {
        const lies = [...(processing ?? ['unknown']), ...(storage ?? ['unknown'])]
        const isAllowed = lies.every((region) => allowedRegions.some((allowed) => allowed === region))
        const requests = servers[index]?.requests.filter(({ path }) => path.startsWith(`${prefix}/`)).length ?? 0
        if (!isAllowed) expect(requests).toBe(0)
        reached += requests
      }
    }),
    { numRuns: 150 },
  )
  // The law would hold of a leaf that never sends as well.
  expect(reached).toBeGreaterThan(50)
})
