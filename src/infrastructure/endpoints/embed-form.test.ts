import { describe, expect, test } from 'vitest'
import { configSchema, type EndpointConfig } from '../../config/index.ts'
import type { EmbedKind } from '../../core/model.ts'
import { toEmbedTexts } from './embed-form.ts'

function toConfig(model: string, more: object = {}): EndpointConfig {
  const endpoint = { dialect: 'openai', model, does: ['embed'], ...more }
  const config = configSchema.parse({ endpoints: { one: endpoint } }).endpoints['one']
  if (config === undefined) throw new Error('the endpoint is not there')
  return config
}

function read(config: EndpointConfig, kind: EmbedKind): readonly [string | undefined, string | undefined] {
  const { texts } = toEmbedTexts(config, { model: 'm', inputs: ['text'], dimensions: undefined, kind })
  return [
    texts.inputs[0],
    texts.parameter === undefined ? undefined : `${texts.parameter.name}=${texts.parameter.value}`,
  ]
}

describe('texts for a model that embeds', () => {
  test.each([
    ['intfloat/multilingual-e5-small', {}, 'query: text', 'passage: text'],
    ['models/e5-base-v2/onnx/model.onnx', { dialect: 'onnx' }, 'query: text', 'passage: text'],
    ['multilingual-e5-large-instruct', {}, /^Instruct: .*\nQuery: text$/s, 'text'],
    ['Qwen/Qwen3-Embedding-0.6B', {}, /^Instruct: .*\nQuery:text$/s, 'text'],
    ['gte-Qwen2-7B-instruct', {}, /^Instruct: .*\nQuery: text$/s, 'text'],
    ['BAAI/bge-small-en-v1.5', {}, /^Represent this sentence .*: text$/, 'text'],
    ['BAAI/bge-base-zh-v1.5', {}, '为这个句子生成表示以用于检索相关文章：text', 'text'],
    ['BAAI/bge-m3', {}, 'text', 'text'],
    ['nomic-embed-text:latest', {}, 'search_query: text', 'search_document: text'],
    ['mxbai-embed-large', {}, /^Represent this sentence .*: text$/, 'text'],
    ['snowflake-arctic-embed-m-v1.5', {}, /^Represent this sentence .*: text$/, 'text'],
    ['snowflake-arctic-embed-l-v2.0', {}, 'query: text', 'text'],
    ['snowflake-arctic-embed2', {}, 'query: text', 'text'],
    ['embeddinggemma:300m', {}, 'task: search result | query: text', 'title: none | text: text'],
    ['text-embedding-3-small', {}, 'text', 'text'],
    ['all-MiniLM-L6-v2', {}, 'text', 'text'],
  ])('%s', (...given) => {
    const [model, more, query, passage] = given
    const config = toConfig(model, more)
    expect(read(config, 'query')[0]).toMatch(query)
    expect(read(config, 'passage')[0]).toBe(passage)
  })

  test.each([
    ['voyage-3.5', 'https://api.voyageai.com/v1', 'input_type=query', 'input_type=document'],
    ['jina-embeddings-v3', 'https://api.jina.ai/v1', 'task=retrieval.query', 'task=retrieval.passage'],
    ['nvidia/nv-embedqa-e5-v5', 'https://integrate.api.nvidia.com/v1', 'input_type=query', 'input_type=passage'],
    // Elsewhere nobody knows whether the server takes it.
    ['jina-embeddings-v3', 'http://127.0.0.1:8000/v1', undefined, undefined],
  ])('%s at %s is told by a parameter', (...given) => {
    const [model, url, query, passage] = given
    const config = toConfig(model, { url })
    expect([read(config, 'query'), read(config, 'passage')]).toEqual([
      ['text', query],
      ['text', passage],
    ])
  })

  test('stand as they are where no kind is said, and where the operator says so', () => {
    const request = { model: 'm', inputs: ['text'], dimensions: 8 }
    expect(toEmbedTexts(toConfig('e5-small'), request)).toEqual({ texts: request, form: undefined })
    const silenced = toConfig('e5-small', { embedding: {} })
    expect(toEmbedTexts(silenced, { ...request, kind: 'query' })).toEqual({ texts: request, form: '' })
  })

  test('have a form that changes with what is said of questions or of passages', () => {
    const formOf = (embedding: object, kind: EmbedKind) =>
      toEmbedTexts(toConfig('m', { embedding }), { model: 'm', inputs: ['a'], dimensions: undefined, kind }).form
    expect(formOf({ query: 'q' }, 'query')).toBe(formOf({ query: 'q' }, 'passage'))
    const parameter = { name: 'input_type', query: 'query', passage: 'document' }
    const forms = [{}, { query: 'q' }, { passage: 'q' }, { parameter }, { query: 'q', parameter }]
    expect(new Set(forms.map((embedding) => formOf(embedding, 'query'))).size).toBe(forms.length)
  })
})
