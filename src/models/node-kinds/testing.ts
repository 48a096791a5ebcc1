import { createAnswer } from '../../core/answer.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import { createChat, type AnswerEvent, type ChatRequest } from '../../core/chat.ts'
import { PlatformError, type ErrorCode } from '../../core/errors.ts'
import { createIds } from '../../core/ids.ts'
import type { Traits } from '../../core/model.ts'
import type { EndpointCaller } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'

/** What a scripted endpoint does: answers, refuses to start with a code, or breaks in the middle with one. */
export type Script =
  | { readonly type: 'answer'; readonly text: string }
  | { readonly type: 'refuse'; readonly code: ErrorCode }
  | { readonly type: 'break'; readonly code: ErrorCode }

export interface ScriptedEndpoints extends EndpointCaller {
  /** Endpoints called so far, in order. */
  readonly calls: readonly string[]
  /** Answers given out that were neither read to an end nor cancelled. */
  openAnswers(): number
}

export const plainTraits: Traits = {
  contextTokens: 8_000,
  inputs: ['text'],
  tools: true,
  does: ['chat'],
  regions: ['local'],
  callsMax: 1,
  costMax: 10n,
}

/** An endpoint caller that follows a script: one try per leaf, at the first endpoint of the choice. */
export function createScriptedEndpoints(
  scripts: Readonly<Record<string, Script>>,
  traits: Readonly<Record<string, Partial<Traits>>> = {},
): ScriptedEndpoints {
  const calls: string[] = []
  let open = 0
  return {
    calls,
    openAnswers: () => open,
    findTraits: (id) => (Object.hasOwn(scripts, id) ? { ...plainTraits, ...traits[id] } : undefined),
    list: () => Object.keys(scripts),
    async answer(choice, _request, call) {
      const [id = ''] = choice.endpoints
      const script = scripts[id]
      const dispatch = call.child({ kind: 'dispatch', name: id })
      calls.push(id)
      await Promise.resolve()
      if (script === undefined || script.type === 'refuse') {
        const code = script?.code ?? 'NO_ENDPOINT'
        dispatch.end({ status: 'error', errorCode: code })
        throw new PlatformError(code, `${id} refuses`)
      }
      open++
      const close = (outcome: Parameters<Call['end']>[0]): void => {
        if (dispatch.cancellation.isCancelled) return
        dispatch.cancel('closed')
        dispatch.end(outcome)
        open--
      }
      return createAnswer(playScript(id, script, close), () => close({ status: 'cancelled' }))
    },
    embed: () => Promise.resolve({ vectors: [], usage: undefined }),
  }
}

async function* playScript(
  id: string,
  script: Exclude<Script, { readonly type: 'refuse' }>,
  close: Call['end'],
): AsyncGenerator<AnswerEvent> {
  try {
    yield { type: 'text-delta', text: script.type === 'answer' ? script.text : 'half an' }
    await Promise.resolve()
    if (script.type === 'break') {
      close({ status: 'error', errorCode: script.code })
      throw new PlatformError(script.code, `${id} breaks`)
    }
    yield { type: 'finish', reason: 'stop' }
    close({ status: 'ok' })
  } finally {
    close({ status: 'cancelled' })
  }
}

export function createTestCall(): Call {
  const clock = createFakeClock(1_700_000_000_000)
  return createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(7) }) },
    {
      name: 'test',
      principal: { tenant: 'tenant_a', keyId: 'key_a', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 60_000,
    },
  )
}

export function createTestRequest(text: string): ChatRequest {
  return {
    model: 'test',
    stream: true,
    outputTokensMax: undefined,
    wire: undefined,
    chat: createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }] }),
  }
}
