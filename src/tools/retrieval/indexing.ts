import type { Chunk } from '../preparation/index.ts'
import type { Analyser } from './analyse.ts'
import { countHead, countSymbol, countText, type ChunkTerms, type Packed } from './postings/codec.ts'
import { toLikeness } from './likeness.ts'
import { toSentences } from './sentences.ts'

/** What a chunk is found by. */
export interface ChunkEntry extends ChunkTerms {
  /** How many terms its text and what it stands under have. */
  readonly termCount: number
  /** See `toLikeness`. */
  readonly likeness: Uint8Array
}

/** What the terms of a chunk come from: its text, what it stands under, the names it defines. */
export interface ChunkSource extends Pick<Chunk, 'text'> {
  /** The name of the document, its title and the headings; each once. */
  readonly head: string
  readonly symbols: readonly string[]
}

/** The terms of a chunk, each once. The same source always gives the same terms. */
export function indexChunk(analyser: Analyser, source: ChunkSource): ChunkEntry {
  const counts = new Map<string, Packed>()
  let termCount = 0
  for (const [sentence, { start, end }] of toSentences(source.text).entries()) {
    for (const term of analyser.analyse(source.text.slice(start, end))) {
      counts.set(term, countText(counts.get(term) ?? 0, sentence))
      if (!isExact(term)) termCount++
    }
  }
  const likeness = toLikeness(source.text, counts.keys())
  for (const term of analyser.analyse(source.head)) {
    counts.set(term, countHead(counts.get(term) ?? 0))
    if (!isExact(term)) termCount++
  }
  for (const symbol of source.symbols) {
    for (const term of analyser.analyse(symbol)) counts.set(term, countSymbol(counts.get(term) ?? 0))
  }
  return { terms: [...counts.keys()], packed: Uint16Array.from(counts.values()), termCount, likeness }
}

/** A word as it is written stands beside its stem and is no further word. */
function isExact(term: string): boolean {
  return term.charCodeAt(0) === 0x3d
}

/** What a chunk stands under: the name without its extension, the title, the headings; each once. */
export function toHead(name: string, title: string | undefined, headings: readonly string[]): string {
  const names = [name.replace(/\.[a-z0-9]{1,8}$/i, ''), ...(title === undefined ? [] : [title]), ...headings]
  return [...new Set(names)].join('\n')
}
