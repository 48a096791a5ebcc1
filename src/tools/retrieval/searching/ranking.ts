import { headOf, sentencesOf, symbolsOf, textOf, type Postings } from '../postings/codec.ts'
import type { Scope } from './scope.ts'
import type { Entry } from './view.ts'
import { bm25, type Signals } from './weights.ts'

/** The numbers of a collection that ranking reads; arrays are by number of chunk. */
export interface Corpus {
  readonly entries: ReadonlyMap<number, Entry>
  readonly chunkEntry: Int32Array
  readonly chunkTerms: Uint16Array
  readonly chunkSymbols: Uint8Array
}

export interface RankedTerm {
  readonly term: string
  readonly weight: number
  readonly postings: Postings
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

const candidatesMax = 200
/** The best documents, whose chunks beside those that hold a term are candidates as well. */
const documentsMax = 20
const chunksOfDocumentMax = 64
/** A term in more chunks than this, and more than a twentieth of all, brings no candidates of its own. */
const commonMin = 1_000
const rareMin = 4

interface Weighed extends RankedTerm {
  /** Its place in the question. */
  readonly index: number
  readonly rarity: number
  readonly documentRarity: number
  /** As `rarity`, in a collection of at least a thousand chunks: in a small one no word is rare. */
  readonly share: number
}

const sharedChunksMin = 1_000

/**
 * The chunks that a question may be answered by, with their signals; in no order. Everything is counted within the scope
 * alone, so that a result is the same as if nothing else were there.
 */
export function findCandidates(corpus: Corpus, scope: Scope, terms: readonly RankedTerm[]): readonly Candidate[] {
  if (scope.chunkCount === 0) return []
  const seen = terms.map(({ term, weight, postings }) => ({ term, weight, postings: filter(corpus, scope, postings) }))
  const weighed = seen.map((term, index) => ({ ...term, index, ...weigh(corpus, scope, term) }))
  const asked = weighed.reduce((sum, { share }) => sum + share, 0)
  const present = weighed.filter(({ postings }) => postings.chunks.length > 0)
  if (present.length === 0) return []
  const commonMax = Math.max(commonMin, scope.chunkCount / 20)
  const byRarity = present.toSorted((a, b) => a.postings.chunks.length - b.postings.chunks.length || a.index - b.index)
  const leading = byRarity.filter(({ postings }, order) => order < rareMin || postings.chunks.length <= commonMax)
  const first = scoreAll(corpus, scope, leading)
  const chunks = chooseCandidates(corpus, first)
  return rate({ corpus, scope, terms: present, chunks, documents: first.documents, asked })
}

function filter({ chunkEntry }: Corpus, { visible }: Scope, postings: Postings): Postings {
  if (visible === undefined) return postings
  const chunks = new Int32Array(postings.chunks.length)
  const packed = new Uint16Array(postings.chunks.length)
  let length = 0
  for (let index = 0; index < postings.chunks.length; index++) {
    const chunk = postings.chunks[index] ?? 0
    if (visible[chunkEntry[chunk] ?? 0] !== 1) continue
    chunks[length] = chunk
    packed[length++] = postings.packed[index] ?? 0
  }
  return { chunks: chunks.subarray(0, length), packed: packed.subarray(0, length) }
}

function weigh(corpus: Corpus, scope: Scope, term: RankedTerm): Pick<Weighed, 'rarity' | 'documentRarity' | 'share'> {
  const { chunks } = term.postings
  let documents = 0
  let last = 0
  for (let at = 0; at < chunks.length; at++) {
    const entry = corpus.chunkEntry[chunks[at] ?? 0] ?? 0
    if (entry !== last) documents++
    last = entry
  }
  return {
    rarity: term.weight * rarityOf(scope.chunkCount, chunks.length) ** bm25.rarity,
    documentRarity: term.weight * rarityOf(scope.entryCount, documents) ** bm25.rarity,
    share: term.weight * rarityOf(Math.max(sharedChunksMin, scope.chunkCount), chunks.length) ** bm25.rarity,
  }
}

/** The inverse document frequency of BM25 that is never negative (Lucene's form). */
function rarityOf(all: number, holding: number): number {
  return Math.log(1 + (all - holding + 0.5) / (holding + 0.5))
}

interface FirstScores {
  /** By number of chunk and by number of entry. */
  readonly chunks: Float64Array
  readonly touched: readonly number[]
  readonly documents: ReadonlyMap<number, number>
}

/** BM25 of every chunk and of every document that holds one of the terms. */
function scoreAll(corpus: Corpus, scope: Scope, terms: readonly Weighed[]): FirstScores {
  const { chunkEntry, chunkTerms } = corpus
  const { k1, b, headWeight } = bm25
  const scores = new Float64Array(chunkEntry.length)
  const touched: number[] = []
  const documents = new Map<number, number>()
  const mean = scope.termCount / scope.chunkCount || 1
  const documentMean = scope.termCount / scope.entryCount || 1
  const hasLongDocuments = scope.chunkCount > scope.entryCount
  for (const { postings, rarity, documentRarity } of terms) {
    const { chunks, packed } = postings
    let entry = 0
    let together = 0
    for (let index = 0; index < chunks.length; index++) {
      const chunk = chunks[index] ?? 0
      const value = packed[index] ?? 0
      const count = (value & 15) + headWeight * ((value >> 4) & 3)
      if (count === 0) continue
      const length = 1 - b + (b * (chunkTerms[chunk] ?? 0)) / mean
      const before = scores[chunk] ?? 0
      if (before === 0) touched.push(chunk)
      scores[chunk] = before + (rarity * count * (k1 + 1)) / (count + k1 * length)
      if (!hasLongDocuments) continue
      if ((chunkEntry[chunk] ?? 0) !== entry) {
        addDocument(entry, together, documentRarity)
        entry = chunkEntry[chunk] ?? 0
        together = 0
      }
      together += count
    }
    if (hasLongDocuments) addDocument(entry, together, documentRarity)
  }
  return { chunks: scores, touched, documents }

  function addDocument(entry: number, count: number, rarity: number): void {
    if (count === 0) return
    const length = 1 - b + (b * (corpus.entries.get(entry)?.termCount ?? 0)) / documentMean
    documents.set(entry, (documents.get(entry) ?? 0) + (rarity * count * (k1 + 1)) / (count + k1 * length))
  }
}

/** The best chunks, and those of the best documents that hold a term or stand beside one that does. */
function chooseCandidates(corpus: Corpus, { chunks, touched, documents }: FirstScores): readonly number[] {
  const chosen = new Set(takeBest(touched, candidatesMax, (chunk) => chunks[chunk] ?? 0))
  const best = takeBest([...documents.keys()], documentsMax, (entry) => documents.get(entry) ?? 0)
  for (const number of best) {
    const entry = corpus.entries.get(number)
    if (entry === undefined || entry.chunkCount < 2) continue
    const { firstChunk, chunkCount } = entry
    const around: number[] = []
    for (let chunk = firstChunk; chunk < firstChunk + chunkCount; chunk++) {
      const isNear =
        (chunks[chunk] ?? 0) > 0 ||
        (chunk > firstChunk && (chunks[chunk - 1] ?? 0) > 0) ||
        (chunk + 1 < firstChunk + chunkCount && (chunks[chunk + 1] ?? 0) > 0)
      if (isNear) around.push(chunk)
    }
    for (const chunk of takeBest(around, chunksOfDocumentMax, (each) => chunks[each] ?? 0)) chosen.add(chunk)
  }
  return [...chosen].toSorted((a, b) => a - b)
}

/** The items of the highest values; of equal ones those with the lower number. */
function takeBest(items: readonly number[], countMax: number, value: (item: number) => number): readonly number[] {
  if (items.length <= countMax) return items
  const values = Float64Array.from(items, value)
  const threshold = findGreatest(values.slice(), countMax)
  const above = items.filter((_, index) => (values[index] ?? 0) > threshold)
  const equal = items.filter((_, index) => values[index] === threshold).toSorted((a, b) => a - b)
  return [...above, ...equal.slice(0, countMax - above.length)]
}

/** The value at that place from the greatest on, 1 for the greatest: Hoare's selection. The values are moved about. */
function findGreatest(values: Float64Array, place: number): number {
  const wanted = place - 1
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[(from + to) >> 1] ?? 0
    let [left, right] = [from, to]
    while (left <= right) {
      while ((values[left] ?? 0) > pivot) left++
      while ((values[right] ?? 0) < pivot) right--
      if (left > right) break
      const moved = values[left] ?? 0
      values[left++] = values[right] ?? 0
      values[right--] = moved
    }
    if (wanted <= right) to = right
    else if (wanted >= left) from = left
    else break
  }
  return values[wanted] ?? 0
}

