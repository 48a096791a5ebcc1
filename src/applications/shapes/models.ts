import type { JsonObject } from '../../core/json.ts'
import { toDollars } from '../../core/money.ts'
import type { Model } from '../../core/model.ts'

/** What is true of a model, worst case included. */
export function toTraits(model: Model): JsonObject {
  const { traits } = model
  return {
    does: traits.does,
    inputs: traits.inputs,
    tools: traits.tools,
    context_tokens: traits.contextTokens ?? null,
    regions: traits.regions ?? null,
    calls_max: traits.callsMax,
    cost_max_usd: traits.costMax === undefined ? null : toDollars(traits.costMax),
  }
}
