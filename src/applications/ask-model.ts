import { collectAnswer, type CompleteAnswer } from '../core/answer.ts'
import type { Call, CallFacts, Principal } from '../core/call.ts'
import { createChat, type ChatRequest } from '../core/chat.ts'
import { PlatformError } from '../core/errors.ts'
import type { Answer, Embedded, EmbedRequest } from '../core/model.ts'
import { sumDispatches } from '../core/totals.ts'
import type { Asked, FlowParts } from './flow-parts.ts'
import { runRequest } from './flow.ts'

/** A prompt that goes the way of a request over HTTP, but did not come over it. */
export interface Prompted extends Pick<Asked<ChatRequest>, 'regions' | 'useCase' | 'limits' | 'network'> {
  /** Where the question comes from, as metrics name it. */
  readonly face: string
  readonly model: string
  readonly prompt: string
  /** What the prompt is bound to: it holds an answer that was. */
  readonly bounds?: Call['bounds']
  /** As of a request; `none` when absent. */
  readonly oversight?: 'exempt' | 'none'
  /** After that it is cancelled; as long as any request may take when absent. */
  readonly durationMsMax?: number | undefined
}

export interface PromptOutcome {
  /** Of an answer that came whole. */
  readonly complete: CompleteAnswer | undefined
  readonly error: PlatformError | undefined
  /** Also of one that failed: what it has spent by then counts. */
  readonly facts: readonly CallFacts[]
  /** What the answer is bound to. */
  readonly bounds: Call['bounds']
}

/** Asks a model once through the flow; `flow` says who asks. Never rejects. */
export function runPrompt(flow: FlowParts, asked: Prompted): Promise<PromptOutcome> {
  const { face, model, prompt, bounds = [], oversight = 'none', durationMsMax, ...more } = asked
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }] })
  const request: ChatRequest = { model, stream: false, outputTokensMax: undefined, wire: undefined, chat }
  return new Promise((resolve) => {
    let complete: CompleteAnswer | undefined
    let bound: Call['bounds'] = []
    let timer: NodeJS.Timeout | undefined
    let isLate = false
    void runRequest<ChatRequest, Answer>(
      flow,
      {
        face,
        credential: undefined,
        right: 'models:ask',
        read: () => Promise.resolve({ ...more, model, request }),
        oversight,
        screen: (screen, screened, call) => screen.chat(screened, call),
        answer(resolved, screened, call) {
          if (bounds.length > 0) call.note({ bound: bounds.flat() })
          const refused = bounds.find((each) => !call.bind(each))
          if (refused === undefined) return resolved.answer(screened, call)
          throw new PlatformError(
            'REGION_REFUSED',
            `what is asked is bound to ${refused.join(', ')}, where nothing is allowed`,
          )
        },
        guard: (answer) => answer,
      },
      {
        async send(answer, call) {
          complete = await collectAnswer(answer)
          bound = call.bounds
        },
        complete(facts) {
          clearTimeout(timer)
          resolve({ complete, error: undefined, facts, bounds: bound })
        },
        fail(cause, call) {
          clearTimeout(timer)
          const late = `${model} has not answered within ${durationMsMax} ms`
          const error = isLate ? new PlatformError('DEADLINE_EXCEEDED', late, { cause }) : cause
          resolve({ complete: undefined, error, facts: call?.facts ?? [], bounds: bound })
        },
        firstByteMs: () => undefined,
        onGone(leave) {
          if (durationMsMax === undefined) return
          timer = setTimeout(() => {
            isLate = true
            leave()
          }, durationMsMax)
        },
      },
    )
  })
}

export interface AskOptions extends Omit<Prompted, 'regions' | 'useCase' | 'limits' | 'network'> {
  readonly principal: Principal
}

export interface AskedModel extends Omit<PromptOutcome, 'error'> {
  readonly complete: CompleteAnswer
}

/** Asks a model once, through the same flow as over HTTP. Rejects with what went wrong. */
export async function askModel(
  { flow }: { readonly flow: FlowParts },
  { principal, ...options }: AskOptions,
): Promise<AskedModel> {
  const asked = { ...options, regions: undefined }
  const outcome = await runPrompt({ ...flow, identity: { authenticate: () => principal } }, asked)
  const { complete, error, facts, bounds } = outcome
  if (complete === undefined) throw error ?? new PlatformError('INTERNAL', 'an answer ended without being sent')
  return { complete, facts, bounds }
}

interface AskedText {
  readonly text: string
  readonly usd: number | undefined
  readonly latencyMs: number
  /** Root of the call. */
  readonly call: string | undefined
  readonly bounds: Call['bounds']
}

/** The same for an evaluation: text, cost and time of each answer. Nobody is decided about, so nobody oversees it. */
export function createAsk(
  parts: { readonly flow: FlowParts },
  who: Pick<AskOptions, 'principal' | 'face'>,
): (model: string, prompt: string, bounds?: Call['bounds']) => Promise<AskedText> {
  return async (model, prompt, given = []) => {
    const asked = { ...who, model, prompt, bounds: given, oversight: 'exempt' } as const
    const { complete, facts, bounds } = await askModel(parts, asked)
    const { cost } = sumDispatches(facts)
    const latencyMs = facts.at(-1)?.durationMs ?? 0
    const usd = cost === undefined ? undefined : Number(cost) / 1e12
    return { text: complete.text, usd, latencyMs, call: facts.at(-1)?.rootId, bounds }
  }
}

/** Embeds texts, at most as many as the endpoint takes at once, through the same flow as over HTTP. Rejects with what went wrong. */
export function embedTexts(
  parts: { readonly flow: FlowParts },
  options: Pick<AskOptions, 'principal' | 'face' | 'model'> & { readonly texts: readonly string[] },
): Promise<readonly (readonly number[])[]> {
  const { principal, face, model, texts } = options
  const request: EmbedRequest = { model, inputs: texts, dimensions: undefined }
  return new Promise((resolve, reject) => {
    let embedded: Embedded | undefined
    void runRequest<EmbedRequest, Embedded>(
      { ...parts.flow, identity: { authenticate: () => principal } },
      {
        face,
        credential: undefined,
        right: 'models:ask',
        read: () => Promise.resolve({ model, regions: undefined, request }),
        oversight: 'exempt', // vectors: nobody reads them
        screen: (screen, asked, call) => screen.inputs(asked, call),
        answer(resolved, asked, call) {
          if (resolved.embed !== undefined) return resolved.embed(asked, call)
          throw new PlatformError('UNSUPPORTED_PARAMETER', `the model ${resolved.id} does not embed`, {
            param: 'model',
          })
        },
        guard: (given) => given,
      },
      {
        send(given) {
          embedded = given
          return Promise.resolve()
        },
        complete() {
          if (embedded !== undefined) resolve(embedded.vectors)
        },
        fail: (error) => reject(error),
        firstByteMs: () => undefined,
        onGone: () => undefined,
      },
    )
  })
}