interface Rating {
  readonly corpus: Corpus
  readonly scope: Scope
  readonly terms: readonly Weighed[]
  readonly chunks: readonly number[]
  readonly documents: ReadonlyMap<number, number>
  /** The shares of all terms of the question, also of those that stand nowhere. */
  readonly asked: number
}

function rate(rating: Rating): readonly Candidate[] {
  const { corpus, terms, chunks } = rating
  const table = readTable(corpus, terms, chunks)
  return chunks.flatMap((chunk) => {
    const entry = corpus.entries.get(corpus.chunkEntry[chunk] ?? 0)
    return entry === undefined ? [] : [rateOne(rating, table, { chunk, entry })]
  })
}

/** What stands of each term in each candidate and its neighbours: rows of chunks, columns of terms. */
interface Table {
  readonly slots: ReadonlyMap<number, number>
  readonly cells: Uint16Array
}

function readTable(corpus: Corpus, terms: readonly Weighed[], chunks: readonly number[]): Table {
  const slots = new Map<number, number>()
  const slotOf = new Int32Array(corpus.chunkEntry.length)
  for (const chunk of chunks) {
    for (const each of [chunk - 1, chunk, chunk + 1]) {
      if (slots.has(each) || corpus.chunkEntry[each] !== corpus.chunkEntry[chunk]) continue
      slots.set(each, slots.size)
      slotOf[each] = slots.size
    }
  }
  const cells = new Uint16Array(slots.size * terms.length)
  for (const [column, { postings }] of terms.entries()) {
    for (let index = 0; index < postings.chunks.length; index++) {
      const slot = slotOf[postings.chunks[index] ?? 0] ?? 0
      if (slot > 0) cells[(slot - 1) * terms.length + column] = postings.packed[index] ?? 0
    }
  }
  return { slots, cells }
}

