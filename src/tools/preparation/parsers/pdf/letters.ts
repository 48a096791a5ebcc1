import type { Engine, PdfPage } from './engine.ts'
import { withoutRadicals } from './radicals.ts'
import { multiply, toMatrix, toNumbers, type Matrix } from './matrix.ts'
import { isDense, type Fragment, type Part } from './words.ts'

/** A letter as it is drawn: its text, and where it stands. Places are points from the top left. */
interface Letter {
  readonly text: string
  readonly left: number
  readonly right: number
}

/** Letters of upright text by the line they stand on, in tenths of points. */
export type Letters = ReadonlyMap<number, readonly Letter[]>

const lettersMax = 100_000

/** Follows the operators of a page that write, for the place of every letter, which the text of the engine does not tell. */
export class LetterReading {
  readonly #lines = new Map<number, Letter[]>()
  #open: { readonly operator: number; readonly given: unknown; readonly page: Matrix }[] = []
  readonly #page: PdfPage
  readonly #acts: ReadonlyMap<number, (given: unknown) => void>
  readonly #showing: number
  #count = 0
  #state = initialState()
  readonly #stack: State[] = []
  #matrix = toMatrix([])
  #line: readonly [x: number, y: number] = [0, 0]
  #x = 0

  constructor(page: PdfPage, OPS: Engine['OPS']) {
    this.#page = page
    const first = (given: unknown): number => toNumbers(given)[0] ?? 0
    this.#acts = new Map<number, (given: unknown) => void>([
      [OPS.save, (): void => void this.#stack.push({ ...this.#state })],
      [OPS.restore, (): void => void (this.#state = this.#stack.pop() ?? this.#state)],
      [OPS.beginText, (): void => this.#place(toMatrix([]))],
      [OPS.setTextMatrix, (given): void => this.#place(toMatrix(given))],
      [OPS.moveText, (given): void => this.#move(toNumbers(given))],
      [
        OPS.setLeadingMoveText,
        (given): void => {
          const [x = 0, y = 0] = toNumbers(given)
          this.#state.leading = -y
          this.#move([x, y])
        },
      ],
      [OPS.nextLine, (): void => this.#move([0, -this.#state.leading])],
      [OPS.setLeading, (given): void => void (this.#state.leading = first(given))],
      [OPS.setCharSpacing, (given): void => void (this.#state.letterSpacing = first(given))],
      [OPS.setWordSpacing, (given): void => void (this.#state.wordSpacing = first(given))],
      [OPS.setHScale, (given): void => void (this.#state.stretch = first(given) / 100)],
      [OPS.setTextRise, (given): void => void (this.#state.rise = first(given))],
      [OPS.setFont, (given): void => void (Array.isArray(given) && this.#setFont(String(given[0]), Number(given[1])))],
    ])
    this.#showing = OPS.showText
  }

  /** One operator and what it was given, under the matrix of the page; it is followed once somebody asks. */
  read(operator: number, given: unknown, page: Matrix): void {
    if (operator === this.#showing || this.#acts.has(operator)) this.#open.push({ operator, given, page })
  }

  /** Upright letters by the line they stand on. */
  letters(): Letters {
    const open = this.#open
    this.#open = []
    for (const { operator, given, page } of open) {
      if (operator !== this.#showing) this.#acts.get(operator)?.(given)
      else if (Array.isArray(given) && Array.isArray(given[0])) this.#show(given[0], page)
    }
    return this.#lines
  }

  #place(matrix: Matrix): void {
    this.#matrix = matrix
    this.#line = [0, 0]
    this.#x = 0
  }

  #move([x = 0, y = 0]: readonly number[]): void {
    this.#line = [this.#line[0] + x, this.#line[1] + y]
    this.#x = this.#line[0]
  }

  #setFont(name: string, size: number): void {
    this.#state.size = size
    this.#state.isRead = false
    try {
      const font: unknown = this.#page.commonObjs.get(name)
      if (font === null || typeof font !== 'object') return
      const matrix = 'fontMatrix' in font ? toNumbers(font.fontMatrix) : []
      this.#state.unit = matrix[0] ?? 0.001
      this.#state.isRead = !('vertical' in font && font.vertical === true)
    } catch {
      // The engine throws for a font that could not be read: its letters have no places.
    }
  }

  #show(glyphs: readonly unknown[], page: Matrix): void {
    const { size, unit: perUnit, letterSpacing, wordSpacing, stretch, rise, isRead } = this.#state
    const matrix = multiply(page, this.#matrix)
    const isUpright = Math.abs(matrix[1]) <= Math.abs(matrix[0]) * 0.1 && matrix[0] * size > 0
    for (const glyph of glyphs) {
      if (typeof glyph === 'number') {
        this.#x -= (glyph * size * stretch) / 1000
        continue
      }
      if (glyph === null || typeof glyph !== 'object' || !('width' in glyph && 'unicode' in glyph)) continue
      const isSpace = 'isSpace' in glyph && glyph.isSpace === true
      const width = Number(glyph.width) * size * perUnit * stretch
      const text = String(glyph.unicode).trim()
      if (isRead && isUpright && text !== '' && this.#count < lettersMax) {
        const y = this.#line[1] + rise
        const left = matrix[0] * this.#x + matrix[2] * y + matrix[4]
        this.#add({ text, left, right: left + matrix[0] * width }, matrix[1] * this.#x + matrix[3] * y + matrix[5])
      }
      this.#x += width + (letterSpacing + (isSpace ? wordSpacing : 0)) * stretch
    }
  }

  #add(letter: Letter, baseline: number): void {
    this.#count++
    const key = Math.round(baseline * 10)
    const line = this.#lines.get(key)
    if (line === undefined) this.#lines.set(key, [letter])
    else line.push(letter)
  }
}

/** What the operators set, and `save` keeps. */
interface State {
  size: number
  /** Of widths of glyphs, in heights of letters. */
  unit: number
  leading: number
  letterSpacing: number
  wordSpacing: number
  stretch: number
  rise: number
  /** Whether the font is known, and writes from left to right. */
  isRead: boolean
}

function initialState(): State {
  return { size: 0, unit: 0.001, leading: 0, letterSpacing: 0, wordSpacing: 0, stretch: 1, rise: 0, isRead: false }
}

/** Blanks between letters of a script without blanks that part pieces, in heights of letters. */
const denseGap = 0.35

/** A piece with a part for each word, where every letter of it is found; the piece itself otherwise. */
export function withWords(fragment: Fragment, letters: Letters): Fragment {
  const { size, baseline, text } = fragment
  if (text.length < 2 || (!text.includes(' ') && !isDense(text.slice(0, 1)))) return fragment
  const near: Letter[] = []
  for (let key = Math.round(baseline * 10) - 2; key <= Math.round(baseline * 10) + 2; key++) {
    for (const letter of letters.get(key) ?? []) {
      if (letter.left > fragment.left - size * 0.2 && letter.left < fragment.right) near.push(letter)
    }
  }
  near.sort((a, b) => a.left - b.left)
  const units = near.every((letter) => letter.text.length === 1 && letter.text < '\x7f')
    ? near
    : near.flatMap((letter) =>
        Array.from(fold(letter.text), (each) => ({ text: each, left: letter.left, right: letter.right })),
      )
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (units.map((each) => each.text).join('') !== fold(words.join(''))) return fragment
  const parts: Part[] = []
  let at = 0
  for (const word of words) {
    let open: { text: string; left: number; right: number } | undefined
    for (const character of word) {
      const from = units[at]
      at += Array.from(fold(character)).length
      const to = units[at - 1]
      if (from === undefined || to === undefined) return fragment
      const isApart = open !== undefined && isDense(character) && from.left - open.right > size * denseGap
      if (open === undefined || isApart) parts.push((open = { text: character, left: from.left, right: to.right }))
      else {
        open.text += character
        open.right = to.right
      }
    }
  }
  return { ...fragment, parts }
}

function fold(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : withoutRadicals(text).normalize('NFKC')
}
