import type { Chunk } from '../preparation/index.ts'
import type { Analyser } from './analyse.ts'
import { pack, type ChunkTerms } from './postings/codec.ts'
import { toSentences } from './sentences.ts'

/** What a chunk is found by. */
export interface ChunkEntry extends ChunkTerms {
  /** How many terms its text and what it stands under have. */
  readonly termCount: number
}

/** What the terms of a chunk come from: its text, what it stands under, the names it defines. */
export interface ChunkSource extends Pick<Chunk, 'text'> {
  /** The name of the document, its title and the headings; each once. */
  readonly head: string
  readonly symbols: readonly string[]
}

/** The terms of a chunk, each once, in the order of their code units. The same source always gives the same terms. */
export function indexChunk(analyser: Analyser, source: ChunkSource): ChunkEntry {
  const counts = new Map<string, { text: number; head: number; symbols: number; sentences: number }>()
  let termCount = 0
  const count = (term: string): { text: number; head: number; symbols: number; sentences: number } => {
    let known = counts.get(term)
    if (known === undefined) counts.set(term, (known = { text: 0, head: 0, symbols: 0, sentences: 0 }))
    return known
  }
  for (const [bit, { start, end }] of toSentences(source.text).entries()) {
    for (const term of analyser.analyse(source.text.slice(start, end))) {
      const known = count(term)
      known.text++
      known.sentences |= 1 << bit
      if (!term.startsWith('=')) termCount++
    }
  }
  for (const term of analyser.analyse(source.head)) {
    count(term).head++
    if (!term.startsWith('=')) termCount++
  }
  for (const symbol of source.symbols) for (const term of analyser.analyse(symbol)) count(term).symbols++
  const terms = [...counts.keys()].toSorted()
  const packed = Uint16Array.from(terms, (term) => pack(count(term)))
  return { terms, packed, termCount }
}

/** What a chunk stands under: the name without its extension, the title, the headings; each once. */
export function toHead(name: string, title: string | undefined, headings: readonly string[]): string {
  const names = [name.replace(/\.[a-z0-9]{1,8}$/i, ''), ...(title === undefined ? [] : [title]), ...headings]
  return [...new Set(names)].join('\n')
}
