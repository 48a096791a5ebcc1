import { createHash } from 'node:crypto'
import type { CacheNode } from '../../config/index.ts'
import { collectAnswer, createAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { AnswerEvent, Chat, ChatRequest } from '../../core/chat.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { versionsGiven } from '../../core/given.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Answer, Model, Variation } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import { principalsOf } from '../../core/principals.ts'
import { isShortBelow } from '../../core/shortfall.ts'
import { findQuestion } from '../conditions/index.ts'
import type { AnswerCache, Kept, NewEntry } from './answer-cache.ts'
import { openChild } from './asking.ts'
import { buildChat, buildEmbedder, type Embedder } from './building.ts'
import { toEmbedText } from './embedding.ts'
import type { KindDeps } from './kind-deps.ts'
import { isPassedOn } from './passing.ts'
import { chatTraits, withHelpers } from './traits.ts'

const entriesMaxDefault = 10_000
const bytesMaxDefault = 67_108_864
const cosineMinDefault = 0.97
const compareMaxDefault = 1_000

/**
 * Answers again what it has answered before, as a stream where a stream is asked for. The key holds the tenant, its labels,
 * the configuration, the node and all of the chat, and whatever else the answer hangs on (`Traits.varies`); an answer that did not come to its own end,
 * or that is less than was asked for (`cut`, a check that failed), is never kept.
 */
export function createCacheKind(deps: KindDeps): NodeKind<CacheNode> {
  return {
    key: 'cache',
    create({ cache }, place) {
      const path = `${place.path}.cache`
      const model = buildChat(place, cache.use, `${path}.use`)
      const { semantic } = cache
      const near =
        semantic === undefined
          ? undefined
          : {
              embedder: buildEmbedder(place, semantic.embedder, `${path}.semantic.embedder`),
              cosineMin: semantic.atLeast ?? cosineMinDefault,
              compareMax: semantic.compareMax ?? compareMaxDefault,
            }
      // A network that comes with a request is called the same as another one at its place.
      const id = `${place.id} ${createHash('sha256').update(JSON.stringify(cache)).digest('base64url')}`
      const kept = deps.caches.open(id, {
        ms: cache.seconds * 1_000,
        entriesMax: cache.entriesMax ?? entriesMaxDefault,
        bytesMax: cache.bytesMax ?? bytesMaxDefault,
      })
      const options: CacheOptions = { deps, id, model, kept, near }
      const traits = withHelpers(chatTraits([model.traits], 'one-of'), near === undefined ? [] : [near.embedder.traits])
      return { id: place.id, traits, answer: (request, call) => answerCached(options, request, call) }
    },
  }
}

interface CacheOptions {
  readonly deps: KindDeps
  readonly id: string
  readonly model: Model
  readonly kept: AnswerCache
  readonly near: { readonly embedder: Embedder; readonly cosineMin: number; readonly compareMax: number } | undefined
}

async function answerCached(options: CacheOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { deps, model, kept } = options
  const detail = { node: 'cache' }
  const chat = findChat(request)
  // What cannot be read cannot be recognised again.
  if (chat === undefined) return openChild({ clock: deps.clock, child: model, request, call, detail })
  const scope = scopeOf(options, request, call)
  const key = hash(scope, chat, '')
  const found = await keepValid(options, call, kept.find(key))
  if (found !== undefined) return replay(call, found, 'exact')
  const near = await findNear(options, { request, call, scope })
  if (near?.found !== undefined) return replay(call, near.found, 'semantic')
  call.note({ cache: { hit: 'none' } })
  const answer = await openChild({ clock: deps.clock, child: model, request, call, detail })
  const events = keep(answer, (whole) => {
    // The next one who asks is not told that it is less than was asked for, and may be given more.
    if (isShortBelow(call)) return
    const versions = versionsGiven(call.facts)
    kept.put(key, { events: whole, bounds: call.bounds, versions, near: near?.asked })
  })
  return createAnswer(events, (reason) => answer.cancel(reason))
}

/** Not what was made from a document that has been deleted since: nobody is given that any more. */
async function keepValid(
  { deps, kept }: CacheOptions,
  { principal }: Call,
  found: Kept | undefined,
): Promise<Kept | undefined> {
  if (found === undefined || found.versions.length === 0 || deps.withdrawn === undefined) return found
  const gone = await deps.withdrawn.listWithdrawn(principal.tenant, found.versions)
  if (gone.length === 0) return found
  kept.drop(found.key)
  return undefined
}

