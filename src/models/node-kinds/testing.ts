import { configSchema } from '../../config/index.ts'
import { createAnswer } from '../../core/answer.ts'
import { createRootCall, type Call } from '../../core/call.ts'
import type { BudgetLimits } from '../../core/budget.ts'
import { createChat, type AnswerEvent, type Chat, type ChatRequest } from '../../core/chat.ts'
import { PlatformError, type ErrorCode } from '../../core/errors.ts'
import { createIds } from '../../core/ids.ts'
import type { Answer, Model, Traits } from '../../core/model.ts'
import type { EndpointCaller, EndpointState } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock, type FakeClock } from '../../core/time.ts'
import { createUsage } from '../../core/usage.ts'
import { createModelTree, type ModelTreeParts } from '../tree.ts'

/** What a scripted endpoint does: answers, refuses to start with a code, or breaks in the middle with one. */
export type Script =
  | { readonly type: 'answer'; readonly text: string }
  | { readonly type: 'call'; readonly tool: string; readonly arguments: string }
  | { readonly type: 'refuse'; readonly code: ErrorCode }
  | { readonly type: 'break'; readonly code: ErrorCode }
  /** Never answers until it is cancelled. */
  | { readonly type: 'hang' }

/** One script for all calls, or the script of each: by its number from 0, and by what is asked. */
export type Scripted = Script | ((call: number, request: ChatRequest) => Script)

export interface ScriptedEndpoints extends EndpointCaller {
  /** Endpoints called so far, in order. */
  readonly calls: readonly string[]
  /** What they were asked. */
  readonly requests: readonly ChatRequest[]
  /** Answers given out that were neither read to an end nor cancelled. */
  openAnswers(): number
}

