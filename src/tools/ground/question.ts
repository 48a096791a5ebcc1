import type { Chat, Message } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'

/** A question that is shorter may lean on the one before: `and in Zurich?` */
const followUpLengthMax = 60
const previousLengthMax = 500
const questionLengthMax = 4_000

/** What to search for: the last question, and the one before it when the last is short. Throws INVALID_REQUEST when there is no text. */
export function findQuestion(chat: Chat): string {
  const questions = chat.messages.filter((message) => message.role === 'user').map(toText)
  const last = questions.at(-1)
  if (last === undefined || last === '') {
    throw new PlatformError('INVALID_REQUEST', 'there is no question: the last user message must have text', {
      param: 'messages',
    })
  }
  const previous = questions.at(-2) ?? ''
  if (previous === '' || last.length > followUpLengthMax) return last.slice(0, questionLengthMax)
  return `${last}\n${previous.slice(0, previousLengthMax)}`
}

function toText(message: Message): string {
  return message.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
    .trim()
}
