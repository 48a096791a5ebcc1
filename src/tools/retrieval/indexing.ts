import { setImmediate } from 'node:timers/promises'
import type { Chunk } from '../preparation/index.ts'
import type { Analyser } from './analyse.ts'
import { countHead, countSymbol, countText, type ChunkTerms, type Packed } from './postings/codec.ts'
import { toLikeness } from './likeness.ts'
import { toSentences } from './sentences.ts'
import type { ChunkRow } from './store.ts'

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
  /** What a model has written of where it stands; none when absent. */
  readonly context?: string | null | undefined
}

/** The terms of a chunk, each once. The same source always gives the same terms. */
export function indexChunk(analyser: Analyser, source: ChunkSource): ChunkEntry {
  const counts = new Map<string, Packed>()
  let termCount = 0
  const language = analyser.findLanguage(source.text)
  for (const [sentence, { start, end }] of toSentences(source.text).entries()) {
    for (const term of analyser.analyse(source.text.slice(start, end), language)) {
      counts.set(term, countText(counts.get(term) ?? 0, sentence))
      if (!isExact(term)) termCount++
    }
  }
  const likeness = toLikeness(source.text, counts.keys())
  for (const term of analyser.analyse(source.head, language)) {
    counts.set(term, countHead(counts.get(term) ?? 0))
    if (!isExact(term)) termCount++
  }
  for (const symbol of source.symbols) {
    for (const term of analyser.analyse(symbol, language)) counts.set(term, countSymbol(counts.get(term) ?? 0))
  }
  for (const term of analyser.analyse(source.context ?? '', language)) {
    const name = toContextTerm(term)
    counts.set(name, countText(counts.get(name) ?? 0))
  }
  return { terms: [...counts.keys()], packed: Uint16Array.from(counts.values()), termCount, likeness }
}

/** Chunks that are indexed before other work of the process gets its turn: about two milliseconds. */
const chunksPerTurn = 16

/** What is made of each chunk, one after the other. */
export async function mapInTurns<Chunk, Made>(
  chunks: readonly Chunk[],
  make: (chunk: Chunk) => Made,
): Promise<readonly Made[]> {
  const all: Made[] = []
  for (const [position, chunk] of chunks.entries()) {
    if (position % chunksPerTurn === chunksPerTurn - 1) await setImmediate()
    all.push(make(chunk))
  }
  return all
}

/** Under what name the index has a term of contexts: no term of texts begins so. */
export function toContextTerm(term: string): string {
  return `~${term}`
}

/** What the terms of a chunk that is kept come from. */
export function toChunkSource(
  chunk: Pick<ChunkRow, 'text' | 'headings' | 'symbols' | 'context'>,
  { name, title }: { readonly name: string; readonly title: string | null },
): ChunkSource {
  // Written by this room, from lists of strings.
  const [headings, symbols] = [JSON.parse(chunk.headings) as string[], JSON.parse(chunk.symbols) as string[]]
  return { text: chunk.text, head: toHead(name, title ?? undefined, headings), symbols, context: chunk.context }
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
