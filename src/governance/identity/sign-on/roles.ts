import type { SignOnConfig } from '../../../config/index.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'

/** The first role whose claims all hold; `undefined` when none fits. */
export function findRole(roles: SignOnConfig['roles'], claims: JsonObject): SignOnConfig['roles'][number] | undefined {
  return roles.find(({ when }) =>
    Object.entries(when).every(([claim, wanted]) => {
      const given = toList(claims[claim])
      return (typeof wanted === 'string' ? [wanted] : wanted).some((value) => given.includes(value))
    }),
  )
}

function toList(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value] // an array of JSON is of JSON
}
