import { toContextTerm } from '../indexing.ts'
import { textOf, type Postings } from '../postings/codec.ts'
import { rateCandidates } from './rating.ts'
import type { Scope } from './scope.ts'
import { Scratch, takeBest } from './scratch.ts'
import type { Entry } from './view.ts'
import { bm25, saturate, weights, type Signals } from './weights.ts'

/** The numbers of a collection that ranking reads; arrays are by number of chunk. */
export interface Corpus {
  readonly entries: ReadonlyMap<number, Entry>
  /** Numbers of entries are below this. */
  readonly entryEnd: number
  readonly chunkEntry: Int32Array
  readonly chunkTerms: Uint16Array
  readonly chunkSymbols: Uint8Array
  /** By number of entry. */
  readonly entryTerms: Int32Array
}

export interface RankedTerm {
  readonly term: string
  readonly weight: number
  /** In parts, in the order of their chunks. All chunks belong to an entry. */
  readonly postings: readonly Postings[]
  /** Of the same term in what a model has written of the chunks; none where it has not. */
  readonly contexts?: readonly Postings[] | undefined
}

export interface Candidate {
  readonly chunk: number
  readonly entry: Entry
  readonly signals: Signals
  /** Which sentence of the chunk answers best. */
  readonly sentence: number
  /** 0…1: how much of what the question asks for stands together in that sentence or its headings. */
  readonly coverage: number
  /** Indexes of the terms that stand in the chunk or its headings. */
  readonly terms: readonly number[]
}

/** A term of the question as it stands in the scope. */
export interface Weighed {
  readonly postings: readonly Postings[]
  readonly contexts: readonly Postings[]
  /** As `rarity`, of a term in contexts: no rarer than in either of both. */
  readonly contextRarity: number
  /** Its place in the question. */
  readonly index: number
  /** Chunks of the scope that hold it. */
  readonly count: number
  readonly rarity: number
  readonly documentRarity: number
  /** As `rarity`, in a collection of at least a thousand chunks: in a small one no word is rare. */
  readonly share: number
}

export interface Ranker {
  /**
   * The chunks that a question may be answered by, with their signals; in no order. Everything is counted within the scope
   * alone, so that a result is the same as if nothing else were there.
   */
  findCandidates(corpus: Corpus, scope: Scope, terms: readonly RankedTerm[]): readonly Candidate[]
}

const candidatesMax = 200
/** As many where the texts of candidates are read, because phrases stand in few of them. */
const candidatesReadMax = 1_000
/** The best documents, whose chunks beside those that hold a term are candidates as well. */
const documentsMax = 20
const chunksOfDocumentMax = 64
/** A term in more chunks than this, and more than a twentieth of all, brings no candidates of its own. */
const commonMin = 1_000
const rareMin = 4
const sharedChunksMin = 1_000
/** Terms whose counts a scope remembers: some 5 MB. */
const countsMax = 50_000

/** Keeps its working memory from one search to the next: 16 bytes for each chunk of the largest collection. */
export function createRanker(): Ranker {
  const scratch = new Scratch()
  return {
    findCandidates(corpus, scope, terms) {
      if (scope.chunkCount === 0) return []
      scratch.reserve(corpus.chunkEntry.length, corpus.entryEnd)
      try {
        return find({ corpus, scope, scratch }, terms)
      } finally {
        scratch.clear()
      }
    },
  }
}

interface Ranking {
  readonly corpus: Corpus
  readonly scope: Scope
  readonly scratch: Scratch
}

function find(ranking: Ranking, terms: readonly RankedTerm[]): readonly Candidate[] {
  const { corpus, scope, scratch } = ranking
  const weighed = terms.map((term, index) => weigh(ranking, term, index))
  const asked = weighed.reduce((sum, { share }) => sum + share, 0)
  const present = weighed.filter(({ count, contexts }) => count > 0 || contexts.length > 0)
  if (present.length === 0) return []
  const commonMax = Math.max(commonMin, scope.chunkCount / 20)
  const byRarity = present.toSorted((a, b) => a.count - b.count || a.index - b.index)
  const isLeading = (each: Weighed, order: number): boolean =>
    order < rareMin || each.count <= commonMax || scope.allowed !== undefined
  const leading = byRarity.filter(isLeading)
  scoreAll(ranking, leading)
  scoreContexts(ranking, leading)
  const chunks = chooseCandidates(ranking)
  return rateCandidates({ corpus, scope, scratch, terms: present, chunks, asked })
}

function weigh({ corpus, scope }: Ranking, ranked: RankedTerm, index: number): Weighed {
  const { term, weight, postings, contexts = [] } = ranked
  const { chunks, documents } = count(corpus, scope, { term, postings })
  const written =
    contexts.length === 0 ? 0 : count(corpus, scope, { term: toContextTerm(term), postings: contexts }).chunks
  return {
    postings,
    contexts,
    contextRarity: weight * rarityOf(scope.chunkCount, Math.max(chunks, written)) ** bm25.rarity,
    index,
    count: chunks,
    rarity: weight * rarityOf(scope.chunkCount, chunks) ** bm25.rarity,
    documentRarity: weight * rarityOf(scope.entryCount, documents) ** bm25.rarity,
    share: weight * rarityOf(Math.max(sharedChunksMin, scope.chunkCount), chunks) ** bm25.rarity,
  }
}

