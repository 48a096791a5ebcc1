import { createSimplifier } from '../../../core/han.ts'

/** Reads a text as the set of its shingles: pieces of three Han characters, of five other characters. */
export interface Shingler {
  /** What counts for likeness: NFKC, lower case, simplified, without punctuation, words one space apart. */
  normalise(text: string): string
  /** Distinct hashes, ascending; at most `shinglesMax`, chosen alike for texts of about the same length. */
  shingle(normal: string): Uint32Array
}

/** Longer texts are judged by a sample of this size. */
const shinglesMax = 65_536
const hanLength = 3
const otherLength = 5

export function createShingler(): Shingler {
  const simplify = createUnitSimplifier()
  return {
    normalise(text) {
      const folded = text.normalize('NFKC').toLowerCase().replaceAll(notWords, ' ').trim()
      return hanFound.test(folded) ? simplify(folded).replaceAll(spaceBesideHan, '') : folded
    },
    shingle(normal) {
      const hashes: number[] = []
      for (const [run] of normal.matchAll(runs)) {
        const length = hanFound.test(run.slice(0, 1)) ? hanLength : otherLength
        // A run that is shorter than a shingle is one: `3`, `AI`.
        for (let start = 0; start === 0 || start + length <= run.length; start++) hashes.push(hash(run, start, length))
      }
      return toSet(hashes)
    },
  }
}

const notWords = /[^\p{L}\p{N}\p{M}]+/gu
const hanFound = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]/
const spaceBesideHan = /(?<=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]) | (?=[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])/g
const runs =
  /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]+|[^\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]+/g

/** Simplifies a whole text; every character is looked up once and then known by its code unit. */
function createUnitSimplifier(): (text: string) => string {
  const simplify = createSimplifier()
  const known = new Uint16Array(65_536)
  return (text) => {
    const units = new Uint16Array(text.length)
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      if (known[unit] === 0) known[unit] = simplify(text.charAt(index)).charCodeAt(0)
      units[index] = known[unit] ?? unit
    }
    return Buffer.from(units.buffer).toString('utf16le')
  }
}

/** FNV-1a over the code units, then the finisher of MurmurHash3 so that near pieces lie far apart. */
function hash(text: string, start: number, length: number): number {
  let value = 0x811c9dc5
  const end = Math.min(text.length, start + length)
  for (let index = start; index < end; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

function toSet(hashes: readonly number[]): Uint32Array {
  const bound = hashes.length <= shinglesMax ? 0xffffffff : Math.floor((0xffffffff * shinglesMax) / hashes.length)
  const sorted = Uint32Array.from(bound === 0xffffffff ? hashes : hashes.filter((each) => each <= bound)).sort()
  let size = 0
  for (let index = 0; index < sorted.length; index++) {
    if (index > 0 && sorted[index] === sorted[index - 1]) continue
    sorted[size++] = sorted[index] ?? 0
  }
  return sorted.slice(0, size)
}

/** What two ascending sets share of what they have together, 0…1; 0 when both are empty. */
export function jaccard(left: Uint32Array, right: Uint32Array): number {
  let shared = 0
  let [at, other] = [0, 0]
  while (at < left.length && other < right.length) {
    const difference = (left[at] ?? 0) - (right[other] ?? 0)
    if (difference === 0) shared++
    if (difference <= 0) at++
    if (difference >= 0) other++
  }
  const together = left.length + right.length - shared
  return together === 0 ? 0 : shared / together
}
