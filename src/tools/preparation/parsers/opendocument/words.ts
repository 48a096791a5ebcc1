import { InlineBuilder, type Inline, type RunStyle } from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, isElement, textOf, type Element } from '../../reading/index.ts'
import { toComment } from '../office/comments.ts'
import { toDescription } from '../office/descriptions.ts'
import { countOf } from './counts.ts'
import type { Styles } from './styles.ts'

/** What stands in a paragraph: words, and what is anchored in it but stands beside it. */
export interface ParagraphWords {
  readonly inline: Inline
  /** Boxes and shapes with text: elements that hold paragraphs. */
  readonly boxes: readonly Element[]
  /** Parts of the archive that hold a chart or an equation. */
  readonly objects: readonly string[]
  /** Notes and comments, each on a line. */
  readonly notes: readonly string[]
}

type Mark = NonNullable<RunStyle['marks']>[number]

/** Most blanks in a row that are kept. */
const blanksMax = 200

interface Look {
  readonly marks: readonly Mark[]
  readonly isRaised: boolean
}

export interface WordsOptions {
  readonly styles: Styles
  readonly keepsBlanks?: boolean
}

/** Reads the words of a paragraph; what tracked changes deleted stands elsewhere and is left out. */
export function readWords(paragraph: Element, options: WordsOptions): ParagraphWords {
  const reading = new WordsReading(options)
  reading.walk(paragraph, { marks: [], isRaised: false })
  return reading.build()
}

/** Holds what was found so far; the walk is recursive, and the tree is no deeper than `nestingMax`. */
class WordsReading {
  readonly #options: WordsOptions
  readonly #words: InlineBuilder
  readonly #boxes: Element[] = []
  readonly #objects: string[] = []
  readonly #notes: string[] = []

  constructor(options: WordsOptions) {
    this.#options = options
    this.#words = new InlineBuilder({ keepsBlanks: options.keepsBlanks ?? false })
  }

  build(): ParagraphWords {
    return { inline: this.#words.build(), boxes: this.#boxes, objects: this.#objects, notes: this.#notes }
  }

  walk(element: Element, look: Look): void {
    for (const child of element.children) {
      if (isElement(child)) this.#element(child, look)
      else {
        const text = child.text.replaceAll(/[\r\n\t]/g, ' ')
        if (look.isRaised) this.#words.raised(text, { marks: look.marks })
        else this.#words.run(text, { marks: look.marks })
      }
    }
  }

  #element(element: Element, look: Look): void {
    const { attributes, name } = element
    switch (name) {
      case 'text:span': {
        const style = this.#options.styles.find('text', attributes['text:style-name'])
        if (style.isHidden) return
        const marks = [...look.marks, ...style.marks]
        return this.walk(element, { marks, isRaised: look.isRaised || style.isRaised })
      }
      case 'text:s':
        return this.#options.keepsBlanks === true
          ? this.#words.run(' '.repeat(countOf(element, 'text:c', blanksMax)))
          : this.#words.space()
      case 'text:tab':
        return this.#options.keepsBlanks === true ? this.#words.run('\t') : this.#words.space()
      case 'text:line-break':
        return this.#options.keepsBlanks === true ? this.#words.run('\n') : this.#words.break()
      case 'text:a': {
        const href = attributes['xlink:href']
        const marks = href === undefined || href === '' ? look.marks : [...look.marks, { type: 'link' as const, href }]
        return this.walk(element, { ...look, marks })
      }
      case 'text:note':
        return this.#note(element)
      case 'office:annotation':
        this.#notes.push(toLine(element))
        return
      case 'text:ruby':
        return childrenOf(element, 'text:ruby-base').forEach((base) => this.walk(base, look))
      case 'text:hidden-text':
      case 'text:number':
      case 'text:bookmark':
      case 'text:tracked-changes':
        return
      default:
        if (name.startsWith('draw:')) this.#drawing(element)
        else this.walk(element, look)
    }
  }

  #note(note: Element): void {
    const label = textOf(findPath(note, 'text:note-citation')).trim()
    this.#words.run(` [^${label}]`)
    const paragraphs = findAll(findPath(note, 'text:note-body'), 'text:p', 'text:h')
    const words = paragraphs.map((paragraph) => readWords(paragraph, { styles: this.#options.styles }).inline.text)
    this.#notes.push(`[^${label}]: ${words.join(' ').replace(/\s+/g, ' ').trim()}`)
  }

  /** A frame with a box, an object or a picture; a shape with words; a group of such. */
  #drawing(element: Element): void {
    const objects = childrenOf(element, 'draw:object').flatMap(({ attributes }) => attributes['xlink:href'] ?? [])
    this.#objects.push(...objects.map((href) => href.replace(/^\.?\//, '')))
    const box = findPath(element, 'draw:text-box')
    const description = box === undefined ? toDescription(textOf(findPath(element, 'svg:desc'))) : ''
    if (description !== '') this.#words.apart(description)
    if (box !== undefined) this.#boxes.push(box)
    else if (childrenOf(element).some(({ name }) => isText(name))) this.#boxes.push(element)
    else if (element.name === 'draw:g' || element.name === 'draw:a') {
      for (const child of childrenOf(element)) if (child.name.startsWith('draw:')) this.#drawing(child)
    }
  }
}

function isText(name: string): boolean {
  return name === 'text:p' || name === 'text:h' || name === 'text:list'
}

/** A comment as a line. */
export function toLine(annotation: Element): string {
  const text = findAll(annotation, 'text:p').map(textOf).join(' ').replace(/\s+/g, ' ').trim()
  const author = textOf(findPath(annotation, 'dc:creator')).trim()
  return toComment({ author, date: textOf(findPath(annotation, 'dc:date')).trim(), text })
}
