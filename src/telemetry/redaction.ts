import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { maskUrls } from '../core/urls.ts'

/**
 * Fields as they may be logged: credentials and content are replaced by what they are, whatever depth they stand at,
 * and everything is cut to a bounded size. The names decide first, then the look of a text.
 */
export function redact(fields: JsonObject): JsonObject {
  return redactObject(fields, 0)
}

const depthMax = 6
const entriesMax = 64
const textUnitsMax = 2_000

/** Names of credentials, without case and punctuation; a longer name that ends in one counts too. */
const secretName =
  /^(key|credentials?|cookie|setcookie|.*(authorization|apikey|secret|password|passphrase|token|privatekey))$/
/** Names of what people and models said. */
const contentName =
  /^(content|contents|text|prompt|prompts|messages?body|messages|input|inputs|output|outputs|question|answer|query|passages?|arguments|body|quote|quotes|document|documents|completion)$/

/** Vendors' key prefixes, bearer and basic credentials, signed tokens. */
const secretTexts =
  /\b(?:sk|rk|pk|gsk|xai)[-_][\w-]{8,}|\bAIza[\w-]{20,}|\b(?:Bearer|Basic)\s+[\w.~+/=-]{6,}|\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]+)?/g

function redactObject(fields: JsonObject, depth: number): JsonObject {
  const redacted: Record<string, JsonValue | undefined> = {}
  let entries = 0
  for (const [name, value] of Object.entries(fields)) {
    if (entries++ === entriesMax) break
    redacted[name] = redactNamed(name, value, depth)
  }
  return redacted
}

function redactNamed(name: string, value: JsonValue | undefined, depth: number): JsonValue | undefined {
  // Numbers under these names are counts: tokens of input, length of an answer.
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (secretName.test(plain)) return '[secret]'
  if (contentName.test(plain)) return '[content]'
  return redactValue(value, depth)
}

function redactValue(value: JsonValue | undefined, depth: number): JsonValue {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) {
    return depth === depthMax
      ? '[deep]'
      : value.slice(0, entriesMax).map((item: JsonValue) => redactValue(item, depth + 1))
  }
  if (isJsonObject(value)) return depth === depthMax ? '[deep]' : redactObject(value, depth + 1)
  return value ?? null
}

function redactText(text: string): string {
  const short = text.length > textUnitsMax ? `${text.slice(0, textUnitsMax)}…` : text
  return maskUrls(short.replace(secretTexts, '[secret]'), '[secret]')
}
