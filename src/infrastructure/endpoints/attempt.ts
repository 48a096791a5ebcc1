import type { Hold } from '../../core/budget.ts'
import type { Call, CallStatus } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError, type ErrorCode } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Embedded, EmbedRequest, Reranked, RerankRequest } from '../../core/model.ts'
import { toReferenceJson } from '../../core/ports-lookups.ts'
import type { SpendMeasure } from '../../core/spending.ts'
import type { Clock } from '../../core/time.ts'
import { countAdvice } from '../../core/usage-steps.ts'
import type { Usage } from '../../core/usage.ts'
import { estimateEnergy } from '../energy/index.ts'
import type { Egress, Permit } from '../egress/index.ts'
import type { Attempt } from './adapter.ts'
import { beginCount } from './answer-count.ts'
import { createSettledAnswer } from './answer.ts'
import type { Decision } from './balance.ts'
import { keepSecrets } from './discretion.ts'
import { capRequest } from './cap.ts'
import { toEmbedTexts } from './embed-form.ts'
import { measureChat, measureEmbedding } from './measure.ts'
import type { Verdict } from './breaker.ts'
import { estimateTokens } from '../dialects/index.ts'
import type { EndpointEntry } from './registry.ts'
import { fundChat, fundEmbedding } from './spending.ts'

/** Which try of a request this is, and why it is made. */
export interface TryOptions {
  readonly entry: EndpointEntry
  readonly call: Call
  /** 1 for the first. */
  readonly attempt: number
  readonly reason: 'first' | 'retry' | 'failover' | 'hedge'
  /** How the endpoint was chosen; `undefined` where there was only one. */
  readonly decision: Decision | undefined
  /** What is asked for, where it is no answer. */
  readonly operation?: 'embeddings' | 'rerank'
}

/** A try under way. Cancelling it settles it, also after its result has come. */
export interface Try<T> {
  readonly result: Promise<T>
  cancel(reason: unknown): void
}

/** Makes single tries: one child call, one permit, one end. */
export interface Attempts {
  answer(options: TryOptions, request: ChatRequest): Try<Answer>
  embed(options: TryOptions, request: EmbedRequest): Try<Embedded>
  rerank(options: TryOptions, request: RerankRequest): Try<Reranked>
}

/** How a try ended, and what it used as far as that is known. */
export interface TryOutcome {
  readonly error: PlatformError | undefined
  readonly usage: Usage | undefined
  readonly firstByteMs: number | undefined
  /** Whether an answer began to come, and tokens of what was seen of it, at most. */
  readonly isAnswered?: boolean
  readonly countedTokens?: number
  /** What the record says beside the usual: that money ended the answer. */
  readonly detail?: JsonObject | undefined
}

/** States once how a try ended; later statements are ignored. */
export type Settle = (outcome: TryOutcome) => void

/** Failures that speak against the endpoint; all others end a try for reasons of the request or the caller. */
const faults: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_OVERLOADED',
  'UPSTREAM_UNAUTHENTICATED',
  'UPSTREAM_FAILED',
  'UPSTREAM_INVALID',
  'UPSTREAM_CUT',
  'ADDRESS_REFUSED',
  'REDIRECT_REFUSED',
  'RUNTIME_FAILED',
])

export interface AttemptsDeps {
  readonly egress: Egress
  readonly clock: Clock
  /** Output tokens of a request under a budget of its own that nobody bounds. */
  readonly outputTokensAssumed: number
}

