import type { JsonObject } from '../../../src/core/json.ts'
import type { CompleteScript } from '../script.ts'

/** One API as the mock speaks it. */
export interface MockDialect {
  /** The whole answer, for a request that is not streamed. */
  answer(context: AnswerContext): JsonObject
  events(context: AnswerContext): readonly MockEvent[]
  /** Body of a refusal. */
  error(failure: MockFailure): JsonObject
  /** The event that reports a failure inside a stream. */
  errorEvent(failure: MockFailure): MockEvent
}

export interface AnswerContext {
  readonly script: CompleteScript
  /** The name the answer bears. */
  readonly model: string
  /** Number of the request: ids are made from it. */
  readonly number: number
  /** Seconds UTC. */
  readonly createdAtSeconds: number
  readonly usage: UsageMode
  /** Whether the client asked for usage in the stream (OpenAI chat). */
  readonly includeUsage: boolean
}

/**
 * `as-asked`: as the vendor does it · `none`: never · `always`: asked for or not · `late`: in the last event only,
 * after a pause · `every-event`: a running total on every event that can carry one.
 */
export type UsageMode = 'as-asked' | 'none' | 'always' | 'late' | 'every-event'

export interface MockEvent {
  /** The `event:` field; none when absent. */
  readonly name?: string
  /** An object is sent as JSON, a string as it is. */
  readonly data: JsonObject | string
  /** `delta` events may be repeated, the `terminator` left out. */
  readonly part: 'opening' | 'delta' | 'closing' | 'terminator'
  /** True where `late` usage arrives. */
  readonly isLate?: boolean
}

export interface MockFailure {
  readonly type: string
  readonly code: string | undefined
  readonly message: string
}

/** A running total: one token for each event so far, the true total at the end. */
export function runningOutput(context: AnswerContext, eventsSoFar: number): number {
  return Math.min(context.script.usage.outputTotal, eventsSoFar)
}
