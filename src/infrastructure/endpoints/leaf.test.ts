import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listFaults, startMockUpstream, type Behaviour, type MockUpstream } from '../../../test/kit/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { createFakeClock } from '../../core/time.ts'
import { createHarness, createRequest, createSink, relay, type Harness, type HarnessOptions } from './harness.ts'

let mock: MockUpstream
const open: Harness[] = []

beforeEach(async () => {
  mock = await startMockUpstream()
})

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
  await mock.close()
})

function createLeaf(options: Partial<HarnessOptions> = {}): Harness {
  const harness = createHarness({ endpoints: { one: { url: mock.url }, two: { url: mock.url } }, ...options })
  open.push(harness)
  return harness
}

/** Behaviours of the first requests to one endpoint, in order; then it behaves. */
function script(id: string, ...behaviours: readonly Behaviour[]): void {
  const rest = [...behaviours]
  const others = chosen.get(mock) ?? new Map<string, Behaviour[]>()
  chosen.set(mock, others.set(`${id}-model`, rest))
  mock.respondWith((request) => others.get(request.model ?? '')?.shift())
}
const chosen = new WeakMap<MockUpstream, Map<string, Behaviour[]>>()

const asked = (): readonly (string | undefined)[] => mock.requests.map((request) => request.model)
const broken: Behaviour = { status: 500 }
const only = { endpoints: ['one'] }
const streamed = { stream: true } as const

describe('a failed try', () => {
  test('is made again elsewhere at once, each try a fact of the call', async () => {
    const leaf = createLeaf()
    script('one', broken)
    const call = leaf.root()
    await leaf.ask(createRequest(), call)
    expect(asked()).toEqual(['one-model', 'two-model'])
    expect(call.facts).toMatchObject([
      {
        name: 'one',
        status: 'error',
        errorCode: 'UPSTREAM_FAILED',
        cost: undefined,
        detail: { attempt: 1, reason: 'first' },
      },
      { name: 'two', status: 'ok', detail: { attempt: 2, reason: 'failover' } },
    ])
    expect(new Set(call.facts.map((facts) => facts.parentId))).toEqual(new Set([call.id]))
  })

  test('is made again at the same endpoint when there is no other, as often as attemptsMax says', async () => {
    const leaf = createLeaf()
    script('one', broken, broken, broken, broken)
    const call = leaf.root()
    await expect(leaf.ask(createRequest(), call, only)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(asked().length).toBe(3)
    expect(call.facts.map((facts) => facts.detail?.['reason'])).toEqual(['first', 'retry', 'retry'])
  })

  test('is not made again when the request is at fault', async () => {
    const leaf = createLeaf()
    script('one', { status: 400, error: { message: 'unknown field' } })
    await expect(leaf.ask(createRequest(), leaf.root())).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' })
    expect(asked()).toEqual(['one-model'])
  })

  test('for a refused credential goes elsewhere, and not back', async () => {
    const leaf = createLeaf()
    script('one', { status: 401 })
    script('two', broken)
    await leaf.ask(createRequest(), leaf.root())
    expect(asked()).toEqual(['one-model', 'two-model', 'two-model'])
  })

  test('after the first byte is not made again: a stream is never spliced', async () => {
    const leaf = createLeaf()
    script('one', { endAfterEvents: 4 })
    const answer = await leaf.ask(createRequest(streamed), leaf.root())
    await expect(relay(answer, createSink())).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    expect(asked()).toEqual(['one-model'])
  })

  test('does not outlive its call', async () => {
    const leaf = createLeaf({ egress: { retryBackoffMs: 60_000, retryWaitMsMax: 60_000 } })
    script('one', broken, broken)
    const call = leaf.root({ durationMsMax: 600_000 })
    const answer = leaf.ask(createRequest(), call, only)
    setTimeout(() => call.cancel(new Error('the client left')), 50)
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(asked().length).toBe(1)
  })

  test('is the answer when there is no time for another', async () => {
    const leaf = createLeaf({ egress: { retryWaitMsMax: 60_000 } })
    script('one', { status: 429, retryHint: { type: 'seconds', seconds: 30 } })
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfterMs: 30_000,
    })
  })
})

