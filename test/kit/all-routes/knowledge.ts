import { isJsonObject } from '../../../src/core/json.ts'
import type { Example } from './example.ts'

const documents = '/v1/collections/{collection}/documents'
const document = `${documents}/{document}`
const inCollection = { collection: '$collection' }
const ofDocument = { collection: '$collection', document: '$document' }
const question = { query: 'where is the $marker', expected: [{ document: '$external' }] }

/** Collections, documents, search, sources, groups, vectors, rights. */
export const knowledgeExamples: readonly Example[] = [
  { route: 'POST /v1/collections', body: { name: '$collection' }, makes: true },
  { route: 'GET /v1/collections' },
  {
    route: `POST ${documents}`,
    at: inCollection,
    body: {
      external_id: '$external',
      name: 'Of the $marker',
      text: 'The $marker lies in the third drawer. 第三个抽屉。',
    },
    keep: { document: ['id'], version: ['version'] },
  },
  {
    route: `POST ${documents}`,
    at: inCollection,
    body: { external_id: '$externalTwo', text: 'Nobody but the keeper of the $marker reads this.' },
    keep: { documentTwo: ['id'] },
  },
  {
    route: `POST ${documents}`,
    at: inCollection,
    headers: { prefer: 'respond-async' },
    body: { external_id: '$externalQueued', text: 'The $marker again, taken in beside.' },
    keep: { job: ['id'] },
  },
  { route: 'GET /v1/ingestion' },
  {
    route: 'GET /v1/ingestion/{job}',
    at: { job: '$job' },
    eventually: (answer) => isJsonObject(answer) && answer['state'] === 'done',
  },
  { route: `GET ${documents}`, at: inCollection, query: 'limit=10' },
  { route: `GET ${documents}`, at: inCollection, query: 'after=$external' },
  { route: `GET ${document}`, at: ofDocument },
  { route: `GET ${document}/versions/{version}`, at: { ...ofDocument, version: '$version' } },
  { route: `GET ${document}/lineage`, at: ofDocument },
  { route: 'POST /v1/collections/{collection}/search', at: inCollection, body: { query: 'drawer $marker' } },
  { route: 'POST /v1/search', body: { query: '$marker' } },
  {
    route: 'POST /v1/chat/completions',
    body: { model: 'grounded', messages: [{ role: 'user', content: 'Where does the $marker lie?' }] },
  },
  { route: 'POST /v1/search', body: { query: '$marker', collections: ['$collection'] } },
  { route: 'POST /v1/search', body: { query: '$marker', on_behalf_of: ['$group', 'key:$key'], min_confidence: 0 } },
  {
    route: `PUT ${document}/rights`,
    at: ofDocument,
    body: { licence: 'CC-BY-4.0', work: '$work', attribution: 'The $marker' },
  },
  { route: `GET ${document}/rights`, at: ofDocument },
  { route: 'POST /v1/copyright/decide', body: { licence: 'CC-BY-4.0' } },
  { route: 'PUT /v1/groups/{group}/members/{member}', at: { group: '$group', member: 'key:$key' }, makes: true },
  { route: `PUT ${document}/access`, at: { ...ofDocument, document: '$documentTwo' }, body: { allow: ['$group'] } },
  { route: 'GET /v1/collections/{collection}/quality', at: inCollection },
  ...derivedExamples(),
  ...sourceExamples(),
  { route: `DELETE ${document}/access`, at: { ...ofDocument, document: '$documentTwo' }, ends: true },
  {
    route: 'DELETE /v1/groups/{group}/members/{member}',
    at: { group: '$group', member: 'key:$key' },
    makes: true,
    ends: true,
  },
  { route: `DELETE ${document}`, at: { ...ofDocument, document: '$documentTwo' }, ends: true },
  { route: 'GET /v1/receipts', query: 'limit=10', ends: true },
  { route: 'GET /v1/receipts/{document}', at: { document: '$documentTwo' }, ends: true },
  { route: 'POST /v1/copyright/withdrawals', body: { work: '$work' }, ends: true },
  { route: 'DELETE /v1/collections/{collection}', at: inCollection, ends: true },
]

/** What is made of passages: vectors and contexts. */
function derivedExamples(): readonly Example[] {
  const path = '/v1/collections/{collection}'
  const generation = `${path}/generations/{generation}`
  const at = { ...inCollection, generation: '1' }
  return [
    { route: `POST ${path}/generations`, at: inCollection, body: { model: 'embedder' } },
    {
      route: `GET ${path}/generations`,
      at: inCollection,
      eventually: (answer) => JSON.stringify(answer).includes('"missing":0'),
    },
    { route: `POST ${generation}/switch`, at },
    { route: `POST ${generation}/compare`, at, body: { questions: [question] } },
    { route: `PUT ${path}/contexts`, at: inCollection, body: { model: 'here' } },
    {
      route: `GET ${path}/contexts`,
      at: inCollection,
      eventually: (answer) => JSON.stringify(answer).includes('"waiting":0'),
    },
    { route: `POST ${path}/contexts/compare`, at: inCollection, body: { questions: [question] } },
    { route: `DELETE ${path}/contexts`, at: inCollection, ends: true },
    { route: `POST ${path}/generations`, at: inCollection, body: { model: 'embedder', dimensions: 8 }, ends: true },
    { route: `DELETE ${generation}`, at: { ...inCollection, generation: '2' }, ends: true },
  ]
}

function sourceExamples(): readonly Example[] {
  const at = { source: '$source' }
  const isOver = (answer: unknown): boolean =>
    /"state":"(done|complete|completed|succeeded)"/.test(JSON.stringify(answer))
  return [
    { route: 'GET /v1/sources' },
    { route: 'GET /v1/collections/{collection}/sources', at: inCollection },
    { route: 'POST /v1/sources/{source}/sync', at, body: {} },
    { route: 'GET /v1/sources/{source}/events', at },
    { route: 'GET /v1/sources/{source}', at, eventually: isOver },
    { route: 'POST /v1/sources/{source}/pause', at, status: 409 },
    { route: 'POST /v1/sources/{source}/resume', at, status: 409 },
    { route: 'POST /v1/sources/{source}/cancel', at, status: 409 },
  ]
}
