import type { Passage } from '../../../core/ports.ts'

/** A passage of which only the text matters. */
export function createPassage(text: string, known: Partial<Passage> = {}): Passage {
  const start = known.start ?? 0
  return {
    collection: 'handbook',
    document: 'doc_1',
    source: 'handbook.md',
    version: 'v1',
    headings: [],
    score: 1,
    ...known,
    start,
    end: start + text.length,
    text,
  }
}
