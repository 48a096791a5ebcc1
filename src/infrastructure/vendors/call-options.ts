import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { Chat } from '../../core/chat.ts'
import { refuseContinuation, toEffort } from '../dialects/index.ts'
import { toPrompt, unsupported } from './prompt.ts'
import type { Setting, VendorWays } from './ways.ts'

/** A chat as the vendors' packages take it. Throws UNSUPPORTED_PARAMETER for what the vendor has no words for. */
export function toCallOptions(chat: Chat, ways: VendorWays): LanguageModelV4CallOptions {
  refuseExtras(chat)
  for (const setting of ways.lacks) if (isAsked[setting](chat)) throw unsupported(setting)
  const effort = toEffort(chat)
  const providerOptions = ways.options?.(chat)
  return {
    prompt: toPrompt(chat.messages, ways),
    ...(chat.outputTokensMax === undefined ? {} : { maxOutputTokens: chat.outputTokensMax }),
    ...(chat.temperature === undefined ? {} : { temperature: chat.temperature }),
    ...(chat.topP === undefined ? {} : { topP: chat.topP }),
    ...(chat.topK === undefined ? {} : { topK: chat.topK }),
    ...(chat.seed === undefined ? {} : { seed: chat.seed }),
    ...(chat.presencePenalty === undefined ? {} : { presencePenalty: chat.presencePenalty }),
    ...(chat.frequencyPenalty === undefined ? {} : { frequencyPenalty: chat.frequencyPenalty }),
    ...(chat.stop.length === 0 ? {} : { stopSequences: [...chat.stop] }),
    ...(effort === undefined ? {} : { reasoning: effort }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
    ...toResponseFormat(chat),
    ...toTools(chat),
  }
}

/** Whether a request uses a setting in a way that its loss would change the answer. */
const isAsked: Readonly<Record<Setting, (chat: Chat) => boolean>> = {
  top_k: ({ topK }) => topK !== undefined,
  stop: ({ stop }) => stop.length > 0,
  frequency_penalty: ({ frequencyPenalty }) => (frequencyPenalty ?? 0) !== 0,
  presence_penalty: ({ presencePenalty }) => (presencePenalty ?? 0) !== 0,
  parallel_tool_calls: ({ parallelToolCalls, tools }) => parallelToolCalls === false && tools.length > 0,
}

/** Fields of the client's own dialect whose loss would change the answer. */
const meaningfulExtras = ['n', 'logprobs', 'top_logprobs', 'logit_bias', 'audio', 'modalities', 'prediction'] as const

function refuseExtras(chat: Chat): void {
  refuseContinuation(chat)
  for (const name of meaningfulExtras) {
    const value = chat.extra?.fields[name]
    if (value === undefined || value === null || value === false || (name === 'n' && value === 1)) continue
    throw unsupported(name)
  }
}

function toResponseFormat({ responseFormat: format }: Chat): Pick<LanguageModelV4CallOptions, 'responseFormat'> {
  if (format === undefined || format.type === 'text') return {}
  if (format.type === 'json') return { responseFormat: { type: 'json' } }
  const description = format.description === undefined ? {} : { description: format.description }
  return { responseFormat: { type: 'json', schema: { ...format.schema }, name: format.name, ...description } }
}

function toTools({ tools, toolChoice }: Chat): Pick<LanguageModelV4CallOptions, 'tools' | 'toolChoice'> {
  if (tools.length === 0) return {}
  const choice = toolChoice?.type === 'tool' ? { type: 'tool' as const, toolName: toolChoice.name } : toolChoice
  return {
    tools: tools.map((tool) => ({
      type: 'function' as const,
      name: tool.name,
      inputSchema: { ...tool.parameters },
      ...(tool.description === undefined ? {} : { description: tool.description }),
      ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    })),
    ...(choice === undefined ? {} : { toolChoice: choice }),
  }
}
