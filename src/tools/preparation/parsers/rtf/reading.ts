import { InlineBuilder, type CanonicalBuilder, type Inline } from '../../canonical/index.ts'
import { TooManyNodes } from '../../reading/index.ts'
import { toDescription } from '../office/descriptions.ts'
import { findLink, findSign } from '../office/fields.ts'
import type { Label } from '../office/numbers.ts'
import { toSign } from '../office/signs.ts'
import { toTitle } from '../office/titles.ts'
import type { ParseContext, Span } from '../parser.ts'
import { Beside, toDate } from './beside.ts'
import { BodyWriter } from './body.ts'
import { isAscii } from './encodings.ts'
import { changeState } from './formatting.ts'
import { Head } from './head.ts'
import { findLabel, toLabel } from './labels.ts'
import { RowReading } from './row-reading.ts'
import { createCapture, createState, endParagraph, isRich, toMarks, type Capture, type State } from './state.ts'
import { Scanner, type Token } from './tokens.ts'
import { characters, destinations, formulaProperties, lineEnds, signs, type Destination } from './words.ts'
import { WordsWriter } from './words-writer.ts'

type Word = Extract<Token, { type: 'word' }>

/** Why the document could not be read whole. */
export type Shortfall = 'truncated' | 'nesting' | 'time' | undefined

/** Longest text of what has no looks: names, instructions, labels. */
const plainUnitsMax = 10_000
/** How often the time is looked at, tokens. */
const watchEvery = 50_000

/** Reads the groups and words of a document into its body and into what stands beside it. */
export class RtfReading {
  readonly #scanner: Scanner
  readonly #context: ParseContext
  readonly #builder: CanonicalBuilder
  readonly #body: BodyWriter
  readonly #head = new Head()
  readonly #row = new RowReading()
  readonly #writer = new WordsWriter()
  readonly #stack: State[] = []
  readonly #beside = new Beside()
  #state = createState(createCapture('body'))
  #depth = 0
  #isBeginning = false
  #isStarred = false
  /** Characters of a fallback that are still to be left out. */
  #skips = 0
  /** Bytes of a character of several that have come so far. */
  #bytes: number[] = []
  #bytesStart = 0
  /** The first half of a code point beyond sixteen bits. */
  #high: { readonly text: string; readonly start: number } | undefined
  #label: Label | undefined
  #author = ''
  #property = ''
  #hasHidden = false
  #isNestingCut = false

  constructor(source: string, builder: CanonicalBuilder, context: ParseContext) {
    this.#scanner = new Scanner(source)
    this.#builder = builder
    this.#context = context
    this.#body = new BodyWriter(builder, context.limits.nodesMax)
  }

