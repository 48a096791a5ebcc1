import type { Chat, DialectId } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { refuseForeign } from './continuation.ts'
import { isArray } from './fields.ts'

/** Hints whose loss changes no answer's meaning: accounting, storage, caching, tiers, verbosity. */
const hints: ReadonlySet<string> = new Set([
  'metadata',
  'store',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'safety_identifier',
  'stream_options',
  'max_completion_tokens',
  'verbosity',
  'prediction',
  'include',
  'reasoning',
  'text',
  'cache_control',
  'speed',
  'diagnostics',
  'thinking',
])

/** Values that ask for what happens anyway. */
const neutral: ReadonlySet<JsonValue> = new Set([false, 0, '', 'auto', 'disabled', 'default'])

/** Anthropic's effort stands in the normal form as well; beside thinking it is kept in its own words too. */
function isEffortAlone(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).every((key) => key === 'effort')
}

/**
 * The client's own fields for an endpoint of `dialect`. Fields of another dialect are dropped when they are hints or ask
 * for nothing, and refused with UNSUPPORTED_PARAMETER otherwise: what is asked is never silently lost.
 */
export function takeExtra(chat: Chat, dialect: DialectId): JsonObject {
  if (chat.extra === undefined) return {}
  if (chat.extra.dialect === dialect) return chat.extra.fields
  for (const [key, value] of Object.entries(chat.extra.fields)) {
    if (hints.has(key) || value === undefined || value === null || neutral.has(value)) continue
    if (isArray(value) && value.length === 0) continue
    if (key === 'output_config' && isEffortAlone(value)) continue
    throw refuseForeign(key, `cannot be said to an endpoint that speaks ${dialect}`)
  }
  return {}
}