describe('a retry-after', () => {
  test('is waited for when it is short', async () => {
    const leaf = createLeaf()
    script('one', { status: 429, retryHint: { type: 'milliseconds', ms: 120 } })
    await leaf.ask(createRequest(), leaf.root(), only)
    const [first, second] = mock.requests
    expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(115)
  })

  test('is passed on when it is longer than retryWaitMsMax', async () => {
    const leaf = createLeaf({ egress: { retryWaitMsMax: 1_000 } })
    script('one', { status: 429, retryHint: { type: 'seconds', seconds: 5 } })
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfterMs: 5_000,
    })
    expect(asked().length).toBe(1)
  })

  test('lets others go first, also for requests that come later', async () => {
    const leaf = createLeaf()
    script('one', { status: 429, retryHint: { type: 'seconds', seconds: 20 } })
    await leaf.ask(createRequest(), leaf.root())
    await leaf.ask(createRequest(), leaf.root())
    expect(asked()).toEqual(['one-model', 'two-model', 'two-model'])
  })
})

describe('every fault of the kit', () => {
  const faults = listFaults(Date.parse('2030-01-01T00:00:00Z'))
  for (const isStream of [false, true]) {
    const shown = faults.filter(({ shows }) => shows === 'both' || shows === (isStream ? 'stream' : 'whole'))
    test.each(shown)(`${isStream ? 'in a stream' : 'in a whole answer'}: an endpoint that $name`, async (fault) => {
      const leaf = createLeaf()
      script('one', fault.behaviour)
      const call = leaf.root()
      const read = leaf
        .ask(createRequest(isStream ? streamed : {}), call)
        .then(async (answer) => (answer.wire?.type === 'stream' ? relay(answer, createSink()) : undefined))
      if (fault.harm === 'mid-answer' && fault.name !== 'leaves out the event that ends the stream') {
        await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/^UPSTREAM_/) })
        expect(call.facts).toMatchObject([{ name: 'one', status: 'error', usage: { source: 'estimated' } }])
      } else {
        await read
        expect(call.facts.at(-1)).toMatchObject({ name: fault.harm === 'before-answer' ? 'two' : 'one', status: 'ok' })
      }
      if (fault.hangs) {
        await mock.requests[0]?.ended
        expect(mock.requests[0]?.outcome).toBe('cancelled')
      }
    })
  }
})

describe('a circuit breaker', () => {
  const patient = { egress: { attemptsMax: 1, breaker: { failuresMax: 2, openMs: 1_000 } } }

  test('opens after failures in a row, refuses, lets one try through, and closes when that answers', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ ...patient, clock })
    const ask = () => leaf.ask(createRequest(), leaf.root(), only)
    script('one', broken, broken)
    for (let round = 0; round < 2; round++) await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(leaf.endpoints.health()[0]).toMatchObject({ id: 'one', breaker: 'open', failures: 2 })

    await expect(ask()).rejects.toMatchObject({ code: 'NO_ENDPOINT', retryAfterMs: 1_000 })
    expect(asked().length).toBe(2)

    clock.advance(1_000)
    script('one', { headDelayMs: 50 })
    const trial = ask()
    await mock.requestAt(2)
    expect(leaf.endpoints.health()[0]?.breaker).toBe('half-open')
    await expect(ask()).rejects.toMatchObject({ code: 'NO_ENDPOINT' })
    await trial
    expect(asked().length).toBe(3)
    expect(leaf.endpoints.health()[0]).toMatchObject({ breaker: 'closed', failures: 0 })
  })

  test('opens again when the one try fails', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ ...patient, clock })
    const ask = () => leaf.ask(createRequest(), leaf.root(), only)
    script('one', broken, broken, broken)
    for (let round = 0; round < 2; round++) await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    clock.advance(1_000)
    await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await expect(ask()).rejects.toMatchObject({ code: 'NO_ENDPOINT', retryAfterMs: 1_000 })
  })

  test('is opened by streams that always break, though each had begun', async () => {
    const leaf = createLeaf(patient)
    script('one', { endAfterEvents: 4 }, { endAfterEvents: 4 })
    for (let round = 0; round < 2; round++) {
      const answer = await leaf.ask(createRequest(streamed), leaf.root(), only)
      await expect(relay(answer, createSink())).rejects.toMatchObject({ code: 'UPSTREAM_CUT' })
    }
    expect(leaf.endpoints.health()[0]?.breaker).toBe('open')
  })

  test('is not moved by requests that are at fault or by clients that leave', async () => {
    const leaf = createLeaf(patient)
    script('one', ...Array.from({ length: 5 }, () => ({ status: 400 })), { silent: true }, { silent: true })
    for (let round = 0; round < 5; round++) await leaf.ask(createRequest(), leaf.root(), only).catch(() => undefined)
    for (let round = 0; round < 2; round++) {
      const call = leaf.root()
      const answer = leaf.ask(createRequest(), call, only)
      await mock.requestAt(5 + round)
      call.cancel(new Error('left'))
      await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    }
    expect(leaf.endpoints.health()[0]).toMatchObject({ breaker: 'closed', failures: 0, inFlight: 0 })
  })
})

