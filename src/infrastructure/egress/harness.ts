import { createRootCall, type Call } from '../../core/call.ts'
import { createIds } from '../../core/ids.ts'
import type { CallRecorder, DispatchIntent, EventLog, Place, Price, RegionGate } from '../../core/ports.ts'
import { createSystemRandom } from '../../core/random.ts'
import { createSystemClock, type Clock } from '../../core/time.ts'
import { configSchema } from '../../config/index.ts'
import { createEgress, type Egress, type EgressRequest, type EgressTarget, type NameLookup } from './index.ts'

/** What a test may choose; the rest is plain. */
export interface HarnessOptions {
  readonly gate?: RegionGate
  readonly price?: Price | undefined
  readonly unknownPrice?: 'block' | 'flag'
  readonly lookup?: NameLookup
  readonly authorities?: readonly string[]
  readonly clock?: Clock
  readonly onIntend?: (intent: DispatchIntent) => void
}

/** The door with real parts around it, for tests. */
export interface Harness {
  readonly egress: Egress
  readonly intents: DispatchIntent[]
  /** Questions the price book was asked. */
  readonly priceQuestions: () => number
  readonly gateQuestions: () => number
  readonly call: (options?: { readonly durationMsMax?: number; readonly allowedRegions?: readonly string[] }) => Call
  /** Sends a request under a permit of its own. */
  readonly send: (target: EgressTarget, call: Call, request?: Partial<EgressRequest>) => ReturnType<Egress['send']>
}

export const quickTimeouts = { connectMs: 400, firstByteMs: 400, idleMs: 400, totalMs: 5_000 }

/** Passes a place whose every region is among the allowed ones. */
const listGate: RegionGate = {
  decide(place: Place, allowedRegions) {
    const regions =
      place.processing === undefined || place.storage === undefined
        ? undefined
        : [...place.processing, ...place.storage]
    if (regions === undefined) return { type: 'deny', reason: 'its regions are not known' }
    const outside = regions.find((region) => !allowedRegions.includes(region))
    return outside === undefined ? { type: 'pass' } : { type: 'deny', reason: `${outside} is not allowed` }
  },
}

export function createTarget(url: string | undefined, parts: Partial<EgressTarget> = {}): EgressTarget {
  return {
    id: 'somewhere',
    url,
    credentials: {},
    vendor: undefined,
    vendorModel: 'a-model',
    timeouts: quickTimeouts,
    processing: ['eu'],
    storage: [],
    ...parts,
  }
}

export function createHarness(options: HarnessOptions = {}): Harness {
  const clock = options.clock ?? createSystemClock()
  const ids = createIds({ clock, random: createSystemRandom() })
  const intents: DispatchIntent[] = []
  let priceQuestions = 0
  let gateQuestions = 0
  const gate = options.gate ?? listGate
  const egress = createEgress({
    config: configSchema.parse({}).egress,
    gate: {
      decide(place, allowedRegions) {
        gateQuestions += 1
        return gate.decide(place, allowedRegions)
      },
    },
    pricer: {
      find() {
        priceQuestions += 1
        return options.price
      },
    },
    unknownPrice: options.unknownPrice ?? 'flag',
    recorder: createRecorder(intents, options.onIntend),
    clock,
    log: silentLog,
    lookup: options.lookup,
    authorities: options.authorities,
  })
  return {
    egress,
    intents,
    priceQuestions: () => priceQuestions,
    gateQuestions: () => gateQuestions,
    call: ({ durationMsMax = 10_000, allowedRegions = ['eu'] } = {}) =>
      createRootCall(
        { clock, ids },
        {
          name: 'a-model',
          principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
          labels: { allowedRegions },
          durationMsMax,
        },
      ),
    send: (target, call, request = {}) =>
      egress.send(egress.admit(target, call), { method: 'POST', path: '/echo', headers: {}, body: '{}', ...request }),
  }
}

function createRecorder(intents: DispatchIntent[], onIntend: HarnessOptions['onIntend']): CallRecorder {
  return {
    intend(intent) {
      intents.push(intent)
      onIntend?.(intent)
    },
    identify: () => undefined,
    settle: () => undefined,
  }
}

const nothing = (): void => undefined
const silentLog: EventLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
