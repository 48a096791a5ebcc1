import { z } from 'zod'
import { assert } from '../../../core/assert.ts'
import { encodeStrataError } from '../errors.ts'
import type { GetParts } from '../parts.ts'
import type { OperationRoute, Route } from '../route.ts'
import { operation } from './operation.ts'
import { parameter } from './viewing.ts'
import { toSourceJson, toSyncJson } from '../../shapes/index.ts'

const newSync = z.strictObject({
  confirm: z.boolean().optional().describe('Goes on with a sync that is held: what it would delete is meant.'),
})

/** Places that fill collections by themselves: what they have, and their syncs. */
export function sourceRoutes(getParts: GetParts): readonly Route[] {
  return [...routesOfReading(getParts), ...routesOfSyncs(getParts), routeOfEvents(getParts)]
}

function routesOfReading(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'GET',
      path: '/v1/sources',
      access: 'sources:read',
      summary: 'Lists the sources of the tenant with their latest syncs.',
      answer: async ({ parts, principal }) => ({
        status: 200,
        body: { object: 'list', data: (await parts.sources.list(principal.tenant)).map(toSourceJson) },
      }),
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/collections/{collection}/sources',
      access: 'sources:read',
      summary: 'Lists the sources that fill a collection.',
      answer: async (given) => {
        const sources = await given.parts.sources.list(given.principal.tenant)
        const data = sources.filter(({ collection }) => collection === parameter(given, 'collection'))
        return { status: 200, body: { object: 'list', data: data.map(toSourceJson) } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/sources/{source}',
      access: 'sources:read',
      summary: 'Describes a source: its latest sync, and items that could not be taken in.',
      answer: async (given) => {
        const source = await given.parts.sources.get(given.principal.tenant, parameter(given, 'source'))
        return { status: 200, body: toSourceJson(source) }
      },
    }),
  ]
}

function routesOfSyncs(getParts: GetParts): readonly Route[] {
  const acts = [
    ['pause', 'Pauses the sync of a source that runs.'],
    ['resume', 'Goes on with a sync that is paused.'],
    ['cancel', 'Ends the sync of a source where it is; what it has done stays.'],
  ] as const
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/sources/{source}/sync',
      access: 'sources:manage',
      summary: 'Begins a sync of a source, or confirms one that is held; it goes on beside.',
      body: newSync,
      answer: async (given) => {
        const sync = given.parts.sources.sync(given.principal.tenant, parameter(given, 'source'), given.body)
        return { status: 202, body: toSyncJson(await sync) }
      },
    }),
    ...acts.map(([act, summary]) =>
      operation(getParts, {
        method: 'POST',
        path: `/v1/sources/{source}/${act}`,
        access: 'sources:manage',
        summary,
        answer: async (given) => {
          const sync = given.parts.sources[act](given.principal.tenant, parameter(given, 'source'))
          return { status: 200, body: toSyncJson(await sync) }
        },
      }),
    ),
  ]
}

/** Server-sent events: the latest sync each time it has changed, until it no longer runs. */
function routeOfEvents(getParts: GetParts): OperationRoute {
  return {
    method: 'GET',
    path: '/v1/sources/{source}/events',
    access: 'sources:read',
    summary: 'Follows the latest sync of a source as server-sent events, until it no longer runs.',
    encodeError: encodeStrataError,
    async handle(exchange, principal) {
      assert(principal !== undefined, 'a route that needs a key is given its principal')
      const leaving = new AbortController()
      exchange.onGone(() => leaving.abort())
      const { sources } = getParts()
      const name = exchange.parameters['source'] ?? ''
      await sources.get(principal.tenant, name) // NOT_FOUND comes before anything is begun
      exchange.begin(200, ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache'])
      for await (const sync of sources.follow(principal.tenant, name, leaving.signal)) {
        await exchange.write(`data: ${JSON.stringify(toSyncJson(sync))}\n\n`)
      }
      exchange.end('data: [DONE]\n\n')
    },
  }
}