function replay(call: Call, { events, ageMs, bounds, versions }: Kept, hit: 'exact' | 'semantic'): Answer {
  for (const bound of bounds) {
    if (call.bind(bound)) continue
    throw new PlatformError(
      'REGION_REFUSED',
      'what was answered before is bound to regions in which this request has none left',
    )
  }
  // What an answer rests on goes on with it: a cache around this one, the record and deletions ask for that.
  call.note({
    cache: { hit, ageMs: Math.round(ageMs) },
    ...(versions.length === 0 ? {} : { passages: versions.map((version) => ({ version })) }),
    ...(bounds.length === 0 ? {} : { bound: bounds.flat() }),
  })
  return createAnswer(iterate(events))
}

async function* iterate(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  for (const event of events) yield event
}

/** Hands the events on; when they have come to their own end, they are kept. */
async function* keep(
  answer: AsyncIterable<AnswerEvent>,
  put: (events: readonly AnswerEvent[]) => void,
): AsyncGenerator<AnswerEvent> {
  const events: AnswerEvent[] = []
  for await (const event of answer) {
    events.push(event)
    yield event
  }
  const { reason } = await collectAnswer(iterate(events))
  if (reason === 'stop' || reason === 'tool-calls') put(events)
}

interface NearResult {
  readonly found: Kept | undefined
  /** How it is found again. */
  readonly asked: NewEntry['near']
}

interface NearQuestion {
  readonly request: ChatRequest
  readonly call: Call
  readonly scope: Scope
}

/** Only a single question without tools and pictures means what its words mean; all else is compared to the letter. */
async function findNear(
  options: CacheOptions,
  { request, call, scope }: NearQuestion,
): Promise<NearResult | undefined> {
  const { kept, near } = options
  if (near === undefined || !isPlainQuestion(request.chat)) return undefined
  const { embedder, cosineMin, compareMax } = near
  const question = findQuestion(request)
  try {
    const vector = await toEmbedText(embedder, call)(question)
    const rest = { ...request.chat, messages: request.chat.messages.filter(({ role }) => role !== 'user') }
    const asked = { vector, literals: findLiterals(question), scope: hash(scope, rest, 'semantic') }
    const found = await keepValid(options, call, kept.findNear({ ...asked, cosineMin, compareMax }))
    return { found, asked }
  } catch (thrown) {
    const { code } = toPlatformError(thrown)
    if (call.cancellation.isCancelled || !(isPassedOn(code) || code === 'BUDGET_SPENT')) throw thrown
    return undefined // Without a vector the question is asked as if there were no such cache.
  }
}

function isPlainQuestion({ messages, tools }: Chat): boolean {
  const asked = messages.filter(({ role }) => role !== 'system')
  const [question] = asked
  return (
    tools.length === 0 &&
    asked.length === 1 &&
    question?.role === 'user' &&
    question.parts.every(({ type }) => type === 'text')
  )
}

/** Numbers and negations turn a question into another one, and hardly move its vector. */
function findLiterals(question: string): string {
  const found = question
    .toLowerCase()
    .match(/\d+(?:[.,]\d+)*|\b(?:not|no|never|without|except|un\w+|non\w*)\b|n't\b|[不没無无非未]/g)
  return (found ?? []).join(' ')
}

interface Scope {
  readonly tenant: string
  readonly labels: Call['labels']
  readonly config: string
  readonly node: string
  /** What else the answer hangs on, as its traits say, and what that is for this request. */
  readonly varies: readonly JsonValue[]
}

function scopeOf({ deps, id, model }: CacheOptions, request: ChatRequest, call: Call): Scope {
  const varies = (model.traits.varies ?? []).map((variation) => [variation, read(variation, request, call) ?? null])
  return { tenant: call.principal.tenant, labels: call.labels, config: deps.configHash, node: id, varies }
}

function read(variation: Variation, { aside, chat }: ChatRequest, { principal }: Call): JsonValue | undefined {
  switch (variation) {
    case 'variables':
      return aside?.variables
    case 'key':
      return principal.keyId
    case 'user':
      return chat.user
    case 'documents':
      return principalsOf(principal) ?? 'all'
    default:
      return aside?.headers[variation.slice('header '.length)]
  }
}

/** Of all that the answer may depend on. Who the client says its user is, only where that is among them. */
function hash(scope: Scope, chat: Chat, kind: string): string {
  const { user: _, ...asked } = chat
  return createHash('sha256')
    .update(JSON.stringify([kind, scope, asked]))
    .digest('base64url')
}

function findChat(request: ChatRequest): Chat | undefined {
  try {
    return request.chat
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'UNSUPPORTED_PARAMETER') return undefined
    throw thrown
  }
}
