import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import type { RunningStrata } from './strata.ts'

/** Asks `/v1/what-if`. Throws what was answered when that is no report. */
export async function askWhatIf(strata: RunningStrata, asked: JsonObject): Promise<JsonObject> {
  const response = await strata.request('/v1/what-if', asked)
  const body: unknown = await response.json()
  if (!isJsonObject(body) || response.status !== 200) throw new Error(JSON.stringify(body))
  return body
}

/** A part of a report; without members when it is not there. */
export function partOf(body: JsonObject, name: string): JsonObject {
  const value = body[name]
  return isJsonObject(value) ? value : {}
}
