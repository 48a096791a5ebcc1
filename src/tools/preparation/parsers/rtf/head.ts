import { isSignFont } from '../office/signs.ts'
import { findHeadingLevel, isTitleName } from '../office/style-names.ts'
import type { Capture } from './state.ts'
import { Decoders, isSymbolCharset, pageOfCharset, type ByteDecoder } from './encodings.ts'

/** Longest name that is kept. */
const nameUnitsMax = 10_000

/** The tables at the head of a document, and what it says of itself as a whole. */
export class Head {
  readonly fonts = new Fonts()
  readonly styles = new StyleSheet()

  /** Names in tables end with a semicolon. */
  name(table: Capture, text: string): void {
    const [first = '', ...others] = text.split(';')
    if (table.text.length < nameUnitsMax) table.text += first
    for (const next of others) {
      if (table.kind === 'fonts') this.fonts.name(table.text.trim())
      else this.styles.name(table.text)
      table.text = next
    }
  }

  /** Whether the word says something of a font, a style or the whole document. */
  word(
    { kind }: Capture,
    { word, parameter }: { readonly word: string; readonly parameter: number | undefined },
  ): boolean {
    if (kind === 'fonts') this.#font(word, parameter ?? 0)
    else if (kind === 'styles') this.#style(word, parameter)
    else if (word === 'ansicpg') this.fonts.page = parameter ?? westEurope
    else if (word === 'mac') this.fonts.page = 10_000
    else if (word === 'pc') this.fonts.page = 437
    else if (word === 'pca') this.fonts.page = 850
    else if (word === 'deff') this.fonts.usual = parameter ?? 0
    else return false
    return true
  }

  #font(word: string, parameter: number): void {
    if (word === 'f') this.fonts.begin(parameter)
    else if (word === 'fcharset') this.fonts.setCharset(parameter)
    else if (word === 'cpg') this.fonts.setPage(parameter)
  }

  #style(word: string, parameter = 0): void {
    if (word === 's') this.styles.begin(parameter)
    else if (word === 'cs' || word === 'ds' || word === 'ts') this.styles.begin(-1)
    else if (word === 'outlinelevel' && parameter >= 0 && parameter < 9) this.styles.setOutline(parameter + 1)
  }
}

interface Font {
  charset: number | undefined
  page: number | undefined
  name: string
}

const westEurope = 1_252
const utf8 = 65_001

/** Most fonts and styles that are kept. */
const entriesMax = 10_000

/** What the fonts of a document stand for, as its table says. */
class Fonts {
  /** The page of codes of what has no other. */
  page = westEurope
  /** The font of words that name none. */
  usual = 0
  readonly #fonts = new Map<number, Font>()
  readonly #decoders = new Decoders()
  readonly #known = new Map<number, ByteDecoder>()
  #current: Font | undefined

  begin(number: number): void {
    this.#current = { charset: undefined, page: undefined, name: '' }
    this.#known.clear()
    if (this.#fonts.size < entriesMax) this.#fonts.set(number, this.#current)
  }

  setCharset(charset: number): void {
    if (this.#current !== undefined) this.#current.charset = charset
    this.#known.clear()
  }

  setPage(page: number): void {
    if (this.#current !== undefined && page > 0) this.#current.page = page
  }

  name(name: string): void {
    if (this.#current !== undefined) this.#current.name = name
    this.#current = undefined
    this.#known.clear()
  }

  /** Of the number of a font; below 0 for the usual one. */
  decoderOf(number: number): ByteDecoder {
    const known = this.#known.get(number) ?? this.#create(this.#fonts.get(number < 0 ? this.usual : number))
    this.#known.set(number, known)
    return known
  }

  #create(font: Font | undefined): ByteDecoder {
    const name = font?.name ?? ''
    if (isSymbolCharset(font?.charset) || isSignFont(name)) return this.#decoders.ofSigns(name)
    const ofCharset = font?.charset === undefined ? undefined : pageOfCharset(font.charset)
    // Programs that write UTF-8 give their fonts the charset that they always give.
    const isUtf8 = this.page === utf8 && ofCharset === westEurope
    return this.#decoders.ofPage(font?.page ?? (isUtf8 ? utf8 : ofCharset) ?? this.page)
  }
}

/** Which styles of paragraphs are those of headings, by name or by outline. */
class StyleSheet {
  readonly #headings = new Map<number, number>()
  #number = 0
  #outline: number | undefined

  begin(number: number): void {
    this.#number = number
  }

  setOutline(level: number): void {
    this.#outline = level
  }

  name(given: string): void {
    const name = given.trim()
    const level = findHeadingLevel([name])
    const outline = level ?? this.#outline
    if (this.#headings.size < entriesMax && this.#number >= 0) {
      if (isTitleName([name])) this.#headings.set(this.#number, 1)
      else if (/^subtitle$/i.test(name)) this.#headings.set(this.#number, 2)
      else if (outline !== undefined) this.#headings.set(this.#number, outline + 1)
    }
    this.#number = 0
    this.#outline = undefined
  }

  /** The level of the heading, from 1. */
  find(number: number): number | undefined {
    return this.#headings.get(number)
  }
}
