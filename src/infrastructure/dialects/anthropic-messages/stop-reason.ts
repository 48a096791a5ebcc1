import type { FinishReason } from '../../../core/chat.ts'

/** A message's `stop_reason` in the normal form. Compatible servers say `end_turn` with tool calls present. */
export function toFinishReason(word: unknown, hasToolCalls: boolean): FinishReason {
  switch (word) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'refusal':
      return 'refusal'
    case 'tool_use':
      return 'tool-calls'
  }
  if (hasToolCalls) return 'tool-calls'
  return word === 'end_turn' || word === 'stop_sequence' ? 'stop' : 'other'
}

/** The word of Anthropic's list that comes nearest. */
export function toStopWord(reason: FinishReason, stopSequence: string | undefined): string {
  switch (reason) {
    case 'length':
      return 'max_tokens'
    case 'tool-calls':
      return 'tool_use'
    case 'refusal':
      return 'refusal'
    case 'stop':
      return stopSequence === undefined ? 'end_turn' : 'stop_sequence'
    case 'other':
      return 'end_turn'
  }
}
