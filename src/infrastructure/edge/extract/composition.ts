import type { Citation } from '../../../core/chat.ts'
import type { Passage, Quote } from '../../../core/ports.ts'
import type { Folder } from './fold.ts'

/** A sentence of an answer, and the evidence for it. */
export interface Piece {
  readonly text: string
  readonly citation: Citation | undefined
}

export interface Composition {
  readonly question: string
  readonly passages: readonly Passage[]
  readonly quotes: readonly Quote[]
}

/** The answer in the question's language and script: a frame and the quotes, or a plain sentence that there is none. */
export function composeAnswer({ question, passages, quotes }: Composition, folder: Folder): readonly Piece[] {
  const phrases = choosePhrases(question, folder)
  if (passages.length === 0) return [{ text: phrases.nothingGiven, citation: undefined }]
  const pieces: Piece[] = [{ text: phrases.frame, citation: undefined }]
  let length = phrases.frame.length
  for (const quote of quotes) {
    const passage = passages[quote.passage]
    if (passage === undefined) continue
    const { collection, document, source, version } = passage
    const text = passage.text.slice(quote.start, quote.end)
    const [opening, closing] = phrases.marks
    const answerStart = length + 1 + opening.length
    const line = `\n${opening}${text}${closing}${phrases.name(source)}`
    pieces.push({
      text: line,
      citation: {
        collection,
        document,
        source,
        version,
        start: passage.start + quote.start,
        end: passage.start + quote.end,
        text,
        answerStart,
        answerEnd: answerStart + text.length,
        verdict: 'exact',
      },
    })
    length += line.length
  }
  return pieces.length > 1 ? pieces : [{ text: phrases.noAnswer, citation: undefined }]
}

interface Phrases {
  readonly frame: string
  readonly marks: readonly [opening: string, closing: string]
  readonly name: (source: string) => string
  readonly nothingGiven: string
  readonly noAnswer: string
}

const english: Phrases = {
  frame: 'The passages say:',
  marks: ['“', '”'],
  name: (source) => (source === '' ? '' : ` (${source})`),
  nothingGiven: 'I cannot answer: there are no passages to quote from.',
  noAnswer: 'I cannot answer: the passages do not say.',
}

const simplified: Phrases = {
  frame: '资料中写道：',
  marks: ['“', '”'],
  name: (source) => (source === '' ? '' : `（${source}）`),
  nothingGiven: '无法回答：没有可供引用的资料。',
  noAnswer: '无法回答：资料中没有说明。',
}

const traditional: Phrases = {
  frame: '資料中寫道：',
  marks: ['「', '」'],
  name: simplified.name,
  nothingGiven: '無法回答：沒有可供引用的資料。',
  noAnswer: '無法回答：資料中沒有說明。',
}

/** Chinese when the question has Han characters and no kana, which only Japanese has. */
function choosePhrases(question: string, folder: Folder): Phrases {
  if (!/\p{Script=Han}/u.test(question) || /[\u3041-\u30ff]/.test(question)) return english
  return folder.isTraditional(question) ? traditional : simplified
}
