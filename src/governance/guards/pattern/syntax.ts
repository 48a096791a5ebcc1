import { PlatformError } from '../../../core/errors.ts'
import {
  anyUnit,
  complement,
  digits,
  hanUnits,
  spaces,
  toCaseless,
  toSet,
  wordUnits,
  type CharSet,
} from './char-set.ts'

/** An expression of the closed language: all that a finite automaton can tell, and nothing else. */
export type Expression =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly type: 'choice'; readonly parts: readonly Expression[] }
  | { readonly type: 'repeat'; readonly part: Expression; readonly least: number; readonly most: number }

const depthMax = 32
const repeatMax = 1_024

/**
 * Reads `a|b`, `(…)`, `(?:…)`, `[…]`, `.`, `\d \D \w \W \s \S \h`, `* + ? {n} {n,} {n,m}`; a backslash takes any other mark
 * literally. `\h` is a Han character. Throws INVALID_REQUEST with the place of what it does not know.
 */
export function parseExpression(source: string, options: { readonly caseless: boolean }): Expression {
  const reader = new Reader(source, options.caseless)
  const expression = reader.choice(0)
  if (!reader.isDone) throw reader.fault('a ) without its (')
  return expression
}

class Reader {
  readonly #source: string
  readonly #caseless: boolean
  #at = 0

  constructor(source: string, caseless: boolean) {
    this.#source = source
    this.#caseless = caseless
  }

  get isDone(): boolean {
    return this.#at >= this.#source.length
  }

  fault(what: string): PlatformError {
    return new PlatformError('INVALID_REQUEST', `character ${this.#at + 1} of the pattern: ${what}`)
  }

  choice(depth: number): Expression {
    if (depth > depthMax) throw this.fault(`more than ${depthMax} groups in each other`)
    const parts = [this.#sequence(depth)]
    while (this.#take('|')) parts.push(this.#sequence(depth))
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : { type: 'choice', parts }
  }

  #sequence(depth: number): Expression {
    const parts: Expression[] = []
    while (!this.isDone && this.#peek() !== '|' && this.#peek() !== ')') parts.push(this.#repeated(depth))
    return { type: 'sequence', parts }
  }

  #repeated(depth: number): Expression {
    const part = this.#atom(depth)
    const mark = this.#peek()
    if (mark === '*' || mark === '+' || mark === '?') {
      this.#at++
      this.#refuseSecond()
      return { type: 'repeat', part, least: mark === '+' ? 1 : 0, most: mark === '?' ? 1 : Number.POSITIVE_INFINITY }
    }
    if (mark !== '{') return part
    const found = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#source.slice(this.#at, this.#at + 12))
    if (found === null) throw this.fault('a { has to begin a count such as {2} or {2,8}; write \\{ for the mark itself')
    const [whole, first = '0', comma, second] = found
    const least = Number(first)
    const most = comma === undefined ? least : second === undefined ? Number.POSITIVE_INFINITY : Number(second)
    if (most < least) throw this.fault('a count whose end is before its beginning')
    if (least > repeatMax || (Number.isFinite(most) && most > repeatMax)) throw this.fault(`a count above ${repeatMax}`)
    this.#at += whole.length
    this.#refuseSecond()
    return { type: 'repeat', part, least, most }
  }

  #refuseSecond(): void {
    const next = this.#peek()
    if (next === '?' || next === '*' || next === '+' || next === '{')
      throw this.fault('one repetition after another; put the inner one into ( )')
  }

  #atom(depth: number): Expression {
    const mark = this.#next()
    switch (mark) {
      case '(':
        return this.#group(depth)
      case '[':
        return this.#toSet(this.#class())
      case '.':
        return { type: 'set', set: anyUnit }
      case '\\':
        return this.#toSet(this.#escape())
      case '*':
      case '+':
      case '?':
      case '{':
        this.#at--
        throw this.fault(`${mark} has nothing to repeat; write \\${mark} for the mark itself`)
      case '^':
      case '$':
        this.#at--
        throw this.fault(
          `${mark} is not part of the language: a match may lie anywhere; write \\${mark} for the mark itself`,
        )
      default:
        return this.#toSet([unitOf(mark)])
    }
  }

  #group(depth: number): Expression {
    if (this.#take('?') && !this.#take(':')) throw this.fault('(? is not part of the language but for (?:…)')
    const inner = this.choice(depth + 1)
    if (!this.#take(')')) throw this.fault('a ( without its )')
    return inner
  }

  #class(): readonly (readonly [number, number])[] {
    const isNegated = this.#take('^')
    const ranges: (readonly [number, number])[] = []
    for (;;) {
      if (this.isDone) throw this.fault('a [ without its ]')
      const mark = this.#next()
      if (mark === ']' && ranges.length > 0) break
      const low = mark === '\\' ? this.#escape() : [unitOf(mark)]
      const [from] = low
      if (low.length !== 1 || from === undefined || from[0] !== from[1] || !this.#isRange()) {
        ranges.push(...low)
        continue
      }
      this.#at++
      const end = this.#next()
      const [to] = end === '\\' ? this.#escape() : [unitOf(end)]
      if (to === undefined || to[0] !== to[1] || to[0] < from[0])
        throw this.fault('a range whose end is before its beginning')
      ranges.push([from[0], to[0]])
    }
    return isNegated ? complement(ranges) : ranges
  }

  #isRange(): boolean {
    const next = this.#source[this.#at + 1]
    return this.#peek() === '-' && next !== undefined && next !== ']'
  }

  #escape(): CharSet {
    if (this.isDone) throw this.fault('a \\ at the end')
    const mark = this.#next()
    switch (mark) {
      case 'd':
        return digits
      case 'D':
        return complement(digits)
      case 'w':
        return wordUnits
      case 'W':
        return complement(wordUnits)
      case 's':
        return spaces
      case 'S':
        return complement(spaces)
      case 'h':
        return hanUnits
      case 'n':
        return [[10, 10]]
      case 'r':
        return [[13, 13]]
      case 't':
        return [[9, 9]]
      case 'u': {
        const code = /^[0-9a-fA-F]{4}/.exec(this.#source.slice(this.#at, this.#at + 4))?.[0]
        if (code === undefined) throw this.fault('\\u has to be followed by four digits of base 16')
        this.#at += 4
        return [[Number.parseInt(code, 16), Number.parseInt(code, 16)]]
      }
      default:
        if (/[A-Za-z0-9]/.test(mark)) throw this.fault(`\\${mark} is not part of the language`)
        return [unitOf(mark)]
    }
  }

  #toSet(ranges: readonly (readonly [number, number])[]): Expression {
    const set = toSet(ranges)
    return { type: 'set', set: this.#caseless ? toCaseless(set) : set }
  }

  #peek(): string | undefined {
    return this.#source[this.#at]
  }

  #next(): string {
    const mark = this.#source[this.#at]
    if (mark === undefined) throw this.fault('the pattern ends too early')
    this.#at++
    return mark
  }

  #take(mark: string): boolean {
    if (this.#source[this.#at] !== mark) return false
    this.#at++
    return true
  }
}

function unitOf(mark: string): readonly [number, number] {
  return [mark.charCodeAt(0), mark.charCodeAt(0)]
}
