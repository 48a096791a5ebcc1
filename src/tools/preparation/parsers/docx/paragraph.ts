import { InlineBuilder, type Inline, type RunStyle } from '../../canonical/index.ts'
import { childrenOf, findPath, isElement, textOf, type Element } from '../../reading/index.ts'
import { toDescription } from '../office/descriptions.ts'
import { findLink } from '../office/fields.ts'
import { toLatex } from '../office/math.ts'
import { isSignFont, toSign } from '../office/signs.ts'
import type { Relation } from '../office/relations.ts'
import { valueOf } from './styles.ts'

/** What stands in a paragraph: words, and what is anchored in it but stands beside it. */
export interface ParagraphContent {
  readonly inline: Inline
  /** Equations that stand on lines of their own. */
  readonly formulas: readonly string[]
  /** Boxes of text anchored here: elements that hold paragraphs. */
  readonly boxes: readonly Element[]
  /** Relations of charts drawn here. */
  readonly charts: readonly string[]
  /** `true` or `false` when the paragraph begins with a box to tick. */
  readonly isTicked: boolean | undefined
  /** Whether all words are in a typewriter's font. */
  readonly isMonospaced: boolean
  /** Of the notes and comments that are referred to here: `footnote 3`, `comment 0`. */
  readonly references: readonly string[]
}

type Mark = NonNullable<RunStyle['marks']>[number]

export interface ParagraphOptions {
  readonly relations: ReadonlyMap<string, Relation>
  /** Number of the paragraph in the part, from 1. */
  readonly keepsBlanks: boolean
  /** Whether pictures are described; in cells of tables they are not, which hold what their row says. */
  readonly describes?: boolean
}

/** Reads the words of a paragraph; what was deleted under tracked changes is left out, what was inserted stays. */
export function readParagraph(paragraph: Element, options: ParagraphOptions): ParagraphContent {
  const reading = new ParagraphReading(options)
  reading.walk(paragraph, [])
  return reading.build()
}

const monospaced =
  /^(consolas|courier|courier new|menlo|monaco|lucida console|dejavu sans mono|source code pro|fira code|cascadia (code|mono)|jetbrains mono|等线 mono)$/i

/** Holds what was found so far; the walk is recursive, and the tree is no deeper than `nestingMax`. */
class ParagraphReading {
  readonly #options: ParagraphOptions
  readonly #words: InlineBuilder
  readonly #formulas: string[] = []
  readonly #boxes: Element[] = []
  readonly #charts: string[] = []
  readonly #references: string[] = []
  #isTicked: boolean | undefined
  #monospacedRuns = 0
  #otherRuns = 0
  /** Fields that are open: whether their instruction is being read, and where their link leads. */
  readonly #fields: { isInstruction: boolean; instruction: string; href: string | undefined }[] = []

  constructor(options: ParagraphOptions) {
    this.#options = options
    this.#words = new InlineBuilder({ keepsBlanks: options.keepsBlanks })
  }

  build(): ParagraphContent {
    return {
      inline: this.#words.build(),
      formulas: this.#formulas,
      boxes: this.#boxes,
      charts: this.#charts,
      isTicked: this.#isTicked,
      isMonospaced: this.#monospacedRuns > 0 && this.#otherRuns === 0,
      references: this.#references,
    }
  }

  walk(element: Element, marks: readonly Mark[]): void {
    for (const child of element.children) if (isElement(child)) this.#read(child, marks)
  }

  #read(element: Element, marks: readonly Mark[]): void {
    switch (element.name) {
      case 'w:r':
        return this.#readRun(element, marks)
      case 'w:hyperlink':
        return this.walk(element, this.#withLink(element, marks))
      case 'w:sdt':
        return this.#readControl(element, marks)
      case 'm:oMathPara':
        return this.#readFormulas(element)
      case 'm:oMath':
        return this.#readInlineFormula(element)
      case 'mc:AlternateContent':
        return this.#readAlternative(element, marks)
      case 'w:drawing':
      case 'w:pict':
      case 'w:object':
        return this.#readDrawing(element)
      case 'w:del':
      case 'w:moveFrom':
      case 'w:pPr':
      case 'w:rPr':
        return
      case 'w:rt':
        return // How characters are read, above them.
      default:
        return this.walk(element, marks)
    }
  }