  run(): Shortfall {
    const shortfall = this.#groups()
    const { capture } = this.#state
    if (isRich(capture)) this.#paragraph()
    this.#body.end()
    this.#beside.write(this.#builder)
    if (this.#hasHidden) this.#builder.notice('hidden text')
    return this.#isNestingCut ? 'nesting' : shortfall
  }

  #groups(): Shortfall {
    let tokens = 0
    for (let token = this.#scanner.next(); token !== undefined; token = this.#scanner.next()) {
      if (++tokens % watchEvery === 0 && this.#context.millisecondsLeft() <= 0) return 'time'
      if (this.#writer.runs > this.#context.limits.nodesMax) throw new TooManyNodes('more runs than allowed')
      this.#token(token)
      if (this.#depth === 0) return undefined
    }
    return 'truncated'
  }

  #token(token: Token): void {
    if (token.type === 'open' || token.type === 'close' || token.type === 'word') this.#bytes = []
    switch (token.type) {
      case 'open':
        return this.#open()
      case 'close':
        return this.#close()
      case 'word':
        return this.#word(token)
      case 'symbol':
        return this.#symbol(token.sign, token)
      case 'byte':
        this.#isBeginning = false
        return this.#byte(token.byte, token)
      case 'text':
        this.#isBeginning = false
        return this.#text(token.text, token.start)
    }
  }

  #open(): void {
    this.#depth++
    this.#skips = 0
    this.#isBeginning = true
    this.#isStarred = false
    // What lies deeper shares the state of the deepest group that is kept.
    if (this.#stack.length >= this.#context.limits.nestingMax) this.#isNestingCut = true
    else this.#stack.push({ ...this.#state })
  }

  #close(): void {
    this.#skips = 0
    this.#isBeginning = false
    const isKept = this.#depth <= this.#stack.length
    this.#depth--
    if (!isKept) return
    const closed = this.#state
    const before = this.#stack.pop()
    if (before === undefined) return
    this.#writer.flush()
    this.#state = before
    if (closed.capture !== before.capture) this.#finish(closed.capture)
    const { field } = closed
    if (field !== undefined && field !== before.field && !field.hasResult && field.sign !== '') {
      this.#write(field.sign, undefined)
    }
  }

  #word(token: Word): void {
    const isFirst = this.#isBeginning
    const isStarred = this.#isStarred
    this.#isBeginning = false
    this.#isStarred = false
    if (isFirst) {
      const destination = destinations.get(token.word)
      if (destination !== undefined) return this.#enter(destination, token.word)
      if (isStarred || formulaProperties.test(token.word)) return this.#scanner.skipGroup()
    }
    if (token.word === 'u' && token.parameter !== undefined) return this.#codePoint(token.parameter, token)
    if (this.#isSkipped()) return
    const character = characters.get(token.word)
    if (character !== undefined) this.#write(character, token)
    else if (!this.#break(token.word) && !this.#row.word(token) && !this.#head.word(this.#state.capture, token)) {
      changeState(this.#state, token.word, token.parameter)
    }
  }

  #enter(destination: Destination, word: string): void {
    const state = this.#state
    this.#writer.flush()
    switch (destination) {
      case 'skip':
        if (word === 'nesttableprops') state.capture.words.space()
        return this.#scanner.skipGroup()
      case 'through':
      case 'property':
        return
      case 'field':
        state.field = { href: undefined, sign: '', hasResult: false }
        return
      case 'alternatives':
        state.alternative = state.capture
        state.capture = createCapture('nothing')
        return
      case 'unicode':
        state.capture = state.alternative ?? state.capture
        return
      default: {
        const capture = createCapture(destination)
        if (destination === 'note') {
          capture.label = this.#beside.reference()
          this.#write(` ${capture.label}`, undefined)
          this.#writer.flush()
        }
        state.capture = capture
        // Looks of where it is anchored are none of its own.
        Object.assign(state, { isBold: false, isItalic: false, isStruck: false, isRaised: false, marks: [] })
        if (isRich(capture)) state.field = undefined
      }
    }
  }

  /** Takes what a group gathered to where it belongs. */
  #finish(capture: Capture): void {
    const text = capture.text.trim()
    switch (capture.kind) {
      case 'title':
        this.#builder.title = toTitle(text) ?? this.#builder.title
        return
      case 'label':
        if (text !== '' || this.#label === undefined) this.#label = toLabel(text, capture)
        return
      case 'instruction':
        return this.#instruct(text)
      case 'author':
        this.#author = text
        return
      case 'date':
        this.#state.capture.date = toDate(Number(text))
        return
      case 'property-name':
        this.#property = text
        return
      case 'property-value': {
        const words = { wzDescription: toDescription(text), gtextUNICODE: text }[this.#property] ?? ''
        if (words !== '') this.#shown().words.apart(words)
        return
      }
      case 'box':
        endParagraph(capture)
        return this.#box(capture)
      case 'note':
      case 'comment':
      case 'furniture':
        endParagraph(capture)
        return this.#beside.take(capture, this.#author)
      default:
    }
  }

  #box({ paragraphs }: Capture): void {
    const { capture: around } = this.#state
    if (around.kind === 'body') this.#body.box(paragraphs)
    else for (const inline of paragraphs) around.words.apart(inline.text)
  }

  /** The nearest capture with looks: descriptions of pictures lie in groups that show nothing. */
  #shown(): Capture {
    if (isRich(this.#state.capture)) return this.#state.capture
    return this.#stack.findLast(({ capture }) => isRich(capture))?.capture ?? this.#state.capture
  }

  #instruct(text: string): void {
    const { field } = this.#state
    if (field === undefined) return
    field.href = findLink(text)
    field.sign = findSign(text)
    this.#state.marks = toMarks(this.#state)
  }

  /** Whether the word ended something. */
  #break(word: string): boolean {
    const { capture } = this.#state
    switch (word) {
      case 'par':
      case 'sect':
        this.#paragraph()
        return true
      case 'cell':
        this.#cell()
        return true
      case 'row':
        this.#writer.flush()
        if (capture.kind === 'body') this.#body.row(this.#row.end())
        return true
      case 'nestcell':
      case 'nestrow':
      case 'tab':
        this.#tab(word === 'tab')
        return true
      default:
        if (!lineEnds.has(word)) return false
        this.#writer.flush()
        capture.words.break()
        return true
    }
  }

