import type { JsonObject } from '../../../core/json.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { encodeStrataError } from '../errors.ts'

/** Health, metrics, and the description of every route. */
export function healthRoutes(getParts: GetParts, describe: () => JsonObject): readonly Route[] {
  const encodeError = encodeStrataError
  return [
    {
      method: 'GET',
      path: '/healthz',
      access: 'public',
      summary: 'Says that the process answers.',
      handle: async (exchange) => exchange.sendJson(200, { status: 'ok' }),
      encodeError,
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'public',
      summary: 'Says whether requests can be served; 503 when not.',
      handle: async (exchange) => {
        const { health, configVersion } = getParts()
        const status = health.isReady ? 'ready' : 'not ready'
        exchange.sendJson(health.isReady ? 200 : 503, { status, config_version: configVersion })
      },
      encodeError,
    },
    {
      method: 'GET',
      path: '/v1/health',
      access: 'operations:read',
      scope: 'house',
      summary: 'The state of the store and of every endpoint.',
      handle: async (exchange) => {
        const { health, configVersion } = getParts()
        exchange.sendJson(200, { ready: health.isReady, config_version: configVersion, ...health.report })
      },
      encodeError,
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'operations:read',
      scope: 'house',
      summary: 'Metrics in the Prometheus text format.',
      handle: async (exchange) => {
        const text = await getParts().metricsText()
        exchange.begin(200, ['content-type', 'text/plain; version=0.0.4; charset=utf-8'])
        exchange.end(text)
      },
      encodeError,
    },
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'public',
      summary: 'The description of every route.',
      handle: async (exchange) => exchange.sendJson(200, describe()),
      encodeError,
    },
  ]
}
