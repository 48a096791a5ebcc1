import type { Chat } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'

/**
 * Fields by which a request goes on from what only the vendor holds: without them the model would answer to half a
 * conversation. With what a refusal tells programs: Anthropic's client sends the whole conversation when it reads that.
 */
const continuations: Readonly<Record<string, JsonObject | undefined>> = {
  previous_response_id: undefined,
  conversation: undefined,
  prompt: undefined,
  thread: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
}

/** For endpoints of no dialect. Throws UNSUPPORTED_PARAMETER when the request goes on from what only a vendor holds. */
export function refuseContinuation(chat: Chat): void {
  for (const key of Object.keys(continuations)) {
    if (isGiven(chat.extra?.fields[key])) {
      throw refuseForeign(key, 'is known to the vendor only, and the model is not there; send the whole conversation')
    }
  }
}

/** The refusal of a field that an endpoint of another kind cannot be told. */
export function refuseForeign(key: string, why: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `${key} ${why}`, { param: key, details: continuations[key] })
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null
}
