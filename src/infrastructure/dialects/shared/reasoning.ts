import type { Chat, ReasoningEffort } from '../../../core/chat.ts'

export const reasoningEfforts = [
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
] as const satisfies readonly ReasoningEffort[]

/** Reasoning tokens that stand for an effort where a dialect wants a number, and the other way. A convention, not a vendor's. */
const budgets: readonly (readonly [ReasoningEffort, number])[] = [
  ['minimal', 1_024],
  ['low', 4_096],
  ['medium', 12_288],
  ['high', 24_576],
  ['xhigh', 32_768],
  ['max', 65_536],
]

/** The bound on reasoning tokens that stands for an effort; 0 for `none`. */
export function toReasoningTokens(effort: ReasoningEffort): number {
  return budgets.find(([name]) => name === effort)?.[1] ?? 0
}

/** The client's effort, or the least effort whose bound covers its number of tokens. */
export function toEffort(chat: Chat): ReasoningEffort | undefined {
  if (chat.reasoningEffort !== undefined) return chat.reasoningEffort
  const tokens = chat.reasoningTokensMax
  if (tokens === undefined) return undefined
  return budgets.find(([, bound]) => tokens <= bound && bound >= 4_096)?.[0] ?? 'high'
}
