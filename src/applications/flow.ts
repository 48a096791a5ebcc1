import type { AnswerSummary, Ask, Delivery, FlowParts } from './flow-parts.ts'
import { createRootCall, type Call } from '../core/call.ts'
import { PlatformError, toPlatformError } from '../core/errors.ts'
import { requireRight } from '../core/rights.ts'
import { sumDispatches } from '../core/totals.ts'

/**
 * One request, from door to door. The only place that knows the order:
 * authenticate → admit → resolve → guard → hold → answer → release → record.
 * The last byte goes out after the facts are recorded, so an answered request always has its row. Never rejects: what
 * goes wrong is delivered.
 */
export async function runRequest<Request, Reply>(
  parts: FlowParts,
  ask: Ask<Request, Reply>,
  delivery: Delivery<Reply>,
): Promise<void> {
  parts.enter()
  const startedAtMs = parts.clock.now()
  const startedMonotonicMs = parts.clock.monotonicMs()
  let call: Call | undefined
  let failure: PlatformError | undefined
  try {
    // authenticate
    const principal = parts.identity.authenticate(ask.credential)
    requireRight(principal, ask.right, ask.face)
    const asked = await ask.read()

    // admit
    const labels = parts.admission.labels(principal, asked)
    call = createRootCall(parts, {
      name: asked.model,
      principal,
      labels,
      narrowRegions: parts.admission.narrow,
      user: asked.user,
      durationMsMax: Math.min(parts.requestMsMax, asked.limits?.ms ?? parts.requestMsMax),
      budget: asked.limits?.amounts,
      startedAtMs,
      startedMonotonicMs,
    })
    followClient(call, delivery)
    parts.admission.require(labels, ask.oversight)

    // resolve
    const model =
      asked.network === undefined
        ? parts.models.resolve(asked.model, principal)
        : parts.models.compose(asked.network, principal)

    // guard: before a person is shown it, or another model is
    const guarded = parts.guards?.watch(model, asked.network)
    const screen = guarded?.screen
    const request = screen === undefined ? asked.request : await ask.screen(screen, asked.request, call)

    // hold
    await ask.hold?.(call)

    // answer
    const reply = await ask.answer(guarded?.model ?? model, request, call)

    // release
    await delivery.send(await ask.guard(reply, call), call)
    end(call, { status: 'ok', firstByteMs: delivery.firstByteMs() })
  } catch (thrown) {
    failure = toFailure(thrown, call)
    if (call !== undefined) {
      const status = failure.code === 'CANCELLED' ? 'cancelled' : 'error'
      end(call, { status, errorCode: failure.code, firstByteMs: delivery.firstByteMs() })
    }
  }

  // record
  try {
    if (call !== undefined) parts.record(call.facts)
  } catch (thrown) {
    failure ??= toPlatformError(thrown)
  }
  if (failure === undefined) delivery.complete(call?.facts ?? [])
  else delivery.fail(failure, call)
  parts.observe(ask.face, call, failure)
}

/** Whoever leaves before the answer is complete is no longer worked for. */
function followClient(call: Call, delivery: { onGone(listener: () => void): void }): void {
  delivery.onGone(() => call.cancel(new PlatformError('CANCELLED', 'the client left before the answer was complete')))
}

/** Ends the root with the totals of what its dispatches used. */
function end(call: Call, summary: AnswerSummary): void {
  const totals = sumDispatches(call.facts)
  const { record, allowedRegions } = call.labels
  // Where it might have gone: a replay decides by it again. The same object for all requests that governance says the same of.
  const detail = record ?? { allowed_regions: allowedRegions }
  call.end({ ...summary, usage: totals.usage, cost: totals.cost, detail })
}

/** What is told to the client: once it has left, everything that follows is the leaving. */
function toFailure(thrown: unknown, call: Call | undefined): PlatformError {
  if (call?.cancellation.isCancelled === true && call.cancellation.reason instanceof PlatformError) {
    return call.cancellation.reason
  }
  // A body that is nested deeper than the stack: the client's fault, and not worth a stack of its own.
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) {
    return new PlatformError('INVALID_REQUEST', 'the body is nested too deeply', { cause: thrown })
  }
  return toPlatformError(thrown)
}
