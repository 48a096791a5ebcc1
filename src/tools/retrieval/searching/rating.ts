import { headOf, sentencesOf, symbolsOf, textOf } from '../postings/codec.ts'
import { findFirst } from './lists.ts'
import type { Candidate, Corpus, Weighed } from './ranking.ts'
import type { Scope } from './scope.ts'
import type { Scratch } from './scratch.ts'
import type { Entry } from './view.ts'
import { bm25, contextShare, saturate } from './weights.ts'

export interface Rating {
  readonly corpus: Corpus
  readonly scope: Scope
  /** Its entries hold the scores of documents. */
  readonly scratch: Scratch
  readonly terms: readonly Weighed[]
  /** Ascending. */
  readonly chunks: readonly number[]
  /** The shares of all terms of the question, also of those that stand nowhere. */
  readonly asked: number
}

/** The signals of each chunk. */
export function rateCandidates(rating: Rating): readonly Candidate[] {
  const { corpus, terms, chunks } = rating
  const rows = takeRows(rating)
  const figures = {
    cells: readCells(rating, rows, ({ postings }) => postings),
    contextCells: terms.some(({ contexts }) => contexts.length > 0)
      ? readCells(rating, rows, ({ contexts }) => contexts)
      : undefined,
    rarity: Float64Array.from(terms, ({ rarity }) => rarity),
    share: Float64Array.from(terms, ({ share }) => share),
  }
  const candidates: Candidate[] = []
  for (const chunk of chunks) {
    const entry = corpus.entries.get(corpus.chunkEntry[chunk] ?? 0)
    if (entry !== undefined) candidates.push(rateOne({ ...rating, ...figures }, chunk, entry))
  }
  for (const chunk of rows) rating.scratch.slots[chunk] = 0
  return candidates
}

/** The candidates and their neighbours, ascending. The scratch holds the row and one of each. */
function takeRows({ corpus, chunks, scratch: { slots } }: Rating): Int32Array {
  const rows: number[] = []
  for (const chunk of chunks) {
    for (let each = chunk - 1; each <= chunk + 1; each++) {
      if (slots[each] !== 0 || corpus.chunkEntry[each] !== corpus.chunkEntry[chunk]) continue
      slots[each] = rows.push(each)
    }
  }
  return Int32Array.from(rows)
}

/** Where a list is so much longer than there are rows, each row is looked for instead of reading the list. */
const lookUpFrom = 12

/** What stands of each term in each row: rows of chunks, columns of terms. */
function readCells(
  { terms, scratch: { slots } }: Rating,
  rows: Int32Array,
  listsOf: (term: Weighed) => Weighed['postings'],
): Uint16Array {
  const width = terms.length
  const cells = new Uint16Array(rows.length * width)
  for (const [column, term] of terms.entries()) {
    for (const { chunks: listed, packed } of listsOf(term)) {
      if (listed.length > rows.length * lookUpFrom) {
        let at = 0
        for (let row = 0; row < rows.length && at < listed.length; row++) {
          at = findFirst(listed, rows[row] ?? 0, at)
          if (listed[at] === rows[row]) cells[row * width + column] = packed[at] ?? 0
        }
      } else {
        for (let at = 0; at < listed.length; at++) {
          const slot = slots[listed[at] ?? 0] ?? 0
          if (slot > 0) cells[(slot - 1) * width + column] = packed[at] ?? 0
        }
      }
    }
  }
  return cells
}

interface RatingOne extends Rating {
  readonly cells: Uint16Array
  /** The same of contexts; `undefined` where no term stands in any. */
  readonly contextCells: Uint16Array | undefined
  readonly rarity: Float64Array
  readonly share: Float64Array
}

function rateOne(rating: RatingOne, chunk: number, entry: Entry): Candidate {
  const { corpus, scope, scratch, terms, asked, cells, contextCells } = rating
  const { k1, b, headWeight } = bm25
  const mean = scope.termCount / scope.chunkCount || 1
  const nearMean = mean * Math.max(1, 3 - (2 * scope.entryCount) / scope.chunkCount)
  const rowOf = (each: number): number =>
    corpus.chunkEntry[each] === entry.number ? ((scratch.slots[each] ?? 0) - 1) * terms.length : -1
  const [own, above, below] = [rowOf(chunk), rowOf(chunk - 1), rowOf(chunk + 1)]
  const length = corpus.chunkTerms[chunk] ?? 0
  const nearLength =
    length +
    (above < 0 ? 0 : (corpus.chunkTerms[chunk - 1] ?? 0)) +
    (below < 0 ? 0 : (corpus.chunkTerms[chunk + 1] ?? 0))
  const norm = k1 * (1 - b + (b * length) / mean)
  const nearNorm = k1 * (1 - b + (b * nearLength) / nearMean)
  let [text, near, symbols, headShare, context] = [0, 0, 0, 0, 0]
  const shares = new Float64Array(8)
  const found: number[] = []
  for (let column = 0; column < terms.length; column++) {
    const cell = cells[own + column] ?? 0
    const rarity = rating.rarity[column] ?? 0
    const count = textOf(cell) + headWeight * headOf(cell)
    let nearCount = count
    if (above >= 0) nearCount += textOf(cells[above + column] ?? 0)
    if (below >= 0) nearCount += textOf(cells[below + column] ?? 0)
    if (nearCount > 0) near += (rarity * nearCount * (k1 + 1)) / (nearCount + nearNorm)
    const written = contextCells?.[own + column] ?? 0
    if (written > 0) context += (terms[column]?.contextRarity ?? 0) * saturate(textOf(written))
    // What stands in the context counts for every sentence, but for less.
    const writtenShare = written > 0 && headOf(cell) === 0 ? contextShare * (rating.share[column] ?? 0) : 0
    headShare += writtenShare
    if (count === 0) continue
    found.push(terms[column]?.index ?? 0)
    text += (rarity * count * (k1 + 1)) / (count + norm)
    if (symbolsOf(cell) > 0) symbols += rarity
    const share = rating.share[column] ?? 0
    if (headOf(cell) > 0) headShare += share
    else
      for (let bits = sentencesOf(cell), bit = 0; bits > 0; bits >>= 1, bit++) {
        if ((bits & 1) === 1) shares[bit] = (shares[bit] ?? 0) + share - writtenShare
      }
  }
  let sentence = 0
  for (let bit = 1; bit < shares.length; bit++) if ((shares[bit] ?? 0) > (shares[sentence] ?? 0)) sentence = bit
  const coverage = asked === 0 ? 0 : ((shares[sentence] ?? 0) + headShare) / asked
  return {
    chunk,
    entry,
    sentence,
    coverage,
    terms: found,
    signals: {
      text,
      document: scratch.entries.values[entry.number] ?? 0,
      near,
      symbols: symbols / (1 + Math.log1p(corpus.chunkSymbols[chunk] ?? 0)),
      sentence: coverage,
      context,
    },
  }
}