describe('a probe', () => {
  test('of an open breaker lets tries through as soon as the endpoint is well, and is recorded as a call of the system', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ clock, egress: { attemptsMax: 1, breaker: { failuresMax: 1, openMs: 600_000 } } })
    script('one', broken)
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await leaf.endpoints.probe()
    expect(mock.requests.at(-1)).toMatchObject({ method: 'GET', path: '/v1/models' })
    expect(leaf.settled).toMatchObject([
      [
        { kind: 'dispatch', name: 'one', tenant: 'system', status: 'ok' },
        { kind: 'request', name: 'probe', status: 'ok' },
      ],
    ])
    await leaf.ask(createRequest(), leaf.root(), only)
    expect(leaf.endpoints.health()[0]?.breaker).toBe('closed')
  })

  test('that fails keeps the breaker open', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ clock, egress: { attemptsMax: 1, breaker: { failuresMax: 1, openMs: 1_000 } } })
    script('one', broken)
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    mock.respondWith(() => ({ status: 503 }))
    clock.advance(900)
    await leaf.endpoints.probe()
    clock.advance(900)
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'NO_ENDPOINT' })
  })

  test('is not sent again once it found the endpoint well, until that fails again', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ clock, egress: { attemptsMax: 1, breaker: { failuresMax: 1, openMs: 1_000 } } })
    for (let round = 1; round <= 2; round++) {
      script('one', broken)
      await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
      for (let minute = 0; minute < 60; minute++) {
        clock.advance(60_000)
        await leaf.endpoints.probe()
      }
      expect(leaf.settled).toHaveLength(round)
    }
  })

  test('of an endpoint that stays away comes less and less often, once in five minutes in the end', async () => {
    const clock = createFakeClock(0)
    const leaf = createLeaf({ clock, egress: { attemptsMax: 1, breaker: { failuresMax: 1, openMs: 15_000 } } })
    mock.respondWith(() => ({ status: 503 }))
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'UPSTREAM_OVERLOADED' })
    const probesOf = async (minutes: number): Promise<number> => {
      const before = leaf.settled.length
      for (let turn = 0; turn < minutes * 12; turn++) {
        clock.advance(5_000)
        await leaf.endpoints.probe()
      }
      return leaf.settled.length - before
    }
    expect(await probesOf(1)).toBe(4)
    expect(await probesOf(60)).toBeLessThan(20)
    expect(await probesOf(60)).toBe(12)
    mock.reset()
    await probesOf(6)
    await leaf.ask(createRequest(), leaf.root(), only)
    expect(leaf.endpoints.health()[0]?.breaker).toBe('closed')
  })

  test('is not sent to endpoints that are well and busy', async () => {
    const leaf = createLeaf()
    await leaf.endpoints.probe()
    expect(mock.requests.length).toBe(0)
  })
})

