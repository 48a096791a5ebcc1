import type { EndpointConfig } from '../../config/index.ts'
import type { EmbedRequest } from '../../core/model.ts'
import type { EmbedTexts } from './adapter.ts'

/** How a model is told questions from passages: by what stands before them, by a parameter of the request, or both. */
type EmbedForm = NonNullable<EndpointConfig['embedding']>

export interface FormedTexts {
  readonly texts: EmbedTexts
  /** Names the form; empty where the model makes no difference. Absent where the request says no kind. */
  readonly form: string | undefined
}

/** The texts as the endpoint's model wants to read them. */
export function toEmbedTexts(config: EndpointConfig, { kind, ...request }: EmbedRequest): FormedTexts {
  if (kind === undefined) return { texts: request, form: undefined }
  const form = config.embedding ?? findKnown(config)
  if (form === undefined) return { texts: request, form: '' }
  const { [kind]: prefix, parameter } = form
  const inputs = prefix === '' ? request.inputs : request.inputs.map((text) => prefix + text)
  const said = parameter === undefined ? {} : { parameter: { name: parameter.name, value: parameter[kind] } }
  return { texts: { ...request, inputs, ...said }, form: nameOf(form) }
}

function nameOf({ query, passage, parameter }: EmbedForm): string {
  if (query === '' && passage === '' && parameter === undefined) return ''
  return JSON.stringify(parameter === undefined ? { query, passage } : { query, passage, parameter })
}

/** What the vendor of a model asks for. The name says it, or the dialect with the name. */
function findKnown({ dialect, model, url }: EndpointConfig): EmbedForm | undefined {
  const name = model.toLowerCase()
  const vendor = vendorForms.find((each) => each.dialect === dialect && each.model.test(name))
  if (vendor !== undefined) return vendor.form
  const origin = url === undefined ? '' : new URL(url).hostname
  return knownForms.find((each) => each.model.test(name) && (each.host?.test(origin) ?? true))?.form
}

const plain = { query: '', passage: '' }
const webSearch = 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:'
const representSentence = 'Represent this sentence for searching relevant passages: '
const googlePrefixes = { query: 'task: search result | query: ', passage: 'title: none | text: ' }
const cohereTypes = { name: 'inputType', query: 'search_query', passage: 'search_document' }

/** Where the dialect has words of its own, as the vendors document their parameters. */
const vendorForms: readonly { readonly dialect: string; readonly model: RegExp; readonly form: EmbedForm }[] = [
  { dialect: 'cohere', model: /./, form: { ...plain, parameter: cohereTypes } },
  { dialect: 'bedrock', model: /cohere\.embed/, form: { ...plain, parameter: cohereTypes } },
  {
    dialect: 'bedrock',
    model: /amazon\.nova/,
    form: { ...plain, parameter: { name: 'embeddingPurpose', query: 'TEXT_RETRIEVAL', passage: 'GENERIC_INDEX' } },
  },
  {
    dialect: 'google',
    model: /gemini-embedding-001|text-embedding-00|^embedding-001/,
    form: { ...plain, parameter: { name: 'taskType', query: 'RETRIEVAL_QUERY', passage: 'RETRIEVAL_DOCUMENT' } },
  },
  {
    dialect: 'alibaba',
    model: /text-embedding/,
    form: { ...plain, parameter: { name: 'textType', query: 'query', passage: 'document' } },
  },
]

/** As the cards of the models say; the first that fits. Models that are not here are read as they make no difference. */
const knownForms: readonly { readonly model: RegExp; readonly host?: RegExp; readonly form: EmbedForm }[] = [
  {
    model: /^voyage-/,
    host: /(?:^|\.)voyageai\.com$/,
    form: { ...plain, parameter: { name: 'input_type', query: 'query', passage: 'document' } },
  },
  {
    model: /^jina-embeddings-v[3-9]/,
    host: /(?:^|\.)jina\.ai$/,
    form: { ...plain, parameter: { name: 'task', query: 'retrieval.query', passage: 'retrieval.passage' } },
  },
  {
    model: /nv-embedqa/,
    host: /(?:^|\.)nvidia\.com$/,
    form: { ...plain, parameter: { name: 'input_type', query: 'query', passage: 'passage' } },
  },
  { model: /qwen3-embedding/, form: { query: webSearch, passage: '' } },
  { model: /gte-qwen|(?:^|[^a-z0-9])e5-[a-z0-9-]*instruct/, form: { query: `${webSearch} `, passage: '' } },
  { model: /(?:^|[^a-z0-9])e5-(?:small|base|large)/, form: { query: 'query: ', passage: 'passage: ' } },
  { model: /bge-(?:micro|small|base|large)-en/, form: { query: representSentence, passage: '' } },
  { model: /bge-(?:small|base|large)-zh/, form: { query: '为这个句子生成表示以用于检索相关文章：', passage: '' } },
  { model: /nomic-embed-text/, form: { query: 'search_query: ', passage: 'search_document: ' } },
  { model: /mxbai-embed-(?:large|2d-large|xsmall)/, form: { query: representSentence, passage: '' } },
  { model: /arctic-embed(?:2|-[a-z]+-v2)/, form: { query: 'query: ', passage: '' } },
  { model: /arctic-embed/, form: { query: representSentence, passage: '' } },
  { model: /embeddinggemma|gemini-embedding-2/, form: googlePrefixes },
]
