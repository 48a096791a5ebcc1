import { createRootCall, type Call, type Principal } from '../../core/call.ts'
import { toPlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Ids } from '../../core/ids.ts'
import type { CallRecorder } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import type { ConnectOptions, Egress, EgressConnection, EgressRequest, EgressTarget } from './egress.ts'

/** Something Strata itself sends, for no client: traces, a look at which models a server has. */
export interface Errand {
  readonly target: ErrandTarget
  /** What governance allows the platform's own data. */
  readonly allowedRegions: readonly string[]
  readonly request: EgressRequest
  readonly answerBytesMax: number
  /** What the record says beside the usual: what it was about. */
  readonly about?: JsonObject | undefined
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
  return async ({ request, answerBytesMax, ...errand }) => {
    const { target, call, end } = attend(deps, errand)
    try {
      const response = await deps.egress.send(deps.egress.admit(target, call), request)
      const body = await response.body.collect(answerBytesMax)
      end(undefined)
      return { status: response.status, headers: response.headers, body }
    } catch (thrown) {
      end(thrown)
      throw thrown
    }
  }
}

/** A conversation that Strata itself has with a server, in another protocol than HTTP. */
export interface Visit extends Pick<Errand, 'target' | 'allowedRegions' | 'signal'>, ConnectOptions {}

/** The same for conversations: each is a call that ends when its connection is closed, with the error that it ended in. */
export function createVisits(deps: ErrandDeps): (visit: Visit) => Promise<EgressConnection> {
  return async ({ isSecure, bytesMax, ...visit }) => {
    const attended = attend(deps, visit)
    try {
      const permit = deps.egress.admit(attended.target, attended.call)
      const connection = await deps.egress.connect(permit, { isSecure, bytesMax })
      return new VisitConnection(connection, attended)
    } catch (thrown) {
      attended.end(thrown)
      throw thrown
    }
  }
}

class VisitConnection implements EgressConnection {
  readonly #connection: EgressConnection
  readonly #attended: Attended

  constructor(connection: EgressConnection, attended: Attended) {
    this.#connection = connection
    this.#attended = attended
  }

  get isSecure(): boolean {
    return this.#connection.isSecure
  }

  read(): Promise<Buffer | undefined> {
    return this.#note(this.#connection.read())
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return this.#note(this.#connection.write(bytes))
  }

  secure(): Promise<void> {
    return this.#note(this.#connection.secure())
  }

  close(): void {
    this.#connection.close()
    this.#attended.end(undefined)
  }

  #note<Result>(doing: Promise<Result>): Promise<Result> {
    doing.catch((thrown: unknown) => this.#attended.end(thrown))
    return doing
  }
}

interface Attended {
  readonly target: EgressTarget
  readonly call: Call
  /** Puts on record how it ended: with an error, or `undefined`. The first end stands. */
  readonly end: (thrown: unknown) => void
}

type Attendance = Pick<Errand, 'target' | 'allowedRegions' | 'about' | 'signal'>

/** A call of its own around what is done. */
function attend(deps: ErrandDeps, errand: Attendance): Attended {
  const { target: place, allowedRegions, about, signal } = errand
  const target: EgressTarget = { ...place, vendor: undefined, vendorModel: 'none', isFree: true }
  const labels = { allowedRegions }
  const call = createRootCall(deps, { name: target.id, principal, labels, durationMsMax: target.timeouts.totalMs })
  if (about !== undefined) call.note(about)
  const leave = (): void => call.cancel(signal?.reason)
  signal?.addEventListener('abort', leave, { once: true })
  let isOver = false
  return {
    target,
    call,
    end(thrown) {
      if (isOver) return
      isOver = true
      signal?.removeEventListener('abort', leave)
      if (thrown === undefined) call.end({ status: 'ok' })
      else call.end({ status: 'error', errorCode: toPlatformError(thrown).code })
      deps.recorder.settle(call.facts)
    },
  }
}
