import { createRootCall, type Principal } from '../../core/call.ts'
import { toPlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { CallRecorder } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { Egress, EgressRequest, EgressTarget } from './egress.ts'

/** Something Strata itself sends, for no client: traces, a look at which models a server has. */
export interface Errand {
  readonly target: ErrandTarget
  /** What governance allows the platform's own data. */
  readonly allowedRegions: readonly string[]
  readonly request: EgressRequest
  readonly answerBytesMax: number
  /** Breaks it off: what is under way is closed at once. */
  readonly signal?: AbortSignal | undefined
}

/** No model answers there and nothing is bought. */
export type ErrandTarget = Omit<EgressTarget, 'vendor' | 'vendorModel' | 'isFree'>

export interface ErrandAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface ErrandDeps {
  readonly egress: Egress
  readonly recorder: CallRecorder
  readonly clock: Clock
  readonly ids: Ids
}

/** Nobody's key: errands are on record under the tenant `system`, which no key belongs to. */
const principal: Principal = Object.freeze({
  tenant: 'system',
  keyId: 'system',
  role: 'member',
  models: undefined,
  regions: undefined,
})

/** Runs errands through the door like any call: admitted, recorded, bounded by the target's total time. */
export function createErrands(deps: ErrandDeps): (errand: Errand) => Promise<ErrandAnswer> {
  return async ({ target: place, allowedRegions, request, answerBytesMax, signal }) => {
    const target: EgressTarget = { ...place, vendor: undefined, vendorModel: 'none', isFree: true }
    const labels = { allowedRegions }
    const call = createRootCall(deps, { name: target.id, principal, labels, durationMsMax: target.timeouts.totalMs })
    const leave = (): void => call.cancel(signal?.reason)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      const permit = deps.egress.admit(target, call)
      const response = await deps.egress.send(permit, request)
      const body = await response.body.collect(answerBytesMax)
      call.end({ status: 'ok' })
      return { status: response.status, headers: response.headers, body }
    } catch (thrown) {
      call.end({ status: 'error', errorCode: toPlatformError(thrown).code })
      throw thrown
    } finally {
      signal?.removeEventListener('abort', leave)
      deps.recorder.settle(call.facts)
    }
  }
}
