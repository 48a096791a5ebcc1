import type { ShadowNode } from '../../config/index.ts'
import { collectAnswer } from '../../core/answer.ts'
import { createRootCall, type Call, type NarrowRegions } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { Model } from '../../core/model.ts'
import type { NodeKind, NodePlace } from '../../core/node-kind.ts'
import type { CallRecorder, EventLog } from '../../core/ports.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import { sumDispatches } from '../../core/totals.ts'
import { toPromptText } from './prompt-text.ts'

export interface ShadowDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: EventLog
  readonly recorder: CallRecorder
  readonly narrowRegions: NarrowRegions
  readonly judging: Judging
  /** Takes one judged prompt. */
  readonly take: (judged: JudgedShadow) => Promise<void>
  /** The configuration stays open while shadows run. */
  readonly work: { enter(): void; leave(): void }
  readonly durationMsMax: number
}

/** How a judge is asked, and its answer read; filled by evaluation. */
export interface Judging {
  readonly toPrompt: (asked: { readonly prompt: string; readonly answer: string; readonly criteria: string }) => string
  /** 0…1; `undefined` when the judge gave no score. */
  readonly readScore: (text: string) => number | undefined
}

export interface JudgedShadow {
  readonly tenant: string
  readonly keyId: string
  readonly router: string | undefined
  readonly prompt: string
  readonly scores: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, string>>
  readonly costs: Readonly<Record<string, number>>
  /** Roots of the calls in which prompt and answers were made: the client's, and the shadow's own. */
  readonly madeIn: readonly string[]
}

export interface Shadows {
  readonly kind: NodeKind<ShadowNode>
  /** Leaves what is under way. */
  close(): void
}

/** Shadows under way at a time; a prompt that would be one more is not sampled. */
const atOnceMax = 4
const criteria = 'The answer is correct, complete and useful for what was asked.'

/**
 * A node that answers like the one it holds, and now and then asks two models the same again, behind the client's back:
 * both answers are judged and taken as a pair to learn from. The client's answer is never touched nor delayed.
 */
export function createShadows(deps: ShadowDeps): Shadows {
  const running = new Set<Call>()
  const sample = (node: ShadowModels, request: ChatRequest, call: Call): void => {
    if (running.size >= atOnceMax || request.chat.tools.length > 0 || deps.random.next() >= node.share) return
    const prompt = toPromptText(request.chat)
    if (prompt === '') return
    const root = createRootCall(deps, {
      name: `shadow:${node.id}`,
      principal: call.principal,
      labels: call.labels,
      durationMsMax: deps.durationMsMax,
      narrowRegions: deps.narrowRegions,
    })
    running.add(root)
    deps.work.enter()
    void runShadow(deps, { node, request, root, prompt, behind: call.rootId }).finally(() => {
      running.delete(root)
      deps.work.leave()
    })
  }
  return {
    kind: {
      key: 'shadow',
      create(node, place) {
        const models = buildModels(node, place)
        return {
          id: place.id,
          traits: models.use.traits,
          answer(request, call) {
            sample(models, request, call)
            return models.use.answer(request, call)
          },
        }
      },
    },
    close() {
      for (const call of running) call.cancel(new PlatformError('CANCELLED', 'the configuration is let go'))
    },
  }
}

interface ShadowModels {
  readonly id: string
  readonly use: Model
  readonly of: readonly Model[]
  readonly judge: Model
  readonly share: number
  readonly router: string | undefined
}

function buildModels({ shadow }: ShadowNode, place: NodePlace): ShadowModels {
  if (place.path.startsWith('strata.')) {
    const message = `${place.path}: shadow traffic is the operator's to configure, not a request's to bring`
    throw new PlatformError('CONFIG_INVALID', message, { param: place.path })
  }
  const build = (child: string | object, name: string): Model => {
    const path = `${place.path}.shadow.${name}`
    const model = place.build(child, path)
    if (model.traits.does.includes('chat')) return model
    throw new PlatformError('CONFIG_INVALID', `${path}: "${model.id}" does not chat`, { param: path })
  }
  return {
    id: place.id,
    use: build(shadow.use, 'use'),
    of: shadow.of.map((child, index) => build(child, `of[${index}]`)),
    judge: build(shadow.judge, 'judge'),
    share: shadow.share,
    router: shadow.router,
  }
}

interface Shadow {
  readonly node: ShadowModels
  readonly request: ChatRequest
  readonly root: Call
  readonly prompt: string
  /** Root of the client's call. */
  readonly behind: string
}

/** Never rejects: nobody waits for it. */
async function runShadow(deps: ShadowDeps, { node, request, root, prompt, behind }: Shadow): Promise<void> {
  const { principal } = root
  try {
    const scores: Record<string, number> = {}
    const answers: Record<string, string> = {}
    const costs: Record<string, number> = {}
    for (const model of node.of) {
      const { text, usd } = await ask(model, toPlain(request, request.chat), root)
      const question = deps.judging.toPrompt({ prompt, answer: text, criteria })
      const messages = [{ role: 'user', parts: [{ type: 'text', text: question }] }] as const
      const judged = await ask(
        node.judge,
        toPlain(request, { ...request.chat, messages, responseFormat: undefined }),
        root,
      )
      const score = deps.judging.readScore(judged.text)
      if (score === undefined) throw new PlatformError('UPSTREAM_INVALID', 'the judge gave no score')
      scores[model.id] = score
      answers[model.id] = text
      if (usd !== undefined) costs[model.id] = usd
    }
    root.end({ status: 'ok' })
    const { tenant, keyId } = principal
    const madeIn = [behind, root.rootId]
    await deps.take({ tenant, keyId, router: node.router, prompt, scores, answers, costs, madeIn })
  } catch (thrown) {
    const { code } = toPlatformError(thrown)
    root.end({ status: code === 'CANCELLED' ? 'cancelled' : 'error', errorCode: code })
    deps.log.warn({ model: node.id, code }, 'a shadow was not judged')
  }
  try {
    deps.recorder.settle(root.facts)
  } catch (thrown) {
    deps.log.error(
      { model: node.id, code: toPlatformError(thrown).code },
      'the calls of a shadow could not be recorded',
    )
  }
}

/** The same question without the client's own bytes. */
function toPlain(request: ChatRequest, chat: ChatRequest['chat']): ChatRequest {
  return { ...request, stream: false, wire: undefined, chat }
}

async function ask(
  model: Model,
  request: ChatRequest,
  root: Call,
): Promise<{ readonly text: string; readonly usd: number | undefined }> {
  const before = root.facts.length
  const call = root.child({ kind: 'model', name: model.id })
  try {
    const { text } = await collectAnswer(await model.answer(request, call))
    call.end({ status: 'ok' })
    const { cost } = sumDispatches(root.facts.slice(before))
    return { text, usd: cost === undefined ? undefined : Number(cost) / 1e12 }
  } catch (thrown) {
    const { code } = toPlatformError(thrown)
    call.end({ status: 'error', errorCode: code })
    throw thrown
  }
}
