import { collectAnswer, followAnswer, toFailure, type CompleteAnswer } from '../../core/answer.ts'
import type { Call, ChildOptions } from '../../core/call.ts'
import type { AnswerEvent, ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model, WireWhole } from '../../core/model.ts'
import type { Clock } from '../../core/time.ts'
import { addUsage } from '../../core/totals.ts'
import type { Usage } from '../../core/usage.ts'

/** One question of a node to a model below it. */
export interface Asking {
  readonly clock: Clock
  readonly child: Model
  readonly request: ChatRequest
  /** The node's own call; the child gets one below it. */
  readonly call: Call
  /** What the record says of the child's part in the node. */
  readonly detail: JsonObject
  readonly limits?: Pick<ChildOptions, 'budget' | 'deadlineMs'> | undefined
}

/** An answer read to its end, which can be given out again. */
export interface WholeAnswer {
  readonly events: readonly AnswerEvent[]
  readonly complete: CompleteAnswer
  /** The upstream's bytes, when they came whole. */
  readonly wire: WireWhole | undefined
}

/** How a question ended: failing is an outcome like another. */
export type Gathered =
  | { readonly type: 'answer'; readonly answer: WholeAnswer }
  | { readonly type: 'failed'; readonly error: PlatformError }

/** A question under way. Cancelling it lets it end as failed; siblings go on. */
export interface Gathering {
  readonly result: Promise<Gathered>
  cancel(reason: string): void
}

/** Asks a child and hands its answer on as it comes. Rejects when it does not start. */
export async function openChild(asking: Asking): Promise<Answer> {
  const child = createChild(asking)
  try {
    const answer = await asking.child.answer(asking.request, child)
    const firstByteMs = asking.clock.monotonicMs() - child.startedMonotonicMs
    return followAnswer(answer, child, { firstByteMs, detail: asking.detail })
  } catch (thrown) {
    child.end({ ...toFailure(thrown), detail: asking.detail })
    throw thrown
  }
}

/** Asks a child and reads its answer to the end. The result never rejects. */
export function gatherChild(asking: Asking): Gathering {
  const child = createChild(asking)
  return {
    result: gather(asking, child),
    cancel: (reason) => child.cancel(new PlatformError('CANCELLED', reason)),
  }
}

/** An answer that was read, given out again: as it was, with the usage of what else was spent on it. */
export function replayAnswer(answer: WholeAnswer, others: Usage | undefined): Answer {
  return {
    wire: others === undefined ? answer.wire : undefined,
    cancel: () => undefined,
    [Symbol.asyncIterator]: () => replayEvents(answer.events, others),
  }
}

/** An answer that is still coming, with the usage of what else was spent on it. */
export function chargeAnswer(answer: Answer, others: Usage | undefined): Answer {
  if (others === undefined) return answer
  return {
    wire: undefined,
    cancel: (reason) => answer.cancel(reason),
    [Symbol.asyncIterator]: () => chargeEvents(answer, others),
  }
}

/** What several answers used together; `undefined` when there is none that says. */
export function sumUsage(answers: readonly (WholeAnswer | undefined)[]): Usage | undefined {
  return joinUsage(...answers.map((answer) => answer?.complete.usage))
}

/** The sum of those usages that there are; `undefined` when there is none. */
export function joinUsage(...usages: readonly (Usage | undefined)[]): Usage | undefined {
  let sum: Usage | undefined
  for (const usage of usages) if (usage !== undefined) sum = sum === undefined ? usage : addUsage(sum, usage)
  return sum
}

/** Throws what a node has to stop for, whatever else it could try: the client has left. */
export function throwIfLeft(call: Call): void {
  if (!call.cancellation.isCancelled) return
  const { reason } = call.cancellation
  throw reason instanceof PlatformError ? reason : new PlatformError('CANCELLED', 'the call was cancelled')
}

function createChild({ call, child, limits }: Asking): Call {
  return call.child({ kind: 'model', name: child.id, ...limits })
}

async function startAnswer({ clock, child: model, request, detail }: Asking, child: Call): Promise<Answer> {
  const answer = await model.answer(request, child)
  const firstByteMs = clock.monotonicMs() - child.startedMonotonicMs
  return followAnswer(answer, child, { firstByteMs, detail })
}

async function gather(asking: Asking, child: Call): Promise<Gathered> {
  try {
    const answer = await startAnswer(asking, child)
    const events: AnswerEvent[] = []
    try {
      throwIfLeft(child)
      for await (const event of answer) {
        events.push(event)
        throwIfLeft(child)
      }
    } catch (thrown) {
      answer.cancel(thrown)
      throw thrown
    }
    const wire = answer.wire?.type === 'whole' ? answer.wire : undefined
    return { type: 'answer', answer: { events, complete: await collectAnswer(replayEvents(events, undefined)), wire } }
  } catch (thrown) {
    const error = toPlatformError(thrown)
    child.end({ ...toFailure(error), detail: asking.detail })
    return { type: 'failed', error }
  }
}

async function* replayEvents(events: readonly AnswerEvent[], others: Usage | undefined): AsyncGenerator<AnswerEvent> {
  for (const event of events) yield charge(event, others)
}

async function* chargeEvents(events: AsyncIterable<AnswerEvent>, others: Usage): AsyncGenerator<AnswerEvent> {
  for await (const event of events) yield charge(event, others)
}

function charge(event: AnswerEvent, others: Usage | undefined): AnswerEvent {
  return others === undefined || event.type !== 'usage'
    ? event
    : { type: 'usage', usage: addUsage(event.usage, others) }
}
