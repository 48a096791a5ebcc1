import type { Chat, ChatRequest } from '../../core/chat.ts'

/** A body the endpoint understood need not be one that Strata can decode: then its text has to do. */
export function findChat(request: ChatRequest): Chat | undefined {
  try {
    return request.chat
  } catch {
    return undefined
  }
}
