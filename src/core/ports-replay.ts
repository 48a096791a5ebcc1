/** The socket through which recorded traffic is routed again. Filled by `platform/replay.ts` with the platform's own router. */
import type { CallFacts } from './call.ts'
import type { ErrorCode } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Picodollars } from './money.ts'

/** One request as it was recorded: the root, and every node below it in the order of making. */
export interface RecordedCall {
  readonly root: CallFacts
  readonly nodes: readonly CallFacts[]
}

/** What a dispatch used and cost. */
export type RecordedUse = Pick<CallFacts, 'name' | 'vendorModel' | 'startedAtMs' | 'usage' | 'cost'>

/** What is different in the world in which traffic is replayed. Nothing given: nothing is different. */
export interface WorldChange {
  /** Endpoints that are gone at an instant (milliseconds UTC). */
  readonly isGone: (endpoint: string, atMs: number) => boolean
  /** By what the price of an endpoint is multiplied, as an exact fraction; `undefined` for not at all. */
  readonly priceFactor: (endpoint: string) => PriceFactor | undefined
  /** Instead of the regions that were allowed. */
  readonly allowedRegions: readonly string[] | undefined
  /** Beside the models of the configuration in force, and instead of those of the same name. */
  readonly models: JsonObject | undefined
  /** Instead of the policy packs that decided: ids, or packs as JSON, all enforced. */
  readonly policies: readonly JsonValue[] | undefined
}

/** Why policies refuse a call. */
export interface PolicyRefusal {
  /** `undefined` where none is on record. */
  readonly useCase: string | undefined
  readonly decision: 'review' | 'deny'
  /** Those that decide so: `id@version`. */
  readonly packs: readonly string[]
  readonly articles: readonly string[]
  readonly reasons: readonly string[]
  /** Facts that are not known and matter. */
  readonly missing: readonly string[]
}

export interface PriceFactor {
  readonly numerator: bigint
  readonly denominator: bigint
}

export interface Replayed {
  /**
   * `routed`: went through the router again · `kept`: could not be routed again (the tree holds nodes that decide by the text, which is
   * not recorded, or the call was hedged or interrupted), so what was recorded stands.
   */
  readonly type: 'routed' | 'kept'
  readonly isServed: boolean
  readonly errorCode: ErrorCode | undefined
  /** The dispatches there were, in order. */
  readonly dispatches: readonly CallFacts[]
  /** Dispatches whose outcome is not on record, and so was taken from others of their endpoint. */
  readonly estimated: ReadonlySet<string>
  /** Of a call that other policies refuse. */
  readonly refusal?: PolicyRefusal
  /** Policies refused it then, and other ones let it through. */
  readonly wasRefused?: boolean
}

/** A world in which recorded calls are answered again, without any call leaving. */
export interface ReplayWorld {
  replay(call: RecordedCall): Promise<Replayed>
  close(): Promise<void>
}

/** Throws CONFIG_INVALID when the change makes a configuration that cannot stand. */
export type CreateReplayWorld = (change: WorldChange, outcomes: OutcomeSource) => ReplayWorld

/** What is known of an endpoint beside the call at hand: for a try that never took place. */
export interface OutcomeSource {
  /** Milliseconds to the first byte and to the end of the answer that lies nearest in time; `undefined` when there is none. */
  nearest(endpoint: string, atMs: number): { readonly firstByteMs: number; readonly durationMs: number } | undefined
}

/** Prices a recorded dispatch again. */
export interface ReplayPricer {
  /** What its usage costs under the price book in force, at its own instant; `undefined` when that is not known. */
  price(use: RecordedUse, change: Pick<WorldChange, 'priceFactor'>): Picodollars | undefined
}
