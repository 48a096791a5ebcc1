import type { MapNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import { withChat, type Chat, type ChatRequest, type Message } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { estimateTokens } from '../../core/token-estimate.ts'
import {
  chargeAnswer,
  gatherChild,
  openChild,
  sumUsage,
  throwIfLeft,
  type Gathered,
  type WholeAnswer,
} from './asking.ts'
import { buildChat, fault } from './building.ts'
import { splitText } from './splitting.ts'
import { describe } from './transcript.ts'
import { chatTraits, repeatTraits } from './traits.ts'

const generalInstruction =
  'Below is one part of a longer text. Take from it everything that helps to answer the question, as short notes in the language of the question; say "nothing" when there is nothing. Do not answer the question itself.'
const reduceInstruction =
  'The question was about a long text, which was read in parts. Below are the notes on each part, in order. Answer the question from them.'

/** Splits the long text of the last question, has each piece read, and answers from what was found. */
export function createMapKind({ clock }: { readonly clock: Clock }): NodeKind<MapNode> {
  return {
    key: 'map',
    create({ map }, place) {
      const path = `${place.path}.map`
      const model = buildChat(place, map.use, `${path}.use`)
      const reducer = map.reduce === undefined ? model : buildChat(place, map.reduce, `${path}.reduce`)
      const { pieceTokens = 2_000, overlapTokens = 0, piecesMax = 16, parallel = 4 } = map
      if (overlapTokens >= pieceTokens)
        throw fault(`${path}.overlapTokens`, `pieces of ${pieceTokens} tokens cannot share ${overlapTokens}; lower it`)
      const instruction = map.instruction ?? generalInstruction
      const options = { clock, model, reducer, pieceTokens, overlapTokens, piecesMax, parallel, instruction }
      const traits = chatTraits([repeatTraits(model.traits, piecesMax), reducer.traits], 'all-of')
      // The text is split, so that the context of one model does not bound what may be asked.
      const { contextTokens: _, ...rest } = traits
      return {
        id: place.id,
        traits: { ...rest, contextTokens: undefined },
        answer: (request, call) => answerByPieces(options, request, call),
      }
    },
  }
}

interface MapOptions {
  readonly clock: Clock
  readonly model: Model
  readonly reducer: Model
  readonly pieceTokens: number
  readonly overlapTokens: number
  readonly piecesMax: number
  readonly parallel: number
  readonly instruction: string
}

async function answerByPieces(options: MapOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { clock, reducer, pieceTokens, piecesMax } = options
  const long = findLongText(request.chat)
  const reduceDetail = { node: 'map', part: 'reduce' }
  if (long === undefined || estimateTokens(long.text) <= pieceTokens)
    return openChild({ clock, child: reducer, request, call, detail: reduceDetail })
  const pieces = splitText(long.text, options)
  if (pieces.length > piecesMax) {
    throw new PlatformError(
      'CONTEXT_TOO_LONG',
      `the text makes ${pieces.length} pieces and the model reads at most ${piecesMax}`,
      { param: 'messages', details: { pieces: pieces.length, piecesMax } },
    )
  }
  const notes = await readPieces(options, { request, call, long, pieces })
  const found = notes.flatMap((note) => (note.type === 'answer' ? [note.answer] : []))
  const failures = notes.flatMap((note) => (note.type === 'failed' ? [note.error] : []))
  const [failure] = failures
  if (found.length === 0) throw failure ?? new PlatformError('INTERNAL', 'no piece was read')
  const missing = pieces.length - found.length
  call.note({
    map: { pieces: pieces.length, missing },
    ...(missing > 0 ? { cut: { node: 'map', by: failure?.code ?? 'BUDGET_SPENT' } } : {}),
  })
  const asked = withChat(request, replaceText(request.chat, long, toNotes(notes)))
  const answer = await openChild({ clock, child: reducer, request: asked, call, detail: reduceDetail })
  return chargeAnswer(answer, sumUsage(found))
}

interface Reading {
  readonly request: ChatRequest
  readonly call: Call
  readonly long: LongText
  readonly pieces: readonly string[]
}

/** One note for each piece, in order. Throws when the client has left; a budget that is spent ends the reading. */
async function readPieces(options: MapOptions, { request, call, long, pieces }: Reading): Promise<readonly Gathered[]> {
  const { clock, model, parallel, instruction } = options
  const notes: Gathered[] = []
  let next = 0
  let isSpent = false
  const work = async (): Promise<void> => {
    while (next < pieces.length && !isSpent && !call.cancellation.isCancelled) {
      const piece = next++
      const text = `${instruction}\n\n<part number="${piece + 1}" of="${pieces.length}">\n${pieces[piece] ?? ''}\n</part>`
      const asked = withChat(request, {
        ...replaceText(request.chat, long, text),
        tools: [],
        toolChoice: undefined,
        responseFormat: undefined,
      })
      const note = await gatherChild({
        clock,
        child: model,
        request: asked,
        call,
        detail: { node: 'map', part: 'piece', piece },
      }).result
      notes[piece] = note
      if (note.type === 'failed' && (note.error.code === 'BUDGET_SPENT' || note.error.code === 'DEADLINE_EXCEEDED'))
        isSpent = true
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, pieces.length) }, work))
  throwIfLeft(call)
  return notes.filter((note) => note !== undefined)
}

function toNotes(notes: readonly Gathered[]): string {
  const shown = notes.map((note, index) => {
    const text = note.type === 'answer' ? describeNote(note.answer) : '(this part could not be read)'
    return `<notes part="${index + 1}">\n${text}\n</notes>`
  })
  return `${reduceInstruction}\n\n${shown.join('\n')}`
}

function describeNote({ complete }: WholeAnswer): string {
  return describe(complete)
}

/** The longest text part of the last question. */
interface LongText {
  readonly message: number
  readonly part: number
  readonly text: string
}

function findLongText({ messages }: Chat): LongText | undefined {
  const message = messages.findLastIndex(({ role }) => role === 'user')
  let long: LongText | undefined
  for (const [part, value] of (messages[message]?.parts ?? []).entries()) {
    if (value.type === 'text' && value.text.length > (long?.text.length ?? 0))
      long = { message, part, text: value.text }
  }
  return long
}

/** The chat with another text in that place; a question that stands in the text itself is kept in front of it. */
function replaceText(chat: Chat, long: LongText, text: string): Chat {
  const asked = chat.messages[long.message]?.parts.length === 1 ? `${findAsked(long.text)}\n\n${text}` : text
  const replaced = (message: Message): Message => ({
    ...message,
    parts: message.parts.map((part, index) => (index === long.part ? { type: 'text', text: asked } : part)),
  })
  return {
    ...chat,
    messages: chat.messages.map((message, index) => (index === long.message ? replaced(message) : message)),
  }
}

const askedLengthMax = 600

/** Where text and question are one part, the question stands at its beginning or at its end. */
function findAsked(text: string): string {
  const paragraphs = text.split(/\n\s*\n/)
  const ends = [paragraphs[0] ?? '', paragraphs.at(-1) ?? ''].filter((paragraph) => paragraph.length <= askedLengthMax)
  const question = ends.filter((paragraph) => /[?？]\s*$|[:：]\s*$/.test(paragraph))
  const chosen = question.length > 0 ? question : ends
  return [...new Set(chosen)].join('\n')
}
