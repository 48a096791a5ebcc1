import { createSimplifier } from '../../core/han.ts'
import { quantityCount, readQuantities } from './quantities.ts'

/** A text as numbers: which hashed terms it holds, and what it looks like. */
export interface Features {
  /** Distinct places of its terms, in 0…2^termBits − 1, ascending. */
  readonly terms: Int32Array
  /** As many figures as `shapeCount`, each of the order of 1. */
  readonly shape: Float64Array
}

/** Bits of a term's place. Two terms that share a place share a weight; at 2^17 places few of a prompt's do. */
export const termBits = 17

export const shapeCount = 16 + quantityCount

/** Texts are read up to here, so that a decision's time is bounded; beyond, the beginning and the end are read. */
const unitsMax = 12_000

/**
 * Reads words, digits, single Han characters and marks, alone and as pairs of neighbours, in lower case, compatibility
 * forms and traditional characters folded. Cost: about 0.1 µs a character.
 */
export function createFeaturiser(): (text: string) => Features {
  const simplify = createSimplifier()
  const bag = new TermBag()
  return (text) => {
    const read = text.length <= unitsMax ? text : `${text.slice(0, unitsMax / 2)}\n${text.slice(-unitsMax / 2)}`
    const shape = readShape(read)
    const folded = read.normalize('NFKC').toLowerCase()
    readTerms(folded, bag, simplify)
    return { terms: bag.take(), shape }
  }
}

/** The distinct places of one text, gathered in a table that is used again for the next. */
class TermBag {
  #seen = new Uint32Array(1 << termBits)
  #turn = 1
  #places: number[] = []

  add(hash: number): void {
    const place = mix(hash) & ((1 << termBits) - 1)
    if (this.#seen[place] === this.#turn) return
    this.#seen[place] = this.#turn
    this.#places.push(place)
  }

  take(): Int32Array {
    const taken = Int32Array.from(this.#places).sort()
    this.#places = []
    this.#turn++
    if (this.#turn === 0xffff_ffff) {
      this.#seen.fill(0)
      this.#turn = 1
    }
    return taken
  }
}

const fnvStart = 2_166_136_261
const fnvPrime = 16_777_619

/** Words and runs of digits are one token, everything else but space is one each. Hashes are FNV-1a over UTF-16. */
function readTerms(text: string, bag: TermBag, simplify: (character: string) => string): void {
  let former = 1
  let hash = fnvStart
  let kind = 0
  const close = (): void => {
    if (kind === 0) return
    bag.add(hash)
    bag.add((Math.imul(former, 31) + hash + 77) | 0)
    former = hash
    hash = fnvStart
    kind = 0
  }
  for (let place = 0; place < text.length; place++) {
    let code = text.charCodeAt(place)
    const next = kindOf(code, text, place)
    if (next !== kind || next === single) close()
    if (next === 0) continue
    if (code >= 0x3400 && code <= 0x9fff) code = simplify(text.charAt(place)).charCodeAt(0)
    kind = next
    hash = Math.imul(hash ^ code, fnvPrime)
  }
  close()
}

const letter = 1
const digit = 2
const single = 3

/** 0 for space. Han, kana and marks stand alone, because no space parts their words. */
function kindOf(code: number, text: string, place: number): number {
  if (code < 128) {
    if (code >= 97 && code <= 122) return letter
    if (code >= 48 && code <= 57) return digit
    return code <= 32 ? 0 : single
  }
  if (code >= 0x3040 && code <= 0x9fff) return single
  if (code >= 0xd800 && code <= 0xdfff) return single
  const character = text.charAt(place)
  if (/\p{L}|\p{M}/u.test(character)) return letter
  if (/\s/.test(character)) return 0
  return /\p{Nd}/u.test(character) ? digit : single
}

/** Spreads a hash over its bits (the finaliser of MurmurHash3, Austin Appleby, public domain). */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85eb_ca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}

/** What a text looks like, whatever it is about: how long, how many figures, lines and marks, and of what kinds. */
function readShape(text: string): Float64Array {
  const counts = countKinds(text)
  const { length } = text
  const words = Math.max(1, counts.words)
  return Float64Array.of(
    Math.log1p(length),
    Math.log1p(counts.words),
    Math.log1p(counts.digits),
    (5 * counts.digits) / (length + 1),
    Math.log1p(counts.numbers),
    Math.log1p(counts.lines),
    counts.questions > 0 ? 1 : 0,
    Math.log1p(counts.capitals),
    Math.log1p(counts.marks),
    (5 * counts.marks) / (length + 1),
    counts.formulas > 0 ? 1 : 0,
    /\b(?:not|except|least|false|incorrect)\b|不是|不正确|不正確|除了|错误|錯誤/i.test(text) ? 1 : 0,
    /_{3,}|`/.test(text) ? 1 : 0,
    (counts.letters + counts.digits) / words / 6,
    Math.log1p(counts.stops),
    (2 * counts.han) / (length + 1),
    ...readQuantities(text),
  )
}

interface Counts {
  words: number
  letters: number
  digits: number
  numbers: number
  lines: number
  questions: number
  capitals: number
  marks: number
  formulas: number
  stops: number
  han: number
}

function countKinds(text: string): Counts {
  const counts: Counts = {
    words: 0,
    letters: 0,
    digits: 0,
    numbers: 0,
    lines: 0,
    questions: 0,
    capitals: 0,
    marks: 0,
    formulas: 0,
    stops: 0,
    han: 0,
  }
  let last = 0
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (code === 10) counts.lines++
    if (code <= 32) last = 0
    else if (code >= 48 && code <= 57) {
      counts.digits++
      if (last !== digit) counts.numbers++
      last = digit
    } else if (
      code > 127 ? code >= 0xc0 && !(code >= 0x2000 && code <= 0x303f) && code < 0xff00 : isAsciiLetter(code)
    ) {
      const isHan = code >= 0x3040 && code <= 0x9fff
      counts.letters++
      if (last !== letter || isHan) counts.words++
      if (isHan) counts.han++
      else if (code <= 90) counts.capitals++
      last = letter
    } else {
      countMark(counts, code)
      last = single
    }
  }
  return counts
}

function isAsciiLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

function countMark(counts: Counts, code: number): void {
  counts.marks++
  // ? ？ · = < > + ^ \ · . ! 。 ！
  if (code === 63 || code === 0xff1f) counts.questions++
  if (code === 61 || code === 60 || code === 62 || code === 43 || code === 94 || code === 92) counts.formulas++
  if (code === 46 || code === 33 || code === 0x3002 || code === 0xff01) counts.stops++
}
