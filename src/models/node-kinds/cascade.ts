import type { CascadeNode } from '../../config/index.ts'
import { assert } from '../../core/assert.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { toPlatformError, type PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind, NodePlace } from '../../core/node-kind.ts'
import type { Usage } from '../../core/usage.ts'
import { buildStep, type Step } from './accepting.ts'
import { chargeAnswer, joinUsage, openChild, replayAnswer, throwIfLeft, type WholeAnswer } from './asking.ts'
import { buildChat, createPassThrough, fault } from './building.ts'
import type { KindDeps } from './kind-deps.ts'
import { isPassedOn } from './passing.ts'
import { chatTraits } from './traits.ts'

/**
 * Cheap models first: the answer of a step is kept when it passes the step's tests, else the next is asked. Every step but
 * the last is read whole before anything is sent; the last streams.
 */
export function createCascadeKind(deps: KindDeps): NodeKind<CascadeNode> {
  return {
    key: 'cascade',
    create(node, place) {
      const { steps, last } = buildSteps(deps, node, place)
      const traits = chatTraits([...steps.map((step) => step.traits), last.traits], 'all-of')
      if (steps.length === 0) return createPassThrough(place.id, traits, last)
      return { id: place.id, traits, answer: (request, call) => answerInSteps({ deps, steps, last }, request, call) }
    },
  }
}

function buildSteps(
  deps: KindDeps,
  { cascade, guarantee }: CascadeNode,
  place: NodePlace,
): { readonly steps: readonly Step[]; readonly last: Model } {
  const path = `${place.path}.cascade`
  const models = cascade.map(({ use }, index) => buildChat(place, use, `${path}[${index}].use`))
  const last = models.at(-1)
  assert(last !== undefined, 'the schema wants one step at least')
  const lastIndex = cascade.length - 1
  if (cascade[lastIndex]?.accept !== undefined) {
    throw fault(
      `${path}[${lastIndex}].accept`,
      'nothing follows the last step, so its answer is kept in any case; remove accept, or add a step',
    )
  }
  if (guarantee !== undefined && !cascade.some(({ accept }) => accept?.learned !== undefined)) {
    throw fault(
      `${place.path}.guarantee`,
      'only a learned test can be certified; add accept: { learned: ROUTER }, or remove it',
    )
  }
  const steps = models.slice(0, -1).map((model, index) => {
    const accept = cascade[index]?.accept
    if (accept !== undefined)
      return buildStep(deps, {
        model,
        config: accept,
        at: { place, path: `${path}[${index}].accept`, guarantee },
      })
    throw fault(
      `${path}[${index + 1}]`,
      `it is never reached, because step ${index} has no accept and so keeps every answer; add accept, or use a fallback`,
    )
  })
  return { steps, last }
}

interface CascadeOptions {
  readonly deps: KindDeps
  readonly steps: readonly Step[]
  readonly last: Model
}

/** What earlier steps have brought. */
interface Progress {
  /** The best answer that was not kept: that of the strongest model asked so far. */
  best: WholeAnswer | undefined
  spent: Usage | undefined
  failure: PlatformError | undefined
  readonly said: JsonObject[]
}

async function answerInSteps(options: CascadeOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { steps } = options
  const progress: Progress = { best: undefined, spent: undefined, failure: undefined, said: [] }
  for (const [index, step] of steps.entries()) {
    const result = await step.run({ request, call, step: index })
    progress.said.push(result.said)
    progress.spent = joinUsage(progress.spent, result.others)
    if (result.answer !== undefined && result.accepted) {
      const { certificate } = readLearned(result.said)
      call.note({
        cascade: { step: index, of: steps.length + 1, tests: progress.said },
        ...(certificate === undefined ? {} : { certificate }),
      })
      return replayAnswer(result.answer, joinUsage(progress.spent, progress.best?.complete.usage))
    }
    if (result.answer !== undefined) {
      progress.spent = joinUsage(progress.spent, progress.best?.complete.usage)
      progress.best = result.answer
    }
    progress.failure = result.failure
    if (isEnd(result.failure)) return giveBest(call, progress, result.failure)
  }
  return answerLast(options, progress, { request, call })
}

/** Whether nothing more can be asked: the budget, or the time, is spent, or every model would refuse. */
function isEnd(failure: PlatformError | undefined): failure is PlatformError {
  return failure !== undefined && !isPassedOn(failure.code)
}

async function answerLast(
  { deps, steps, last }: CascadeOptions,
  progress: Progress,
  { request, call }: { readonly request: ChatRequest; readonly call: Call },
): Promise<Answer> {
  call.note({ cascade: { step: steps.length, of: steps.length + 1, tests: progress.said } })
  try {
    const detail = { node: 'cascade', step: steps.length }
    const answer = await openChild({ clock: deps.clock, child: last, request, call, detail })
    return chargeAnswer(answer, joinUsage(progress.spent, progress.best?.complete.usage))
  } catch (thrown) {
    throwIfLeft(call)
    return giveBest(call, progress, toPlatformError(thrown))
  }
}

/** The best that came before the end, marked; throws why it ended when nothing came. */
function giveBest(call: Call, { best, spent }: Progress, failure: PlatformError): Answer {
  if (best === undefined || !(isPassedOn(failure.code) || failure.code === 'DEADLINE_EXCEEDED')) throw failure
  call.note({ cut: { node: 'cascade', by: failure.code } })
  return replayAnswer(best, spent)
}

function readLearned(said: JsonObject): { readonly certificate: JsonObject | undefined } {
  const learned = said['learned']
  const certificate = isObject(learned) ? learned['certificate'] : undefined
  return { certificate: isObject(certificate) ? certificate : undefined }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
