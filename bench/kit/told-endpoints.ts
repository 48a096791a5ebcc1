import { createAnswer } from '../../src/core/answer.ts'
import type { ChatRequest } from '../../src/core/chat.ts'
import type { Traits } from '../../src/core/model.ts'
import type { EndpointCaller } from '../../src/core/ports.ts'
import { createUsage } from '../../src/core/usage.ts'

/** Endpoints that say what they are told, at once: for measuring what a tree of models makes of answers. */
export interface ToldEndpoints extends EndpointCaller {
  /** How often each was called. */
  readonly counts: Readonly<Record<string, number>>
}

const traits: Traits = {
  contextTokens: undefined,
  inputs: ['text'],
  tools: true,
  does: ['chat'],
  regions: ['local'],
  callsMax: 1,
  costMax: undefined,
}

export function createToldEndpoints(tell: Readonly<Record<string, (request: ChatRequest) => string>>): ToldEndpoints {
  const counts: Record<string, number> = Object.fromEntries(Object.keys(tell).map((id) => [id, 0]))
  return {
    counts,
    list: () => Object.keys(tell),
    findTraits: (id) => (Object.hasOwn(tell, id) ? traits : undefined),
    findState: () => undefined,
    answer(choice, request, call) {
      const [id = ''] = choice.endpoints
      counts[id] = (counts[id] ?? 0) + 1
      const dispatch = call.child({ kind: 'dispatch', name: id })
      const text = tell[id]?.(request) ?? ''
      dispatch.end({ status: 'ok', usage: createUsage({ inputTotal: 1, outputTotal: 1 }) })
      return Promise.resolve(createAnswer(say(text)))
    },
    embed: () => Promise.resolve({ vectors: [], usage: undefined }),
    rerank: () => Promise.resolve({ scores: [], usage: undefined }),
  }
}

async function* say(
  text: string,
): AsyncGenerator<
  { readonly type: 'text-delta'; readonly text: string } | { readonly type: 'finish'; readonly reason: 'stop' }
> {
  yield { type: 'text-delta', text }
  yield { type: 'finish', reason: 'stop' }
}