  #withLink(element: Element, marks: readonly Mark[]): readonly Mark[] {
    const target = this.#options.relations.get(element.attributes['r:id'] ?? '')?.target
    const anchor = element.attributes['w:anchor']
    const href = target === undefined ? anchor && `#${anchor}` : target + (anchor === undefined ? '' : `#${anchor}`)
    return href === undefined || href === '' ? marks : [...marks, { type: 'link', href }]
  }

  #readAlternative(element: Element, marks: readonly Mark[]): void {
    const [chosen] = [...childrenOf(element, 'mc:Choice'), ...childrenOf(element, 'mc:Fallback')]
    if (chosen !== undefined) this.walk(chosen, marks)
  }

  #readControl(element: Element, marks: readonly Mark[]): void {
    const box = findPath(element, 'w:sdtPr', 'w14:checkbox')
    if (box === undefined) {
      const content = findPath(element, 'w:sdtContent')
      if (content !== undefined) this.walk(content, marks)
      return
    }
    const state = findPath(box, 'w14:checked')?.attributes['w14:val']
    const isTicked = state === '1' || state === 'true'
    if (this.#words.isEmpty) this.#isTicked ??= isTicked
    else this.#words.run(isTicked ? '[x]' : '[ ]')
  }

  #readFormulas(element: Element): void {
    const formulas = childrenOf(element, 'm:oMath').map(toLatex)
    this.#formulas.push(...formulas.filter((formula) => formula !== ''))
  }

  #readInlineFormula(element: Element): void {
    const latex = toLatex(element)
    if (latex !== '') this.#words.run(`$${latex}$`, { marks: [{ type: 'formula' }] })
  }

  #readRun(run: Element, marks: readonly Mark[]): void {
    const properties = findPath(run, 'w:rPr')
    if (isOn(properties, 'w:vanish')) return
    const own = [...marks, ...readMarks(properties), ...this.#fieldMarks()]
    const font = findPath(properties, 'w:rFonts')?.attributes
    const isRaised = valueOf(properties, 'w:vertAlign') === 'superscript'
    const isMonospaced = monospaced.test(font?.['w:ascii'] ?? font?.['w:hAnsi'] ?? '')
    for (const child of run.children) {
      if (!isElement(child)) continue
      if (child.name === 'w:t' && this.#fields.every((field) => !field.isInstruction)) {
        const text = textOf(child)
        if (text.trim() !== '') {
          if (isMonospaced) this.#monospacedRuns++
          else this.#otherRuns++
        }
        if (isRaised) this.#words.raised(text, { marks: own })
        else this.#words.run(text, { marks: own })
      } else this.#readPiece(child, own)
    }
  }

  #readPiece(piece: Element, marks: readonly Mark[]): void {
    switch (piece.name) {
      case 'w:tab':
      case 'w:ptab':
        return this.#options.keepsBlanks ? this.#words.run('\t') : this.#words.space()
      case 'w:br':
      case 'w:cr':
        return this.#options.keepsBlanks ? this.#words.run('\n') : this.#words.break()
      case 'w:noBreakHyphen':
        return this.#words.run('-', { marks })
      case 'w:sym':
        return this.#words.run(toCharacter(piece), { marks })
      case 'w:fldChar':
        return this.#readField(piece)
      case 'w:instrText': {
        const field = this.#fields.at(-1)
        if (field !== undefined) field.instruction += textOf(piece)
        return
      }
      case 'w:footnoteReference':
      case 'w:endnoteReference':
      case 'w:commentReference':
        return this.#refer(piece)
      case 'w:drawing':
      case 'w:pict':
      case 'w:object':
        return this.#readDrawing(piece)
      case 'mc:AlternateContent':
        return this.#readAlternative(piece, marks)
      case 'w:ruby':
        return this.walk(piece, marks)
      default:
    }
  }

  #readField(piece: Element): void {
    switch (piece.attributes['w:fldCharType']) {
      case 'begin':
        this.#readFormBox(piece)
        this.#fields.push({ isInstruction: true, instruction: '', href: undefined })
        return
      case 'separate': {
        const field = this.#fields.at(-1)
        if (field === undefined) return
        field.isInstruction = false
        field.href = findLink(field.instruction)
        return
      }
      default:
        this.#fields.pop()
    }
  }

  /** A box to tick as old forms have it. */
  #readFormBox(piece: Element): void {
    const box = findPath(piece, 'w:ffData', 'w:checkBox')
    if (box === undefined) return
    const isTicked = isOn(box, 'w:checked') || (findPath(box, 'w:checked') === undefined && isOn(box, 'w:default'))
    if (this.#words.isEmpty) this.#isTicked ??= isTicked
    else this.#words.run(isTicked ? '[x]' : '[ ]')
  }

  /** The link of the innermost field that is one. */
  #fieldMarks(): readonly Mark[] {
    const href = this.#fields.findLast((field) => field.href !== undefined)?.href
    return href === undefined ? [] : [{ type: 'link', href }]
  }

  #refer(piece: Element): void {
    const kind = piece.name.slice('w:'.length, -'Reference'.length)
    const id = piece.attributes['w:id'] ?? ''
    this.#references.push(`${kind} ${id}`)
    if (kind !== 'comment' && piece.attributes['w:customMarkFollows'] === undefined) this.#words.run(` [^${id}]`)
  }

  #describe(given: string | undefined): void {
    const description = this.#options.describes === true ? toDescription(given) : ''
    if (description !== '') this.#words.apart(description)
  }

  #readDrawing(drawing: Element): void {
    const pending = [...drawing.children].toReversed()
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (!isElement(node)) continue
      if (node.name === 'wp:docPr') this.#describe(node.attributes['descr'])
      if (node.name === 'w:txbxContent') this.#boxes.push(node)
      else if (node.name === 'c:chart') this.#charts.push(node.attributes['r:id'] ?? '')
      else if (node.name === 'mc:Fallback' && this.#boxes.length > 0) continue
      else pending.push(...node.children.toReversed())
    }
  }
}

function readMarks(properties: Element | undefined): readonly Mark[] {
  const marks: Mark[] = []
  if (isOn(properties, 'w:b')) marks.push({ type: 'strong' })
  if (isOn(properties, 'w:i')) marks.push({ type: 'emphasis' })
  if (isOn(properties, 'w:strike') || isOn(properties, 'w:dstrike')) marks.push({ type: 'strike' })
  return marks
}

/** A property that is there, unless it says `0`, `false` or `off`. */
function isOn(properties: Element | undefined, name: string): boolean {
  if (findPath(properties, name) === undefined) return false
  return !['0', 'false', 'off', 'none'].includes(valueOf(properties, name) ?? '1')
}

/** A character by its code: of a font of signs what can be read without it. */
function toCharacter(piece: Element): string {
  const { 'w:char': digits = '', 'w:font': font = '' } = piece.attributes
  const code = Number.parseInt(digits, 16)
  if (Number.isNaN(code)) return ''
  if ((code >= 0xf000 && code <= 0xf0ff) || (code <= 0xff && isSignFont(font))) return toSign(code, font)
  return String.fromCodePoint(code)
}
