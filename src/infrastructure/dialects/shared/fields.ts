/** Reading a client's body: every fault is named by its path, what was expected and what was there. */
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'

/** An object of a client's body and where it stands: `''` for the body itself, `messages[2]` for a part of it. */
export interface Located {
  readonly object: JsonObject
  readonly path: string
}

/** The path of a key below a place. */
export function pathOf(place: Located, key: string): string {
  return place.path === '' ? key : `${place.path}.${key}`
}

/** An INVALID_REQUEST that says what was expected at a path. Never quotes the value: it may be content. */
export function invalid(path: string, expected: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${path} must be ${expected}`, { param: path })
}

/** An UPSTREAM- or dialect-independent refusal of something that is understood but cannot be done. */
export function unsupported(path: string, reason: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `${path} ${reason}`, { param: path })
}

/** The value as an object with its place. */
function locate(value: JsonValue | undefined, path: string): Located {
  if (!isJsonObject(value)) throw invalid(path, 'an object')
  return { object: value, path }
}

/** The value of a key; JSON null counts as absent. */
export function readValue(place: Located, key: string): Exclude<JsonValue, null> | undefined {
  return place.object[key] ?? undefined
}

export function readString(place: Located, key: string): string | undefined {
  const value = readValue(place, key)
  if (value !== undefined && typeof value !== 'string') throw invalid(pathOf(place, key), 'a string')
  return value
}

export function requireString(place: Located, key: string): string {
  const value = readString(place, key)
  if (value === undefined || value === '') throw invalid(pathOf(place, key), 'a string that is not empty')
  return value
}

export function readNumber(place: Located, key: string): number | undefined {
  const value = readValue(place, key)
  if (value !== undefined && typeof value !== 'number') throw invalid(pathOf(place, key), 'a number')
  return value
}

/** A whole number, at least `least` when that is given. */
export function readInteger(place: Located, key: string, least?: number): number | undefined {
  const value = readNumber(place, key)
  if (value === undefined) return undefined
  const expected = least === undefined ? 'a whole number' : `a whole number of at least ${least}`
  if (!Number.isSafeInteger(value) || (least !== undefined && value < least))
    throw invalid(pathOf(place, key), expected)
  return value
}

export function readBoolean(place: Located, key: string): boolean | undefined {
  const value = readValue(place, key)
  if (value !== undefined && typeof value !== 'boolean') throw invalid(pathOf(place, key), 'true or false')
  return value
}

export function readObject(place: Located, key: string): Located | undefined {
  const value = readValue(place, key)
  return value === undefined ? undefined : locate(value, pathOf(place, key))
}

export function requireObject(place: Located, key: string): Located {
  return locate(place.object[key], pathOf(place, key))
}

export function readArray(place: Located, key: string): readonly JsonValue[] | undefined {
  const value = readValue(place, key)
  if (value !== undefined && !isArray(value)) throw invalid(pathOf(place, key), 'an array')
  return value
}

/** The objects of an array, each with its place; empty when the array is absent. */
export function readObjects(place: Located, key: string): readonly Located[] {
  const path = pathOf(place, key)
  return (readArray(place, key) ?? []).map((value, index) => locate(value, `${path}[${index}]`))
}

/** One of a list of words. Another word may be newer than this list: UNSUPPORTED_PARAMETER, not INVALID_REQUEST. */
export function readWord<Word extends string>(place: Located, key: string, words: readonly Word[]): Word | undefined {
  const value = readValue(place, key)
  if (value === undefined) return undefined
  const word = words.find((candidate) => candidate === value)
  if (word !== undefined) return word
  const path = pathOf(place, key)
  if (typeof value !== 'string') throw invalid(path, 'a string')
  throw unsupported(path, `is not one of ${words.join(', ')}`)
}

/** One string or several; empty when absent. */
export function readStrings(place: Located, key: string): readonly string[] {
  const value = readValue(place, key)
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  if (!isArray(value)) throw invalid(pathOf(place, key), 'a string or an array of strings')
  return value.map((item, index) => {
    if (typeof item !== 'string') throw invalid(`${pathOf(place, key)}[${index}]`, 'a string')
    return item
  })
}

/** The fields of a body that `known` does not name, JSON nulls left out; `undefined` when there are none. */
export function pickUnknown(body: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  const fields: Record<string, JsonValue> = {}
  let count = 0
  for (const [key, value] of Object.entries(body)) {
    if (known.has(key) || value === undefined || value === null) continue
    fields[key] = value
    count++
  }
  return count === 0 ? undefined : fields
}

export function isArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** A place in a list, as an event names it; 0 where it names none. */
export function toPlace(value: JsonValue | undefined): string {
  return typeof value === 'number' || typeof value === 'string' ? `${value}` : '0'
}
