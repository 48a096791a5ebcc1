import type { Chat, ChatRequest } from '../../core/chat.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { estimateInputTokens, estimateTokens } from '../dialects/index.ts'

/** For a request without text: Latin, as the dialects' estimate has it. */
const tokensPerUnitDefault = 0.25

/**
 * The usage of an answer that ended before the vendor could report: what it had reported stands, the rest is estimated
 * from the texts. Output is never less than was seen: a vendor that reports as it goes may have reported too early.
 */
export function estimateUsage(reported: Usage | undefined, request: ChatRequest, generatedLength: number): Usage {
  const input = measureInput(request)
  const seen = Math.ceil(generatedLength * input.tokensPerUnit)
  return {
    ...createUsage(reported ?? {}),
    inputTotal: reported?.inputTotal ?? input.tokens,
    outputTotal: Math.max(reported?.outputTotal ?? 0, seen),
    source: 'estimated',
  }
}

export interface InputMeasure {
  readonly tokens: number
  /** UTF-16 units to tokens in this request's text: an answer is mostly in the script of its question. */
  readonly tokensPerUnit: number
}

/** Input tokens of a request as they are likely to be. */
export function measureInput(request: ChatRequest): InputMeasure {
  const chat = findChat(request)
  if (chat === undefined) {
    const text = request.wire?.text ?? ''
    return { tokens: estimateTokens(text), tokensPerUnit: perUnit(text) }
  }
  const text = chat.messages
    .flatMap((message) => message.parts)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
  return { tokens: estimateInputTokens(chat), tokensPerUnit: perUnit(text) }
}

/** A body the endpoint understood need not be one that Strata can decode: then its text has to do. */
export function findChat(request: ChatRequest): Chat | undefined {
  try {
    return request.chat
  } catch {
    return undefined
  }
}

function perUnit(text: string): number {
  return text.length === 0 ? tokensPerUnitDefault : estimateTokens(text) / text.length
}
