import type { ChatRequest } from '../../core/chat.ts'
import type { Generated } from '../../core/generated.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { estimateInputTokens, estimateTokens } from '../dialects/index.ts'
import type { AnswerCount } from './answer-count.ts'
import { findChat } from './find-chat.ts'
import { measureInput } from './input-measure.ts'
import type { TokenScale } from './scale.ts'

/** An answer that ended before the vendor could report. */
export interface UnreportedAnswer {
  /** What it had reported by then. */
  readonly reported: Usage | undefined
  readonly request: ChatRequest
  readonly seen: Generated
  readonly scale: TokenScale
  /** Counts by the endpoint's own tokenizer; `undefined` where it is not known. */
  readonly count?: AnswerCount | undefined
  /** What was put aside for, by each that did: an estimate is never more, nor more than the request allows. */
  readonly bounds?: readonly (TokenBounds | undefined)[]
}

export interface TokenBounds {
  readonly inputTokensMax: number
  readonly outputTokensMax: number
}

/**
 * The usage of an answer that ended before the vendor could report: what it had reported stands, the rest is counted with
 * the endpoint's tokenizer, or estimated from the texts by what the endpoint counted for others.
 */
export function estimateUsage(answer: UnreportedAnswer): Usage {
  const { reported, request, bounds = [] } = answer
  const inputTokensMax = Math.min(...bounds.map((bound) => bound?.inputTokensMax ?? Infinity))
  const outputTokensMax = Math.min(
    ...bounds.map((bound) => bound?.outputTokensMax ?? Infinity),
    (request.outputTokensMax ?? Infinity) * countAnswers(request),
  )
  const told = reported?.outputTotal ?? 0
  return {
    ...createUsage(reported ?? {}),
    inputTotal: reported?.inputTotal ?? Math.min(estimateInput(answer), inputTokensMax),
    outputTotal: Math.max(told, Math.min(estimateOutput(told, answer), outputTokensMax)),
    source: 'estimated',
  }
}

/**
 * A vendor that reports as it goes is believed as far as it has got, and the rest added; one that says at the start what no
 * answer could have come to by then is not.
 */
function estimateOutput(told: number, { seen, scale, count }: UnreportedAnswer): number {
  const counted = count?.output()
  const all = counted?.all ?? scale.output(seen)
  const least = seen.units === 0 ? 0 : 1
  const then = seen.reported === undefined ? 0 : (counted?.marked ?? scale.output(seen.reported))
  if (then > 0 && told >= then / 2) return told + Math.max(0, Math.round(all - then))
  return Math.max(told, least, Math.round(all))
}

function estimateInput({ request, scale, count }: UnreportedAnswer): number {
  const counted = count?.input()
  return counted === undefined ? Math.ceil(scale.input(measureInput(request))) : Math.round(counted)
}

/** Input tokens of a request as they are likely to be. */
export function countInput(request: ChatRequest): number {
  const chat = findChat(request)
  return chat === undefined ? estimateTokens(request.wire?.text ?? '') : estimateInputTokens(chat)
}

/** Answers that one request asks for: `n` of OpenAI chat. */
export function countAnswers(request: ChatRequest): number {
  const count = request.wire?.body['n'] ?? findChat(request)?.extra?.fields['n']
  return typeof count === 'number' && Number.isInteger(count) && count > 0 ? count : 1
}
