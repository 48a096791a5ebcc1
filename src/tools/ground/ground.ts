import type { GroundNode } from '../../config/index.ts'
import { createAnswer, followAnswer, toFailure } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import { withChat, type ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { CopyrightGuard } from '../../core/ports-copyright.ts'
import type { PassageGuard } from '../../core/ports-guards.ts'
import type { KnowledgeSearch, Passage } from '../../core/ports.ts'
import { principalsOf } from '../../core/principals.ts'
import type { Clock } from '../../core/time.ts'
import { citeAnswer } from './citing.ts'
import { groundChat, keepCitable } from './prompt.ts'
import { findQuestion } from './question.ts'

export interface GroundParts {
  readonly knowledge: KnowledgeSearch
  /** Watches how much of the passages an answer gives again; nobody does when absent. */
  readonly copyright?: CopyrightGuard | undefined
  /** Looks at passages before the writer is given them; nobody does when absent. */
  readonly guard?: PassageGuard | undefined
  readonly clock: Clock
}

const passagesMaxDefault = 8

/**
 * The node kind `ground`: finds passages for the last question in collections of the caller's tenant, has another model
 * answer from them, and checks every quote it gives before it becomes a citation.
 */
export function createGroundKind(deps: GroundParts): NodeKind<GroundNode> {
  return {
    key: 'ground',
    create({ ground }, place) {
      const path = `${place.path}.ground.with`
      const writer = place.build(ground.with, path)
      if (!writer.traits.does.includes('chat')) {
        throw new PlatformError('CONFIG_INVALID', `${path}: "${writer.id}" does not chat, so it cannot answer`, {
          param: path,
        })
      }
      const options = {
        ...deps,
        writer,
        collections: typeof ground.in === 'string' ? [ground.in] : ground.in,
        passagesMax: ground.passagesMax ?? passagesMaxDefault,
      }
      const varies = [...new Set([...(writer.traits.varies ?? []), 'documents' as const])]
      const traits = { ...writer.traits, does: ['chat'] as const, varies }
      return { id: place.id, traits, answer: (request, call) => answerFromPassages(options, request, call) }
    },
  }
}

interface Grounding extends GroundParts {
  readonly writer: Model
  readonly collections: readonly string[]
  readonly passagesMax: number
}

async function answerFromPassages(options: Grounding, request: ChatRequest, call: Call): Promise<Answer> {
  const { clock, writer } = options
  const startedMs = clock.monotonicMs()
  const found = await findPassages(options, request, call)
  const passages = (await options.guard?.screen(found, call)) ?? found
  const searchMs = clock.monotonicMs() - startedMs
  if (call.cancellation.isCancelled) throw new PlatformError('CANCELLED', 'the call was cancelled during the search')

  const detail = toDetail(options, passages, searchMs)
  const child = call.child({ kind: 'model', name: writer.id })
  try {
    const grounded = withChat(request, groundChat(request.chat, passages))
    const written = await writer.answer(grounded, child)
    const firstByteMs = clock.monotonicMs() - child.startedMonotonicMs
    const followed = followAnswer(written, child, { firstByteMs, detail })
    const cited = citeAnswer(followed, { passages, marks: keepCitable(request.chat) })
    const watch = await options.copyright?.open(call.principal.tenant, passages)
    const events = watch === undefined ? cited : watch.guard(cited)
    return createAnswer(events, (reason) => followed.cancel(reason))
  } catch (thrown) {
    child.end({ ...toFailure(thrown), detail })
    throw thrown
  }
}

async function findPassages(
  { knowledge, writer, collections, passagesMax }: Grounding,
  request: ChatRequest,
  call: Call,
): Promise<readonly Passage[]> {
  const query = findQuestion(request.chat)
  const viewer = { principals: principalsOf(call.principal), regions: call.labels.allowedRegions }
  const by = { principal: call.principal, call }
  const found = await knowledge.search({
    ...viewer,
    by,
    tenant: call.principal.tenant,
    collections,
    query,
    passagesMax,
  })
  return bindTo(call, fitPassages(found, writer.traits.contextTokens))
}

/**
 * Whoever is given a passage is bound to the region of its document, and so is all that is made of the answer. A passage of which
 * that cannot be said together with better ones is left out.
 */
function bindTo(call: Call, passages: readonly Passage[]): readonly Passage[] {
  const kept = passages.filter(({ region }) => region === undefined || call.bind([region]))
  const regions = [...new Set(kept.flatMap(({ region }) => region ?? []))]
  const left = passages.length - kept.length
  if (regions.length > 0) call.note({ bound: regions, ...(left === 0 ? {} : { passagesLeftOut: left }) })
  return kept
}

/**
 * As many of the best passages as fill half the context of the model that will answer, at three characters of text to a
 * token, but at least the best one.
 */
function fitPassages(passages: readonly Passage[], contextTokens: number | undefined): readonly Passage[] {
  if (contextTokens === undefined) return passages
  let left = (contextTokens / 2) * 3
  return passages.filter(({ text }, index) => {
    left -= countUnits(text)
    return index === 0 || left >= 0
  })
}

/** A Han character takes about as many tokens as three Latin ones. */
function countUnits(text: string): number {
  return text.length + 2 * (text.match(/[\u3400-\u9fff]/g)?.length ?? 0)
}

/** What the record keeps of the search: which spans were given, never their text. */
function toDetail({ collections }: Grounding, passages: readonly Passage[], searchMs: number): JsonObject {
  const spans = passages.map(({ version, start, end }) => ({ version, start, end }))
  return { node: 'ground', collections, searchMs, passages: spans }
}
