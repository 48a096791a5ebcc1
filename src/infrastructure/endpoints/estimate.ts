import type { ChatRequest, Message, Part } from '../../core/chat.ts'
import { createUsage, type Usage } from '../../core/usage.ts'

/**
 * Tokens per UTF-16 unit: about 4 Latin letters to a token, and 1.5 Han, Kana or Hangul signs. Rules of thumb that
 * vendors give for their tokenizers; an estimate stays marked as one.
 */
const tokensPerLetter = 1 / 4
const tokensPerSign = 1 / 1.5
/** Around one message, and for one picture or other medium, whose size in tokens only the vendor knows. */
const tokensPerMessage = 4
const tokensPerMedium = 1_000

/**
 * The usage of an answer that ended before the vendor could report: what it had reported stands, the rest is estimated
 * from the texts. Output is never less than was seen: a vendor that reports as it goes may have reported too early.
 */
export function estimateUsage(reported: Usage | undefined, request: ChatRequest, generatedLength: number): Usage {
  const input = measureInput(request)
  const seen = Math.ceil(generatedLength * input.tokensPerUnit)
  return {
    ...createUsage(reported ?? {}),
    inputTotal: reported?.inputTotal ?? input.tokens,
    outputTotal: Math.max(reported?.outputTotal ?? 0, seen),
    source: 'estimated',
  }
}

interface InputMeasure {
  readonly tokens: number
  /** Of this request's text: an answer is mostly in the script of its question. */
  readonly tokensPerUnit: number
}

function measureInput(request: ChatRequest): InputMeasure {
  const { messages, tools } = request.chat
  const texts: string[] = tools.length === 0 ? [] : [JSON.stringify(tools)]
  let media = 0
  for (const message of messages) media += gatherTexts(message.parts, texts)
  const letters = texts.reduce((sum, text) => sum + text.length, 0)
  const signs = texts.reduce((sum, text) => sum + countSigns(text), 0)
  const textTokens = (letters - signs) * tokensPerLetter + signs * tokensPerSign
  return {
    tokens: Math.ceil(textTokens + media * tokensPerMedium + messages.length * tokensPerMessage),
    tokensPerUnit: letters === 0 ? tokensPerLetter : textTokens / letters,
  }
}

/** Adds the texts of the parts to `texts`; returns how many parts are media. */
function gatherTexts(parts: Message['parts'], texts: string[]): number {
  let media = 0
  for (const part of parts) media += gatherText(part, texts)
  return media
}

function gatherText(part: Part, texts: string[]): number {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      texts.push(part.text)
      return 0
    case 'tool-call':
      texts.push(part.name, part.arguments)
      return 0
    case 'tool-result':
      return gatherTexts(part.parts, texts)
    case 'image':
    case 'audio':
    case 'file':
      return 1
  }
}

function countSigns(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if ((unit >= 0x2e80 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7af) || unit >= 0xf900) count += 1
  }
  return count
}
