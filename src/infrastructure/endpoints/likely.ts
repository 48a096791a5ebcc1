import type { Usage } from '../../core/usage.ts'

/** An answer this far from what was expected tells of tokens that nobody saw, not of the size of tokens. */
const ratioMax = 4

/** Of the tokens told, those that were shown: reasoning is among them or hidden, whichever is nearer to what was seen. */
export function findShown({ outputTotal = 0, reasoning = 0 }: Usage, expected: number): number {
  const shown = outputTotal - reasoning
  return Math.abs(shown - expected) < Math.abs(outputTotal - expected) ? shown : outputTotal
}

export function isLikely(tokens: number, expected: number, ratio = ratioMax): boolean {
  return tokens > 0 && tokens <= ratio * Math.max(1, expected) && tokens * ratio >= expected
}
