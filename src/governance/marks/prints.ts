import { hash } from 'node:crypto'

/** A pluggable way to know a text again: what is kept of it, as numbers that say nothing without the key. */
export interface PrintScheme {
  readonly id: string
  /** Distinct fingerprints of a text, 48 bits each, and how many words it has. */
  read(text: string, key: string): { readonly words: number; readonly prints: readonly number[] }
}

/** Words in a row that make one fingerprint: edits leave those that lie between them. */
const wordsInARow = 4
/** Chinese characters in a row: a character says less than a word. */
const charactersInARow = 5
/** Every second fingerprint is kept, the same ones of the same words: half of the room for little of the recall. */
const keepOneOf = 2
const printsMax = 4_096
const word = /\p{Script=Han}|[\p{L}\p{N}]+/gu

/**
 * Keyed hashes of words in a row (shingles; Broder, 1997), sampled by their value. What surrounds the words (blanks, case,
 * punctuation, width, markup) does not count.
 */
export const rowPrints: PrintScheme = {
  id: 'rows-1',
  read(text, key) {
    const words = text.normalize('NFKC').toLowerCase().match(word) ?? []
    const prints = new Set<number>()
    for (let start = 0; start + wordsInARow <= words.length && prints.size < printsMax; start++) {
      const length = /\p{Script=Han}/u.test(words[start] ?? '') ? charactersInARow : wordsInARow
      if (start + length > words.length) continue
      const print = Number.parseInt(
        hash('sha256', `${key}\n${words.slice(start, start + length).join(' ')}`).slice(0, 12),
        16,
      )
      if (print % keepOneOf === 0) prints.add(print)
    }
    return { words: words.length, prints: [...prints] }
  },
}
