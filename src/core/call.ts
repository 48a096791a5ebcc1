import { unlimitedBudget, type Budget, type BudgetLimits } from './budget.ts'
import { createCancellation, type Cancellation, type CancellationSource } from './cancellation.ts'
import type { ErrorCode } from './errors.ts'
import type { Ids } from './ids.ts'
import type { JsonObject } from './json.ts'
import type { Picodollars } from './money.ts'
import type { Role } from './rights.ts'
import type { Charge } from './spending.ts'
import type { Clock } from './time.ts'
import type { Usage } from './usage.ts'

/** Who asks: a key of a tenant, with what the key is scoped to. */
export interface Principal {
  readonly tenant: string
  readonly keyId: string
  readonly role: Role
  /** Whom the key works for, where it was made for one; budgets are told apart by these. */
  readonly team?: string | undefined
  readonly project?: string | undefined
  readonly user?: string | undefined
  /** Models the key may use; `undefined` means every model of the tenant. */
  readonly models: readonly string[] | undefined
  /** Whether the key may send networks of models with a request; what the configuration says when absent. */
  readonly composes?: boolean | undefined
  /** Regions the key may send data to; `undefined` means what governance allows by default. */
  readonly regions: readonly string[] | undefined
  /** The declared use case the key stands for; `undefined` means the request may name one. */
  readonly useCase?: string | undefined
}

/** What governance says of a request. A child call may narrow these, never widen them. */
export interface Labels {
  /** Regions of the lattice in which the request may be processed and stored. Empty allows none. */
  readonly allowedRegions: readonly string[]
  /** What the policy packs in force decide on the use case; `undefined` where none is in force. */
  readonly policy?: PolicyLabel | undefined
  /** What stands of this in the record of the call: `allowed_regions`, and what policies say. Frozen where it is the same for many. */
  readonly record?: JsonObject | undefined
}

/** What policy packs say of a use case on a day. The same object for every request of that use case on that day. */
export interface PolicyLabel {
  readonly useCase: string | undefined
  /** The most restrictive decision of the packs that are enforced. */
  readonly decision: 'allow' | 'review' | 'deny'
  /** Obligations of the packs that are enforced, by id, each once. */
  readonly obligations: readonly string[]
  /** How many people have to agree before the request is sent on, and before its answer leaves: 0, 1 or 2. */
  readonly oversight: { readonly request: number; readonly answer: number }
  /** Why it is refused: articles, reasons, and the facts that are missing. Empty when it is allowed. */
  readonly refusal: string
  /** For the record: the decision of each pack with the hash of its rules and of the facts it was asked with. */
  readonly record: JsonObject
}

/** What one node of a call tree did: the row of trace, bill and audit. Written once, when the root ends. */
export interface CallFacts {
  readonly id: string
  readonly rootId: string
  readonly parentId: string | undefined
  /** `request`: the root · `model`: a node of the tree of models · `dispatch`: one try at one endpoint. */
  readonly kind: 'request' | 'model' | 'dispatch'
  /** The model asked for, or the endpoint tried. */
  readonly name: string
  readonly tenant: string
  readonly keyId: string
  /** Milliseconds UTC. */
  readonly startedAtMs: number
  readonly durationMs: number
  /** From start to the first byte of the answer; `undefined` when none came. */
  readonly firstByteMs: number | undefined
  readonly status: CallStatus
  readonly errorCode: ErrorCode | undefined
  /** The vendor's model name that was priced. Dispatches only. */
  readonly vendorModel: string | undefined
  /** Regions in which the endpoint processes, as configured at the time. Dispatches only. */
  readonly regions: readonly string[] | undefined
  readonly usage: Usage | undefined
  /** `undefined` when the price or the usage is not known. */
  readonly cost: Picodollars | undefined
  readonly priceVersion: string | undefined
  /** What the kind of node adds: face and route of a request, attempt and reason of a dispatch, branch of a model. */
  readonly detail: JsonObject | undefined
  /** What was charged to the purses of the process. Dispatches under a budget only. */
  readonly charges?: readonly Charge[] | undefined
}

export type CallStatus = 'ok' | 'error' | 'cancelled' | 'interrupted'

/** What a node reports of itself when it ends; the rest of its facts the call knows. */
export interface CallOutcome {
  readonly status: CallStatus
  readonly errorCode?: ErrorCode | undefined
  readonly firstByteMs?: number | undefined
  readonly vendorModel?: string | undefined
  readonly regions?: readonly string[] | undefined
  readonly usage?: Usage | undefined
  readonly cost?: Picodollars | undefined
  readonly priceVersion?: string | undefined
  readonly detail?: JsonObject | undefined
  readonly charges?: readonly Charge[] | undefined
}

