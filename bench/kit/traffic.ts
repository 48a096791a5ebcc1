import { configSchema } from '../../src/config/index.ts'
import { collectAnswer } from '../../src/core/answer.ts'
import { nothingGenerated } from '../../src/core/generated.ts'
import { createRootCall } from '../../src/core/call.ts'
import { createChat, type AnswerEvent, type ChatRequest } from '../../src/core/chat.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../../src/core/errors.ts'
import { createIds } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { CallRecorder, EventLog } from '../../src/core/ports.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createFakeClock, type FakeClock } from '../../src/core/time.ts'
import { sumDispatches } from '../../src/core/totals.ts'
import { createUsage } from '../../src/core/usage.ts'
import { createRegionGate } from '../../src/governance/index.ts'
import { createEgress, createEndpoints, type Adapter } from '../../src/infrastructure/index.ts'
import { createPricer } from '../../src/investment/index.ts'
import { createModelTree } from '../../src/models/index.ts'

const here = { dialect: 'openai', url: 'http://127.0.0.1:9/v1', processing: ['local'], storage: ['local'] }

/** A pool of three, a choice by latency, a fallback from abroad through the pool to a spare. */
export const trafficConfig: JsonObject = {
  endpoints: {
    one: { ...here, model: 'a', weight: 3, price: { input: '0.15', output: '0.60' } },
    two: { ...here, model: 'b', price: { input: '1', output: '2' } },
    three: { ...here, model: 'c', price: { input: '0.07', output: '0.11' } },
    spare: { ...here, model: 'd', price: { input: '9', output: '9' }, processing: ['de'], storage: ['de'] },
    abroad: { ...here, model: 'a', price: { input: '0.15', output: '0.60' }, processing: ['us'], storage: ['us'] },
  },
  models: {
    pool: { endpoint: ['one', 'two', 'three'] },
    fast: { endpoint: ['one', 'two'], balance: 'latency' },
    cheap: { endpoint: ['one', 'two', 'three'], balance: 'price' },
    safe: { fallback: ['abroad', 'pool', 'spare'] },
  },
  egress: { attemptsMax: 3, retryBackoffMs: 1, retryWaitMsMax: 2 },
  governance: { allowedRegions: ['local', 'de'] },
}

export interface TrafficOptions {
  readonly calls: number
  readonly seed: number
  /** The last call is made about then; the first thirty days before. */
  readonly nowMs: number
}

const spanMs = 30 * 86_400_000
const silent: EventLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/**
 * Makes calls through the platform's own router, over endpoints that fail, rest and answer by chance, on a clock of its own, and
 * has them recorded. Resolves with the number of tries.
 */
export async function recordTraffic(recorder: CallRecorder, { calls, seed, nowMs }: TrafficOptions): Promise<number> {
  const config = configSchema.parse(trafficConfig)
  const clock = createFakeClock(nowMs - spanMs)
  const random = createSeededRandom(seed)
  const ids = createIds({ clock, random })
  const shared = { pricer: createPricer({ config }), recorder: { ...silentRecorder }, clock, log: silent }
  const egress = createEgress({
    ...shared,
    config: config.egress,
    gate: createRegionGate(config.governance),
    unknownPrice: config.investment.unknownPrice,
  })
  const wait = (ms: number): Promise<void> => {
    clock.advance(ms)
    return Promise.resolve()
  }
  const adapters = { openai: createChanceAdapter(clock, random) }
  const endpoints = createEndpoints({ ...shared, config, egress, adapters, random, ids, wait })
  const models = createModelTree({
    config: config.models,
    endpoints,
    nodeKinds: [],
    clock,
    routers: { find: () => undefined, names: () => [] },
  })
  const names = ['pool', 'fast', 'cheap', 'safe', 'one']
  let tries = 0
  for (let made = 0; made < calls; made++) {
    const name = names[Math.floor(random.next() * names.length)] ?? 'pool'
    const call = createRootCall(
      { clock, ids },
      {
        name,
        principal: { tenant: 'default', keyId: 'key_1', role: 'member', models: undefined, regions: undefined },
        labels: { allowedRegions: config.governance.allowedRegions },
        durationMsMax: 600_000,
      },
    )
    let errorCode: ErrorCode | undefined
    try {
      const answer = await models.find(name)?.answer({ ...request, model: name }, call)
      if (answer !== undefined) await collectAnswer(answer)
    } catch (thrown) {
      errorCode = toPlatformError(thrown).code
    }
    const { usage, cost, dispatches } = sumDispatches(call.facts)
    const detail = { allowedRegions: call.labels.allowedRegions }
    call.end({ status: errorCode === undefined ? 'ok' : 'error', errorCode, usage, cost, detail })
    recorder.settle(call.facts)
    tries += dispatches
    clock.advance((random.next() * 2 * spanMs) / calls / 1.2)
    // The record folds beside; it is given its turns.
    if (made % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  endpoints.close()
  await egress.close()
  return tries
}

const silentRecorder: CallRecorder = { intend: () => undefined, identify: () => undefined, settle: () => undefined }

const request: ChatRequest = {
  model: '',
  stream: false,
  outputTokensMax: undefined,
  wire: undefined,
  chat: createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: '' }] }] }),
}

/** One try in eight fails, some with a wish for rest, some in the middle. */
function createChanceAdapter(clock: FakeClock, random: Random): Adapter {
  return {
    answer() {
      clock.advance(20 + random.next() * 400)
      const fate = random.next()
      if (fate < 0.06)
        return Promise.reject(new PlatformError('UPSTREAM_OVERLOADED', 'by chance', { retryAfterMs: 1_500 }))
      if (fate < 0.1) return Promise.reject(new PlatformError('UPSTREAM_FAILED', 'by chance'))
      if (fate < 0.11) return Promise.reject(new PlatformError('UPSTREAM_REJECTED', 'by chance'))
      const isCut = fate < 0.12
      const usage = createUsage({
        inputTotal: 10 + Math.floor(random.next() * 4_000),
        outputTotal: Math.floor(random.next() * 900),
      })
      return Promise.resolve({
        events: readEvents(clock, isCut),
        wire: undefined,
        firstByteMs: 30,
        usage: () => usage,
        generated: () => nothingGenerated,
        cancel: () => undefined,
      })
    },
    embed: () => Promise.reject(new PlatformError('UNSUPPORTED_PARAMETER', 'nothing embeds here')),
  }
}

async function* readEvents(clock: FakeClock, isCut: boolean): AsyncGenerator<AnswerEvent> {
  clock.advance(200)
  if (isCut) throw new PlatformError('UPSTREAM_CUT', 'by chance')
  yield { type: 'finish', reason: 'stop' }
}
