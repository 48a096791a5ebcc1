import type { Config } from '../../../config/index.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { Embedded, Reranked, RerankRequest } from '../../../core/model.ts'
import {
  decodeEmbeddingAnswer,
  decodeRerankAnswer,
  encodeEmbeddingRequest,
  encodeRerankRequest,
  type Dialect,
} from '../../dialects/index.ts'
import type { Egress, EgressResponse } from '../../egress/index.ts'
import type { Attempt, EmbedTexts } from '../adapter.ts'
import { readJson, readWhole } from './whole.ts'

export interface EmbeddingDeps {
  readonly dialect: Dialect
  readonly egress: Egress
  readonly config: Pick<Config['egress'], 'answerBytesMax'>
  readonly toRefusal: (response: EgressResponse) => Promise<PlatformError>
}

/** Embeds through `POST /embeddings` as OpenAI describes it. Throws UNSUPPORTED_PARAMETER for dialects without embeddings. */
export async function embedOpenai(deps: EmbeddingDeps, request: EmbedTexts, attempt: Attempt): Promise<Embedded> {
  const { endpoint, permit } = attempt
  if (deps.dialect.id === 'anthropic-messages') {
    throw new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${endpoint.id} speaks a dialect without embeddings`, {
      param: 'model',
    })
  }
  const response = await deps.egress.send(permit, {
    method: 'POST',
    path: '/embeddings',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(encodeEmbeddingRequest(request, endpoint.config.model)),
  })
  if (response.status < 200 || response.status > 299) throw await deps.toRefusal(response)
  const body = readWhole(await response.body.collect(deps.config.answerBytesMax), endpoint.id)
  return decodeEmbeddingAnswer(body, request.inputs.length)
}

/** Judges texts through `POST /rerank`. Throws UNSUPPORTED_PARAMETER for dialects without it. */
export async function rerankOpenai(deps: EmbeddingDeps, request: RerankRequest, attempt: Attempt): Promise<Reranked> {
  const { endpoint, permit } = attempt
  if (deps.dialect.id !== 'openai-chat') {
    throw new PlatformError('UNSUPPORTED_PARAMETER', `endpoint ${endpoint.id} speaks a dialect without reranking`, {
      param: 'model',
    })
  }
  const { model, rerankShape } = endpoint.config
  const response = await deps.egress.send(permit, {
    method: 'POST',
    path: '/rerank',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(encodeRerankRequest(request, model, rerankShape)),
  })
  if (response.status < 200 || response.status > 299) throw await deps.toRefusal(response)
  const body = readJson(await response.body.collect(deps.config.answerBytesMax), endpoint.id)
  return decodeRerankAnswer(body, request.documents.length)
}
