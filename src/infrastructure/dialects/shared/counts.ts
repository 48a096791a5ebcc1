import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'

/** A token count a vendor reports; anything else, absence too, is not a count. */
export function toCount(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.trunc(value) : undefined
}

/** A member that is an object; an empty one when it is not. */
export function memberOf(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return isJsonObject(value) ? value : {}
}
