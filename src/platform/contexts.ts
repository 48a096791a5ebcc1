import type { HttpParts } from '../applications/index.ts'
import { collectAnswer } from '../core/answer.ts'
import type { Call } from '../core/call.ts'
import { createChat, type ChatRequest, type Part } from '../core/chat.ts'
import type { ContextAsk, ContextWriter, WrittenContext } from '../core/ports-contexts.ts'
import { sumDispatches } from '../core/totals.ts'
import { runModel, type Ask } from './embedding.ts'

/** Has passages written of by the models in force, each as a call that says which version of which document its model was shown. */
export function createContextWriter(getParts: () => Pick<HttpParts, 'flow'>): ContextWriter {
  return {
    write(asked, as) {
      const ask: Ask<WrittenContext> = async (model, call) => {
        noteGiven(call, asked)
        const { text, reason } = await collectAnswer(await model.answer(toRequest(asked), call))
        return { text, isCut: reason === 'length', ...sumDispatches(call.facts) }
      }
      const work = { name: asked.model, node: 'context', verb: 'chat', face: 'context', ask } as const
      return runModel(getParts().flow, work, as)
    },
  }
}

/** On record before the model answers: what is kept of its answer knows what it was made from. */
function noteGiven(call: Call, { given }: ContextAsk): void {
  const shown = call.child({ kind: 'model', name: 'document' })
  shown.end({ status: 'ok', detail: { node: 'document', passages: [{ ...given }] } })
}

function toRequest({ model, shared, isShared, own, outputTokensMax }: ContextAsk): ChatRequest {
  const first: Part = isShared
    ? { type: 'text', text: shared, cacheControl: { type: 'ephemeral' } }
    : { type: 'text', text: shared }
  const messages = [{ role: 'user', parts: [first, { type: 'text', text: own }] }] as const
  const chat = createChat({ messages, outputTokensMax })
  return { model, stream: false, outputTokensMax, wire: undefined, chat }
}
