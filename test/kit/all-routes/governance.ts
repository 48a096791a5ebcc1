import type { Example } from './example.ts'

const hash = 'a'.repeat(64)

/** Keys, people, policies, use cases, reviews, incidents, holds, marks, the audit log, personal data, operations. */
export const governanceExamples: readonly Example[] = [
  {
    route: 'POST /v1/keys',
    body: { name: 'of the $marker', team: '$team', project: '$project' },
    keep: { key: ['id'] },
  },
  { route: 'GET /v1/keys' },
  { route: 'POST /v1/logout', status: 409 },
  { route: 'GET /v1/policies' },
  { route: 'GET /v1/policies/controls' },
  { route: 'POST /v1/policies/backtest', body: { pack: 'eu-ai-act' } },
  ...useCaseExamples(),
  ...reviewExamples(),
  ...incidentExamples(),
  { route: 'POST /v1/marks/detect', body: { text: '$generated' } },
  { route: 'GET /v1/marks/key' },
  { route: 'GET /v1/audit/checkpoint' },
  { route: 'GET /v1/audit/growth', query: 'from=1' },
  { route: 'GET /v1/audit/calls/{id}', at: { id: '$call' } },
  ...privacyExamples(),
  { route: 'GET /v1/edge' },
  { route: 'POST /v1/edge/{node}/settlements', by: 'node', at: { node: '$node' }, body: { epoch: 'e', records: [] } },
  { route: 'GET /healthz' },
  { route: 'GET /readyz' },
  { route: 'GET /v1/health' },
  { route: 'GET /metrics' },
  { route: 'GET /openapi.json' },
  { route: 'GET /v1/login', status: 404 },
  { route: 'GET /v1/login/callback', query: 'code=x&state=y', status: 404 },
  ...scimExamples(),
  { route: 'POST /v1/keys/{id}/rotate', at: { id: '$key' }, body: { overlap_hours: 1 }, ends: true },
  { route: 'DELETE /v1/keys/{id}', at: { id: '$key' }, ends: true },
]

function useCaseExamples(): readonly Example[] {
  const at = { name: '$useCase' }
  const told = { title: 'Desk of the $marker', purpose: 'Answers.', owner: '$person' }
  return [
    { route: 'GET /v1/use-cases/questions' },
    {
      route: 'POST /v1/use-cases',
      body: { name: '$useCase', ...told, answers: { house: { kind: 'plain' } } },
      makes: true,
    },
    { route: 'GET /v1/use-cases' },
    { route: 'GET /v1/use-cases/{name}', at },
    { route: 'GET /v1/use-cases/{name}/versions', at },
    { route: 'POST /v1/use-cases/{name}/activate', at },
    { route: 'GET /v1/policies/decisions', query: 'use_case=$useCase' },
    { route: 'GET /v1/use-cases/{name}/documentation', at, query: 'form=annex-iv&format=md' },
    { route: 'POST /v1/keys', body: { name: 'bound', use_case: '$useCase' } },
    {
      route: 'POST /v1/chat/completions',
      body: { model: 'here', messages: [{ role: 'user', content: 'Hello' }], strata: { useCase: '$useCase' } },
    },
    {
      route: 'POST /v1/use-cases',
      body: { name: '$hiring', ...told, answers: { house: { kind: 'papers' } } },
      makes: true,
    },
    {
      route: 'PUT /v1/use-cases/{name}/documents/{slot}',
      at: { name: '$hiring', slot: '$slot' },
      body: { hash, date: '2026-02-01', owner: '$person', place: 'drawer of the $marker' },
    },
    { route: 'POST /v1/literacy', body: { person: '$person', measure: 'A course on the $marker', date: '2026-01-01' } },
    { route: 'GET /v1/literacy' },
    { route: 'POST /v1/use-cases/{name}/retire', at, ends: true },
  ]
}

function reviewExamples(): readonly Example[] {
  const at = { id: '$review' }
  const held = { model: 'here', messages: [{ role: 'user', content: 'May I have the $marker?' }] }
  return [
    {
      route: 'POST /v1/chat/completions',
      body: { ...held, strata: { useCase: 'held' } },
      status: 423,
      keep: { review: ['error', 'details', 'review'] },
    },
    { route: 'GET /v1/reviews', query: 'state=pending' },
    { route: 'GET /v1/reviews', query: 'before=$review' },
    { route: 'GET /v1/reviews/{id}', at },
    {
      route: 'POST /v1/reviews/{id}/decisions',
      by: 'reviewer',
      at,
      body: { decision: 'accept', reason: 'The $marker is fine.' },
    },
    { route: 'POST /v1/chat/completions', body: { ...held, strata: { useCase: 'held', review: '$review' } } },
  ]
}