export function createAttempts(deps: AttemptsDeps): Attempts {
  const { egress, clock, outputTokensAssumed } = deps

  async function answer(options: TryOptions, request: ChatRequest, dispatch: Call): Promise<Answer> {
    const { entry } = options
    const { budget } = dispatch
    const funded = budget.isLimited
      ? fund(options, dispatch, () => fundChat(request, { entry, budget, outputTokensAssumed }))
      : undefined
    const asked = funded?.request ?? request
    const measure = (): SpendMeasure => measureChat(entry, asked)
    const begun = begin(egress, options, { dispatch, measure, fund: funded?.hold, clock })
    const { permit, settle } = begun instanceof Promise ? await begun : begun
    try {
      const count = asked.stream ? beginCount(entry, asked) : undefined
      const upstream = await entry.adapter.answer(capRequest(asked, permit.hold?.outputTokensCap), {
        endpoint: entry,
        permit,
        texts: count?.texts,
      })
      entry.health.answered(upstream.firstByteMs)
      const { hold } = permit
      const { scale } = entry
      const bounds = { hold, funded: funded?.bounds }
      return createSettledAnswer({
        upstream,
        request: asked,
        dispatch,
        settle,
        ...bounds,
        scale,
        count,
        endpoint: entry,
      })
    } catch (thrown) {
      throw settleFailure(thrown, settle, entry)
    }
  }

  function start<T>(options: TryOptions, run: (dispatch: Call) => Promise<T>): Try<T> {
    const dispatch = options.call.child({ kind: 'dispatch', name: options.entry.id })
    return { result: run(dispatch), cancel: (reason) => dispatch.cancel(reason) }
  }

  return {
    answer: (options, request) => start(options, (dispatch) => answer(options, request, dispatch)),
    embed(options, request) {
      const { texts, form } = toEmbedTexts(options.entry.config, request)
      const send = async (attempt: Attempt): Promise<Embedded> => {
        const embedded = await options.entry.adapter.embed(texts, attempt)
        return form === undefined ? embedded : { ...embedded, form }
      }
      const own: TryOptions = { ...options, operation: 'embeddings' }
      return start(own, (dispatch) => judge(deps, own, { inputs: texts.inputs, send, dispatch }))
    },
    rerank(options, request) {
      const { adapter, id } = options.entry
      const send = async (attempt: Attempt): Promise<Reranked> => {
        if (adapter.rerank !== undefined) return adapter.rerank(request, attempt)
        throw new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${id} speaks a dialect without reranking`, {
          param: 'model',
        })
      }
      // Whoever judges reads the question with each of the texts.
      const inputs = request.documents.map((text) => `${request.query}\n${text}`)
      const own: TryOptions = { ...options, operation: 'rerank' }
      return start(own, (dispatch) => judge(deps, own, { inputs, send, dispatch }))
    },
  }
}

interface Asked<T> {
  /** All that the endpoint has to read. */
  readonly inputs: readonly string[]
  readonly send: (attempt: Attempt) => Promise<T>
  readonly dispatch: Call
}

/** A try that comes whole and generates nothing: texts go in, numbers come out. */
async function judge<T extends Pick<Embedded, 'usage'>>(
  { egress, clock, outputTokensAssumed }: AttemptsDeps,
  options: TryOptions,
  asked: Asked<T>,
): Promise<T> {
  const { entry } = options
  const { inputs, dispatch } = asked
  const { budget } = dispatch
  const tokens = (): number => inputs.reduce((sum, text) => sum + estimateTokens(text), 0)
  const held = budget.isLimited
    ? fund(options, dispatch, () => fundEmbedding(tokens(), { entry, budget, outputTokensAssumed }))
    : undefined
  const measure = (): SpendMeasure => measureEmbedding(inputs)
  const { permit, settle } = await begin(egress, options, { dispatch, measure, fund: held, clock })
  const startedMs = clock.monotonicMs()
  try {
    const given = await asked.send({ endpoint: entry, permit })
    const firstByteMs = clock.monotonicMs() - startedMs
    entry.health.answered(firstByteMs)
    settle({ error: undefined, usage: given.usage, firstByteMs, isAnswered: true })
    return given
  } catch (thrown) {
    throw settleFailure(thrown, settle, entry)
  }
}

interface Dispatch {
  readonly dispatch: Call
  readonly measure: () => SpendMeasure
  /** What was put aside in the budget of the call; `undefined` when it has none. */
  readonly fund: Hold | undefined
  readonly clock: Clock
}

interface Begun {
  readonly permit: Permit
  readonly settle: Settle
}

/**
 * Admits the try and counts it as under way: at once, unless money has to be waited for. A refusal is the end of the
 * dispatch, and says nothing of the endpoint.
 */
function begin(egress: Egress, options: TryOptions, asked: Dispatch): Begun | Promise<Begun> {
  const { dispatch, measure } = asked
  const accept = (permit: Permit): Begun => ({ permit, settle: createSettle(options, asked, permit) })
  const refuse = (thrown: unknown): PlatformError => {
    asked.fund?.release()
    return endRefused(options, dispatch, thrown)
  }
  try {
    const permit = egress.admitSpending(options.entry.target, dispatch, measure)
    if (!(permit instanceof Promise)) return accept(permit)
    return permit.then(accept, (thrown: unknown) => {
      throw refuse(thrown)
    })
  } catch (thrown) {
    throw refuse(thrown)
  }
}

/** Puts aside what the try may cost. A budget that does not pay for it is the end of the dispatch. */
function fund<T>(options: TryOptions, dispatch: Call, run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    throw endRefused(options, dispatch, thrown)
  }
}

function endRefused(options: TryOptions, dispatch: Call, thrown: unknown): PlatformError {
  const error = toPlatformError(thrown)
  dispatch.end({ ...describe(options), status: toStatus(error), errorCode: error.code, detail: detail(options, false) })
  return error
}

/** Counts the try as under way until it is settled. */
function createSettle(options: TryOptions, asked: Dispatch, permit: Permit): Settle {
  const { dispatch, fund: held } = asked
  const { health } = options.entry
  const isTrial = health.begin()
  let isSettled = false
  return ({ error, usage, firstByteMs, isAnswered = false, countedTokens = 0, detail: added }) => {
    if (isSettled) return
    isSettled = true
    const cost = usage === undefined ? undefined : permit.price?.cost(usage)
    const isSent = wasSent(error)
    held?.settle(usage === undefined ? undefined : { tokens: countTokens(usage), cost })
    health.end(toVerdict(error), isTrial)
    if (error?.retryAfterMs !== undefined) health.rest(error.retryAfterMs)
    dispatch.end({
      ...describe(options),
      status: toStatus(error),
      errorCode: error?.code,
      firstByteMs,
      usage,
      cost,
      priceVersion: permit.price?.version,
      detail: withMore(
        detail(options, isSent),
        toBound(permit),
        toEnergy(options, usage, asked),
        toReference(permit, usage),
        added,
      ),
      charges: permit.hold?.settle({ usage, cost, isSent, isAnswered, countedTokens }),
    })
  }
}

function countTokens({ inputTotal, outputTotal, raw }: Usage): number | undefined {
  return inputTotal === undefined || outputTotal === undefined ? undefined : inputTotal + outputTotal + countAdvice(raw)
}

function toVerdict(error: PlatformError | undefined): Verdict {
  if (error === undefined) return { type: 'ok' }
  return faults.has(error.code) ? { type: 'failed', code: error.code } : { type: 'none' }
}

function settleFailure(thrown: unknown, settle: Settle, entry: EndpointEntry): PlatformError {
  const error = keepSecrets(toPlatformError(thrown), entry)
  settle({ error, usage: undefined, firstByteMs: undefined })
  return error
}

function describe({ entry }: TryOptions): {
  readonly vendorModel: string
  readonly regions: readonly string[] | undefined
} {
  return { vendorModel: entry.config.model, regions: entry.config.processing }
}

/** The energy of what was generated, where the configuration says what it can be estimated from. */
function toEnergy(
  { entry }: TryOptions,
  usage: Usage | undefined,
  { dispatch, clock }: Dispatch,
): JsonObject | undefined {
  const { energy: config } = entry.config
  if (config === undefined || usage === undefined) return undefined
  const durationMs = clock.monotonicMs() - dispatch.startedMonotonicMs
  const energy = estimateEnergy(config, { outputTokens: usage.outputTotal, durationMs })
  return energy === undefined ? undefined : { energy }
}

/** How the vendor can be asked about an answer of which it has not reported what it used. */
function toReference({ answer }: Permit, usage: Usage | undefined): JsonObject | undefined {
  return answer === undefined || usage?.source === 'reported' ? undefined : { answer: toReferenceJson(answer) }
}

/** That the request went out with a lower bound on its output than the client's. */
function toBound({ hold }: Permit): JsonObject | undefined {
  const outputTokensCap = hold?.outputTokensCap
  return outputTokensCap === undefined ? undefined : { outputTokensCap }
}

/** Of nearly every try there is nothing more to say, and what there is is the same each time. */
function withMore(said: JsonObject, ...more: readonly (JsonObject | undefined)[]): JsonObject {
  return more.every((part) => part === undefined) ? said : Object.assign({}, said, ...more)
}

const firstTry: JsonObject = Object.freeze({ attempt: 1, reason: 'first', sent: true })

function detail({ attempt, reason, decision, operation }: TryOptions, sent: boolean): JsonObject {
  const isUsual = attempt === 1 && reason === 'first' && sent && decision === undefined
  if (isUsual && operation === undefined) return firstTry
  return {
    attempt,
    reason,
    sent,
    ...(decision === undefined ? {} : { decision }),
    ...(operation === undefined ? {} : { operation }),
  }
}

/** Errors that are found before anything is sent; those of the door out say themselves whether it was. */
const unsent: ReadonlySet<ErrorCode> = new Set([
  'INVALID_REQUEST',
  'UNSUPPORTED_PARAMETER',
  'PERSONAL_DATA_REFUSED',
  'RUNTIME_MISSING',
  'CONFIG_INVALID',
  'INTERNAL',
])

function wasSent(error: PlatformError | undefined): boolean {
  const said = error?.details?.['sent']
  if (typeof said === 'boolean') return said
  return error === undefined || !unsent.has(error.code)
}

function toStatus(error: PlatformError | undefined): CallStatus {
  if (error === undefined) return 'ok'
  return error.code === 'CANCELLED' ? 'cancelled' : 'error'
}
