import { configSchema, type Config } from '../../config/index.ts'
import type { BudgetLimits } from '../../core/budget.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import type { ChatRequest, DialectId } from '../../core/chat.ts'
import { createIds } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, ByteSink } from '../../core/model.ts'
import type { EndpointChoice, EventLog, Place, Price, RegionGate } from '../../core/ports.ts'
import { createSeededRandom, createSystemRandom } from '../../core/random.ts'
import { createSystemClock, type Clock } from '../../core/time.ts'
import { dialects, type Dialect } from '../dialects/index.ts'
import { createEgress } from '../egress/index.ts'
import { createEndpoints, createNativeAdapter, type Endpoints, type EndpointsDeps } from './index.ts'

export interface HarnessOptions {
  /** As in the configuration file; what is absent has its default. */
  readonly endpoints: Readonly<Record<string, JsonObject>>
  readonly egress?: JsonObject
  readonly clock?: Clock
  readonly seed?: number
  /** Beside the native ones. */
  readonly adapters?: EndpointsDeps['adapters']
  readonly tokenizers?: EndpointsDeps['tokenizers']
  readonly unknownPrice?: 'block' | 'flag'
  /** Picodollars per token of either kind, by endpoint; endpoints without one have no price. */
  readonly prices?: Readonly<Record<string, bigint>>
}

/** Endpoints on a real door out, for tests. */
export interface Harness {
  readonly endpoints: Endpoints
  readonly root: (options?: RootOptions) => Call
  /** Asks a leaf of all endpoints in their order, or as the choice says. */
  readonly ask: (request: ChatRequest, call: Call, choice?: Partial<EndpointChoice>) => Promise<Answer>
  readonly settled: unknown[]
  readonly close: () => Promise<void>
}

export interface RootOptions {
  readonly durationMsMax?: number
  readonly allowedRegions?: readonly string[]
  readonly budget?: BudgetLimits | undefined
}

export const quickEgress = {
  timeouts: { connectMs: 400, firstByteMs: 400, idleMs: 400, totalMs: 5_000 },
  retryBackoffMs: 1,
} as const

export function createHarness(options: HarnessOptions): Harness {
  const config = configSchema.parse({
    endpoints: Object.fromEntries(
      Object.entries(options.endpoints).map(([id, endpoint]) => [
        id,
        { dialect: 'openai', model: `${id}-model`, processing: ['eu'], storage: [], ...endpoint },
      ]),
    ),
    egress: { ...quickEgress, ...options.egress },
  })
  const clock = options.clock ?? createSystemClock()
  const ids = createIds({ clock, random: createSystemRandom() })
  const settled: unknown[] = []
  const pricer = createPricer(options.prices ?? {})
  const recorder = {
    intend: () => undefined,
    identify: () => undefined,
    settle: (facts: unknown) => void settled.push(facts),
  }
  const egress = createEgress({
    config: config.egress,
    gate: listGate,
    pricer,
    unknownPrice: options.unknownPrice ?? 'flag',
    recorder,
    clock,
    log: silentLog,
  })
  const endpoints = createEndpoints({
    config,
    egress,
    adapters: { ...createAdapters(config, egress, clock), ...options.adapters },
    pricer,
    recorder,
    clock,
    random: createSeededRandom(options.seed ?? 1),
    ids,
    log: silentLog,
    tokenizers: options.tokenizers,
  })
  return {
    endpoints,
    settled,
    root: ({ durationMsMax = 10_000, allowedRegions = ['eu'], budget } = {}) =>
      createRootCall(
        { clock, ids },
        {
          name: 'a-model',
          principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
          labels: { allowedRegions },
          durationMsMax,
          budget,
        },
      ),
    ask: (request, call, choice) =>
      endpoints.answer(
        { endpoints: endpoints.list(), balance: 'order', hedgeQuantile: undefined, ...choice },
        request,
        call,
      ),
    async close() {
      endpoints.close()
      await egress.close()
    },
  }
}

function createAdapters(config: Config, egress: ReturnType<typeof createEgress>, clock: Clock) {
  const native = (dialect: Dialect) => createNativeAdapter({ dialect, egress, config: config.egress, clock })
  return {
    openai: native(dialects['openai-chat']),
    'openai-responses': native(dialects['openai-responses']),
    anthropic: native(dialects['anthropic-messages']),
  }
}

/** A request as a client of OpenAI chat sends it; with `dialect: undefined` one that a node has changed. */
export function createRequest(
  body: JsonObject = {},
  options: { readonly dialect?: DialectId | undefined } = { dialect: 'openai-chat' },
): ChatRequest {
  const whole: JsonObject = { model: 'a-model', messages: [{ role: 'user', content: 'Say something.' }], ...body }
  const wire = { dialect: 'openai-chat', text: JSON.stringify(whole), body: whole, headers: {} } as const
  return {
    model: 'a-model',
    stream: whole['stream'] === true,
    outputTokensMax: undefined,
    wire: options.dialect === undefined ? undefined : { ...wire, skim: undefined, dialect: options.dialect },
    get chat() {
      return dialects['openai-chat'].decodeRequest(whole)
    },
  }
}

/** Takes everything; what it took is `text()`. */
export function createSink(): ByteSink & { readonly text: () => string } {
  const chunks: Buffer[] = []
  return {
    write(chunk) {
      chunks.push(chunk)
      return true
    },
    onDrain: () => undefined,
    text: () => Buffer.concat(chunks).toString('utf8'),
  }
}

export async function relay(answer: Answer, sink: ByteSink): Promise<void> {
  if (answer.wire?.type !== 'stream') throw new Error('the answer is no relayed stream')
  await answer.wire.relay(sink)
}

/** A price of so many picodollars per token, whichever way it goes. */
function createPricer(prices: Readonly<Record<string, bigint>>) {
  const toPrice = (rate: bigint): Price => ({
    version: 'test@1',
    cost: ({ inputTotal, outputTotal }) =>
      inputTotal === undefined || outputTotal === undefined ? undefined : BigInt(inputTotal + outputTotal) * rate,
    costMax: ({ input, output }) => BigInt(input + output) * rate,
  })
  return {
    find({ endpoint }: { readonly endpoint: string }) {
      const rate = prices[endpoint]
      return rate === undefined ? undefined : toPrice(rate)
    },
  }
}

/** Passes a place whose every region is among the allowed ones. */
const listGate: RegionGate = {
  decide(place: Place, allowedRegions) {
    if (place.processing === undefined || place.storage === undefined)
      return { type: 'deny', reason: 'its regions are not known' }
    const outside = [...place.processing, ...place.storage].find((region) => !allowedRegions.includes(region))
    return outside === undefined ? { type: 'pass' } : { type: 'deny', reason: `${outside} is not allowed` }
  },
}

const nothing = (): void => undefined
const silentLog: EventLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
