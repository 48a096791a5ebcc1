import type { Example } from './example.ts'

const instant = '2026-02-10T00:00:00Z'
const response = {
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [],
  usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
}

/** What has to be there before calls are made. */
export const budgetExample: Example = {
  route: 'POST /v1/budgets',
  body: { name: '$budgetName', counts: 'money', limit: '1000.00', match: { user: '$person' }, alerts: [80] },
  keep: { budget: ['id'] },
  makes: true,
}

/** Budgets, prices, usage, plans, accounts, invoices, outcomes, forecasts, replays. */
export const moneyExamples: readonly Example[] = [
  { route: 'GET /v1/budgets' },
  { route: 'GET /v1/budgets/{id}', at: { id: '$budget' } },
  { route: 'PATCH /v1/budgets/{id}', at: { id: '$budget' }, body: { limit: '2000.00' } },
  {
    route: 'POST /v1/budgets/{id}/adjustments',
    at: { id: '$budget' },
    body: { amount: '1.5', reference: 'letter of the $marker' },
  },
  {
    route: 'POST /v1/prices',
    body: {
      kind: 'contract',
      vendor: 'nobody',
      model: '$priced',
      price: { input: '1', output: '2' },
      note: 'A letter',
    },
    keep: { price: ['id'] },
    makes: true,
  },
  { route: 'GET /v1/prices' },
  { route: 'POST /v1/prices/rerate', body: { from: '2026-01-01T00:00:00Z', to: instant, trial: true } },
  { route: 'POST /v1/price', body: { dialect: 'openai', body: response, endpoint: 'here' } },
  { route: 'GET /v1/usage', query: 'by=key' },
  {
    route: 'POST /v1/plans',
    body: {
      id: '$plan',
      name: 'Plan of the $marker',
      currency: 'EUR',
      meters: [{ id: 'minutes', places: 2 }],
      prices: [{ kind: 'unit', id: 'minutes', meter: 'minutes', amount: '0.5' }],
    },
    makes: true,
  },
  { route: 'GET /v1/plans' },
  {
    route: 'POST /v1/accounts',
    body: { id: '$account', name: 'House of the $marker', plan: '$plan', starts_at: '2026-01-01T00:00:00Z' },
    makes: true,
  },
  { route: 'GET /v1/accounts' },
  { route: 'GET /v1/accounts/{account}', at: { account: '$account' } },
  {
    route: 'POST /v1/credits',
    body: { id: '$credit', account: '$account', amount: '5', starts_at: instant },
    makes: true,
  },
  { route: 'GET /v1/accounts/{account}/credits', at: { account: '$account' } },
  {
    route: 'POST /v1/usage',
    body: {
      events: [{ id: '$event', account: '$account', meter: 'minutes', quantity: '12.25', at: '2026-01-12T00:00:00Z' }],
    },
  },
  {
    route: 'POST /v1/usage',
    body: {
      events: [{ id: '$parked', account: '$account', meter: 'minutes', quantity: '-1', at: '2026-01-12T00:00:00Z' }],
    },
  },
  { route: 'GET /v1/usage/parked', query: 'limit=5' },
  { route: 'POST /v1/invoices', body: { account: '$account', preview: true } },
  { route: 'POST /v1/invoices', body: { account: '$account' }, keep: { invoice: ['number'] } },
  { route: 'GET /v1/invoices', query: 'account=$account' },
  { route: 'GET /v1/invoices/{invoice}', at: { invoice: '$invoice' } },
  { route: 'GET /v1/invoices/{invoice}', at: { invoice: '$invoice' }, query: 'as=evidence' },
  { route: 'GET /v1/invoices/{invoice}/verify', at: { invoice: '$invoice' } },
  {
    route: 'POST /v1/invoices/{invoice}/credit',
    at: { invoice: '$invoice' },
    body: { amount: '0.12', reason: 'The $marker' },
  },
  {
    route: 'POST /v1/accounts/{account}/plan',
    at: { account: '$account' },
    body: { plan: '$plan', at: '2030-01-01T00:00:00Z' },
  },
  ...outcomeExamples(),
  { route: 'POST /v1/forecast', body: { series: [{ values: [1, 2, 3, 4, 5, 6, 7, 8, null, 10] }], horizon: 3 } },
  // There is nothing to forecast from before a day is over.
  { route: 'GET /v1/forecast', query: 'by=key&horizon=3', status: [200, 400] },
  { route: 'POST /v1/what-if', body: { level: 'price', scenario: { prices: [{ endpoint: 'here', factor: '2' }] } } },
  { route: 'POST /v1/what-if', body: { level: 'route', scenario: { gone: [{ endpoint: 'here' }] } } },
  {
    route: 'POST /v1/what-if',
    body: { level: 'route', scenario: { models: { here: { fallback: ['masked', { endpoint: 'here' }] } } } },
  },
  { route: 'POST /v1/what-if', body: { level: 'policy' } },
  { route: 'DELETE /v1/budgets/{id}', at: { id: '$budget' }, ends: true },
]

function outcomeExamples(): readonly Example[] {
  const at = { outcome: '$outcome' }
  return [
    { route: 'POST /v1/outcomes/kinds', body: { id: '$kind', reopen_hours: 0 }, makes: true },
    { route: 'GET /v1/outcomes/kinds' },
    {
      route: 'POST /v1/outcomes',
      body: { id: '$outcome', kind: '$kind', account: '$account', calls: ['$call'] },
      makes: true,
    },
    { route: 'GET /v1/outcomes', query: 'account=$account&kind=$kind' },
    { route: 'GET /v1/outcomes/{outcome}', at },
    { route: 'POST /v1/outcomes/{outcome}/acts', at, body: { act: 'claim', evidence: 'said of the $marker' } },
    { route: 'GET /v1/outcomes/report', query: 'account=$account' },
    {
      route: 'POST /v1/outcomes/return',
      body: { account: '$account', assumptions: { hours_per_task: 0.5, cost_per_hour: 40 } },
    },
  ]
}
