import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { findUsageFault, isOrdinaryTier } from '../../../core/usage-units.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'

/** A token count a vendor reports; anything else, absence too, is not a count. */
export function toCount(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** A member that is an object; an empty one when it is not. */
export function memberOf(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isJsonObject(value) ? value : {}
}

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
