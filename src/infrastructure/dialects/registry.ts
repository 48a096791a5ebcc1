import type { DialectId } from '../../core/chat.ts'
import type { Dialect } from './dialect.ts'
import { openaiChat } from './openai-chat/index.ts'

/** The dialects Strata speaks to clients and to endpoints. */
export const dialects = Object.freeze({
  'openai-chat': openaiChat,
}) satisfies Partial<Readonly<Record<DialectId, Dialect>>>
