import { PlatformError } from '../../../core/errors.ts'
import type { Folder } from '../fold.ts'
import type { Finding, Scan, Scanner } from '../scan.ts'
import { TermTree } from './term-tree.ts'

export interface TermScannerOptions {
  readonly folder: Folder
  readonly terms: readonly string[]
  /** Whether a term of letters also counts inside a longer word. */
  readonly within: boolean
  readonly what: string
}

/**
 * Finds terms whatever their case, width, accents, script and hidden characters. Terms that overlap are found as one. One look at
 * each character. Throws INVALID_REQUEST for a term of which nothing is left when it is folded.
 */
export function createTermScanner({ folder, terms, within, what }: TermScannerOptions): Scanner {
  const folded = terms.map((term, index) => {
    const { text } = folder.foldText(term.trim())
    if (text.trim() !== '') return text.trim()
    throw new PlatformError('INVALID_REQUEST', `term ${index + 1} consists of nothing that is seen`)
  })
  const lengthMax = folded.reduce((most, { length }) => Math.max(most, length), 0)
  const shared: Shared = { folder, tree: new TermTree(folded), within, what, lengthMax }
  return { open: () => new TermScan(shared) }
}

interface Shared {
  readonly folder: Folder
  readonly tree: TermTree
  readonly within: boolean
  readonly what: string
  readonly lengthMax: number
}

class TermScan implements Scan {
  readonly #shared: Shared
  /** Of the last folded units: where each begins in the text, and the unit; a ring. */
  readonly #starts: Float64Array
  readonly #units: Uint16Array
  /** Folded units so far, and units of the text. */
  #count = 0
  #offset = 0
  #node = 0
  /** Half a character whose other half is still to come. */
  #half = ''
  /** Terms that end at the last unit, and wait for the next one to tell whether the word ends there. */
  #waiting: Finding[] = []
  /** What was found and may still grow; in order, not overlapping. */
  #open: Finding[] = []

  constructor(shared: Shared) {
    this.#shared = shared
    const size = shared.lengthMax + 2
    this.#starts = new Float64Array(size)
    this.#units = new Uint16Array(size)
  }

  get safe(): number {
    const depth = this.#shared.tree.depthOf(this.#node)
    const begun = depth === 0 ? this.#offset : this.#startOf(this.#count - depth)
    const waiting = this.#waiting.reduce((least, { start }) => Math.min(least, start), begun)
    return Math.min(waiting, this.#open[0]?.start ?? waiting)
  }

  read(text: string): readonly Finding[] {
    const found: Finding[] = []
    const whole = this.#half + text
    this.#half = ''
    for (let index = 0; index < whole.length; ) {
      const codePoint = whole.codePointAt(index) ?? 0
      if (index + 1 === whole.length && codePoint >= 0xd800 && codePoint <= 0xdbff) {
        this.#half = whole.slice(index)
        break
      }
      const size = codePoint > 0xffff ? 2 : 1
      const folded = this.#shared.folder.fold(codePoint)
      for (let unit = 0; unit < folded.length; unit++) this.#take(folded.charCodeAt(unit), size, found)
      this.#offset += size
      index += size
    }
    return found
  }

  end(): readonly Finding[] {
    for (const each of this.#waiting) this.#confirm(each)
    this.#waiting = []
    this.#offset += this.#half.length
    this.#node = 0
    const found = this.#open
    this.#open = []
    return found
  }

  #take(unit: number, size: number, found: Finding[]): void {
    const { tree, within } = this.#shared
    // Blanks after each other are one, as in terms.
    if (unit === space && this.#unitAt(this.#count - 1) === space) return
    if (this.#waiting.length > 0) {
      if (!isLetter(unit)) for (const each of this.#waiting) this.#confirm(each)
      this.#waiting = []
    }
    this.#starts[this.#count % this.#starts.length] = this.#offset
    this.#units[this.#count % this.#units.length] = unit
    this.#count++
    this.#node = tree.step(this.#node, unit)
    if (tree.hasEnd(this.#node)) {
      for (const length of tree.endsAt(this.#node)) {
        const hit = { start: this.#startOf(this.#count - length), end: this.#offset + size, what: this.#shared.what }
        const isInside =
          isLetter(this.#unitAt(this.#count - length)) && isLetter(this.#unitAt(this.#count - length - 1))
        if (within || !isInside) {
          if (within || !isLetter(unit)) this.#confirm(hit)
          else this.#waiting.push(hit)
        }
      }
    }
    if (this.#open.length > 0) this.#release(found)
  }

  /** Gives out what no term that is under way can add to. */
  #release(found: Finding[]): void {
    const depth = this.#shared.tree.depthOf(this.#node)
    const begun = depth === 0 ? Number.POSITIVE_INFINITY : this.#startOf(this.#count - depth)
    const waiting = this.#waiting.reduce((least, { start }) => Math.min(least, start), begun)
    while (this.#open[0] !== undefined && this.#open[0].end <= waiting) found.push(...this.#open.splice(0, 1))
  }

  #confirm(hit: Finding): void {
    const apart = this.#open.filter(({ start, end }) => end <= hit.start || hit.end <= start)
    const touched = this.#open.filter((each) => !apart.includes(each))
    const start = Math.min(hit.start, ...touched.map((each) => each.start))
    const end = Math.max(hit.end, ...touched.map((each) => each.end))
    this.#open = [...apart, { ...hit, start, end }].toSorted((left, right) => left.start - right.start)
  }

  #startOf(count: number): number {
    return this.#starts[count % this.#starts.length] ?? 0
  }

  /** The folded unit of that number; 0 before the first. */
  #unitAt(count: number): number {
    return count < 0 ? 0 : (this.#units[count % this.#units.length] ?? 0)
  }
}

const space = 0x20

/** Of a script that parts words by blanks: where such a letter follows, the word has not ended. */
function isLetter(unit: number): boolean {
  if (unit < 128) return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90)
  if (unit >= 0x2e80 && unit <= 0x9fff) return false
  if (unit >= 0xf900 && unit <= 0xfaff) return false
  return unit >= 0xc0 && letter.test(String.fromCharCode(unit))
}

const letter = /[\p{L}\p{N}]/u
