import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { AnswerEvent, FinishReason } from '../../core/chat.ts'
import type { JsonValue } from '../../core/json.ts'
import { createUsage, type Usage } from '../../core/usage.ts'
import { joinToolCallId } from './signature.ts'

/** Turns the parts of a package's stream into events. Throws what an error part carries. */
export interface PartReader {
  read(part: LanguageModelV4StreamPart): readonly AnswerEvent[]
}

export function createPartReader(): PartReader {
  // Calls announced in pieces wait for the whole call: only it carries the vendor's signature, which the id must hold.
  const toolCalls = new Set<string>()
  return {
    read(part) {
      switch (part.type) {
        case 'text-delta':
          return part.delta === '' ? [] : [{ type: 'text-delta', text: part.delta }]
        case 'reasoning-delta':
          return part.delta === '' ? [] : [{ type: 'reasoning-delta', text: part.delta }]
        case 'reasoning-end':
          return [{ type: 'reasoning-end', signature: undefined, redacted: undefined }]
        case 'tool-call':
          return wholeToolCall(part, toolCalls)
        case 'finish':
          return toEnd(part, toolCalls.size > 0)
        case 'error':
          throw part.error
        default:
          return []
      }
    },
  }
}

function toEnd(
  part: Extract<LanguageModelV4StreamPart, { type: 'finish' }>,
  hasToolCalls: boolean,
): readonly AnswerEvent[] {
  const usage = toUsage(part.usage)
  const finish: AnswerEvent = { type: 'finish', reason: toFinishReason(part.finishReason, hasToolCalls) }
  return usage === undefined ? [finish] : [{ type: 'usage', usage }, finish]
}

function wholeToolCall(
  part: Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>,
  toolCalls: Set<string>,
): readonly AnswerEvent[] {
  if (toolCalls.has(part.toolCallId)) return []
  const index = toolCalls.size
  toolCalls.add(part.toolCallId)
  const id = joinToolCallId(part.toolCallId, part.providerMetadata)
  return [
    { type: 'tool-call-start', index, id, name: part.toolName },
    { type: 'tool-call-delta', index, arguments: part.input === '' ? '{}' : part.input },
    { type: 'tool-call-end', index },
  ]
}

/** The content of a whole answer as the parts a stream would have had. */
export function toParts(content: readonly LanguageModelV4Content[]): readonly LanguageModelV4StreamPart[] {
  return content.flatMap((part, index): LanguageModelV4StreamPart[] => {
    const id = String(index)
    switch (part.type) {
      case 'text':
        return [{ type: 'text-delta', id, delta: part.text }]
      case 'reasoning':
        return [
          { type: 'reasoning-delta', id, delta: part.text },
          { type: 'reasoning-end', id },
        ]
      case 'tool-call':
        return [part]
      default:
        return []
    }
  })
}

export function toUsage(usage: LanguageModelV4Usage): Usage | undefined {
  const { inputTokens, outputTokens } = usage
  if (inputTokens.total === undefined && outputTokens.total === undefined) return undefined
  return createUsage({
    inputTotal: inputTokens.total,
    cacheRead: inputTokens.cacheRead,
    cacheWrite5m: inputTokens.cacheWrite,
    outputTotal: outputTokens.total,
    reasoning: outputTokens.reasoning,
    // Parsed from JSON by the package.
    raw: usage.raw as JsonValue | undefined,
  })
}

function toFinishReason(reason: LanguageModelV4FinishReason, hasToolCalls: boolean): FinishReason {
  switch (reason.unified) {
    case 'stop':
      return hasToolCalls ? 'tool-calls' : 'stop'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'refusal'
    case 'tool-calls':
      return 'tool-calls'
    case 'error':
      return 'error'
    case 'interrupted':
    case 'other':
      return hasToolCalls ? 'tool-calls' : 'other'
  }
}
