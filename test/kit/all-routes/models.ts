import type { Example } from './example.ts'

const said = [{ role: 'user', content: 'Where is the $marker?' }]

/** Asking models, the record of it, and what is learnt from it. */
export const modelExamples: readonly Example[] = [
  { route: 'GET /v1/models' },
  { route: 'GET /v1/models/{id*}', at: { id: 'here' } },
  {
    route: 'POST /v1/chat/completions',
    body: { model: 'here', messages: said, user: '$person', max_tokens: 50 },
    keep: { call: 'header:x-strata-call' },
  },
  { route: 'POST /v1/chat/completions', body: { model: 'here', messages: said, stream: true } },
  { route: 'POST /v1/chat/completions', body: { model: 'cached', messages: said } },
  { route: 'POST /v1/chat/completions', body: { model: 'remembered', messages: said } },
  { route: 'POST /v1/chat/completions', body: { model: 'trial', messages: said, user: '$person' } },
  {
    route: 'POST /v1/chat/completions',
    headers: { 'idempotency-key': '$repeated' },
    body: { model: 'here', messages: said },
  },
  { route: 'POST /v1/responses', body: { model: 'here', input: 'Where is the $marker?' } },
  { route: 'POST /v1/messages', body: { model: 'here', max_tokens: 50, messages: said } },
  { route: 'POST /v1/messages/count_tokens', body: { model: 'here', messages: said } },
  { route: 'POST /v1/embeddings', body: { model: 'embedder', input: 'The $marker' } },
  { route: 'GET /v1/calls', query: 'limit=5' },
  { route: 'GET /v1/calls', query: 'before=$call' },
  { route: 'GET /v1/calls/{id}', at: { id: '$call' } },
  ...learningExamples(),
]

function learningExamples(): readonly Example[] {
  const at = { router: '$router' }
  return [
    { route: 'PUT /v1/routers/{router}', at, body: { file: '$routerFile' }, makes: true },
    { route: 'GET /v1/routers' },
    { route: 'GET /v1/routers/{router}', at },
    { route: 'PUT /v1/routers/{router}/certificate', at, body: { certificate: {} }, status: 422 },
    {
      route: 'POST /v1/routers/{router}/choices',
      at,
      body: { prompt: 'Who has the $marker?', among: ['small', 'large'] },
      keep: { choice: ['id'] },
    },
    { route: 'POST /v1/routers/{router}/shadow', at, body: { prompt: 'The $marker?', scores: { small: 0, large: 1 } } },
    { route: 'PUT /v1/routers/{router}', at, body: { file: '$routerFile' }, makes: true },
    { route: 'GET /v1/routers/{router}/compare', at, query: 'versions=1,2' },
    { route: 'POST /v1/routers/{router}/rollback', at, body: { version: 1 } },
    {
      route: 'POST /v1/feedback',
      body: { call: '$call', score: 0.5, prompt: 'Where is the $marker?', answer: 'Here.', comment: 'So so, $marker.' },
      keep: { feedback: ['id'] },
    },
    { route: 'POST /v1/feedback', body: { choice: '$choice', score: 1 } },
    { route: 'GET /v1/feedback', query: 'limit=5' },
    { route: 'GET /v1/feedback', query: 'before=$feedback' },
    { route: 'GET /v1/feedback/pairs' },
    { route: 'GET /v1/topics', query: 'count=2' },
    { route: 'GET /v1/experiments/{model}', at: { model: 'trial' } },
    {
      route: 'POST /v1/evaluations',
      body: {
        name: 'Of the $marker',
        models: ['here', 'cached'],
        cases: [{ prompt: 'The $marker?', expect: { excludes: ['never'] } }],
      },
      keep: { evaluation: ['id'] },
    },
    { route: 'GET /v1/evaluations', query: 'limit=5' },
    { route: 'GET /v1/evaluations', query: 'before=$evaluation' },
    { route: 'GET /v1/evaluations/{id}', at: { id: '$evaluation' } },
    { route: 'GET /v1/evaluations/{id}/pairs', at: { id: '$evaluation' } },
    { route: 'GET /v1/evaluations/{id}/compare', at: { id: '$evaluation' }, query: 'models=here,cached' },
  ]
}
