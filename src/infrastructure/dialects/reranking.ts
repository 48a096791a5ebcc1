import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Reranked, RerankRequest } from '../../core/model.ts'
import { isArray, memberOf, toCount, toUsageOf } from './shared/index.ts'

/**
 * How the texts are called in a request: `documents` by Cohere, Jina, Voyage, vLLM and Infinity, `texts` by Text Embeddings
 * Inference. How many are wanted back is not said: that has several names, and all come back by default.
 */
export type RerankShape = 'documents' | 'texts'

export function encodeRerankRequest(request: RerankRequest, model: string, shape: RerankShape): JsonObject {
  const { query, documents } = request
  return shape === 'texts' ? { query, texts: documents } : { model, query, documents }
}

/**
 * The scores in the order of the documents: `results`, `data` or a bare list of `relevance_score` or `score` with `index`.
 * Throws UPSTREAM_INVALID unless there is one number for each document.
 */
export function decodeRerankAnswer(body: JsonValue, documentCount: number): Reranked {
  const answer = isJsonObject(body) ? body : {}
  const list = [body, answer['results'], answer['data']].find(isArray) ?? []
  const scores: number[] = []
  for (const item of list) {
    const index = isJsonObject(item) ? toCount(item['index']) : undefined
    const score = isJsonObject(item) ? (item['relevance_score'] ?? item['score']) : undefined
    const isNew = index !== undefined && index < documentCount && scores[index] === undefined
    if (!isNew || typeof score !== 'number' || !Number.isFinite(score)) throw toInvalid()
    scores[index] = score
  }
  if (list.length !== documentCount) throw toInvalid()
  return { scores, usage: toUsage(answer) }
}

function toInvalid(): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the endpoint did not give one number for each document')
}

/** Tokens, where they are told: `usage` of most, `meta.tokens` or `meta.billed_units` of Cohere. */
function toUsage(answer: JsonObject): Reranked['usage'] {
  const { usage, meta } = answer
  if (isJsonObject(usage)) {
    const input = toCount(usage['prompt_tokens']) ?? toCount(usage['total_tokens'])
    return toUsageOf(usage, { inputTotal: input, outputTotal: 0 })
  }
  if (!isJsonObject(meta)) return undefined
  const input = toCount(memberOf(meta, 'tokens')['input_tokens'])
  return toUsageOf(meta, { inputTotal: input, outputTotal: 0 })
}