describe('a hedge', () => {
  const eager = { egress: { hedgesSampleMin: 5 } }

  async function warmUp(leaf: Harness): Promise<void> {
    for (let round = 0; round < 5; round++) await leaf.ask(createRequest(), leaf.root(), only)
    mock.reset()
  }

  test('is a second try when the first byte is late; the loser is cancelled and settled', async () => {
    const leaf = createLeaf(eager)
    await warmUp(leaf)
    script('one', { silent: true })
    const call = leaf.root()
    const answer = await leaf.ask(createRequest(streamed), call, { hedgeQuantile: 0.9 })
    await collectAnswer(answer)
    const loser = await mock.requestAt(0)
    await loser.ended
    expect(loser).toMatchObject({ model: 'one-model', outcome: 'cancelled' })
    expect(call.facts.toSorted((left, right) => left.name.localeCompare(right.name))).toMatchObject([
      { name: 'one', status: 'cancelled', cost: undefined, detail: { reason: 'first' } },
      { name: 'two', status: 'ok', detail: { reason: 'hedge' } },
    ])
    expect(leaf.endpoints.health().map((health) => health.inFlight)).toEqual([0, 0])
  })

  test('is not started when the first byte comes in time', async () => {
    const leaf = createLeaf(eager)
    script('one', ...Array.from({ length: 5 }, () => ({ headDelayMs: 150 })))
    await warmUp(leaf)
    await leaf.ask(createRequest(), leaf.root(), { hedgeQuantile: 0.9 })
    await sleep(200)
    expect(asked()).toEqual(['one-model'])
  })

  test('is not started where it is not asked for, nor before there are samples', async () => {
    const leaf = createLeaf(eager)
    script('one', { headDelayMs: 150 })
    await leaf.ask(createRequest(), leaf.root(), { hedgeQuantile: 0.5 })
    await warmUp(leaf)
    script('one', { headDelayMs: 150 })
    await leaf.ask(createRequest(), leaf.root())
    expect(asked()).toEqual(['one-model'])
  })
})

describe('a leaf', () => {
  test('whose every endpoint is outside the regions says so of each, and sends nothing', async () => {
    const leaf = createLeaf({
      endpoints: { one: { url: mock.url, processing: ['us'] }, two: { url: mock.url, processing: ['cn'] } },
    })
    const error: unknown = await leaf.ask(createRequest(), leaf.root()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'REGION_REFUSED', message: expect.stringMatching(/one.*us.*two.*cn/) })
    expect(mock.requests.length).toBe(0)
  })

  test('passes over an endpoint outside the regions', async () => {
    const leaf = createLeaf({ endpoints: { one: { url: mock.url, processing: ['us'] }, two: { url: mock.url } } })
    const call = leaf.root()
    await leaf.ask(createRequest(), call)
    expect(asked()).toEqual(['two-model'])
    expect(call.facts[0]).toMatchObject({ name: 'one', errorCode: 'REGION_REFUSED', detail: { sent: false } })
  })

  test('passes over an endpoint without a price where the policy blocks it', async () => {
    const leaf = createLeaf({ unknownPrice: 'block', prices: { two: 1n } })
    await leaf.ask(createRequest(), leaf.root())
    expect(asked()).toEqual(['two-model'])
    await expect(leaf.ask(createRequest(), leaf.root(), only)).rejects.toMatchObject({ code: 'PRICE_UNKNOWN' })
  })

  test('spreads idle load by weight, and busy load to the least loaded', async () => {
    const leaf = createLeaf({ endpoints: { one: { url: mock.url, weight: 3 }, two: { url: mock.url, weight: 1 } } })
    const balance = 'least-loaded'
    for (let round = 0; round < 80; round++) await leaf.ask(createRequest(), leaf.root(), { balance })
    const idle = asked().filter((model) => model === 'one-model').length
    expect(idle).toBeGreaterThan(45)
    expect(idle).toBeLessThan(75)
    mock.reset()
    mock.respondWith(() => ({ headDelayMs: 100 }))
    await Promise.all(Array.from({ length: 8 }, () => leaf.ask(createRequest(), leaf.root(), { balance })))
    expect(asked().filter((model) => model === 'one-model').length).toBe(6)
  })

  test('prefers the cheaper, and the unknown price last', async () => {
    const leaf = createLeaf({
      endpoints: { none: { url: mock.url }, dear: { url: mock.url }, cheap: { url: mock.url } },
      prices: { dear: 9n, cheap: 2n },
    })
    script('cheap', broken)
    script('dear', broken)
    await leaf.ask(createRequest(), leaf.root(), { balance: 'price' })
    expect(asked()).toEqual(['cheap-model', 'dear-model', 'none-model'])
  })

  test('prefers the faster once both are known', async () => {
    const leaf = createLeaf()
    mock.respondWith((request) => (request.model === 'one-model' ? { headDelayMs: 80 } : undefined))
    for (let round = 0; round < 6; round++) await leaf.ask(createRequest(), leaf.root(), { balance: 'latency' })
    expect(asked().filter((model) => model === 'one-model').length).toBeLessThanOrEqual(1)
  })
})
