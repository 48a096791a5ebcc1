import type { Chat } from '../../core/chat.ts'

const unitsMax = 24_000

/**
 * What of a chat a router reads: the text of the last message of the user, which is what the prompts of training pairs
 * are. Text of the messages before it does not count; images and files are not read.
 */
export function toPromptText(chat: Chat): string {
  const message = chat.messages.findLast((each) => each.role === 'user')
  const texts = message?.parts.map((part) => (part.type === 'text' ? part.text : '')) ?? []
  const text = texts.filter((each) => each !== '').join('\n')
  return text.length <= unitsMax ? text : `${text.slice(0, unitsMax / 2)}\n${text.slice(-unitsMax / 2)}`
}
