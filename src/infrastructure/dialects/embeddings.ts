import type { Embedded, EmbedRequest } from '../../core/model.ts'
import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import {
  invalid,
  isArray,
  type Located,
  memberOf,
  readInteger,
  readStrings,
  readWord,
  requireString,
  toCount,
  toUsageOf,
  unsupported,
} from './shared/index.ts'

/** What a client of OpenAI's embeddings asks for. */
export interface EmbeddingRequest {
  readonly request: EmbedRequest
  /** Vectors as numbers, or as the base64 of little-endian 32-bit floats, which the official clients ask for. */
  readonly encodingFormat: 'float' | 'base64'
}

/** What clients of other vendors' embeddings say the texts are; what is neither question nor passage is embedded as it stands. */
const kinds = {
  query: 'query',
  search_query: 'query',
  document: 'passage',
  passage: 'passage',
  search_document: 'passage',
  classification: undefined,
  clustering: undefined,
} as const

/** OpenAI's bound on inputs of one request. */
const inputsMax = 2_048

/** Throws INVALID_REQUEST, or UNSUPPORTED_PARAMETER for inputs that are tokens: those belong to one vendor's model. */
export function decodeEmbeddingRequest(body: JsonObject): EmbeddingRequest {
  const place: Located = { object: body, path: '' }
  const { input } = body
  const first = isArray(input) ? input[0] : input
  if (typeof first === 'number' || isArray(first))
    throw unsupported('input', 'must be text: token arrays are not supported')
  const inputs = readStrings(place, 'input')
  if (inputs.length === 0 || inputs.length > inputsMax) throw invalid('input', `1 to ${inputsMax} strings`)
  const empty = inputs.indexOf('')
  if (empty !== -1) throw invalid(isArray(input) ? `input[${empty}]` : 'input', 'a string that is not empty')
  const type = readWord(place, 'input_type', Object.keys(kinds) as (keyof typeof kinds)[]) // the keys of this object
  const kind = type === undefined ? undefined : kinds[type]
  return {
    request: {
      model: requireString(place, 'model'),
      inputs,
      dimensions: readInteger(place, 'dimensions', 1),
      ...(kind === undefined ? {} : { kind }),
    },
    encodingFormat: readWord(place, 'encoding_format', ['float', 'base64']) ?? 'float',
  }
}

/**
 * The vectors as OpenAI shapes them. `usage` demands a number: where the model reports none it is left out, so that
 * nothing reads as zero.
 */
export function encodeEmbeddingAnswer(
  embedded: Embedded,
  meta: { readonly model: string; readonly encodingFormat: 'float' | 'base64' },
): JsonObject {
  const input = embedded.usage?.inputTotal
  return {
    object: 'list',
    data: embedded.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: meta.encodingFormat === 'base64' ? toBase64(vector) : vector,
    })),
    model: meta.model,
    ...(input === undefined ? {} : { usage: { prompt_tokens: input, total_tokens: input } }),
  }
}

/** The request for an endpoint that speaks OpenAI's embeddings. Asks for numbers: every server knows those. */
export function encodeEmbeddingRequest(request: EncodedFrom, model: string): JsonObject {
  const { inputs, dimensions, parameter } = request
  const said = parameter === undefined ? {} : { [parameter.name]: parameter.value }
  return { ...said, model, input: inputs, encoding_format: 'float', dimensions }
}

interface EncodedFrom extends Pick<EmbedRequest, 'inputs' | 'dimensions'> {
  /** What the endpoint is told of the kind of the texts, beyond what OpenAI has words for. */
  readonly parameter?: { readonly name: string; readonly value: string } | undefined
}

/** The endpoint's vectors in the order of the inputs. Throws UPSTREAM_INVALID unless there is one of equal length for each. */
export function decodeEmbeddingAnswer(body: JsonObject, inputCount: number): Embedded {
  const data = isArray(body['data']) ? body['data'].filter(isJsonObject) : []
  const vectors: (readonly number[])[] = []
  data.forEach((item, position) => {
    vectors[toCount(item['index']) ?? position] = toVector(item['embedding'])
  })
  const length = vectors[0]?.length ?? 0
  const isComplete = vectors.length === inputCount && data.length === inputCount
  if (!isComplete || length === 0 || !vectors.every((vector) => vector?.length === length)) {
    throw new PlatformError('UPSTREAM_INVALID', 'the endpoint did not give one vector of one length for each input')
  }
  const usage = body['usage']
  if (!isJsonObject(usage)) return { vectors, usage: undefined }
  const input = toCount(usage['prompt_tokens']) ?? toCount(usage['total_tokens'])
  const cacheRead = toCount(memberOf(usage, 'prompt_tokens_details')['cached_tokens'])
  // Nothing is generated, so that the count of output is known though nobody reports it.
  return { vectors, usage: toUsageOf(usage, { inputTotal: input, cacheRead, outputTotal: 0 }) }
}

function toVector(value: JsonValue | undefined): readonly number[] {
  if (typeof value === 'string') return fromBase64(value)
  if (isArray(value) && value.every((item) => typeof item === 'number')) return value
  throw new PlatformError('UPSTREAM_INVALID', 'the endpoint gave an embedding that is neither numbers nor base64')
}

const bytesPerNumber = 4

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * bytesPerNumber)
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * bytesPerNumber))
  return bytes.toString('base64')
}

function fromBase64(text: string): readonly number[] {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: Math.floor(bytes.length / bytesPerNumber) }, (_, index) =>
    bytes.readFloatLE(index * bytesPerNumber),
  )
}
