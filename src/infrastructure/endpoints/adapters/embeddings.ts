import type { Config } from '../../../config/index.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Embedded, EmbedRequest } from '../../../core/model.ts'
import type { Dialect } from '../../dialects/index.ts'
import type { Egress, EgressResponse } from '../../egress/index.ts'
import type { Attempt } from '../adapter.ts'
import { readWhole } from './whole.ts'

export interface EmbeddingDeps {
  readonly dialect: Dialect
  readonly egress: Egress
  readonly config: Pick<Config['egress'], 'answerBytesMax'>
  readonly toRefusal: (response: EgressResponse) => Promise<PlatformError>
}

/** Embeds through `POST /embeddings` as OpenAI describes it. Throws UNSUPPORTED_PARAMETER for dialects without embeddings. */
export async function embedOpenai(deps: EmbeddingDeps, request: EmbedRequest, attempt: Attempt): Promise<Embedded> {
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
    body: JSON.stringify({
      model: endpoint.config.model,
      input: request.inputs,
      encoding_format: 'float',
      dimensions: request.dimensions,
    }),
  })
  if (response.status < 200 || response.status > 299) throw await deps.toRefusal(response)
  const body = readWhole(await response.body.collect(deps.config.answerBytesMax), endpoint.id)
  return { vectors: toVectors(body, request.inputs.length, endpoint.id), usage: deps.dialect.readUsage(body) }
}

/** One vector per input in the order of the inputs, whatever the order they came in. Throws UPSTREAM_INVALID. */
function toVectors(body: JsonObject, count: number, endpointId: string): number[][] {
  const data = body['data']
  const vectors: (number[] | undefined)[] = Array.from({ length: count }, () => undefined)
  if (Array.isArray(data)) for (const [place, item] of data.entries()) placeVector(vectors, item, place)
  const whole = vectors.filter((vector) => vector !== undefined)
  const length = whole[0]?.length
  if (whole.length !== count || whole.some((vector) => vector.length !== length)) {
    throw new PlatformError(
      'UPSTREAM_INVALID',
      `endpoint ${endpointId} did not answer one vector of one length for each of ${count} inputs`,
    )
  }
  return whole
}

function placeVector(vectors: (number[] | undefined)[], item: JsonValue, place: number): void {
  if (!isJsonObject(item)) return
  const index = typeof item['index'] === 'number' ? item['index'] : place
  const embedding = item['embedding']
  if (!Number.isInteger(index) || index < 0 || index >= vectors.length || !Array.isArray(embedding)) return
  const numbers = embedding.filter((value) => typeof value === 'number')
  if (numbers.length > 0 && numbers.length === embedding.length) vectors[index] = numbers
}
