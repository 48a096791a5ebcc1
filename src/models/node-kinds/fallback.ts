import type { FallbackNode } from '../../config/index.ts'
import { followAnswer, toFailure } from '../../core/answer.ts'
import { assert } from '../../core/assert.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { combineTraits } from './traits.ts'

/** Tries its children in order until one starts to answer. After the first byte there is no way back. */
export function createFallbackKind(deps: { readonly clock: Clock }): NodeKind<FallbackNode> {
  return {
    key: 'fallback',
    create(node, place) {
      const children = node.fallback.map((child, index) => {
        const path = `${place.path}.fallback[${index}]`
        const model = place.build(child, path)
        if (model.traits.does.includes('chat')) return model
        throw new PlatformError('CONFIG_INVALID', `${path}: "${model.id}" does not chat, so it cannot stand in`, {
          param: path,
        })
      })
      // Vectors of two models cannot be compared, so a fallback never embeds; interchangeable endpoints make one leaf.
      const traits = {
        ...combineTraits(
          children.map(({ traits: own }) => own),
          'all-of',
        ),
        does: ['chat'] as const,
      }
      return { id: place.id, traits, answer: (request, call) => answerFirst({ ...deps, children, request, call }) }
    },
  }
}

interface Round {
  readonly clock: Clock
  readonly children: readonly Model[]
  readonly request: ChatRequest
  readonly call: Call
}

async function answerFirst({ clock, children, request, call }: Round): Promise<Answer> {
  let failure: PlatformError | undefined
  for (const [branch, child] of children.entries()) {
    const detail: JsonObject = { node: 'fallback', branch, branches: children.length }
    const childCall = call.child({ kind: 'model', name: child.id })
    try {
      const answer = await child.answer(request, childCall)
      const firstByteMs = clock.monotonicMs() - childCall.startedMonotonicMs
      return followAnswer(answer, childCall, { firstByteMs, detail })
    } catch (thrown) {
      failure = toPlatformError(thrown)
      childCall.end({ ...toFailure(failure), detail })
      if (!passedOn.has(failure.code) || call.cancellation.isCancelled) throw failure
    }
  }
  assert(failure !== undefined, 'a fallback has at least one child')
  throw failure
}

/**
 * What another model may do better. Absent are the client leaving, the deadline, a store that cannot record any try, and
 * every refusal of the request as such: the next model would refuse it too, or worse, would not.
 */
const passedOn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNSUPPORTED_PARAMETER',
  'CONTEXT_TOO_LONG',
  'REGION_REFUSED',
  'PERSONAL_DATA_REFUSED',
  'PRICE_UNKNOWN',
  'BUDGET_EXCEEDED',
  'OVERLOADED',
  'NO_ENDPOINT',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_OVERLOADED',
  'UPSTREAM_UNAUTHENTICATED',
  'UPSTREAM_FAILED',
  'UPSTREAM_INVALID',
  'UPSTREAM_CUT',
  'ADDRESS_REFUSED',
  'REDIRECT_REFUSED',
  'RUNTIME_MISSING',
  'RUNTIME_FAILED',
  'INTERNAL',
])
