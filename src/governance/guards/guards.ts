import type { Config, GuardPlace } from '../../config/index.ts'
import { createAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { mapJsonTexts, type JsonValue } from '../../core/json.ts'
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
      watch(model, network) {
        if (network !== undefined) return watchModel(deps, guards, { model, network })
        let watched = known.get(model)
        if (watched === undefined) {
          const own = guards.filter(({ models }) => models === undefined || models.has(model.id))
          watched = watchModel(deps, own, { model, network: undefined })
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

/** A model to be asked, and the network that it was made of when the request brought one. */
interface Asked {
  readonly model: Model
  readonly network: JsonValue | undefined
}

function watchModel(parts: ScreenParts, guards: readonly Guard[], asked: Asked): GuardedModel {
  const { network } = asked
  const before = guards.filter(({ at }) => requestPlaces.some((place) => at.has(place)))
  const first = before.filter(({ look }) => look.type !== 'judge')
  const judges = before.filter(({ look }) => look.type === 'judge')
  return {
    model: toWatched(parts, asked, { judges, after: guards.filter(({ at }) => at.has('answer')) }),
    screen:
      first.length === 0
        ? undefined
        : {
            chat: (request, call) => screenRequest(parts, first, { request, call, network }),
            inputs: (request, call) => screenInputs(parts, first, { request, call }),
          },
  }
}

function toWatched(
  parts: ScreenParts,
  { model, network }: Asked,
  { judges, after }: Readonly<Record<'judges' | 'after', readonly Guard[]>>,
): Model {
  if (judges.length + after.length === 0) return model
  const { embed } = model
  return {
    id: model.id,
    traits: model.traits,
    async answer(request, call) {
      const screened = judges.length === 0 ? request : await screenRequest(parts, judges, { request, call, network })
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
  {
    request,
    call,
    network,
  }: { readonly request: ChatRequest; readonly call: Call; readonly network: Asked['network'] },
): Promise<ChatRequest> {
  if (network !== undefined) await screenNetwork(parts, guards, { network, call })
  if (!isReadable(guards, request)) return request
  let passed = request
  for (const guard of guards) {
    const listed = listTexts(passed)
    const texts = listed.map(({ text }) => text)
    for (const place of requestPlaces) {
      if (!guard.at.has(place)) continue
      const places = listed.flatMap((each, index) => (each.place === place ? [index] : []))
      const own = places.flatMap((index) => listed[index] ?? [])
      if (own.length === 0) continue
      const screened = await screenTexts(parts, guard, { place, call, request, texts: own })
      for (const [turn, index] of places.entries()) texts[index] = screened[turn] ?? ''
    }
    if (texts.some((text, index) => text !== listed[index]?.text)) passed = replaceTexts(passed, texts)
  }
  return passed
}

/** A network has a model's structure, which nothing is rewritten in: what would be is refused. */
async function screenNetwork(
  parts: ScreenParts,
  guards: readonly Guard[],
  { network, call }: { readonly network: JsonValue; readonly call: Call },
): Promise<void> {
  const texts: { readonly text: string; readonly isNew: boolean }[] = []
  mapJsonTexts(network, (text) => {
    texts.push({ text, isNew: true })
    return text
  })
  for (const guard of guards) {
    if (!guard.at.has('input')) continue
    const strict: Guard = guard.does === 'rewrite' ? { ...guard, does: 'block' } : guard
    await screenTexts(parts, strict, { place: 'input', call, request: undefined, texts })
  }
}

/** What cannot be read cannot be guarded: it passes only where every guard is open. */
function isReadable(guards: readonly Guard[], request: ChatRequest): boolean {
  try {
    return request.chat !== undefined
  } catch (thrown) {
    const isKnown = thrown instanceof PlatformError && thrown.code === 'UNSUPPORTED_PARAMETER'
    if (isKnown && guards.every(({ onError }) => onError === 'open')) return false
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