/**
 * One node of a call tree while it runs: who asks, what is allowed, how long there is, and where in the tree it stands.
 * Children narrow, never widen.
 */
export interface Call {
  readonly id: string
  readonly rootId: string
  readonly parentId: string | undefined
  readonly kind: CallFacts['kind']
  readonly name: string
  readonly principal: Principal
  readonly labels: Labels
  readonly origin: Origin
  /** Wall clock at the start, milliseconds UTC. */
  readonly startedAtMs: number
  /** Monotonic milliseconds at the start. */
  readonly startedMonotonicMs: number
  /** Monotonic milliseconds after which the call must not go on. */
  readonly deadlineMs: number
  /** What may be spent here and below. */
  readonly budget: Budget
  readonly cancellation: Cancellation
  /** What the node has said of its own work so far; part of the detail of its facts. */
  readonly notes: JsonObject | undefined
  /** Facts of the nodes below and of this one that have ended, in the order they ended. */
  readonly facts: readonly CallFacts[]
  /** What the tree was bound to, in that order: what is derived from its answers has to carry it on. */
  readonly bounds: readonly (readonly string[])[]
  /** Regions that what the call begins now may go to: those of its labels that lie in all bounds too. */
  allowedNow(): readonly string[]
  /**
   * From now on nothing that the tree begins leaves these regions: it was given data that may not. False, and nothing is bound, where no
   * region would be left to this call.
   */
  bind(regions: readonly string[]): boolean
  /** A child that shares the tree. Its regions are those of both; its deadline is the earlier; its budget draws on this one. */
  child(options: ChildOptions): Call
  /** Adds to the notes; a key said again is said anew. */
  note(said: JsonObject): void
  /** Cancels this call and all below it; parents and siblings go on. */
  cancel(reason: unknown): void
  /** States what the node did. The first statement stands; later ones are ignored. */
  end(outcome: CallOutcome): void
}

/** What the client asked, the same for the whole tree. */
export interface Origin {
  /** The model it named. */
  readonly model: string
  /** The person it says it asks for; `undefined` when it does not say. */
  readonly user: string | undefined
}

export interface ChildOptions {
  readonly kind: 'model' | 'dispatch'
  readonly name: string
  readonly deadlineMs?: number
  readonly allowedRegions?: readonly string[]
  readonly budget?: BudgetLimits | undefined
}

export interface RootOptions {
  readonly name: string
  readonly principal: Principal
  readonly labels: Labels
  readonly durationMsMax: number
  /** The person the request is for, as it says itself. */
  readonly user?: string | undefined
  /** What the request may spend at most; not limited when absent. */
  readonly budget?: BudgetLimits | undefined
  /** How a child's regions narrow its parent's; governance knows which region lies in which. By name when absent. */
  readonly narrowRegions?: NarrowRegions
  /** Milliseconds UTC and monotonic at which the request arrived; now when absent. */
  readonly startedAtMs?: number
  readonly startedMonotonicMs?: number
}

/** Regions that lie in both lists. Must never name a region that lies outside one of them. */
export type NarrowRegions = (outer: readonly string[], inner: readonly string[]) => readonly string[]

/** The root of a new call tree. */
export function createRootCall(deps: { readonly clock: Clock; readonly ids: Ids }, options: RootOptions): Call {
  const startedMonotonicMs = options.startedMonotonicMs ?? deps.clock.monotonicMs()
  const id = deps.ids.create('call')
  return new TreeCall({
    clock: deps.clock,
    facts: [],
    shared: { next: 1, bounds: [] },
    id,
    rootId: id,
    parentId: undefined,
    kind: 'request',
    name: options.name,
    principal: options.principal,
    labels: options.labels,
    origin: { model: options.name, user: options.user },
    startedAtMs: options.startedAtMs ?? deps.clock.now(),
    startedMonotonicMs,
    deadlineMs: startedMonotonicMs + options.durationMsMax,
    budget: options.budget === undefined ? unlimitedBudget : unlimitedBudget.narrow(options.budget),
    cancellation: createCancellation(),
    narrowRegions: options.narrowRegions ?? narrowByName,
  })
}

/** What all calls of one tree have together. */
interface SharedTree {
  /** Numbers the nodes of the tree, so that a child's id is its root's and a number: unique, short and sortable. */
  next: number
  bounds: readonly (readonly string[])[]
}

type Made = 'child' | 'cancel' | 'end' | 'facts' | 'cancellation' | 'notes' | 'note' | 'bounds' | 'bind' | 'allowedNow'

