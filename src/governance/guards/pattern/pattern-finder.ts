import type { Finding } from '../scan.ts'
import { compilePatterns, createMatcher, isWord, type Pattern } from './matcher.ts'

export interface PatternFinder {
  /** In order, not overlapping. */
  find(text: string): readonly Finding[]
}

/**
 * Finds patterns in texts at hand, for patterns with wide gaps in their middle: each place is tried by itself, `lengthMax` units
 * at most, so that the automaton stays small. Within a word of ASCII nothing begins.
 */
export function createPatternFinder(patterns: readonly Pattern[], lengthMax: number): PatternFinder {
  const matcher = createMatcher(compilePatterns(patterns), patterns, lengthMax)
  const begins = new Uint8Array(65_536).map((_, unit) => Number(matcher.mayBegin(unit)))
  return {
    find(text) {
      const found: Finding[] = []
      const part = { text, before: Number.NaN, until: text.length }
      for (let at = 0; at < text.length; at++) {
        const unit = text.charCodeAt(at)
        if (begins[unit] !== 1 || (isWord(unit) && isWord(text.charCodeAt(at - 1)))) continue
        const match = matcher.match(part, at)
        if (match === undefined) continue
        found.push(match)
        at = match.end - 1
      }
      return found
    },
  }
}
