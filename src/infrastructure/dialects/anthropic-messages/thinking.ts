import type { Chat } from '../../../core/chat.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { RequestTarget } from '../dialect.ts'
import { toEffort, toReasoningTokens, unsupported } from '../shared/index.ts'

/** Where neither the client nor the endpoint's configuration bounds the output. */
const outputTokensDefault = 4_096
/** Anthropic's least budget. */
const budgetTokensMin = 1_024

export interface Thinking {
  readonly maxTokens: number
  readonly thinking: JsonObject | undefined
  readonly effort: string | undefined
}

/**
 * How an effort or a number of reasoning tokens is said. Up to Claude 4.5 (and to servers of other names) as a budget
 * below `max_tokens`; from 4.6 on as adaptive thinking with an effort, which from 4.7 on is the only way. A budget that
 * stands for an effort takes at most half of a bound the client gave, and comes on top where it gave none.
 */
export function encodeThinking(chat: Chat, target: RequestTarget): Thinking {
  const bound = chat.outputTokensMax ?? target.outputTokensMax
  const maxTokens = bound ?? outputTokensDefault
  const effort = toEffort(chat)
  if (effort === undefined) return { maxTokens, thinking: undefined, effort: undefined }
  const version = readVersion(target.model)
  const takesBudget = version < 4.6 || (version < 4.7 && chat.reasoningEffort === undefined)
  if (effort === 'none') {
    // The newest models refuse to be told not to think; the least effort is what they have.
    return version < 4.7
      ? { maxTokens, thinking: { type: 'disabled' }, effort: undefined }
      : { maxTokens, thinking: undefined, effort: 'low' }
  }
  refuseWarmth(chat)
  if (!takesBudget) {
    return { maxTokens, thinking: { type: 'adaptive' }, effort: effort === 'minimal' ? 'low' : effort }
  }
  const asked = chat.reasoningTokensMax ?? toReasoningTokens(effort)
  if (bound === undefined) return { maxTokens: maxTokens + asked, thinking: toBudget(asked), effort: undefined }
  const most = chat.reasoningTokensMax === undefined ? Math.floor(bound / 2) : bound - 1
  const budget = Math.min(asked, most)
  return { maxTokens, thinking: budget < budgetTokensMin ? undefined : toBudget(budget), effort: undefined }
}

function toBudget(tokens: number): JsonObject {
  return { type: 'enabled', budget_tokens: Math.max(tokens, budgetTokensMin) }
}

function refuseWarmth(chat: Chat): void {
  if (chat.temperature === undefined || chat.temperature === 1) return
  throw unsupported(
    'temperature',
    'other than 1 cannot be set together with reasoning on an anthropic-messages endpoint',
  )
}

/** The version in a Claude model's name, before or after the family: 4.5 of `claude-sonnet-4-5-20250929`; 0 when there is none. */
function readVersion(model: string): number {
  const name = /claude-[a-z0-9.-]+/i.exec(model)?.[0]
  if (name === undefined) return 0
  const numbers = name.split(/[-.]/).filter((word) => /^\d{1,2}$/.test(word))
  const [major, minor] = numbers
  return major === undefined ? 0 : Number(major) + Number(minor ?? 0) / 10
}
