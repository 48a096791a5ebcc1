import type { FallbackNode } from '../../config/index.ts'
import { followAnswer, toFailure } from '../../core/answer.ts'
import { assert } from '../../core/assert.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { toPlatformError, type PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { buildChat, createPassThrough } from './building.ts'
import { isPassedOn } from './passing.ts'
import { chatTraits } from './traits.ts'

/** Tries its children in order until one starts to answer. After the first byte there is no way back. */
export function createFallbackKind(deps: { readonly clock: Clock }): NodeKind<FallbackNode> {
  return {
    key: 'fallback',
    create(node, place) {
      const children = node.fallback.map((child, index) => buildChat(place, child, `${place.path}.fallback[${index}]`))
      const traits = chatTraits(
        children.map(({ traits: own }) => own),
        'all-of',
      )
      const [only] = children
      if (children.length === 1 && only !== undefined) return createPassThrough(place.id, traits, only)
      const branches = children.map((model, branch) => {
        const detail: JsonObject = Object.freeze({ node: 'fallback', branch, branches: children.length })
        return { model, detail }
      })
      // Vectors of two models cannot be compared, so a fallback never embeds; interchangeable endpoints make one leaf.
      return {
        id: place.id,
        traits,
        answer: (request, call) => answerFirst({ clock: deps.clock, branches, request, call }),
      }
    },
  }
}

interface Round {
  readonly clock: Clock
  readonly branches: readonly { readonly model: Model; readonly detail: JsonObject }[]
  readonly request: ChatRequest
  readonly call: Call
}

async function answerFirst({ clock, branches, request, call }: Round): Promise<Answer> {
  let failure: PlatformError | undefined
  for (const { model: child, detail } of branches) {
    const childCall = call.child({ kind: 'model', name: child.id })
    try {
      const answer = await child.answer(request, childCall)
      const firstByteMs = clock.monotonicMs() - childCall.startedMonotonicMs
      return followAnswer(answer, childCall, { firstByteMs, detail })
    } catch (thrown) {
      failure = toPlatformError(thrown)
      childCall.end({ ...toFailure(failure), detail })
      if (!isPassedOn(failure.code) || call.cancellation.isCancelled) throw failure
    }
  }
  assert(failure !== undefined, 'a fallback has at least one child')
  throw failure
}
