import { z } from 'zod'
import { incidentKinds } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, readNumber, toPage } from './operation.ts'
import { toIncidentJson, toIncidentFileJson } from '../../shapes/index.ts'

const kind = z
  .enum(incidentKinds)
  .describe(
    '`death`: report within 10 days · `widespread`, or critical infrastructure: 2 · `serious`: 15 · `other`: none.',
  )
const text = z.string().min(1).max(20_000)
const time = z.iso.datetime({ offset: true })

const newIncident = z.strictObject({
  title: z.string().min(1).max(200).describe('What happened, in a line.'),
  text: text.describe('What happened, who is affected, what was done at once.'),
  kind,
  use_case: z.string().min(1).max(64).optional().describe('The use case it happened in.'),
  occurred_at: time.describe('When it happened.'),
  aware_at: time.describe('When the organisation became aware of it: the clock of the report starts here.'),
})
const newNote = z.strictObject({ text, kind: kind.optional() })
const newReport = z.strictObject({
  reference: z.string().min(1).max(200).describe('What the authority calls it.'),
  text: text.describe('To whom it was reported, and what.'),
})

/** The register of incidents. */
export function incidentRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/incidents',
      access: 'incidents:report',
      summary: 'Opens an incident; until when it has to be reported follows from its kind and when one became aware.',
      body: newIncident,
      answer: async ({ parts, principal, body }) => {
        const { use_case: useCase, occurred_at: occurredAt, aware_at: awareAt, ...rest } = body
        const times = { occurredAtMs: Date.parse(occurredAt), awareAtMs: Date.parse(awareAt) }
        return {
          status: 201,
          body: toIncidentJson(await parts.incidents.open(principal, { ...rest, useCase, ...times })),
        }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/incidents',
      access: 'incidents:read',
      summary: 'Incidents, newest first: ?limit=, ?before= an id.',
      answer: async ({ parts, principal, exchange }) => {
        const limit = readNumber(exchange, 'limit', { min: 1, max: 100, default: 20 })
        const before = exchange.query().get('before') ?? undefined
        const found = await parts.incidents.list(principal.tenant, { limit: limit + 1, before })
        return { status: 200, body: toPage(found, limit, toIncidentJson) }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/incidents/{id}',
      access: 'incidents:read',
      summary: 'An incident with everything that was said of it.',
      answer: async ({ parts, principal, exchange }) => ({
        status: 200,
        body: toIncidentFileJson(await parts.incidents.get(principal.tenant, exchange.parameters['id'] ?? '')),
      }),
    }),
    ...changeRoutes(getParts),
  ]
}

function changeRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/incidents/{id}/notes',
      access: 'incidents:manage',
      summary: 'Adds to what is known; a kind judges it anew, and the deadline with it.',
      body: newNote,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toIncidentJson(await parts.incidents.note(principal, exchange.parameters['id'] ?? '', body)),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/incidents/{id}/report',
      access: 'incidents:manage',
      summary: 'Puts on record that it was reported to the authority.',
      body: newReport,
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toIncidentJson(await parts.incidents.report(principal, exchange.parameters['id'] ?? '', body)),
      }),
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/incidents/{id}/close',
      access: 'incidents:manage',
      summary: 'Closes an incident; refused while a report is owed.',
      body: z.strictObject({ text }),
      answer: async ({ parts, principal, exchange, body }) => ({
        status: 200,
        body: toIncidentJson(await parts.incidents.close(principal, exchange.parameters['id'] ?? '', body.text)),
      }),
    }),
  ]
}
