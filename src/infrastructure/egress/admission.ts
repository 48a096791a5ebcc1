import type { Call } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type {
  CallRecorder,
  DispatchIntent,
  EventLog,
  Price,
  Pricer,
  RegionGate,
  RegionVerdict,
} from '../../core/ports.ts'
import { toAnswerId, type AnswerReference, type LookupWay } from '../../core/ports-lookups.ts'
import type { SpendGate, SpendHold, SpendMeasure } from '../../core/spending.ts'
import type { Clock } from '../../core/time.ts'
import type { EgressTarget, Permit } from './egress.ts'
import { toCancelled, toDeadlineExceeded } from './failure.ts'

export interface AdmissionDeps {
  readonly gate: RegionGate
  readonly pricer: Pricer
  /** Holds what calls may spend; nothing is held where it is absent. */
  readonly spending?: SpendGate | undefined
  readonly unknownPrice: 'block' | 'flag'
  readonly recorder: CallRecorder
  readonly clock: Clock
  readonly log: EventLog
}

export interface Admission {
  admit(target: EgressTarget, call: Call): Permit
  admitSpending(target: EgressTarget, call: Call, measure: () => SpendMeasure): Permit | Promise<Permit>
  identify(permit: Permit, id: string, asked: { readonly lookup: LookupWay | undefined; readonly origin: string }): void
  /** Uses the permit up. Throws INTERNAL when it was made elsewhere or used before. */
  redeem(permit: Permit): void
}

/** Prices may depend on the minute of the day, on nothing finer. */
const priceValidMs = 60_000

/** What is remembered of a target between calls. */
interface TargetMemory {
  verdicts: WeakMap<readonly string[], RegionVerdict>
  /** Until when they hold, milliseconds UTC. */
  validUntilMs: number
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
    const memory: TargetMemory = {
      verdicts: new WeakMap(),
      validUntilMs: Number.NEGATIVE_INFINITY,
      price: undefined,
      pricedMinute: Number.NaN,
    }
    memories.set(target, memory)
    return memory
  }

  /** The call is alive, the regions lie in its own, the price is known or need not be. */
  function examine(target: EgressTarget, call: Call): Price | undefined {
    requireAlive(deps.clock, call)
    const memory = recall(target)
    requireRegion(deps, { target, call, memory })
    return target.isFree === true ? undefined : findPrice(deps, target, memory)
  }

  function issue(parts: Permit): Permit {
    deps.recorder.intend(toIntent(parts, deps.clock.now()))
    return new IssuedPermit(parts, door)
  }

  /** What was held for nothing goes back: the call may have ended while it waited, or the record may be full. */
  function issueHeld(parts: Omit<Permit, 'hold'>, hold: SpendHold): Permit {
    try {
      requireAlive(deps.clock, parts.call)
      const permit = issue({ ...parts, hold })
      hold.onExtended(() => deps.recorder.intend(toIntent(permit, deps.clock.now())))
      return permit
    } catch (thrown) {
      hold.settle({ usage: undefined, cost: undefined, isSent: false, isAnswered: false, countedTokens: 0 })
      throw thrown
    }
  }

  return {
    admit: (target, call) => issue({ target, call, price: examine(target, call), hold: undefined }),
    admitSpending(target, call, measure) {
      const price = examine(target, call)
      const held = deps.spending?.hold({ call, endpoint: target.id, price, measure })
      if (held === undefined) return issue({ target, call, price, hold: undefined })
      if (held instanceof Promise) return held.then((hold) => issueHeld({ target, call, price }, hold))
      return issueHeld({ target, call, price }, held)
    },
    identify: (permit, id, asked) => identify(deps.recorder, permit, { id, ...asked }),
    redeem(permit) {
      if (IssuedPermit.redeem(permit, door)) return
      throw new PlatformError(
        'INTERNAL',
        'nothing is sent without a permit of its own: this one was used before or made elsewhere',
      )
    },
  }
}

interface Identification {
  readonly id: string
  readonly lookup: LookupWay | undefined
  readonly origin: string
}

function identify(recorder: CallRecorder, permit: Permit, { id: said, lookup, origin }: Identification): void {
  const id = toAnswerId(said)
  if (id === undefined || !isCharged(permit) || permit.answer !== undefined) return
  const { call } = permit
  const answer: AnswerReference =
    lookup === undefined ? { id, lookup: 'none' } : { id, lookup, origin, regions: call.allowedNow() }
  if (!IssuedPermit.identify(permit, answer)) return
  try {
    recorder.identify({ callId: call.id, rootId: call.rootId, answer })
  } catch {
    // A record that takes no more costs this answer the question about it, not the answer: its end is recorded or refused.
  }
}

/** Whether anything is bought: what costs nothing is not asked about. */
function isCharged({ price, hold }: Pick<Permit, 'price' | 'hold'>): boolean {
  return price !== undefined || hold !== undefined
}

function requireAlive(clock: Clock, call: Call): void {
  if (call.cancellation.isCancelled) throw toCancelled(call.cancellation.reason, false)
  if (clock.monotonicMs() >= call.deadlineMs) throw toDeadlineExceeded(call, false)
}

/** What a permit lets happen, for the record. */
function toIntent({ target, call, hold }: Omit<Permit, 'price'>, atMs: number): DispatchIntent {
  const intent = {
    callId: call.id,
    rootId: call.rootId,
    tenant: call.principal.tenant,
    keyId: call.principal.keyId,
    endpoint: target.id,
    vendorModel: target.vendorModel,
    atMs,
  }
  return hold === undefined ? intent : { ...intent, charges: hold.charges }
}

interface Applicant {
  readonly target: EgressTarget
  readonly call: Call
  readonly memory: TargetMemory
}

/** Throws REGION_REFUSED unless the gate lets the target's regions pass for those of the call. */
function requireRegion(
  { gate, clock }: Pick<AdmissionDeps, 'gate' | 'clock'>,
  { target, call, memory }: Applicant,
): void {
  const allowed = call.labels.allowedRegions
  forgetPast(gate, memory, clock)
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

/** What a gate has decided by the date does not outlive the day. */
function forgetPast(gate: RegionGate, memory: TargetMemory, clock: Clock): void {
  if (gate.validUntilMs === undefined) return
  const nowMs = clock.now()
  if (nowMs < memory.validUntilMs) return
  memory.verdicts = new WeakMap()
  memory.validUntilMs = gate.validUntilMs(nowMs)
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
  readonly hold: SpendHold | undefined
  /** The door it was issued at; `undefined` once used. */
  #door: symbol | undefined
  #answer: AnswerReference | undefined

  constructor(parts: Permit, door: symbol) {
    this.target = parts.target
    this.call = parts.call
    this.price = parts.price
    this.hold = parts.hold
    this.#door = door
  }

  get answer(): AnswerReference | undefined {
    return this.#answer
  }

  /** False for what was not issued here. */
  static identify(permit: Permit, answer: AnswerReference): boolean {
    if (!(#answer in permit)) return false
    permit.#answer = answer
    return true
  }

  /** True once, for a permit issued at that door. */
  static redeem(permit: Permit, door: symbol): boolean {
    if (!(#door in permit) || permit.#door !== door) return false
    permit.#door = undefined
    return true
  }
}
