/** Anything JSON can hold. `null` lives only here and in SQL; inside the platform absence is `undefined`. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** True for a plain JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where a text or a name holds U+0000, which no database keeps as it is, as it may be shown: `events.1.id`. `undefined` where none does. */
export function findNul(value: unknown): string | undefined {
  const path = findNulPath(value)
  return path && toShownPath(path)
}

const shownLengthMax = 64

/** A place in a body as it may be quoted: in few words, however long the names are that were sent. */
export function toShownPath(path: readonly PropertyKey[]): string {
  return path.map((key) => String(key).replaceAll('\0', '').slice(0, shownLengthMax)).join('.')
}

function findNulPath(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.includes('\0') ? [] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, each] of Object.entries(value)) {
    if (key.includes('\0')) return [key]
    const found = findNulPath(each)
    if (found !== undefined) return [key, ...found]
  }
  return undefined
}

/** The same with every text in it, at any depth, as `map` gives it; names of members stay. */
export function mapJsonTexts<T extends JsonValue>(value: T, map: (text: string) => string): T
export function mapJsonTexts(value: JsonValue, map: (text: string) => string): JsonValue {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((each: JsonValue) => mapJsonTexts(each, map))
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).flatMap(([name, each]) =>
    each === undefined ? [] : [[name, mapJsonTexts(each, map)] as const],
  )
  return Object.fromEntries(members)
}
