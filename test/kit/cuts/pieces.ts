import type { Tokenize } from './vendor.ts'

/** A tokenizer of somebody else's. */
export interface Encoding {
  /** No text is anything but text to it. */
  encode(text: string, allowed: [], disallowed: []): readonly number[]
  decode(tokens: number[]): string
}

/** A token that is a part of a character has no text of its own: the event that completes the character has it. */
export function toPieces(encoding: Encoding): Tokenize {
  return (text) => {
    let pending: number[] = []
    return encoding.encode(text, [], []).map((token) => {
      pending.push(token)
      const piece = encoding.decode(pending)
      if (piece.endsWith('\uFFFD') && pending.length < 8) return ''
      pending = []
      return piece
    })
  }
}
