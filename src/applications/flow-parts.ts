import type { BudgetLimits } from '../core/budget.ts'
import type { Call, CallFacts, CallOutcome, Labels, Principal } from '../core/call.ts'
import type { PlatformError } from '../core/errors.ts'
import type { Ids } from '../core/ids.ts'
import type { Model } from '../core/model.ts'
import type { JsonValue } from '../core/json.ts'
import type { ModelGuard, RequestScreen } from '../core/ports-guards.ts'
import type { Right } from '../core/rights.ts'
import type { Clock } from '../core/time.ts'

/** What the flow needs of the platform; filled by `platform/`. */
export interface FlowParts {
  readonly clock: Clock
  readonly ids: Ids
  readonly requestMsMax: number
  readonly identity: {
    /** Throws UNAUTHENTICATED, KEY_EXPIRED or KEY_REVOKED. */
    authenticate(credential: string | undefined): Principal
  }
  readonly admission: {
    /** Throws REGION_REFUSED, or POLICY_REFUSED for a use case the principal may not name, INVALID_REQUEST for one that is not declared. */
    labels(principal: Principal, asked: Pick<Asked<unknown>, 'regions' | 'useCase'>): Labels
    /** Throws POLICY_REFUSED or POLICY_REVIEW when a policy pack does not allow the use case. */
    require(labels: Labels, means: Ask<unknown, unknown>['oversight']): void
    /** What lies in both lists of regions. */
    readonly narrow: (outer: readonly string[], inner: readonly string[]) => readonly string[]
  }
  readonly models: {
    /** Throws MODEL_NOT_FOUND or MODEL_FORBIDDEN. */
    resolve(name: string, principal: Principal): Model
    /** A model that the request brings itself. Throws INVALID_REQUEST, or FORBIDDEN when the key may not. */
    compose(network: unknown, principal: Principal): Model
  }
  /** What goes to models and comes back is guarded; absent when nothing is. */
  readonly guards?: ModelGuard | undefined
  /** Counts a request as in work, until it is observed; an old configuration is let go when none is. */
  enter(): void
  /** Durable on return. Throws STORE_UNAVAILABLE. */
  record(facts: readonly CallFacts[]): void
  /** Counts and logs what happened; must not throw. `call` is absent when the request never became one. */
  observe(face: string, call: Call | undefined, failure: PlatformError | undefined): void
}

/** One request as its face reads and answers it. */
export interface Ask<Request, Reply> {
  /** The route, as metrics name it: `openai-chat`. */
  readonly face: string
  readonly credential: string | undefined
  /** What the key has to be allowed to do. */
  readonly right: Right
  /** Reads and checks the body. Throws what is wrong with it. */
  read(): Promise<Asked<Request>>
  /** What becomes of it where people have to decide: it is held for them · nothing of it is for people · it is refused. */
  readonly oversight: 'held' | 'exempt' | 'none'
  /** The request as the guards let it go on. Rejects with GUARD_REFUSED, GUARD_FAILED. */
  screen(screen: RequestScreen, request: Request, call: Call): Promise<Request>
  /** Holds it until people have decided; `undefined` when nothing holds it. Rejects with REVIEW_PENDING and others. */
  hold?(call: Call): Promise<void> | undefined
  answer(model: Model, request: Request, call: Call): Promise<Reply>
  /** What may leave of the reply, in the form it may leave. */
  guard(reply: Reply, call: Call): Reply | Promise<Reply>
}

export interface Asked<Request> {
  readonly model: string
  /** Regions the request itself narrows to. */
  readonly regions: readonly string[] | undefined
  /** The use case the request names. */
  readonly useCase?: string | undefined
  /** Most that the request wants to spend: amounts, and milliseconds. */
  readonly limits?: { readonly amounts: BudgetLimits; readonly ms: number | undefined } | undefined
  /** A model described in the request; takes the place of the one it names. */
  readonly network?: JsonValue | undefined
  readonly request: Request
  /** The person it says it is for. */
  readonly user?: string | undefined
}

/** The way back to the client. */
export interface Delivery<Reply> {
  /** Sends all but the end; `undefined` when that is done at once. Rejects when the reply fails or the client leaves. */
  send(reply: Reply, call: Call): Promise<void> | undefined
  /** The end of an answer that went well. */
  complete(facts: readonly CallFacts[]): void
  /** The error: as a response of its own while nothing was sent, in band after that. */
  fail(error: PlatformError, call: Call | undefined): void
  /** Milliseconds from the start of the call to its first byte out; `undefined` when none went out. */
  firstByteMs(): number | undefined
  /** Calls back when the client has left before the end. */
  onGone(listener: () => void): void
}

export type AnswerSummary = Pick<CallOutcome, 'status' | 'errorCode' | 'firstByteMs'>
