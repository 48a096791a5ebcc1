import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { findUsageFault, isOrdinaryTier, memberOf } from '../../../core/usage-units.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'

export { memberOf, toCount } from '../../../core/usage-units.ts'

/** A usage of a vendor's figures, marked when one of them is no count. */
export function toUsageOf(raw: JsonObject, known: Partial<Usage>): Usage {
  const fault = findUsageFault(raw)
  return createUsage(fault === undefined ? { ...known, raw } : { ...known, raw, fault })
}

/**
 * A usage object with the service tier that OpenAI and those who follow it tell beside it. The ordinary tier is left
 * out: it is what list prices are for.
 */
export function withTier(raw: JsonObject, tier: JsonValue | undefined): JsonObject {
  const name = isJsonObject(tier) ? tier['type'] : tier
  if (typeof name !== 'string' || isOrdinaryTier(name)) return raw
  return { ...raw, strata: { ...memberOf(raw, 'strata'), service_tier: name } }
}
