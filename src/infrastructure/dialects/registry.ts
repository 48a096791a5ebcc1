import type { EndpointDialect } from '../../config/index.ts'
import type { DialectId } from '../../core/chat.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import type { Dialect } from './dialect.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

/** The dialects Strata speaks to clients and to endpoints. A new one is a folder and a line here. */
export const dialects: Readonly<Record<DialectId, Dialect>> = Object.freeze({
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
})

/** Of the dialects of endpoints, those in which a client's request goes out as it is. */
export const nativeDialects: Readonly<Partial<Record<EndpointDialect, DialectId>>> = Object.freeze({
  openai: 'openai-chat',
  'openai-responses': 'openai-responses',
  anthropic: 'anthropic-messages',
})