interface TreeCallParts extends Omit<Call, Made> {
  readonly clock: Clock
  readonly facts: CallFacts[]
  readonly shared: SharedTree
  readonly cancellation: CancellationSource
  readonly narrowRegions: NarrowRegions
}

class TreeCall implements Call {
  readonly id: string
  readonly rootId: string
  readonly parentId: string | undefined
  readonly kind: CallFacts['kind']
  readonly name: string
  readonly principal: Principal
  readonly labels: Labels
  readonly origin: Origin
  readonly startedAtMs: number
  readonly startedMonotonicMs: number
  readonly deadlineMs: number
  readonly budget: Budget
  readonly cancellation: CancellationSource
  readonly facts: CallFacts[]
  #notes: JsonObject | undefined
  readonly #clock: Clock
  readonly #shared: SharedTree
  readonly #narrowRegions: NarrowRegions
  #hasEnded = false

  constructor(parts: TreeCallParts) {
    this.id = parts.id
    this.rootId = parts.rootId
    this.parentId = parts.parentId
    this.kind = parts.kind
    this.name = parts.name
    this.principal = parts.principal
    this.labels = parts.labels
    this.origin = parts.origin
    this.startedAtMs = parts.startedAtMs
    this.startedMonotonicMs = parts.startedMonotonicMs
    this.deadlineMs = parts.deadlineMs
    this.budget = parts.budget
    this.cancellation = parts.cancellation
    this.facts = parts.facts
    this.#clock = parts.clock
    this.#shared = parts.shared
    this.#narrowRegions = parts.narrowRegions
  }

  get notes(): JsonObject | undefined {
    return this.#notes
  }

  note(said: JsonObject): void {
    this.#notes = { ...this.#notes, ...said }
  }

  get bounds(): readonly (readonly string[])[] {
    return this.#shared.bounds
  }

  allowedNow(): readonly string[] {
    return this.#shared.bounds.reduce(
      (allowed, bound) => this.#narrowRegions(allowed, bound),
      this.labels.allowedRegions,
    )
  }

  bind(regions: readonly string[]): boolean {
    const { bounds } = this.#shared
    if (bounds.some((bound) => bound.join() === regions.join())) return true
    if (this.#narrowRegions(this.allowedNow(), regions).length === 0) return false
    this.#shared.bounds = [...bounds, regions]
    return true
  }

  child(options: ChildOptions): Call {
    return new TreeCall({
      clock: this.#clock,
      facts: this.facts,
      shared: this.#shared,
      id: `${this.rootId}.${this.#shared.next++}`,
      rootId: this.rootId,
      parentId: this.id,
      kind: options.kind,
      name: options.name,
      principal: this.principal,
      labels: this.#narrow(options.allowedRegions),
      origin: this.origin,
      startedAtMs: this.#clock.now(),
      startedMonotonicMs: this.#clock.monotonicMs(),
      deadlineMs: Math.min(this.deadlineMs, options.deadlineMs ?? this.deadlineMs),
      budget: options.budget === undefined ? this.budget : this.budget.narrow(options.budget),
      cancellation: createCancellation(this.cancellation),
      narrowRegions: this.#narrowRegions,
    })
  }

  cancel(reason: unknown): void {
    this.cancellation.cancel(reason)
  }

  end(outcome: CallOutcome): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.facts.push({
      id: this.id,
      rootId: this.rootId,
      parentId: this.parentId,
      kind: this.kind,
      name: this.name,
      tenant: this.principal.tenant,
      keyId: this.principal.keyId,
      startedAtMs: this.startedAtMs,
      durationMs: this.#clock.monotonicMs() - this.startedMonotonicMs,
      firstByteMs: outcome.firstByteMs,
      status: outcome.status,
      errorCode: outcome.errorCode,
      vendorModel: outcome.vendorModel,
      regions: outcome.regions,
      usage: outcome.usage,
      cost: outcome.cost,
      priceVersion: outcome.priceVersion,
      detail: this.#notes === undefined ? outcome.detail : { ...outcome.detail, ...this.#notes },
      charges: outcome.charges,
    })
  }

  #narrow(allowedRegions: readonly string[] | undefined): Labels {
    if (allowedRegions === undefined && this.#shared.bounds.length === 0) return this.labels
    const allowed = this.allowedNow()
    const narrowed = allowedRegions === undefined ? allowed : this.#narrowRegions(allowed, allowedRegions)
    return { ...this.labels, allowedRegions: narrowed }
  }
}

/** Sound without knowing the regions: a child lists regions its parent lists, or it loses them. */
function narrowByName(outer: readonly string[], inner: readonly string[]): readonly string[] {
  return outer.filter((region) => inner.includes(region))
}
