import type { RouteNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { toPlatformError } from '../../core/errors.ts'
import { toDollars } from '../../core/money.ts'
import type { Model } from '../../core/model.ts'
import type { NodePlace } from '../../core/node-kind.ts'
import { estimateInputTokens } from '../../core/token-estimate.ts'
import {
  rankCandidates,
  toPromptText,
  type Candidate,
  type Router,
  type RouterInForce,
  type RouterScores,
  type Terms,
} from '../learning/index.ts'
import { buildChat, buildEmbedder, fault, type Embedder } from './building.ts'
import { describeCertificate, findThreshold, type WantedGuarantee } from './certified.ts'
import { toEmbedText } from './embedding.ts'
import type { KindDeps } from './kind-deps.ts'
import { isPassedOn } from './passing.ts'
import type { Choice, Choose } from './route.ts'

type Learned = Extract<RouteNode['route'], { readonly learned: string }>

export interface LearnedRouteOptions {
  readonly route: Learned
  readonly guarantee: WantedGuarantee | undefined
}

/** Chooses by predicted quality. With a threshold or a guarantee the weak model is taken unless the strong one gains more. */
export function createLearnedChoice(
  deps: KindDeps,
  { route, guarantee }: LearnedRouteOptions,
  place: NodePlace,
): { readonly children: readonly Model[]; readonly helpers: readonly Model[]; readonly choose: Choose } {
  const path = `${place.path}.route`
  const models = new Map(
    Object.entries(route.among).map(([name, node]) => [name, buildChat(place, node, `${path}.among.${name}`)]),
  )
  const router = requireRouter(deps, route.learned, `${path}.learned`)
  requireKnown(router, [...models.keys()], path)
  const isCertified = guarantee !== undefined || route.threshold === 'certified'
  if (isCertified) requireGuarantee(guarantee, { path: place.path, isAsked: route.threshold === 'certified' })
  if (isCertified && typeof route.threshold === 'number')
    throw fault(`${path}.threshold`, 'a guarantee sets the threshold; write certified, or remove the guarantee')
  const hasThreshold = isCertified || typeof route.threshold === 'number'
  if (hasThreshold) requirePair(router, models, path)
  if (hasThreshold && route.terms !== undefined)
    throw fault(`${path}.terms`, 'a threshold decides by quality alone; remove either of the two')
  const embedder = route.embedder === undefined ? undefined : buildEmbedder(place, route.embedder, `${path}.embedder`)
  if (embedder !== undefined) requireNeighbours(router, { isCertified, path: `${path}.embedder` })
  const options: LearnedOptions = { deps, route, models, guarantee, isCertified, embedder }
  return {
    children: [...models.values()],
    helpers: embedder === undefined ? [] : [embedder],
    choose: (asked) => chooseLearned(options, asked),
  }
}

/** Vectors are of use to a router that was trained with some, and to no certificate. Throws CONFIG_INVALID. */
function requireNeighbours(router: Router, { isCertified, path }: { isCertified: boolean; path: string }): void {
  if (isCertified)
    throw fault(
      path,
      'a certificate speaks of what the router reads of the text alone; remove the embedder or the guarantee',
    )
  if (router.embedder === undefined)
    throw fault(path, 'the router was trained without vectors; train it with --embedder, or remove the embedder')
}

/** A router of that name that is there at load. Throws CONFIG_INVALID. */
export function requireRouter({ routers }: KindDeps, name: string, path: string): Router {
  const found = routers?.find(name)
  if (found !== undefined) return found.router
  const names = routers?.names() ?? []
  const known =
    names.length === 0 ? 'there is none yet; train one and add it under routers' : `there is ${names.join(', ')}`
  throw fault(path, `there is no router "${name}"; ${known}`)
}

/** A guarantee that can be kept at all. Throws CONFIG_INVALID. */
export function requireGuarantee(
  guarantee: WantedGuarantee | undefined,
  { path, isAsked }: { readonly path: string; readonly isAsked: boolean },
): void {
  if (guarantee === undefined) {
    if (isAsked)
      throw fault(
        path,
        'a certified threshold needs a guarantee; add guarantee: { maxQualityLoss: 0.02, confidence: 0.9 }',
      )
    return
  }
  if (guarantee.maxQualityLoss === 0)
    throw fault(
      `${path}.guarantee.maxQualityLoss`,
      'no number of labels shows a loss of exactly 0; allow a little, such as 0.02',
    )
}

interface LearnedOptions {
  readonly deps: KindDeps
  readonly route: Learned
  readonly models: ReadonlyMap<string, Model>
  readonly guarantee: WantedGuarantee | undefined
  readonly isCertified: boolean
  readonly embedder: Embedder | undefined
}

interface Asked {
  readonly request: ChatRequest
  readonly call: Call
}

function chooseLearned(options: LearnedOptions, asked: Asked): Choice | Promise<Choice> {
  const { deps, route, models, embedder } = options
  const shelved = deps.routers?.find(route.learned)
  const [first] = models
  // A router that was taken away between two requests leaves the first model, which needs none.
  if (shelved === undefined) return toChoice(options, first?.[0] ?? '', { reason: 'the router is gone' })
  const prompt = toPromptText(asked.request.chat)
  // Another version may have been put in force that knows no vectors.
  if (embedder === undefined || shelved.router.embedder === undefined) {
    return chooseByScores(options, { ...asked, shelved, scores: shelved.router.score(prompt), seen: {} })
  }
  return embedPrompt(embedder, prompt, asked.call).then((vector) => {
    const seen = { nearest: vector !== undefined }
    return chooseByScores(options, { ...asked, shelved, scores: shelved.router.score(prompt, vector), seen })
  })
}

/** `undefined` where no vector is to be had: then the words have to do. */
async function embedPrompt(embedder: Embedder, prompt: string, call: Call): Promise<readonly number[] | undefined> {
  try {
    return await toEmbedText(embedder, call)(prompt)
  } catch (thrown) {
    const { code } = toPlatformError(thrown)
    if (call.cancellation.isCancelled || !(isPassedOn(code) || code === 'BUDGET_SPENT')) throw thrown
    return undefined
  }
}

interface Scored extends Asked {
  readonly shelved: RouterInForce
  readonly scores: RouterScores
  /** Whether the nearest prompts were heard; nothing where they never are. */
  readonly seen: { readonly nearest?: boolean }
}

function chooseByScores(options: LearnedOptions, { request, call, shelved, scores, seen }: Scored): Choice {
  const { deps, route, models } = options
  const { router } = shelved
  if (options.isCertified || typeof route.threshold === 'number')
    return chooseByGain(options, { shelved, scores, seen })
  const candidates = [...models].map(([name, model]) => toCandidate(deps, { name, model }, request))
  const [best] = rankCandidates(scores, candidates, toTerms(route, deps, { request, call }))
  return toChoice(options, best?.model ?? router.strong, {
    router: router.hash.slice(0, 16),
    quality: round(best?.quality ?? 0),
    ...seen,
  })
}

function chooseByGain(
  options: LearnedOptions,
  { shelved, scores, seen }: Pick<Scored, 'shelved' | 'scores' | 'seen'>,
): Choice {
  const { route, guarantee } = options
  const { router } = shelved
  const gain = (scores[router.strong] ?? 1) - (scores[router.weak] ?? 0)
  const about = { router: router.hash.slice(0, 16), gain: round(gain), ...seen }
  if (guarantee === undefined) {
    const threshold = typeof route.threshold === 'number' ? route.threshold : 0
    return toChoice(options, gain >= threshold ? router.strong : router.weak, about)
  }
  const found = findThreshold(shelved, 'question', guarantee)
  if (found.type === 'none') return toChoice(options, router.strong, { ...about, uncertified: found.reason })
  const certificate = describeCertificate(found.certificate)
  return toChoice(options, gain >= found.threshold ? router.strong : router.weak, { ...about, certificate })
}

function toChoice({ models, route }: LearnedOptions, name: string, about: Choice['notes']): Choice {
  const child = models.get(name) ?? [...models.values()].at(-1)
  if (child === undefined) throw new RangeError('a learned route has models')
  const { certificate, ...rest } = about
  return {
    child,
    branch: name,
    notes: {
      route: { by: 'learned', name: route.learned, branch: name, ...rest },
      ...(certificate === undefined ? {} : { certificate }),
    },
  }
}

function requireKnown(router: Router, names: readonly string[], path: string): void {
  if (names.length < 2) throw fault(`${path}.among`, 'a route chooses between two models at least')
  const known = new Set(router.models.map(({ id }) => id))
  const stranger = names.find((name) => !known.has(name))
  if (stranger === undefined) return
  throw fault(`${path}.among.${stranger}`, `the router does not know "${stranger}"; it knows ${[...known].join(', ')}`)
}

function requirePair(router: Router, models: ReadonlyMap<string, Model>, path: string): void {
  if (models.size === 2 && models.has(router.weak) && models.has(router.strong)) return
  throw fault(
    `${path}.among`,
    `a threshold lies between the router's weak model ${router.weak} and its strong one ${router.strong}; name these two`,
  )
}

/** What is known of answering with a model now. */
function toCandidate(
  { endpoints }: KindDeps,
  { name, model }: { readonly name: string; readonly model: Model },
  request: ChatRequest,
): Candidate {
  const state = endpoints.findState(model.id)
  const tokens = { input: estimateInputTokens(request.chat), output: request.outputTokensMax }
  const cost = state?.costMax(tokens) ?? model.traits.costMax
  return {
    model: name,
    usd: cost === undefined ? undefined : Number(toDollars(cost)),
    latencyMs: state?.firstByteMs,
    energyWh: state?.energyWhMax(request.outputTokensMax),
    isPrivate: state?.isLocal,
  }
}

/** Keeping personal data here counts only for a request that holds some, or that may. */
function toTerms(
  { terms }: Learned,
  { personal }: KindDeps,
  { request }: { readonly request: ChatRequest; readonly call: Call },
): Terms {
  if (terms === undefined) return {}
  const mayHold =
    terms.privacy !== undefined && (personal === undefined || personal.scan(toPromptText(request.chat)).length > 0)
  return {
    perUsd: terms.price,
    perSecond: terms.latency,
    perWh: terms.energy,
    leaving: mayHold ? terms.privacy : undefined,
  }
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
