import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadOpenaiShapes } from '../../../test/kit/index.ts'
import type { JsonObject } from '../../core/json.ts'
import { createUsage } from '../../core/usage.ts'
import {
  decodeEmbeddingAnswer,
  decodeEmbeddingRequest,
  encodeEmbeddingAnswer,
  encodeEmbeddingRequest,
} from './index.ts'

const floats = fc.float({ noNaN: true, noDefaultInfinity: true })
const usage = createUsage({ inputTotal: 8 })

describe('embeddings', () => {
  test('are asked for by one text or many, as numbers or base64', () => {
    expect(decodeEmbeddingRequest({ model: 'e', input: 'one' })).toEqual({
      request: { model: 'e', inputs: ['one'], dimensions: undefined },
      encodingFormat: 'float',
    })
    expect(
      decodeEmbeddingRequest({ model: 'e', input: ['a', '二'], dimensions: 64, encoding_format: 'base64' }),
    ).toEqual({
      request: { model: 'e', inputs: ['a', '二'], dimensions: 64 },
      encodingFormat: 'base64',
    })
  })

  test.each([
    ['query', 'query'],
    ['search_query', 'query'],
    ['document', 'passage'],
    ['passage', 'passage'],
    ['search_document', 'passage'],
    ['clustering', undefined],
  ])('of input_type %s are texts of the kind %s', (type, kind) => {
    expect(decodeEmbeddingRequest({ model: 'e', input: 'a', input_type: type }).request.kind).toBe(kind)
  })

  test.each<[JsonObject, string, string]>([
    [{ model: 'e' }, 'INVALID_REQUEST', 'input'],
    [{ model: 'e', input: [] }, 'INVALID_REQUEST', 'input'],
    [{ model: 'e', input: '' }, 'INVALID_REQUEST', 'input'],
    [{ model: 'e', input: ['a', ''] }, 'INVALID_REQUEST', 'input[1]'],
    [{ model: 'e', input: ['a', {}] }, 'INVALID_REQUEST', 'input[1]'],
    [{ model: 'e', input: Array.from({ length: 2_049 }, () => 'a') }, 'INVALID_REQUEST', 'input'],
    [{ model: 'e', input: [1, 2] }, 'UNSUPPORTED_PARAMETER', 'input'],
    [{ input: 'a' }, 'INVALID_REQUEST', 'model'],
    [{ model: 'e', input: 'a', dimensions: 0 }, 'INVALID_REQUEST', 'dimensions'],
    [{ model: 'e', input: 'a', encoding_format: 'hex' }, 'UNSUPPORTED_PARAMETER', 'encoding_format'],
    [{ model: 'e', input: 'a', input_type: 'poem' }, 'UNSUPPORTED_PARAMETER', 'input_type'],
  ])('refuse %j', (body, code, param) => {
    expect(() => decodeEmbeddingRequest(body)).toThrow(expect.objectContaining({ code, param }))
  })

  test('come back as they went, in both encodings', () => {
    const vectors = fc
      .integer({ min: 1, max: 9 })
      .chain((length) =>
        fc.array(fc.array(floats, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 4 }),
      )
    fc.assert(
      fc.property(vectors, fc.constantFrom('float' as const, 'base64' as const), (list, encodingFormat) => {
        const body = encodeEmbeddingAnswer({ vectors: list, usage }, { model: 'e', encodingFormat })
        const read = decodeEmbeddingAnswer(body, list.length)
        expect(read.vectors.map((vector) => vector.map(Number))).toEqual(list)
        expect(read.usage).toMatchObject({ inputTotal: 8, outputTotal: 0 })
      }),
    )
  })

  test('are put in the order of the inputs, and refused unless there is one of one length for each', () => {
    const item = (index: number, embedding: readonly number[]): JsonObject => ({
      object: 'embedding',
      index,
      embedding,
    })
    expect(decodeEmbeddingAnswer({ data: [item(1, [2]), item(0, [1])] }, 2)).toEqual({
      vectors: [[1], [2]],
      usage: undefined,
    })
    for (const data of [
      [item(0, [1])],
      [item(0, [1]), item(0, [1])],
      [item(0, [1]), item(1, [1, 2])],
      [item(0, []), item(1, [])],
    ]) {
      expect(() => decodeEmbeddingAnswer({ data }, 2)).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID' }))
    }
  })

  test('are asked of an endpoint as numbers', () => {
    const request = { model: 'everyday', inputs: ['a'], dimensions: undefined }
    expect(encodeEmbeddingRequest(request, 'vendor')).toEqual({
      model: 'vendor',
      input: ['a'],
      encoding_format: 'float',
    })
  })

  test('say nothing of a usage nobody reported, and else keep to OpenAI’s description', () => {
    const format = { model: 'e', encodingFormat: 'float' } as const
    expect(encodeEmbeddingAnswer({ vectors: [[1]], usage: undefined }, format)['usage']).toBeUndefined()
    const told = encodeEmbeddingAnswer({ vectors: [[0.5, 1]], usage }, format)
    expect(loadOpenaiShapes()?.findFault('CreateEmbeddingResponse', told)).toBeUndefined()
  })
})
