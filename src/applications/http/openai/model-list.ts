import { assert } from '../../../core/assert.ts'
import type { Principal } from '../../../core/call.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Model } from '../../../core/model.ts'
import { toIso } from '../../../core/time.ts'
import type { Exchange } from '../exchange.ts'
import type { HttpParts } from '../parts.ts'
import { toTraits } from '../../shapes/index.ts'

export function listModels(parts: HttpParts, exchange: Exchange, principal: Principal | undefined): void {
  assert(principal !== undefined, 'a route that needs a key is given its principal')
  const models = parts.models.list(principal)
  if (exchange.header('anthropic-version') !== undefined) {
    const data = models.map(toAnthropicModel)
    exchange.sendJson(200, {
      data,
      has_more: false,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
    })
    return
  }
  exchange.sendJson(200, { object: 'list', data: models.map(toOpenaiModel) })
}

export function readModel(parts: HttpParts, exchange: Exchange, principal: Principal | undefined): void {
  assert(principal !== undefined, 'a route that needs a key is given its principal')
  const model = parts.models.resolve(exchange.parameters['id'] ?? '', principal)
  const isAnthropic = exchange.header('anthropic-version') !== undefined
  exchange.sendJson(200, isAnthropic ? toAnthropicModel(model) : toOpenaiModel(model))
}

/** Models are configuration and have no day of making; both shapes demand one, so it is the epoch. */
const createdAtMs = 0

function toOpenaiModel(model: Model): JsonObject {
  return { id: model.id, object: 'model', created: createdAtMs, owned_by: 'strata', strata: toTraits(model) }
}

function toAnthropicModel(model: Model): JsonObject {
  return {
    type: 'model',
    id: model.id,
    display_name: model.id,
    created_at: toIso(createdAtMs),
    strata: toTraits(model),
  }
}
