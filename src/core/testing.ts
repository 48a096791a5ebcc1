import type { CallFacts } from './call.ts'
import type { Clock } from './time.ts'

/** For tests only: the facts of a request that was answered and of which nothing more is known, with what is wanted different. */
export function createFacts(known: Partial<CallFacts> & Pick<CallFacts, 'id'>): CallFacts {
  return {
    rootId: known.id,
    parentId: undefined,
    kind: 'request',
    name: 'everyday',
    tenant: 'default',
    keyId: 'key_1',
    startedAtMs: 0,
    durationMs: 1,
    firstByteMs: undefined,
    status: 'ok',
    errorCode: undefined,
    vendorModel: undefined,
    regions: undefined,
    usage: undefined,
    cost: undefined,
    priceVersion: undefined,
    detail: undefined,
    ...known,
  }
}

/** For tests only: a clock of which each look takes a millisecond, so that work has its length by its looks. */
export function createTickingClock(): Clock {
  let elapsedMs = 0
  return { now: () => 0, monotonicMs: () => ++elapsedMs }
}
