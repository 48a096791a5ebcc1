/** A piece of the source; places are offsets of bytes, end exclusive. */
export type Token =
  | { readonly type: 'open' | 'close'; readonly start: number; readonly end: number }
  | {
      readonly type: 'word'
      readonly word: string
      readonly parameter: number | undefined
      readonly start: number
      readonly end: number
    }
  | { readonly type: 'symbol'; readonly sign: string; readonly start: number; readonly end: number }
  | { readonly type: 'byte'; readonly byte: number; readonly start: number; readonly end: number }
  | { readonly type: 'text'; readonly text: string; readonly start: number; readonly end: number }

/** Parts the source, whose characters stand for bytes, into words, signs and text, from its first group on. Linear. */
export class Scanner {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
    this.#at = Math.max(0, source.indexOf('{'))
  }

  next(): Token | undefined {
    const start = this.#skipBreaks()
    switch (this.#source[start]) {
      case undefined:
        return undefined
      case '{':
        return { type: 'open', start, end: ++this.#at }
      case '}':
        return { type: 'close', start, end: ++this.#at }
      case '\\':
        return this.#control(start)
      case '\t':
        return { type: 'symbol', sign: '\t', start, end: ++this.#at }
      default: {
        const end = (this.#match(plain, start)?.length ?? 1) + start
        this.#at = end
        return { type: 'text', text: this.#source.slice(start, end), start, end }
      }
    }
  }

  /** Goes to the end of the group that is open; its `}` comes next. */
  skipGroup(): void {
    let depth = 1
    for (;;) {
      special.lastIndex = this.#at
      const found = special.exec(this.#source)
      if (found === null) {
        this.#at = this.#source.length
        return
      }
      const { index } = found
      this.#at = index + 1
      if (found[0] === '{') depth++
      else if (found[0] === '\\') this.#control(index)
      else if (--depth === 0) {
        this.#at = index
        return
      }
    }
  }

  #control(start: number): Token {
    const found = this.#match(control, start)
    if (found !== undefined) {
      const [, word = '', digits] = control.exec(found) ?? []
      const parameter = digits === undefined ? undefined : Number(digits)
      this.#at = start + found.length
      // Bytes as they are, of a picture.
      if (word === 'bin') this.#at = Math.min(this.#source.length, this.#at + Math.max(0, parameter ?? 0))
      return { type: 'word', word, parameter, start, end: start + found.length }
    }
    const byte = this.#match(hexadecimal, start)
    if (byte !== undefined) {
      this.#at = start + byte.length
      return { type: 'byte', byte: Number.parseInt(byte.slice(2), 16), start, end: this.#at }
    }
    this.#at = Math.min(this.#source.length, start + 2)
    return { type: 'symbol', sign: this.#source.slice(start + 1, start + 2), start, end: this.#at }
  }

  #match(pattern: RegExp, start: number): string | undefined {
    pattern.lastIndex = start
    const found = pattern.exec(this.#source)?.[0]
    pattern.lastIndex = 0
    return found
  }

  #skipBreaks(): number {
    while ('\r\n\0'.includes(this.#source[this.#at] ?? ' ')) this.#at++
    return this.#at
  }
}

const plain = /[^\\{}\r\n\t\0]+/y
const special = /[{}\\]/g
const control = /\\([a-zA-Z]{1,32})(-?\d{1,10})? ?/y
const hexadecimal = /\\'[0-9a-fA-F]{2}/y
