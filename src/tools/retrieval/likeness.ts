import { hash } from 'node:crypto'

/**
 * By what two passages are known to say the same without their texts: the first bytes of the SHA-256 of the text, then a
 * sketch of its terms. The sketch is a MinHash of one permutation (Li, Owen, Zhang, 2012) with four bits for each of its bins,
 * 0 where no term fell into it.
 */
const likenessBytes = 40

const keyBytes = 8
const bins = 64
const binBits = 6

/** `terms` are the distinct terms of the text, in any order. */
export function toLikeness(text: string, terms: Iterable<string>): Uint8Array {
  const least = new Uint32Array(bins).fill(0xffffffff)
  for (const term of terms) {
    const value = hashTerm(term)
    const bin = value & (bins - 1)
    if (value >>> binBits < (least[bin] ?? 0)) least[bin] = value >>> binBits
  }
  const bytes = Buffer.alloc(likenessBytes)
  hash('sha256', text, 'buffer').copy(bytes, 0, 0, keyBytes)
  for (let bin = 0; bin < bins; bin++) {
    const value = least[bin] ?? 0
    if (value === 0xffffffff) continue
    bytes[keyBytes + (bin >> 1)] = (bytes[keyBytes + (bin >> 1)] ?? 0) | ((1 + (value % 15)) << (4 * (bin & 1)))
  }
  return bytes
}

/** The likeness of passages by their numbers, in memory. */
export class LikenessTable {
  #words = new Uint32Array(1_024 * wordsEach)

  /** Makes room for numbers below that. */
  reserve(numberEnd: number): void {
    if (numberEnd * wordsEach <= this.#words.length) return
    const words = new Uint32Array(numberEnd * wordsEach)
    words.set(this.#words)
    this.#words = words
  }

  set(number: number, likeness: Uint8Array): void {
    new Uint8Array(this.#words.buffer, number * likenessBytes, likenessBytes).set(likeness)
  }

  /** Of the words from the place of a passage on, the one at `index`. */
  wordAt(number: number, index: number): number {
    return this.#words[number * wordsEach + index] ?? 0
  }
}

const wordsEach = likenessBytes / 4
const keyWords = keyBytes / 4

/** Where the likeness of a passage stands. */
export interface Likeness {
  readonly table: LikenessTable
  readonly number: number
}

/** Whether two passages have the same text; false where it is not known. */
export function hasSameText(left: Likeness, right: Likeness): boolean {
  const [low, high] = [left.table.wordAt(left.number, 0), left.table.wordAt(left.number, 1)]
  if (low === 0 && high === 0) return false
  return right.table.wordAt(right.number, 0) === low && right.table.wordAt(right.number, 1) === high
}

/** About which part of all their terms two passages share, 0…1: ± 0.06 (standard error). 0 where it is not known. */
export function estimateJaccard(left: Likeness, right: Likeness): number {
  let [differing, filled] = [0, 0]
  for (let index = keyWords; index < wordsEach; index++) {
    const [one, other] = [left.table.wordAt(left.number, index), right.table.wordAt(right.number, index)]
    differing += countBins(one ^ other)
    filled += countBins(one | other)
  }
  // One in fifteen is the same by chance.
  return filled === 0 ? 0 : Math.max(0, ((filled - differing) / filled - 1 / 15) / (1 - 1 / 15))
}

/** How many of the eight bins of a word are not empty. */
function countBins(word: number): number {
  const halves = word | (word >>> 1)
  // One bit for each bin, summed by the multiplication into the highest four.
  return Math.imul(((halves | (halves >>> 2)) & 0x11111111) >>> 0, 0x11111111) >>> 28
}

/** FNV-1a over the code units, then the finisher of MurmurHash3. */
function hashTerm(term: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < term.length; index++) value = Math.imul(value ^ term.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