export interface ScriptedOptions {
  readonly traits?: Readonly<Record<string, Partial<Traits>>> | undefined
  readonly states?: Readonly<Record<string, Partial<EndpointState>>> | undefined
  /** The vector of a text; all texts are alike when absent. */
  readonly vectorOf?: ((text: string) => readonly number[]) | undefined
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

/** Every scripted call uses ten tokens and costs ten picodollars. */
const spent = { tokens: 10, cost: 10n }

/** An endpoint caller that follows a script: one try per leaf, at the first endpoint of the choice, under the call's budget. */
export function createScriptedEndpoints(
  scripts: Readonly<Record<string, Scripted>>,
  options: ScriptedOptions = {},
): ScriptedEndpoints {
  const calls: string[] = []
  const requests: ChatRequest[] = []
  const counts = new Map<string, number>()
  const next = (id: string, request: ChatRequest): Script | undefined => {
    const scripted = Object.hasOwn(scripts, id) ? scripts[id] : undefined
    const count = counts.get(id) ?? 0
    counts.set(id, count + 1)
    return typeof scripted === 'function' ? scripted(count, request) : scripted
  }
  const desk: Desk = { calls, requests, next, open: 0 }
  return {
    calls,
    requests,
    openAnswers: () => desk.open,
    findTraits: (id) => (Object.hasOwn(scripts, id) ? { ...plainTraits, ...options.traits?.[id] } : undefined),
    list: () => Object.keys(scripts),
    findState(id) {
      if (!Object.hasOwn(scripts, id)) return undefined
      const state: EndpointState = {
        isOpen: true,
        isLocal: false,
        inFlight: 0,
        firstByteMs: undefined,
        costMax: () => 10n,
        energyWhMax: () => undefined,
      }
      return { ...state, ...options.states?.[id] }
    },
    answer: (choice, request, call) => answerScripted(desk, { id: choice.endpoints[0] ?? '', request, call }),
    async embed(choice, request, call) {
      const [id = ''] = choice.endpoints
      const dispatch = call.child({ kind: 'dispatch', name: id })
      await Promise.resolve()
      calls.push(id)
      dispatch.end({ status: 'ok' })
      const vectorOf = options.vectorOf ?? (() => [1])
      return { vectors: request.inputs.map(vectorOf), usage: undefined }
    },
    rerank: () => Promise.reject(new Error('not asked for')),
  }
}

/** What all calls of one set of endpoints share. */
interface Desk {
  readonly calls: string[]
  readonly requests: ChatRequest[]
  readonly next: (id: string, request: ChatRequest) => Script | undefined
  open: number
}

interface ScriptedCall {
  readonly id: string
  readonly request: ChatRequest
  readonly call: Call
}

async function answerScripted(desk: Desk, { id, request, call }: ScriptedCall): Promise<Answer> {
  const dispatch = call.child({ kind: 'dispatch', name: id })
  await Promise.resolve()
  const hold = dispatch.budget.hold(spent)
  if (hold === undefined || dispatch.cancellation.isCancelled) {
    const code = hold === undefined ? 'BUDGET_SPENT' : 'CANCELLED'
    hold?.release()
    dispatch.end({ status: 'error', errorCode: code, detail: { sent: false } })
    throw new PlatformError(code, `${id} is not called`)
  }
  desk.calls.push(id)
  desk.requests.push(request)
  const script = desk.next(id, request) ?? { type: 'refuse', code: 'NO_ENDPOINT' }
  if (script.type === 'hang') {
    const cancelled = await new Promise<unknown>((resolve) => dispatch.cancellation.onCancel(resolve))
    hold.settle(undefined)
    dispatch.end({ status: 'cancelled', errorCode: 'CANCELLED' })
    throw cancelled
  }
  if (script.type === 'refuse') {
    hold.settle(undefined)
    dispatch.end({ status: 'error', errorCode: script.code })
    throw new PlatformError(script.code, `${id} refuses`)
  }
  desk.open++
  let isOver = false
  const close = (outcome: Parameters<Call['end']>[0]): void => {
    if (isOver) return
    isOver = true
    hold.settle(spent)
    const usage = createUsage({ inputTotal: 6, outputTotal: 4 })
    dispatch.end({ ...outcome, usage, cost: spent.cost })
    desk.open--
  }
  dispatch.cancellation.onCancel(() => close({ status: 'cancelled' }))
  return createAnswer(playScript(id, script, close), () => close({ status: 'cancelled' }))
}

async function* playScript(
  id: string,
  script: Exclude<Script, { readonly type: 'refuse' | 'hang' }>,
  close: Call['end'],
): AsyncGenerator<AnswerEvent> {
  try {
    if (script.type === 'call') {
      yield { type: 'tool-call-start', index: 0, id: 'call_1', name: script.tool }
      yield { type: 'tool-call-delta', index: 0, arguments: script.arguments }
      yield { type: 'tool-call-end', index: 0 }
    } else yield { type: 'text-delta', text: script.type === 'answer' ? script.text : 'half an' }
    await Promise.resolve()
    if (script.type === 'break') {
      close({ status: 'error', errorCode: script.code })
      throw new PlatformError(script.code, `${id} breaks`)
    }
    yield { type: 'usage', usage: createUsage({ inputTotal: 6, outputTotal: 4 }) }
    close({ status: 'ok' })
    yield { type: 'finish', reason: script.type === 'call' ? 'tool-calls' : 'stop' }
  } finally {
    close({ status: 'cancelled' })
  }
}

export interface TestCallOptions {
  readonly budget?: BudgetLimits | undefined
  readonly clock?: FakeClock | undefined
  readonly tenant?: string | undefined
  readonly allowedRegions?: readonly string[] | undefined
  readonly keyId?: string | undefined
}

export function createTestCall(options: TestCallOptions = {}): Call {
  const clock = options.clock ?? createFakeClock(1_700_000_000_000)
  const { tenant = 'tenant_a', keyId = 'key_a', allowedRegions = ['local'] } = options
  return createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(7) }) },
    {
      name: 'test',
      principal: { tenant, keyId, role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions },
      durationMsMax: 60_000,
      budget: options.budget,
    },
  )
}

export function createTestRequest(text: string, more: Partial<Chat> = {}): ChatRequest {
  return {
    model: 'test',
    stream: true,
    outputTokensMax: undefined,
    wire: undefined,
    chat: createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }], ...more }),
  }
}

/** The model `it` of a tree described by `node`, beside others by name. */
export function buildTestModel(
  node: unknown,
  endpoints: EndpointCaller,
  options: Partial<ModelTreeParts> & { readonly models?: Readonly<Record<string, unknown>> } = {},
): Model {
  const { models, ...parts } = options
  const { models: config } = configSchema.parse({ models: { ...models, it: node } })
  const tree = createModelTree({ config, endpoints, nodeKinds: [], clock: createFakeClock(0), ...parts })
  const model = tree.find('it')
  if (model === undefined) throw new Error('the tree lost its model')
  return model
}

/** The refusal of a tree. */
export function refusalOf(
  node: unknown,
  endpoints: EndpointCaller,
  options: Parameters<typeof buildTestModel>[2] = {},
): PlatformError {
  try {
    buildTestModel(node, endpoints, options)
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown
    throw thrown
  }
  throw new Error('the tree was accepted')
}

export const say = (text: string): Script => ({ type: 'answer', text })
