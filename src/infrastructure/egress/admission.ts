import type { Call } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { CallRecorder, EventLog, Price, Pricer, RegionGate, RegionVerdict } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { EgressTarget, Permit } from './egress.ts'
import { toCancelled, toDeadlineExceeded } from './failure.ts'

export interface AdmissionDeps {
  readonly gate: RegionGate
  readonly pricer: Pricer
  readonly unknownPrice: 'block' | 'flag'
  readonly recorder: CallRecorder
  readonly clock: Clock
  readonly log: EventLog
}

export interface Admission {
  admit(target: EgressTarget, call: Call): Permit
  /** Uses the permit up. Throws INTERNAL when it was made elsewhere or used before. */
  redeem(permit: Permit): void
}

/** Prices may depend on the minute of the day, on nothing finer. */
const priceValidMs = 60_000

/** What is remembered of a target between calls. */
interface TargetMemory {
  readonly verdicts: WeakMap<readonly string[], RegionVerdict>
  price: Price | undefined
  pricedMinute: number
}

/** Decides who may send what where, and leaves the intent on record before anything is sent. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const memories = new WeakMap<EgressTarget, TargetMemory>()
  const door = Symbol('door')

  function recall(target: EgressTarget): TargetMemory {
    const known = memories.get(target)
    if (known !== undefined) return known
    const memory: TargetMemory = { verdicts: new WeakMap(), price: undefined, pricedMinute: Number.NaN }
    memories.set(target, memory)
    return memory
  }

  return {
    admit(target, call) {
      if (call.cancellation.isCancelled) throw toCancelled(call.cancellation.reason, false)
      if (deps.clock.monotonicMs() >= call.deadlineMs) throw toDeadlineExceeded(call, false)
      const memory = recall(target)
      requireRegion(deps.gate, { target, call, memory })
      const price = target.isFree === true ? undefined : findPrice(deps, target, memory)
      deps.recorder.intend({
        callId: call.id,
        rootId: call.rootId,
        tenant: call.principal.tenant,
        keyId: call.principal.keyId,
        endpoint: target.id,
        vendorModel: target.vendorModel,
        atMs: deps.clock.now(),
      })
      return new IssuedPermit({ target, call, price }, door)
    },
    redeem(permit) {
      if (IssuedPermit.redeem(permit, door)) return
      throw new PlatformError(
        'INTERNAL',
        'nothing is sent without a permit of its own: this one was used before or made elsewhere',
      )
    },
  }
}

interface Applicant {
  readonly target: EgressTarget
  readonly call: Call
  readonly memory: TargetMemory
}

/** Throws REGION_REFUSED unless the gate lets the target's regions pass for those of the call. */
function requireRegion(gate: RegionGate, { target, call, memory }: Applicant): void {
  const allowed = call.labels.allowedRegions
  let verdict = memory.verdicts.get(allowed)
  if (verdict === undefined) {
    verdict = gate.decide(target, allowed)
    memory.verdicts.set(allowed, verdict)
  }
  if (verdict.type === 'pass') return
  throw new PlatformError('REGION_REFUSED', `endpoint ${target.id} is refused: ${verdict.reason}`, {
    details: { endpoint: target.id, sent: false },
  })
}

/** The price in force; throws PRICE_UNKNOWN where the policy blocks what has none. */
function findPrice(deps: AdmissionDeps, target: EgressTarget, memory: TargetMemory): Price | undefined {
  const nowMs = deps.clock.now()
  const minute = Math.floor(nowMs / priceValidMs)
  if (memory.pricedMinute !== minute) {
    const isFirst = Number.isNaN(memory.pricedMinute)
    const { id: endpoint, vendor, vendorModel: model } = target
    memory.price = deps.pricer.find({ endpoint, vendor, model, atMs: nowMs })
    memory.pricedMinute = minute
    if (isFirst && memory.price === undefined) {
      deps.log.warn({ endpoint, vendorModel: model, policy: deps.unknownPrice }, 'price of an endpoint is not known')
    }
  }
  if (memory.price !== undefined || deps.unknownPrice === 'flag') return memory.price
  throw new PlatformError('PRICE_UNKNOWN', `the price of ${target.vendorModel} at endpoint ${target.id} is not known`, {
    details: { endpoint: target.id, sent: false },
  })
}

/** A class for its private fields: what lacks them was not issued here, however alike it looks. */
class IssuedPermit implements Permit {
  readonly target: EgressTarget
  readonly call: Call
  readonly price: Price | undefined
  /** The door it was issued at; `undefined` once used. */
  #door: symbol | undefined

  constructor(parts: Permit, door: symbol) {
    this.target = parts.target
    this.call = parts.call
    this.price = parts.price
    this.#door = door
  }

  /** True once, for a permit issued at that door. */
  static redeem(permit: Permit, door: symbol): boolean {
    if (!(#door in permit) || permit.#door !== door) return false
    permit.#door = undefined
    return true
  }
}
