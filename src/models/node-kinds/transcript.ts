import type { CompleteAnswer } from '../../core/answer.ts'
import type { Chat, Message, Part } from '../../core/chat.ts'

/** Characters of one answer that are shown to another model. */
const shownLengthMax = 60_000

/** An answer as a turn of the chat, so that a model can be asked to mend it. */
export function toTurn(answer: CompleteAnswer): Message {
  return { role: 'assistant', parts: [text(answer.text === '' ? '(no text)' : answer.text)] }
}

export function userTurn(words: string): Message {
  return { role: 'user', parts: [text(words)] }
}

/** The chat with an instruction before everything else. */
export function instruct(chat: Chat, words: string): Chat {
  return { ...chat, messages: [{ role: 'system', parts: [text(words)] }, ...chat.messages] }
}

/** Answers for another model to read, numbered from 1, tool calls written out. */
export function listAnswers(answers: readonly CompleteAnswer[]): string {
  return answers.map((answer, index) => `<answer number="${index + 1}">\n${describe(answer)}\n</answer>`).join('\n')
}

export function describe(answer: CompleteAnswer): string {
  const calls = answer.toolCalls.map((call) => `(calls the tool ${call.name} with ${call.arguments})`)
  return [answer.text, answer.refusal ?? '', ...calls]
    .filter((part) => part !== '')
    .join('\n')
    .slice(0, shownLengthMax)
}

/** The conversation as text, for a model that judges it. What is not text is named. */
export function toTranscript(chat: Chat): string {
  const turns = chat.messages.map((message) => `${message.role}: ${message.parts.map(describePart).join('\n')}`)
  return turns.join('\n\n').slice(-shownLengthMax)
}

function describePart(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text
    case 'tool-call':
      return `(calls the tool ${part.name} with ${part.arguments})`
    case 'tool-result':
      return part.parts.map(describePart).join('\n')
    case 'reasoning':
      return ''
    default:
      return `(${part.type})`
  }
}

function text(words: string): Part {
  return { type: 'text', text: words }
}
