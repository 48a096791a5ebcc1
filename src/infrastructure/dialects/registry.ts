import type { DialectId } from '../../core/chat.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import type { Dialect } from './dialect.ts'
import { openaiChat } from './openai-chat/index.ts'

/** The dialects Strata speaks to clients and to endpoints. */
export const dialects = Object.freeze({
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
}) satisfies Partial<Readonly<Record<DialectId, Dialect>>>
