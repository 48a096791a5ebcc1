import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Exchange } from './exchange.ts'

/** Names under which other gateways let a client say where to send its request, and with which key. */
const addressFields = ['base_url', 'baseURL', 'api_base', 'custom_host', 'endpoint_url', 'api_key', 'apiKey'] as const
const addressHeaders = ['x-base-url', 'x-portkey-custom-host', 'x-api-base', 'helicone-target-url'] as const

/** Where a request goes is configuration, never input. Throws BASE_URL_FORBIDDEN for a request that says it anyway. */
export function refuseAddresses(exchange: Exchange, body: JsonObject): void {
  const field = addressFields.find((name) => body[name] !== undefined)
  if (field !== undefined)
    throw new PlatformError('BASE_URL_FORBIDDEN', `the field ${field} is not accepted`, { param: field })
  const header = addressHeaders.find((name) => exchange.header(name) !== undefined)
  if (header !== undefined)
    throw new PlatformError('BASE_URL_FORBIDDEN', `the header ${header} is not accepted`, { param: header })
}
