import type { Call, CallOutcome } from './call.ts'
import type { AnswerEvent, Citation, UnsupportedStatement, FinishReason } from './chat.ts'
import { toPlatformError } from './errors.ts'
import type { Answer, WireAnswer } from './model.ts'
import type { Usage } from './usage.ts'

/** An answer that exists only as events: no upstream bytes, nothing to cancel but the iteration. */
export function createAnswer(
  events: AsyncIterable<AnswerEvent>,
  cancel: (reason: unknown) => void = () => undefined,
): Answer {
  return { wire: undefined, cancel, [Symbol.asyncIterator]: () => events[Symbol.asyncIterator]() }
}

/**
 * The same answer, which ends `call` when it has been read to its end, has failed, or was left: what a node does for
 * each child it opened. `known` is stated in every case.
 */
export function followAnswer(
  answer: Answer,
  call: Call,
  known: Omit<CallOutcome, 'status' | 'errorCode'> = {},
): Answer {
  // Nothing of a whole body is still to come.
  if (answer.wire?.type === 'whole') {
    call.end({ ...known, status: 'ok' })
    return answer
  }
  const follower: Follower = {
    succeed: () => call.end({ ...known, status: 'ok' }),
    leave: () => call.end({ ...known, status: 'cancelled' }),
    fail: (thrown) => call.end({ ...known, ...toFailure(thrown) }),
  }
  return {
    wire: followWire(answer.wire, follower),
    cancel(reason) {
      answer.cancel(reason)
      follower.leave()
    },
    [Symbol.asyncIterator]: () => followEvents(answer, follower),
  }
}

/** How a call ended that failed with `thrown`. */
export function toFailure(thrown: unknown): Pick<CallOutcome, 'status' | 'errorCode'> {
  const { code } = toPlatformError(thrown)
  return { status: code === 'CANCELLED' ? 'cancelled' : 'error', errorCode: code }
}

/** A whole answer gathered from its events. */
export interface CompleteAnswer {
  readonly text: string
  readonly reasoning: readonly {
    readonly text: string
    readonly signature: string | undefined
    readonly redacted: string | undefined
  }[]
  readonly refusal: string | undefined
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly citations: readonly Citation[]
  /** Statements that nothing bears out; absent where nobody looked. */
  readonly unsupported?: readonly UnsupportedStatement[] | undefined
  readonly usage: Usage | undefined
  readonly reason: FinishReason
  readonly stopSequence: string | undefined
}

/** Reads an answer to its end. Rejects with what the answer throws. */
export async function collectAnswer(events: AsyncIterable<AnswerEvent>): Promise<CompleteAnswer> {
  let text = ''
  let refusal: string | undefined
  let reasoningText = ''
  let usage: Usage | undefined
  let finish: { readonly reason: FinishReason; readonly stopSequence?: string | undefined } = { reason: 'other' }
  const reasoning: CompleteAnswer['reasoning'][number][] = []
  const toolCalls: { id: string; name: string; arguments: string }[] = []
  const citations: Citation[] = []
  const unsupported: UnsupportedStatement[] = []
  for await (const event of events) {
    switch (event.type) {
      case 'text-delta':
        text += event.text
        break
      case 'reasoning-delta':
        reasoningText += event.text
        break
      case 'reasoning-end':
        reasoning.push({ text: reasoningText, signature: event.signature, redacted: event.redacted })
        reasoningText = ''
        break
      case 'refusal-delta':
        refusal = (refusal ?? '') + event.text
        break
      case 'tool-call-start':
        toolCalls[event.index] = { id: event.id, name: event.name, arguments: '' }
        break
      case 'tool-call-delta': {
        const toolCall = toolCalls[event.index]
        if (toolCall !== undefined) toolCall.arguments += event.arguments
        break
      }
      case 'tool-call-end':
        break
      case 'citation':
        citations.push(event.citation)
        break
      case 'unsupported':
        unsupported.push(event.statement)
        break
      case 'usage':
        usage = event.usage
        break
      case 'finish':
        finish = event
        break
    }
  }
  if (reasoningText !== '') reasoning.push({ text: reasoningText, signature: undefined, redacted: undefined })
  return {
    text,
    reasoning,
    refusal,
    toolCalls: toolCalls.filter((toolCall) => toolCall !== undefined),
    citations,
    ...(unsupported.length === 0 ? {} : { unsupported }),
    usage,
    reason: finish.reason,
    stopSequence: finish.stopSequence,
  }
}

/** A whole answer told again as events. */
export function replayAnswer(complete: CompleteAnswer): Answer {
  return createAnswer(tell(complete))
}

async function* tell(complete: CompleteAnswer): AsyncGenerator<AnswerEvent> {
  for (const { text, signature, redacted } of complete.reasoning) {
    if (text !== '') yield { type: 'reasoning-delta', text }
    yield { type: 'reasoning-end', signature, redacted }
  }
  if (complete.text !== '') yield { type: 'text-delta', text: complete.text }
  if (complete.refusal !== undefined) yield { type: 'refusal-delta', text: complete.refusal }
  for (const [index, { id, name, arguments: given }] of complete.toolCalls.entries()) {
    yield { type: 'tool-call-start', index, id, name }
    yield { type: 'tool-call-delta', index, arguments: given }
    yield { type: 'tool-call-end', index }
  }
  for (const citation of complete.citations) yield { type: 'citation', citation }
  for (const statement of complete.unsupported ?? []) yield { type: 'unsupported', statement }
  if (complete.usage !== undefined) yield { type: 'usage', usage: complete.usage }
  yield { type: 'finish', reason: complete.reason, stopSequence: complete.stopSequence }
}

interface Follower {
  succeed(): void
  leave(): void
  fail(thrown: unknown): void
}

function followWire(wire: WireAnswer | undefined, follower: Follower): WireAnswer | undefined {
  if (wire?.type !== 'stream') return wire
  return {
    type: 'stream',
    dialect: wire.dialect,
    async relay(sink) {
      try {
        await wire.relay(sink)
      } catch (thrown) {
        follower.fail(thrown)
        throw thrown
      }
      follower.succeed()
    },
  }
}

async function* followEvents(events: AsyncIterable<AnswerEvent>, follower: Follower): AsyncGenerator<AnswerEvent> {
  try {
    yield* events
    follower.succeed()
  } catch (thrown) {
    follower.fail(thrown)
    throw thrown
  } finally {
    follower.leave() // the first statement stands: this one counts only when the reader went away
  }
}