function rateOne(rating: Rating, table: Table, { chunk, entry }: { chunk: number; entry: Entry }): Candidate {
  const { corpus, scope, terms, asked } = rating
  const { k1, b, headWeight } = bm25
  const mean = scope.termCount / scope.chunkCount || 1
  const nearMean = mean * Math.max(1, 3 - (2 * scope.entryCount) / scope.chunkCount)
  const own = (table.slots.get(chunk) ?? 0) * terms.length
  const around = [chunk - 1, chunk + 1].filter((each) => corpus.chunkEntry[each] === entry.number)
  const rows = around.map((each) => (table.slots.get(each) ?? 0) * terms.length)
  const length = corpus.chunkTerms[chunk] ?? 0
  const nearLength = around.reduce((sum, each) => sum + (corpus.chunkTerms[each] ?? 0), length)
  const norm = k1 * (1 - b + (b * length) / mean)
  const nearNorm = k1 * (1 - b + (b * nearLength) / nearMean)
  let [text, near, symbols, headShare] = [0, 0, 0, 0]
  const shares = new Float64Array(8)
  const found: number[] = []
  for (const [column, { rarity, share, index }] of terms.entries()) {
    const cell = table.cells[own + column] ?? 0
    const count = textOf(cell) + headWeight * headOf(cell)
    let nearCount = count
    for (const row of rows) {
      const other = table.cells[row + column] ?? 0
      nearCount += textOf(other)
    }
    if (nearCount > 0) near += (rarity * nearCount * (k1 + 1)) / (nearCount + nearNorm)
    if (count === 0) continue
    found.push(index)
    text += (rarity * count * (k1 + 1)) / (count + norm)
    if (symbolsOf(cell) > 0) symbols += rarity
    const inHead = headOf(cell) > 0
    if (inHead) headShare += share
    for (let bits = sentencesOf(cell), bit = 0; bits > 0; bits >>= 1, bit++) {
      if ((bits & 1) === 1 && !inHead) shares[bit] = (shares[bit] ?? 0) + share
    }
  }
  let sentence = 0
  for (let bit = 1; bit < shares.length; bit++) if ((shares[bit] ?? 0) > (shares[sentence] ?? 0)) sentence = bit
  const coverage = asked === 0 ? 0 : ((shares[sentence] ?? 0) + headShare) / asked
  const defined = corpus.chunkSymbols[chunk] ?? 0
  return {
    chunk,
    entry,
    sentence,
    coverage,
    terms: found,
    signals: {
      text,
      document: rating.documents.get(entry.number) ?? 0,
      near,
      symbols: symbols / (1 + Math.log1p(defined)),
      sentence: coverage,
    },
  }
}
