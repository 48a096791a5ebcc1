import type { Pattern } from '../pattern/index.ts'

/** Something that texts say which try to take over a model. */
export interface Sign extends Pattern {
  /** How likely a text with it is such an attempt, 0 to 1. Chosen by hand; signs of one kind count once, the strongest. */
  readonly weight: number
}

/** Up to so many words between two others. */
export const gap = (count: number): string => `(?:[a-z0-9'’,-]+ ){0,${count}}`
/** Up to so many characters of a Chinese sentence. */
export const hanGap = (count: number): string => `[^。！？!?\\n]{0,${count}}`

export const rules =
  '(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|constraints?|restrictions?|policies|policy|programming|training|safeguards?|guardrails?|filters?|protocols?|context|conversation|messages?|limitations?)'
export const hanRules =
  '(?:指令|指示|提示词|提示语|提示|规则|要求|限制|设定|约束|命令|系统消息|安全策略|安全准则|准则|政策|原则|守则|人设|规定|说明|内容审查)'
export const machine =
  '(?:ai|a\\.i\\.|llms?|language models?|assistants?|chatbots?|bots?|gpt|chatgpt|claude|models?|agents?)'
export const hanMachine = '(?:ai|人工智能|语言模型|大模型|模型|助手|助理|机器人|智能体|chatgpt|gpt)'

export function sign(what: string, weight: number, source: string): Sign {
  return { what, weight, source }
}
