import type { FinishReason } from '../../../core/chat.ts'
import { toEndedInError } from '../shared/index.ts'

/** What was seen of an answer when it finishes; reasons are derived from it where the vendor's word contradicts it. */
export interface Seen {
  readonly toolCalls: boolean
  readonly refusal: boolean
}

/**
 * A vendor's `finish_reason` in the normal form. Vendors say `stop` with tool calls present; then those are the reason.
 * Throws UPSTREAM_FAILED for the words that say that the vendor failed: what there is of the answer is no whole one.
 */
export function toFinishReason(word: unknown, seen: Seen): FinishReason {
  switch (word) {
    case 'length':
    case 'max_tokens':
      return 'length'
    case 'content_filter':
      return 'refusal'
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls'
    case 'error': // OpenRouter, Mistral
    case 'insufficient_system_resource': // DeepSeek
      throw toEndedInError(word)
  }
  if (seen.toolCalls) return 'tool-calls'
  if (seen.refusal) return 'refusal'
  return word === 'stop' || word === 'end_turn' || word === 'eos' ? 'stop' : 'other'
}

/** The word of OpenAI's list that comes nearest. A refusal told in words is a `stop`, as OpenAI has it. */
export function toFinishWord(reason: FinishReason, seen: Seen): string {
  switch (reason) {
    case 'length':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'refusal':
      return seen.refusal ? 'stop' : 'content_filter'
    case 'stop':
    case 'other':
      return seen.toolCalls ? 'tool_calls' : 'stop'
  }
}