function incidentExamples(): readonly Example[] {
  const at = { id: '$incident' }
  return [
    {
      route: 'POST /v1/incidents',
      body: {
        title: 'Loss of the $marker',
        text: 'It is gone.',
        kind: 'serious',
        use_case: '$useCase',
        occurred_at: '2026-02-01T00:00:00Z',
        aware_at: '2026-02-02T00:00:00Z',
      },
      keep: { incident: ['id'] },
    },
    { route: 'GET /v1/incidents', query: 'limit=5' },
    { route: 'GET /v1/incidents', query: 'before=$incident' },
    { route: 'GET /v1/incidents/{id}', at },
    { route: 'POST /v1/incidents/{id}/notes', at, body: { text: 'The $marker was seen.' } },
    { route: 'POST /v1/incidents/{id}/report', at, body: { reference: 'R-$marker', text: 'Told.' } },
    { route: 'POST /v1/incidents/{id}/close', at, body: { text: 'Found.' } },
    {
      route: 'POST /v1/holds',
      body: { name: 'Matter of the $marker', reason: 'A letter', use_case: '$useCase' },
      keep: { hold: ['id'] },
    },
    { route: 'GET /v1/holds' },
    { route: 'POST /v1/holds/{id}/release', at: { id: '$hold' }, body: { reason: 'Over.' }, ends: true },
  ]
}

function privacyExamples(): readonly Example[] {
  return [
    { route: 'POST /v1/privacy/scan', body: { text: 'Write to li.na@example.com.' } },
    { route: 'POST /v1/privacy/reveal', body: { tokens: ['$token'] } },
    { route: 'DELETE /v1/privacy/vault', ends: true },
  ]
}

function scimExamples(): readonly Example[] {
  const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: '$userName', active: true }
  const patch = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }
  const [users, groups] = ['/scim/v2/Users', '/scim/v2/Groups']
  const one = { id: '$scimUser' }
  const group = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: '$groupName' }
  return [
    { route: 'GET /scim/v2/ServiceProviderConfig' },
    { route: 'GET /scim/v2/ResourceTypes' },
    { route: 'GET /scim/v2/ResourceTypes/{id}', at: { id: 'User' } },
    { route: 'GET /scim/v2/Schemas' },
    { route: 'GET /scim/v2/Schemas/{id}', at: { id: 'urn:ietf:params:scim:schemas:core:2.0:User' } },
    {
      route: `POST ${users}`,
      body: { ...user, externalId: '$externalPerson' },
      keep: { scimUser: ['id'] },
      makes: true,
    },
    { route: `GET ${users}`, query: 'filter=userName%20eq%20%22$userName%22' },
    { route: `GET ${users}`, query: 'filter=externalId%20eq%20%22$externalPerson%22&startIndex=1&count=2' },
    { route: `GET ${users}/{id}`, at: one },
    { route: `PUT ${users}/{id}`, at: one, body: { ...user, displayName: 'Keeper of the $marker' } },
    {
      route: `PATCH ${users}/{id}`,
      at: one,
      body: { ...patch, Operations: [{ op: 'replace', path: 'title', value: 'Head of the $marker' }] },
    },
    {
      route: `POST ${groups}`,
      body: { ...group, members: [{ value: '$scimUser' }] },
      keep: { scimGroup: ['id'] },
      makes: true,
    },
    { route: `GET ${groups}`, query: 'filter=displayName%20eq%20%22$groupName%22' },
    { route: `GET ${groups}`, query: 'filter=members%20eq%20%22$scimUser%22' },
    { route: `GET ${groups}/{id}`, at: { id: '$scimGroup' } },
    { route: `PUT ${groups}/{id}`, at: { id: '$scimGroup' }, body: { ...group, members: [] } },
    {
      route: `PATCH ${groups}/{id}`,
      at: { id: '$scimGroup' },
      body: { ...patch, Operations: [{ op: 'add', path: 'members', value: [{ value: '$scimUser' }] }] },
    },
    { route: `DELETE ${groups}/{id}`, at: { id: '$scimGroup' }, ends: true },
    { route: `DELETE ${users}/{id}`, at: one, ends: true },
  ]
}
