import { hash } from 'node:crypto'
import type { Pieces } from '../../core/turns.ts'

/** A pluggable way to know a text again: what is kept of it, as numbers that say nothing without the key. */
export interface PrintScheme {
  readonly id: string
  /** Distinct fingerprints of a text, 48 bits each, and how many words it has. */
  read(text: string, key: string): Pieces<Prints>
}

export interface Prints {
  readonly words: number
  readonly prints: readonly number[]
}

/** Words in a row that make one fingerprint: edits leave those that lie between them. */
const wordsInARow = 4
/** Chinese characters in a row: a character says less than a word. */
const charactersInARow = 5
/** Every second fingerprint is kept, the same ones of the same words: half of the room for little of the recall. */
const keepOneOf = 2
const printsMax = 4_096
const wordsPerPiece = 64
const word = /\p{Script=Han}|[\p{L}\p{N}]+/gu

/**
 * Keyed hashes of words in a row (shingles; Broder, 1997), sampled by their value. What surrounds the words (blanks, case,
 * punctuation, width, markup) does not count.
 */
export const rowPrints: PrintScheme = {
  id: 'rows-1',
  *read(text, key) {
    const words: string[] = []
    for (const [each] of text.normalize('NFKC').toLowerCase().matchAll(word)) {
      words.push(each)
      if (words.length % wordsPerPiece === 0) yield
    }
    const prints = new Set<number>()
    // What says the same again is not hashed again: however long a text is, about twice as many rows are hashed as prints are kept.
    const known = new Set<string>()
    for (let start = 0; start + wordsInARow <= words.length && prints.size < printsMax; start++) {
      if (start % wordsPerPiece === 0) yield
      const length = /\p{Script=Han}/u.test(words[start] ?? '') ? charactersInARow : wordsInARow
      if (start + length > words.length) continue
      const row = words.slice(start, start + length).join(' ')
      if (known.has(row)) continue
      known.add(row)
      const print = Number.parseInt(hash('sha256', `${key}\n${row}`).slice(0, 12), 16)
      if (print % keepOneOf === 0) prints.add(print)
    }
    return { words: words.length, prints: [...prints] }
  },
}
