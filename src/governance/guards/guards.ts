import type { Config, GuardPlace } from '../../config/index.ts'
import { createAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import { withChat, type Chat, type ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { EmbedRequest, Model } from '../../core/model.ts'
import type { GuardedModel, ModelGuard, PassageGuard } from '../../core/ports-guards.ts'
import type { Passage } from '../../core/ports.ts'
import { watchEvents } from './answer.ts'
import { listTexts, replaceTexts } from './chat-texts.ts'
import { createFolder } from './fold.ts'
import type { Guard } from './guard.ts'
import { createGuard, fault, type KindParts } from './kinds.ts'
import { screenTexts, type ScreenParts } from './screen.ts'

/** The guards of one configuration. */
export interface Guards {
  readonly models: ModelGuard
  /** `undefined` when no guard looks at passages. */
  readonly passages: PassageGuard | undefined
  /** Throws CONFIG_INVALID for a judge that there is not. Asked once the models are built. */
  check(): void
}

export interface GuardsDeps extends Omit<KindParts, 'folder'>, Pick<ScreenParts, 'observe'> {
  readonly config: Config['governance']['guards']
}

/** Throws CONFIG_INVALID for a guard that cannot be built, with its place. */
export function createGuards(deps: GuardsDeps): Guards {
  const folder = createFolder()
  const guards = deps.config.map((config, index) =>
    createGuard({ ...deps, folder }, config, `governance.guards[${index}]`),
  )
  checkNames(guards)
  const known = new WeakMap<Model, GuardedModel>()
  return {
    passages: guards.some(({ at }) => at.has('passages')) ? createPassageGuard(deps, guards) : undefined,
    models: {
      watch(model, isComposed) {
        if (isComposed) return watchModel(deps, guards, model)
        let watched = known.get(model)
        if (watched === undefined) {
          const own = guards.filter(({ models }) => models === undefined || models.has(model.id))
          watched = watchModel(deps, own, model)
          known.set(model, watched)
        }
        return watched
      },
    },
    check() {
      for (const [index, config] of deps.config.entries()) {
        if (config.guard !== 'judge' || deps.findModel(config.by)?.traits.does.includes('chat') === true) continue
        throw fault(
          `governance.guards[${index}].by`,
          `there is no model "${config.by}" that chats; add it under models or endpoints`,
        )
      }
    },
  }
}

function checkNames(guards: readonly Guard[]): void {
  const seen = new Set<string>()
  for (const [index, { name }] of guards.entries()) {
    if (seen.has(name))
      throw fault(`governance.guards[${index}].name`, `there is a guard "${name}" already; give each a name of its own`)
    seen.add(name)
  }
}

const requestPlaces: readonly GuardPlace[] = ['system', 'input', 'tools']

function watchModel(parts: ScreenParts, guards: readonly Guard[], model: Model): GuardedModel {
  const before = guards.filter(({ at }) => requestPlaces.some((place) => at.has(place)))
  const first = before.filter(({ look }) => look.type !== 'judge')
  const judges = before.filter(({ look }) => look.type === 'judge')
  return {
    model: toWatched(parts, model, { judges, after: guards.filter(({ at }) => at.has('answer')) }),
    screen:
      first.length === 0
        ? undefined
        : {
            chat: (request, call) => screenRequest(parts, first, { request, call }),
            inputs: (request, call) => screenInputs(parts, first, { request, call }),
          },
  }
}

function toWatched(
  parts: ScreenParts,
  model: Model,
  { judges, after }: Readonly<Record<'judges' | 'after', readonly Guard[]>>,
): Model {
  if (judges.length + after.length === 0) return model
  const { embed } = model
  return {
    id: model.id,
    traits: model.traits,
    async answer(request, call) {
      const screened = judges.length === 0 ? request : await screenRequest(parts, judges, { request, call })
      const answer = await model.answer(screened, call)
      if (after.length === 0) return answer
      const cancel = (reason: unknown): void => answer.cancel(reason)
      return createAnswer(watchEvents(parts, answer, { guards: after, request: screened, call, cancel }), cancel)
    },
    ...(embed === undefined
      ? {}
      : { embed: async (request, call) => embed(await screenInputs(parts, judges, { request, call }), call) }),
  }
}

/** The request as it may go on: the client's own unless a guard rewrites. */
async function screenRequest(
  parts: ScreenParts,
  guards: readonly Guard[],
  { request, call }: { readonly request: ChatRequest; readonly call: Call },
): Promise<ChatRequest> {
  const given = readChat(guards, request)
  if (given === undefined) return request
  let chat = given
  for (const guard of guards) {
    const listed = listTexts(chat)
    const texts = listed.map(({ text }) => text)
    for (const place of requestPlaces) {
      if (!guard.at.has(place)) continue
      const places = listed.flatMap((each, index) => (each.place === place ? [index] : []))
      const own = places.flatMap((index) => listed[index] ?? [])
      if (own.length === 0) continue
      const screened = await screenTexts(parts, guard, { place, call, request, texts: own })
      for (const [turn, index] of places.entries()) texts[index] = screened[turn] ?? ''
    }
    if (texts.some((text, index) => text !== listed[index]?.text)) chat = replaceTexts(chat, texts)
  }
  return chat === given ? request : withChat(request, chat)
}

/** What cannot be read cannot be guarded: it passes only where every guard is open. */
function readChat(guards: readonly Guard[], request: ChatRequest): Chat | undefined {
  try {
    return request.chat
  } catch (thrown) {
    const isReadable = thrown instanceof PlatformError && thrown.code === 'UNSUPPORTED_PARAMETER'
    if (isReadable && guards.every(({ onError }) => onError === 'open')) return undefined
    throw thrown
  }
}

async function screenInputs(
  parts: ScreenParts,
  guards: readonly Guard[],
  { request, call }: { readonly request: EmbedRequest; readonly call: Call },
): Promise<EmbedRequest> {
  let { inputs } = request
  for (const guard of guards) {
    if (!guard.at.has('input')) continue
    const texts = inputs.map((text) => ({ text, isNew: true }))
    inputs = await screenTexts(parts, guard, { place: 'input', call, request: undefined, texts })
  }
  return inputs === request.inputs ? request : { ...request, inputs }
}

/** A passage is quoted byte for byte, so that a guard that rewrites leaves it out instead. */
function createPassageGuard(parts: ScreenParts, guards: readonly Guard[]): PassageGuard {
  const own = guards.filter(({ at }) => at.has('passages'))
  return {
    async screen(passages, call) {
      let left: readonly Passage[] = passages
      for (const guard of own) {
        if (left.length === 0) break
        const texts = left.map(({ text }) => ({ text, isNew: true }))
        const screened = await screenTexts(parts, guard, { place: 'passages', call, request: undefined, texts })
        left = left.filter(({ text }, index) => screened[index] === text)
      }
      return left
    },
  }
}
