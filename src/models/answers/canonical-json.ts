import { isJsonObject, type JsonValue } from '../../core/json.ts'

/** The JSON that a text is or holds in its first fenced block; `undefined` when it is none. */
export function findJson(text: string): JsonValue | undefined {
  const trimmed = text.trim()
  const fenced = /```(?:json)?[ \t]*\n([\s\S]*?)\n?```/.exec(trimmed)?.[1]
  for (const candidate of fenced === undefined ? [trimmed] : [trimmed, fenced.trim()]) {
    try {
      return JSON.parse(candidate) as JsonValue // what JSON.parse gives
    } catch {
      // The next candidate, or none.
    }
  }
  return undefined
}

/** The JSON of a text with its keys in order and without blanks; `undefined` when it holds none. */
export function toCanonicalJson(text: string): string | undefined {
  const value = findJson(text)
  return value === undefined ? undefined : JSON.stringify(sortKeys(value))
}

function sortKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => sortKeys(item))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, item === undefined ? null : sortKeys(item)]))
}
