import { estimateTokens } from '../../core/token-estimate.ts'

export interface SplitOptions {
  readonly pieceTokens: number
  readonly overlapTokens: number
}

/**
 * Pieces of at most `pieceTokens` estimated tokens that together are the text, in order, each beginning with the last
 * `overlapTokens` of the one before. Cut between paragraphs where that is possible, else between lines, sentences, words,
 * and in the middle of what has none of them. Cost: linear in the text.
 */
export function splitText(text: string, { pieceTokens, overlapTokens }: SplitOptions): readonly string[] {
  const atoms = cut(text, pieceTokens - overlapTokens, 0)
  const pieces: string[] = []
  let piece = ''
  let tokens = 0
  for (const atom of atoms) {
    const atomTokens = estimateTokens(atom)
    if (piece !== '' && tokens + atomTokens > pieceTokens) {
      pieces.push(piece)
      piece = tail(piece, overlapTokens)
      tokens = estimateTokens(piece)
    }
    piece += atom
    tokens += atomTokens
  }
  if (piece !== '') pieces.push(piece)
  return pieces
}

const separators: readonly RegExp[] = [/(?<=\n[ \t]{0,16}\n)/, /(?<=\n)/, /(?<=[.!?。!?；;])/, /(?<=\s)/]

/** Parts that are each small enough, cut at the coarsest separator that makes them so. */
function cut(text: string, tokensMax: number, level: number): readonly string[] {
  if (estimateTokens(text) <= tokensMax) return text === '' ? [] : [text]
  const separator = separators[level]
  if (separator === undefined) return cutAnywhere(text, tokensMax)
  return text.split(separator).flatMap((part) => cut(part, tokensMax, level + 1))
}

function cutAnywhere(text: string, tokensMax: number): readonly string[] {
  const parts: string[] = []
  let rest = text
  while (rest !== '') {
    // As many units as even the densest script needs; never between the halves of a character.
    let length = Math.max(1, tokensMax)
    const code = rest.charCodeAt(length - 1)
    if (code >= 0xd800 && code <= 0xdbff) length++
    parts.push(rest.slice(0, length))
    rest = rest.slice(length)
  }
  return parts
}

function tail(text: string, tokens: number): string {
  if (tokens === 0) return ''
  let from = Math.max(0, text.length - tokens * 4)
  while (from < text.length && estimateTokens(text.slice(from)) > tokens) from += Math.max(1, (text.length - from) >> 3)
  const code = text.charCodeAt(from)
  return text.slice(code >= 0xdc00 && code <= 0xdfff ? from + 1 : from)
}
