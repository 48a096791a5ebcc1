import type { AnswerEvent, Chat, Message } from '../../../core/chat.ts'
import { GeneratedMeter } from '../../../core/generated.ts'
import { PlatformError } from '../../../core/errors.ts'
import { parsePassages } from '../../../core/passages.ts'
import type { Extractor, Passage } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import { createUsage, type Usage } from '../../../core/usage.ts'
import { refuseContinuation } from '../../dialects/index.ts'
import type { Adapter, Attempt, Upstream } from '../../endpoints/index.ts'
import { composeAnswer, type Piece } from './composition.ts'
import { createFolder, type Folder } from './fold.ts'

export interface ExtractAdapterDeps {
  readonly extractor: Extractor
  readonly clock: Clock
}

/**
 * The built-in `extract` model as an endpoint. The last user message is the question; the passages are those of the last
 * system message that holds any in the form of `core/passages.ts`. Throws UNSUPPORTED_PARAMETER for what quoting cannot
 * do (JSON output, a demanded tool call, pictures, embedding), INVALID_REQUEST when nobody asks anything.
 */
export function createExtractAdapter(deps: ExtractAdapterDeps): Adapter {
  const folder = createFolder()
  return {
    answer: async (request, attempt) => answer({ ...deps, folder }, request.chat, attempt),
    embed: async () => {
      throw new PlatformError('UNSUPPORTED_PARAMETER', 'the extract model quotes; it does not embed', {
        param: 'model',
      })
    },
  }
}

function answer(deps: ExtractAdapterDeps & { readonly folder: Folder }, chat: Chat, { permit }: Attempt): Upstream {
  const startedMs = deps.clock.monotonicMs()
  refuseUnsupported(chat)
  const question = findQuestion(chat)
  const passages = findPassages(chat)
  const { quotes } = passages.length === 0 ? { quotes: [] } : deps.extractor.extract(question, passages)
  const pieces = composeAnswer({ question, passages, quotes }, deps.folder)
  const firstByteMs = deps.clock.monotonicMs() - startedMs

  const { cancellation } = permit.call
  let cancelled: { readonly reason: unknown } | undefined
  let text = ''
  const generated = new GeneratedMeter()
  let usage: Usage | undefined
  async function* stream(): AsyncGenerator<AnswerEvent> {
    const limited = limitPieces(pieces, chat)
    for (const piece of limited.pieces) {
      if (cancelled !== undefined || cancellation.isCancelled) {
        throw new PlatformError('CANCELLED', 'the answer was left before its end', { cause: cancelled?.reason })
      }
      text += piece.text
      generated.add(piece.text)
      yield { type: 'text-delta', text: piece.text }
      if (piece.citation !== undefined) yield { type: 'citation', citation: piece.citation }
    }
    usage = createUsage({ inputTotal: countInput(chat), outputTotal: countTokens(text), source: 'estimated' })
    yield { type: 'usage', usage }
    yield limited.finish
  }
  return {
    events: stream(),
    wire: undefined,
    firstByteMs,
    usage: () => usage,
    generated: () => generated,
    cancel: (reason) => {
      cancelled ??= { reason }
    },
  }
}

function refuseUnsupported(chat: Chat): void {
  refuseContinuation(chat)
  const choice = chat.toolChoice?.type
  if (chat.responseFormat !== undefined && chat.responseFormat.type !== 'text') refuse('response_format', 'write JSON')
  if (choice === 'required' || choice === 'tool') refuse('tool_choice', 'call tools')
  const last = chat.messages.findLast((message) => message.role === 'user')
  const foreign = last?.parts.find((part) => part.type === 'image' || part.type === 'audio' || part.type === 'file')
  if (foreign !== undefined) refuse('messages', `read a part of type ${foreign.type}`)
}

function refuse(param: string, what: string): never {
  throw new PlatformError('UNSUPPORTED_PARAMETER', `the extract model quotes passages; it cannot ${what}`, { param })
}

function findQuestion(chat: Chat): string {
  const message = chat.messages.findLast((each) => each.role === 'user')
  const question = message === undefined ? '' : toText(message).trim()
  if (question !== '') return question
  throw new PlatformError('INVALID_REQUEST', 'there is no question: add a message of role user with text', {
    param: 'messages',
  })
}

function findPassages(chat: Chat): readonly Passage[] {
  for (const message of chat.messages.toReversed()) {
    const passages = message.role === 'system' ? parsePassages(toText(message)) : []
    if (passages.length > 0) return passages
  }
  return []
}

function toText(message: Message): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

interface LimitedPieces {
  readonly pieces: readonly Piece[]
  readonly finish: Extract<AnswerEvent, { readonly type: 'finish' }>
}

/** Ends the answer where the client's bound or stop text demands; a quote that does not fit is left out whole. */
function limitPieces(pieces: readonly Piece[], chat: Chat): LimitedPieces {
  const kept: Piece[] = []
  let text = ''
  for (const piece of pieces) {
    const grown = text + piece.text
    const stop = chat.stop.find((each) => each !== '' && grown.includes(each))
    if (stop !== undefined) return { pieces: kept, finish: { type: 'finish', reason: 'stop', stopSequence: stop } }
    if (chat.outputTokensMax !== undefined && countTokens(grown) > chat.outputTokensMax) {
      return { pieces: kept, finish: { type: 'finish', reason: 'length' } }
    }
    kept.push(piece)
    text = grown
  }
  return { pieces: kept, finish: { type: 'finish', reason: 'stop' } }
}

function countInput(chat: Chat): number {
  return chat.messages.reduce((sum, message) => sum + countTokens(toText(message)), 0)
}

/** An estimate: a token for two Han, kana or Hangul characters of three, and for four other characters. */
function countTokens(text: string): number {
  const dense = text.match(/[\u3040-\u9fff\uac00-\ud7af]/g)?.length ?? 0
  return Math.ceil((dense * 2) / 3 + (text.length - dense) / 4)
}
