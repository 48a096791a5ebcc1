import type { Chat, Message } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { refuseContinuation } from '../../dialects/index.ts'
import type { AnswerJob, Constraint, Turn } from './protocol.ts'
import { toGrammarSchema } from './schema.ts'

export interface PromptOptions {
  readonly owner: string
  /** The bound of the endpoint, for a client that gave none. */
  readonly outputTokensMax: number | undefined
}

/** A chat as a job. Throws UNSUPPORTED_PARAMETER for tools and media, INVALID_REQUEST for a chat without messages. */
export function toAnswerJob(chat: Chat, options: PromptOptions): AnswerJob {
  refuseContinuation(chat)
  if (chat.tools.length > 0 && chat.toolChoice?.type !== 'none') throw unsupported('tools', 'call tools')
  const turns = toTurns(chat.messages)
  if (turns.length === 0) {
    throw new PlatformError('INVALID_REQUEST', 'there is nothing to answer: add a message with text', {
      param: 'messages',
    })
  }
  return {
    type: 'answer',
    owner: options.owner,
    turns,
    outputTokensMax: chat.outputTokensMax ?? options.outputTokensMax,
    sampling: {
      temperature: chat.temperature,
      topP: chat.topP,
      topK: chat.topK,
      seed: chat.seed,
      frequencyPenalty: chat.frequencyPenalty,
      presencePenalty: chat.presencePenalty,
    },
    stop: chat.stop.filter((text) => text !== ''),
    constraint: toConstraint(chat),
    reasoningTokensMax: chat.reasoningEffort === 'none' ? 0 : chat.reasoningTokensMax,
  }
}

function toConstraint({ responseFormat }: Chat): Constraint | undefined {
  switch (responseFormat?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json':
      return { type: 'json' }
    case 'json-schema':
      return { type: 'json-schema', schema: toGrammarSchema(responseFormat.schema) }
  }
}

/** One turn per change of role: many templates demand that roles alternate. */
function toTurns(messages: readonly Message[]): readonly Turn[] {
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    const text = toText(message, index)
    const role = message.role === 'assistant' ? 'model' : message.role
    if (role === 'tool') throw unsupported(`messages[${index}]`, 'read results of tools')
    const last = turns.at(-1)
    if (text === '') continue
    if (last?.role === role) turns.splice(-1, 1, { role, text: `${last.text}\n\n${text}` })
    else turns.push({ role, text })
  }
  return turns
}

function toText(message: Message, index: number): string {
  return message.parts
    .map((part, place) => {
      if (part.type === 'text' || part.type === 'refusal') return part.text
      // Earlier reasoning is for its own model only.
      if (part.type === 'reasoning') return ''
      throw unsupported(`messages[${index}].content[${place}]`, `read a part of type ${part.type}`)
    })
    .join('')
}

function unsupported(param: string, what: string): PlatformError {
  return new PlatformError('UNSUPPORTED_PARAMETER', `a local llama model cannot ${what}`, { param })
}
