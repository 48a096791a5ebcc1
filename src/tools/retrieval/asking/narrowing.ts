import type { Postings } from '../postings/codec.ts'
import { toHead } from '../indexing.ts'
import { holdsPhrase } from './fold.ts'

/** A phrase with the terms that stand wherever it stands. */
export interface Phrase {
  /** Folded. */
  readonly text: string
  readonly terms: readonly string[]
}

/** By number of chunk 1 for those that hold every term of every phrase. */
export function markHolding(
  chunkEnd: number,
  phrases: readonly Phrase[],
  postings: ReadonlyMap<string, readonly Postings[]>,
): Uint8Array {
  const terms = [...new Set(phrases.flatMap((phrase) => phrase.terms))]
  const counts = new Uint16Array(chunkEnd)
  for (const term of terms) {
    for (const { chunks } of postings.get(term) ?? []) {
      for (let at = 0; at < chunks.length; at++) {
        const chunk = chunks[at] ?? 0
        counts[chunk] = (counts[chunk] ?? 0) + 1
      }
    }
  }
  const marks = new Uint8Array(chunkEnd)
  for (let chunk = 0; chunk < chunkEnd; chunk++) if (counts[chunk] === terms.length) marks[chunk] = 1
  return marks
}

/** What is read of a passage to see whether a phrase stands in it or in what it stands under. */
export interface Readable {
  readonly text: string
  readonly source: string
  readonly title: string | null
  /** JSON array. */
  readonly headings: string
}

/** Whether every phrase stands in a passage and none of those excluded does. */
export function createChecker(
  fold: (text: string) => string,
  { phrases, excluded }: { readonly phrases: readonly Phrase[]; readonly excluded: readonly Phrase[] },
): (passage: Readable) => boolean {
  return ({ text, source, title, headings }) => {
    const head = toHead(source, title ?? undefined, JSON.parse(headings) as string[]) // written by this room
    const places = [text, ...head.split('\n')].map(fold)
    const stands = (phrase: Phrase): boolean => places.some((place) => holdsPhrase(place, phrase.text))
    return phrases.every(stands) && !excluded.some(stands)
  }
}
