import type { HttpParts } from '../applications/index.ts'
import { collectAnswer } from '../core/answer.ts'
import type { Principal } from '../core/call.ts'
import { PlatformError } from '../core/errors.ts'
import type { RecogniserAsk } from '../core/ports-privacy.ts'
import { runModel, type Ask } from './embedding.ts'

/** Asks the recogniser of names: within the call that waits for it, or as a call of its own on the account of its tenant. */
export function createRecogniserAsk(getParts: () => Pick<HttpParts, 'flow'>): RecogniserAsk {
  return {
    async ask(request, { tenant, call, principal = toHouse(tenant), regions, durationMsMax }) {
      const ask: Ask<string> = (model, below) =>
        model.answer(request, below).then(async (answer) => {
          const { text, reason } = await collectAnswer(answer)
          if (reason !== 'length') return text
          throw new PlatformError('UPSTREAM_INVALID', 'the recogniser was cut off in its list')
        })
      // Which models a key may use is about what it asks for; this is asked on behalf of the house.
      const who = { ...(call?.principal ?? principal), models: undefined }
      const work = { name: request.model, node: 'recognition', verb: 'chat', face: 'privacy', ask, as: who } as const
      return runModel(getParts().flow, work, { principal: who, call, regions, durationMsMax })
    },
  }
}

function toHouse(tenant: string): Principal {
  return { tenant, keyId: 'privacy', role: 'member', models: undefined, regions: undefined }
}