/** How many chunks and documents of the scope hold a term; the scope remembers it. */
function count(
  corpus: Corpus,
  scope: Scope,
  { term, postings }: Pick<RankedTerm, 'term' | 'postings'>,
): { readonly chunks: number; readonly documents: number } {
  const known = scope.counts.get(term)
  if (known !== undefined) return known
  const { visible } = scope
  const { chunkEntry } = corpus
  let [held, documents, last] = [0, 0, 0]
  for (const { chunks } of postings) {
    for (let at = 0; at < chunks.length; at++) {
      const entry = chunkEntry[chunks[at] ?? 0] ?? 0
      if (visible !== undefined && visible[entry] !== 1) continue
      held++
      if (entry !== last) documents++
      last = entry
    }
  }
  const counted = { chunks: held, documents }
  if (scope.counts.size >= countsMax) scope.counts.clear()
  scope.counts.set(term, counted)
  return counted
}

/** The inverse document frequency of BM25 that is never negative (Lucene's form). */
function rarityOf(all: number, holding: number): number {
  return Math.log(1 + (all - holding + 0.5) / (holding + 0.5))
}

/** BM25 of every chunk and of every document that holds one of the terms, into the scratch. */
function scoreAll({ corpus, scope, scratch }: Ranking, terms: readonly Weighed[]): void {
  const { chunkEntry, chunkTerms, entryTerms } = corpus
  const { visible, allowed } = scope
  const { k1, b, headWeight } = bm25
  const mean = scope.termCount / scope.chunkCount || 1
  const documentMean = scope.termCount / scope.entryCount || 1
  const hasLongDocuments = scope.chunkCount > scope.entryCount
  const { norms } = scratch
  for (let length = 0; length < norms.length; length++) norms[length] = k1 * (1 - b + (b * length) / mean)
  for (const { postings, rarity, documentRarity } of terms) {
    let [open, together] = [0, 0]
    for (const { chunks, packed } of postings) {
      for (let index = 0; index < chunks.length; index++) {
        const chunk = chunks[index] ?? 0
        const entry = chunkEntry[chunk] ?? 0
        if (visible !== undefined && visible[entry] !== 1) continue
        if (allowed !== undefined && allowed[chunk] !== 1) continue
        const value = packed[index] ?? 0
        const occurrences = (value & 15) + headWeight * ((value >> 4) & 3)
        if (occurrences === 0) continue
        const length = chunkTerms[chunk] ?? 0
        const norm = norms[length] ?? k1 * (1 - b + (b * length) / mean)
        scratch.chunks.add(chunk, (rarity * occurrences * (k1 + 1)) / (occurrences + norm))
        if (!hasLongDocuments) continue
        if (entry !== open) {
          if (together > 0) addDocument(open, together, documentRarity)
          open = entry
          together = 0
        }
        together += occurrences
      }
    }
    if (together > 0) addDocument(open, together, documentRarity)
  }

  function addDocument(entry: number, occurrences: number, rarity: number): void {
    const length = 1 - b + (b * (entryTerms[entry] ?? 0)) / documentMean
    scratch.entries.add(entry, (rarity * occurrences * (k1 + 1)) / (occurrences + k1 * length))
  }
}

/** What is written of a chunk brings it among the candidates too, at its weight beside the text's. */
function scoreContexts({ corpus, scope, scratch }: Ranking, terms: readonly Weighed[]): void {
  const { visible, allowed, contextWeight = weights.context } = scope
  for (const { contexts, contextRarity } of terms) {
    for (const { chunks, packed } of contexts) {
      for (let index = 0; index < chunks.length; index++) {
        const chunk = chunks[index] ?? 0
        if (visible !== undefined && visible[corpus.chunkEntry[chunk] ?? 0] !== 1) continue
        if (allowed !== undefined && allowed[chunk] !== 1) continue
        scratch.chunks.add(chunk, contextWeight * contextRarity * saturate(textOf(packed[index] ?? 0)))
      }
    }
  }
}

/** The best chunks, and those of the best documents that hold a term or stand beside one that does; ascending. */
function chooseCandidates({ corpus, scope, scratch }: Ranking): readonly number[] {
  const scores = scratch.chunks.values
  const countMax = scope.isRead === true ? candidatesReadMax : candidatesMax
  const chosen = new Set(takeBest(scratch.chunks.touched(), countMax, scores))
  if (scope.allowed !== undefined) return [...chosen].toSorted((a, b) => a - b)
  for (const number of takeBest(scratch.entries.touched(), documentsMax, scratch.entries.values)) {
    const entry = corpus.entries.get(number)
    if (entry === undefined || entry.chunkCount < 2) continue
    const { firstChunk, chunkCount } = entry
    const around: number[] = []
    for (let chunk = firstChunk; chunk < firstChunk + chunkCount; chunk++) {
      const isNear =
        (scores[chunk] ?? 0) > 0 ||
        (chunk > firstChunk && (scores[chunk - 1] ?? 0) > 0) ||
        (chunk + 1 < firstChunk + chunkCount && (scores[chunk + 1] ?? 0) > 0)
      if (isNear) around.push(chunk)
    }
    for (const chunk of takeBest(around, chunksOfDocumentMax, scores)) chosen.add(chunk)
  }
  return [...chosen].toSorted((a, b) => a - b)
}
