import type { EndpointConfig } from '../../config/index.ts'
import type { DialectId } from '../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { LookupAnswer, LookupWay } from '../../core/ports-lookups.ts'
import type { Usage } from '../../core/usage.ts'
import type { EgressResponse } from '../egress/index.ts'
import { dialects, memberOf, toCount, toUsageOf } from '../dialects/index.ts'

/** One vendor's way to be asked afterwards. */
interface Way {
  /** Whether it keeps an answer, by what the request said of `store`. */
  keeps(store: JsonValue | undefined): boolean
  /** Lower case; where the head of an answer has its id. */
  readonly header: string | undefined
  /** Below the base URL. */
  path(id: string): string
  /** What a body says of the answer `id`. */
  read(body: JsonObject, id: string): LookupAnswer
}

/** A new one is one entry, a word of `lookupWays`, and how it is chosen below. */
const ways: Readonly<Record<LookupWay, Way>> = Object.freeze({
  // https://platform.openai.com/docs/api-reference/chat/get: only those created with `store: true`
  'openai-chat': {
    keeps: (store) => store === true,
    header: undefined,
    path: (id: string) => `/chat/completions/${encodeURIComponent(id)}`,
    read: (body: JsonObject, id: string) =>
      body['id'] === id ? toAnswer(dialects['openai-chat'].readUsage(body)) : another,
  },
  // https://platform.openai.com/docs/api-reference/responses/get: stored unless the request says otherwise
  'openai-responses': {
    keeps: (store) => store !== false,
    header: undefined,
    path: (id: string) => `/responses/${encodeURIComponent(id)}`,
    read(body: JsonObject, id: string) {
      if (body['id'] !== id) return another
      const { status } = body
      if (status === 'queued' || status === 'in_progress') return notTold('the answer is still being made')
      return toAnswer(dialects['openai-responses'].readUsage(body))
    },
  },
  // https://openrouter.ai/docs/api-reference/get-a-generation: of all; the head of every answer names it (x-generation-id)
  openrouter: {
    keeps: () => true,
    header: 'x-generation-id',
    path: (id: string) => `/generation?id=${encodeURIComponent(id)}`,
    read(body: JsonObject, id: string) {
      const data = memberOf(body, 'data')
      return data['id'] === id ? toAnswer(readGeneration(data)) : another
    },
  },
})

const another = notTold('it spoke of another answer')

/** How the endpoint tells later what an answer used; `undefined` where it does not, or is not to be asked. */
export function findLookupWay(asked: {
  readonly dialect: DialectId
  /** As the price catalogue names it. */
  readonly vendor: string | undefined
  readonly setting: EndpointConfig['lookup']
}): LookupWay | undefined {
  const { dialect, vendor, setting = vendor } = asked
  if (setting === 'openrouter') return 'openrouter'
  // Azure's OpenAI has the same interface: https://learn.microsoft.com/azure/ai-services/openai/how-to/responses
  if (setting !== 'openai' && setting !== 'azure') return undefined
  return dialect === 'openai-chat' || dialect === 'openai-responses' ? dialect : undefined
}

/** Whether the vendor keeps an answer whose request said this of `store`. */
export function keepsAnswer(way: LookupWay, store: JsonValue | undefined): boolean {
  return ways[way].keeps(store)
}

/** The vendor's id of an answer, where its head names it. */
export function readAnswerIdOf(way: LookupWay, response: Pick<EgressResponse, 'headers'>): string | undefined {
  const { header } = ways[way]
  return header === undefined ? undefined : response.headers[header]
}

export function toLookupPath(way: LookupWay, id: string): string {
  return ways[way].path(id)
}

/** What a body says about the answer. It comes from outside: nothing of it is quoted. */
export function readLookup(way: LookupWay, id: string, body: Buffer): LookupAnswer {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return notTold('what came is not JSON')
  }
  return isJsonObject(value) ? ways[way].read(value, id) : notTold('what came is no object')
}

function toAnswer(usage: Usage | undefined): LookupAnswer {
  if (usage === undefined || usage.inputTotal === undefined || usage.outputTotal === undefined) {
    return notTold('no usage stands in it')
  }
  if (usage.fault !== undefined) return notTold(`${usage.fault} is no count`)
  return { type: 'found', usage }
}

/** OpenRouter bills by what it calls native tokens; output includes reasoning, input what was read from the cache. */
function readGeneration(data: JsonObject): Usage {
  const raw = Object.fromEntries(Object.entries(data).filter(([name]) => billed.test(name)))
  return toUsageOf(raw, {
    inputTotal: toCount(data['native_tokens_prompt']),
    cacheRead: toCount(data['native_tokens_cached']),
    outputTotal: toCount(data['native_tokens_completion']),
    reasoning: toCount(data['native_tokens_reasoning']),
  })
}

/** The figures; what else is kept there (who asked, from where) is not ours to keep. */
const billed =
  /^(id|model|native_tokens_\w+|tokens_\w+|num_\w+|\w*cost|usage|is_byok|cancelled|service_tier|provider_name)$/

function notTold(reason: string): LookupAnswer {
  return { type: 'not-told', reason }
}
