import { createHash } from 'node:crypto'
import type { JsonObject } from '../../../src/core/json.ts'

/** The list of models, in OpenAI's shape. */
export function listModels(models: readonly string[]): JsonObject {
  return { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'mock' })) }
}

/**
 * Vectors of eight dimensions (or as many as asked) that depend on the text alone: the same text, the same vector.
 * Floats or base64, as asked.
 */
export function answerEmbeddings(body: JsonObject): JsonObject {
  const input = body['input']
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input]
  const dimensions = typeof body['dimensions'] === 'number' ? body['dimensions'] : 8
  const vectors = texts.map((text) => toVector(JSON.stringify(text), dimensions))
  const encode = (vector: Float32Array): string | number[] =>
    body['encoding_format'] === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
  const tokens = texts.reduce<number>((sum, text) => sum + Math.ceil(JSON.stringify(text).length / 4), 0)
  return {
    object: 'list',
    model: typeof body['model'] === 'string' ? body['model'] : 'mock',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

/** A quarter of the bytes of the request: near enough for a count nobody bills. */
export function countTokens(body: Uint8Array): JsonObject {
  return { input_tokens: Math.ceil(body.length / 4) }
}

function toVector(text: string, dimensions: number): Float32Array {
  const values = Float32Array.from({ length: dimensions }, (_, index) => {
    const digest = createHash('sha256').update(`${index}:${text}`).digest()
    return digest.readInt32LE(0) / 2_147_483_648
  })
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}
