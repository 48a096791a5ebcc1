import type { Chat, ChatRequest, Part } from '../../core/chat.ts'
import { tokensPerFile, tokensPerImage } from '../../core/token-estimate.ts'
import { findChat } from './find-chat.ts'

/**
 * What a request is made of, by the classes that tokenizers treat alike: words and single letters of the alphabet, groups of
 * digits, signs and their runs (code, JSON), blanks beyond one, Han and the like, all other scripts, messages, and media.
 */
export interface InputMeasure {
  /** Messages and tools. */
  readonly messages: number
  /** Runs of letters; one begins at a capital within a name too, as in `camelCase`. */
  readonly words: number
  readonly letters: number
  /** Of up to three digits. */
  readonly digitGroups: number
  readonly signRuns: number
  readonly signs: number
  /** Line ends, and runs of more than one blank. */
  readonly blanks: number
  /** UTF-16 units of scripts above U+3000. */
  readonly wide: number
  /** UTF-16 units beyond ASCII below it. */
  readonly other: number
  /** Tokens that pictures, sound and files are taken for. */
  readonly media: number
}

/** Cost: one pass over the text of the request. */
export function measureInput(request: ChatRequest): InputMeasure {
  const meter = new InputMeter()
  const chat = findChat(request)
  if (chat === undefined) meter.add(request.wire?.text ?? '')
  else addChat(meter, chat)
  return meter
}

function addChat(meter: InputMeter, { messages, tools, responseFormat }: Chat): void {
  for (const message of messages) {
    meter.messages += 1
    addParts(meter, message.parts)
  }
  for (const tool of tools) {
    meter.messages += 1
    meter.add(tool.name)
    meter.add(tool.description ?? '')
    meter.add(JSON.stringify(tool.parameters))
  }
  if (responseFormat?.type === 'json-schema') meter.add(JSON.stringify(responseFormat.schema))
}

function addParts(meter: InputMeter, parts: readonly Part[]): void {
  for (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        meter.add(part.text)
        break
      case 'image':
        meter.media += tokensPerImage
        break
      case 'audio':
      case 'file':
        meter.media += tokensPerFile
        break
      case 'tool-call':
        meter.add(part.name)
        meter.add(part.arguments)
        break
      case 'tool-result':
        addParts(meter, part.parts)
        break
    }
  }
}

/** Which class a UTF-16 unit is of; signs are what is left of ASCII. */
const letter = 1
const digit = 2
const sign = 3
const blank = 4
const wide = 5
const other = 6

class InputMeter implements InputMeasure {
  messages = 0
  words = 0
  letters = 0
  digitGroups = 0
  signRuns = 0
  signs = 0
  blanks = 0
  wide = 0
  other = 0
  media = 0

  add(text: string): void {
    let former = 0
    let run = 0
    let wasLower = false
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      const own = classOf(unit)
      run = own === former ? run + 1 : 1
      const isLower = unit >= 97
      if (own === letter) {
        this.letters++
        if (run === 1 || (wasLower && !isLower)) this.words++
      } else if (own === digit) {
        if (run % 3 === 1) this.digitGroups++
      } else if (own === sign) {
        this.signs++
        if (run === 1) this.signRuns++
      } else if (own === blank) {
        if (unit === 10) this.blanks++
        if (run === 2) this.blanks++
      } else if (own === wide) this.wide++
      else this.other++
      former = own
      wasLower = isLower
    }
  }
}

function classOf(unit: number): number {
  if ((unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90)) return letter
  if (unit === 32 || (unit >= 9 && unit <= 13)) return blank
  if (unit >= 48 && unit <= 57) return digit
  if (unit < 128) return sign
  return unit >= 0x3000 ? wide : other
}