  #cell(): void {
    const { capture } = this.#state
    this.#writer.flush()
    if (capture.kind !== 'body') return capture.words.space()
    this.#cellParagraph(capture)
    this.#body.cell()
  }

  #cellParagraph(capture: Capture): void {
    this.#body.cellParagraph({ inline: this.#take(capture), label: this.#label })
    this.#label = undefined
  }

  /** The words of the paragraph that is open, which ends. */
  #take(capture: Capture): Inline {
    const inline = capture.words.build()
    capture.words = new InlineBuilder()
    return inline
  }

  #paragraph(): void {
    const { capture, paragraph } = this.#state
    this.#writer.flush()
    if (capture.kind !== 'body') return endParagraph(capture)
    if (paragraph.isInTable || this.#row.isOpen) return this.#cellParagraph(capture)
    const own = paragraph.outline === undefined ? undefined : paragraph.outline + 1
    const heading = this.#head.styles.find(paragraph.style) ?? own
    this.#body.paragraph({ inline: this.#take(capture), heading, label: this.#label, level: paragraph.level })
    this.#label = undefined
  }

  /** What stands alone before a tab is the label of an item, where programs write labels as words. */
  #tab(mayEndLabel: boolean): void {
    const { capture, paragraph } = this.#state
    this.#writer.flush()
    const begun = this.#writer.begun.trim()
    const isAlone = capture.words.length <= begun.length
    const label = isAlone && capture.kind === 'body' ? findLabel(begun, paragraph) : undefined
    if (mayEndLabel && this.#label === undefined && label !== undefined) {
      this.#take(capture)
      this.#label = label
    } else if (isRich(capture)) capture.words.space()
    else this.#write(' ', undefined)
  }

  #symbol(sign: string, span: Span): void {
    if (sign === '*') {
      this.#isStarred = this.#isBeginning
      return
    }
    this.#isBeginning = false
    if (this.#isSkipped()) return
    // The second byte of a character may be one that has to be escaped.
    if (this.#bytes.length > 0 && '\\{}'.includes(sign)) return this.#append(sign.charCodeAt(0), span)
    this.#bytes = []
    const character = signs.get(sign)
    if (character !== undefined) this.#write(character, span)
    else if (sign === '\n' || sign === '\r') this.#paragraph()
    else if (sign === '\t') this.#tab(true)
  }

  #codePoint(parameter: number, { start, end }: Span): void {
    const code = parameter < 0 ? parameter + 65_536 : parameter
    const high = this.#high
    this.#high = undefined
    this.#skips = this.#state.fallback
    if (code >= 0xf000 && code <= 0xf0ff) {
      this.#state.capture.hasSign = true
      const known = this.#head.fonts.decoderOf(this.#state.font)
      this.#write(known.isSymbol ? known.decode([code & 0xff]) : toSign(code), { start, end })
    } else if (code >= 0xd800 && code <= 0xdbff) this.#high = { text: String.fromCharCode(code), start }
    else if (code > 0 && code <= 0xffff) {
      this.#write(`${high?.text ?? ''}${String.fromCharCode(code)}`, { start: high?.start ?? start, end })
    }
  }

  #text(text: string, start: number): void {
    const skipped = Math.min(this.#skips, text.length)
    this.#skips -= skipped
    const decoder = this.#head.fonts.decoderOf(this.#state.font)
    let from = skipped
    if (this.#bytes.length === 0 && !decoder.isSymbol && isAscii(text)) {
      if (from < text.length)
        this.#write(from === 0 ? text : text.slice(from), { start: start + from, end: start + text.length })
      return
    }
    for (; from < text.length; from++) {
      this.#byte(text.charCodeAt(from), { start: start + from, end: start + from + 1 })
    }
  }

  #byte(byte: number, span: Span): void {
    if (!this.#isSkipped()) this.#append(byte, span)
  }

  #append(byte: number, { start, end }: Span): void {
    const decoder = this.#head.fonts.decoderOf(this.#state.font)
    if (decoder.isSymbol) this.#state.capture.hasSign = true
    if (this.#bytes.length === 0) this.#bytesStart = start
    this.#bytes.push(byte)
    if (this.#bytes.length < decoder.lengthOf(this.#bytes[0] ?? 0)) return
    this.#write(decoder.decode(this.#bytes), { start: this.#bytesStart, end })
    this.#bytes = []
  }

  /** Whether what comes stands in for a code point that was read. */
  #isSkipped(): boolean {
    if (this.#skips === 0) return false
    this.#skips--
    return true
  }

  #write(text: string, span: Span | undefined): void {
    const { capture, field } = this.#state
    if (capture.kind === 'nothing' || text === '') return
    if (this.#state.isHidden || this.#state.isDeleted) {
      this.#hasHidden ||= this.#state.isHidden && text.trim() !== '' && isRich(capture)
      return
    }
    if (isRich(capture)) {
      if (field !== undefined) field.hasResult = true
      this.#writer.write(capture.words, this.#state, { text, span })
    } else if (capture.kind === 'fonts' || capture.kind === 'styles') this.#head.name(capture, text)
    else if (capture.text.length < plainUnitsMax) capture.text += text
  }
}
