import {
  InlineBuilder,
  toInline,
  type CanonicalBuilder,
  type Cell,
  type ListItem,
  type RunStyle,
} from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, isElement, textOf, type Element, type TextNode } from '../../reading/index.ts'
import { isLayout, toGrid } from './table.ts'

type Mark = NonNullable<RunStyle['marks']>[number]

export interface MarkupOptions {
  /** Added to the level of every heading. */
  readonly level?: number
  /** Whether places in the markup are places in the file. */
  readonly hasSource?: boolean
}

/** Writes what a tree of HTML would show. */
export function writeMarkup(builder: CanonicalBuilder, root: Element, options: MarkupOptions = {}): void {
  const walk = new MarkupWalk(builder, options)
  walk.blocks(root, [])
  walk.flush()
}

const skipped: ReadonlySet<string> = new Set(
  'head title script style template noscript iframe object embed svg canvas audio video map datalist col colgroup'.split(
    ' ',
  ),
)

const blockNames: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote body center details dd dialog dir div dl dt fieldset figcaption figure footer form ' +
    'frameset header hgroup hr html legend main menu nav ol p pre search section summary table tbody td tfoot th thead ' +
    'tr ul h1 h2 h3 h4 h5 h6 li caption'
  ).split(' '),
)

const inlineMarks: Readonly<Record<string, Mark['type']>> = {
  b: 'strong',
  strong: 'strong',
  i: 'emphasis',
  em: 'emphasis',
  var: 'emphasis',
  cite: 'emphasis',
  dfn: 'emphasis',
  s: 'strike',
  strike: 'strike',
  del: 'strike',
  code: 'code',
  kbd: 'code',
  samp: 'code',
  tt: 'code',
}

interface Item {
  readonly depth: number
  readonly marker: string
}

/** Holds the words of the block that is open and the list that is being gathered. */
class MarkupWalk {
  readonly #builder: CanonicalBuilder
  readonly #options: MarkupOptions
  readonly #items: ListItem[] = []
  #words = new InlineBuilder()
  /** The item that words go to; a paragraph when there is none. */
  #item: Item | undefined
  /** Inside a cell everything is words. */
  #isFlat = false

  constructor(builder: CanonicalBuilder, options: MarkupOptions) {
    this.#builder = builder
    this.#options = options
  }

  blocks(element: Element, marks: readonly Mark[]): void {
    for (const child of element.children) {
      if (isElement(child)) this.#element(child, marks)
      else this.#text(child, marks)
    }
  }

  /** Ends the block and the list that are open. */
  flush(): void {
    this.#endWords()
    this.#builder.list(this.#items.splice(0))
  }

  #text(node: TextNode, marks: readonly Mark[]): void {
    const hasSource = this.#options.hasSource ?? true
    const origin = hasSource ? { source: { start: node.start, end: node.end } } : undefined
    // A break of lines in markup is a blank.
    this.#words.run(node.text.replaceAll(/[\r\n]/g, ' '), { marks, origin })
  }

  #element(element: Element, marks: readonly Mark[]): void {
    const { name } = element
    if (skipped.has(name) || isHidden(element)) return
    if (blockNames.has(name)) return this.#block(element, marks)
    switch (name) {
      case 'br':
        return this.#isFlat ? this.#words.space() : this.#words.break()
      case 'img':
        return this.#image(element, marks)
      case 'input':
        return this.#input(element)
      case 'a': {
        const href = element.attributes['href']?.trim()
        const isShown = href !== undefined && href !== '' && !/^javascript:/i.test(href)
        return this.blocks(element, isShown ? [...marks, { type: 'link', href }] : marks)
      }
      case 'option':
      case 'button':
        this.#words.space()
        this.blocks(element, marks)
        return this.#words.space()
      case 'sup':
        return this.#raised(element, marks)
      case 'math':
        return this.#math(element, marks)
      default: {
        const type = inlineMarks[name]
        this.blocks(element, type === undefined ? marks : [...marks, { type }])
      }
    }
  }

  #block(element: Element, marks: readonly Mark[]): void {
    if (this.#isFlat) return this.#flatBlock(element, marks)
    switch (element.name) {
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        return this.#heading(element, marks)
      case 'ul':
      case 'ol':
      case 'menu':
      case 'dir':
      case 'dl':
        return this.#list(element, marks)
      case 'table':
        return isLayout(element) ? this.#plainBlock(element, marks) : this.#table(element)
      case 'pre':
        return this.#code(element, marks)
      case 'hr':
        return this.#item === undefined ? this.flush() : undefined
      case 'figure':
        return this.#figure(element, marks)
      default:
        return this.#plainBlock(element, marks)
    }
  }

  #plainBlock(element: Element, marks: readonly Mark[]): void {
    this.#edge()
    this.blocks(element, marks)
    this.#edge()
  }

  /** Between blocks: ends a paragraph; within an item it is a break of lines. */
  #edge(): void {
    if (this.#item === undefined) this.#endWords()
    else this.#words.space()
  }

  #endWords(): void {
    const inline = this.#words.build()
    this.#words = new InlineBuilder()
    if (inline.text.trim() === '') return
    if (this.#item === undefined) {
      this.#builder.list(this.#items.splice(0))
      this.#builder.paragraph(inline)
    } else {
      this.#items.push({ ...this.#item, inline })
      // What follows in the same item stands below it.
      this.#item = { depth: this.#item.depth + 1, marker: '-' }
    }
  }

  #heading(element: Element, marks: readonly Mark[]): void {
    if (this.#item !== undefined) {
      this.#edge()
      this.blocks(element, marks)
      return this.#edge()
    }
    this.flush()
    this.#isFlat = true
    this.blocks(element, marks)
    this.#isFlat = false
    const inline = this.#words.build()
    this.#words = new InlineBuilder()
    this.#builder.heading(Number(element.name.slice(1)) + (this.#options.level ?? 0), inline)
  }

  #list(list: Element, marks: readonly Mark[]): void {
    const outer = this.#item
    this.#endWords()
    const depth = outer === undefined ? 0 : (this.#item?.depth ?? outer.depth + 1)
    let number = Number(list.attributes['start'] ?? 1)
    if (!Number.isInteger(number)) number = 1
    // Lists of one level that follow each other are two lists.
    if (outer === undefined && list.name === 'ol') this.#builder.list(this.#items.splice(0))
    for (const child of flattenItems(list)) {
      const isDescription = child.name === 'dd'
      const marker = list.name === 'ol' ? `${Number(child.attributes['value'] ?? number)}.` : '-'
      number = Number.parseInt(marker, 10) + 1 || number + 1
      this.#item = { depth: depth + (isDescription ? 1 : 0), marker }
      this.blocks(child, child.name === 'dt' ? [...marks, { type: 'strong' }] : marks)
      this.#endWords()
    }
    this.#item = outer
    if (outer === undefined) this.#builder.list(this.#items.splice(0))
  }

  #table(table: Element): void {
    const outer = this.#item
    this.#endWords()
    this.#builder.list(this.#items.splice(0))
    const caption = childrenOf(table, 'caption')[0]
    if (caption !== undefined) this.#builder.paragraph(this.#flat(caption))
    const cells = new Map<Element, Cell>()
    const rows = toGrid(table).map((row) =>
      row.map((cell): Cell => {
        if (cell === undefined) return { inline: toInline('') }
        const known = cells.get(cell.element) ?? { inline: this.#flat(cell.element) }
        cells.set(cell.element, known)
        return known
      }),
    )
    this.#builder.table(rows)
    this.#item = outer
  }

  /** All words of an element on one line. */
  #flat(element: Element): Cell['inline'] {
    const walk = new MarkupWalk(this.#builder, this.#options)
    walk.#isFlat = true
    walk.blocks(element, [])
    return walk.#words.build()
  }

  #flatBlock(element: Element, marks: readonly Mark[]): void {
    this.#words.space()
    if (element.name === 'ol' || element.name === 'ul') {
      for (const [index, item] of flattenItems(element).entries()) {
        this.#words.run(element.name === 'ol' ? ` ${index + 1}. ` : ' - ')
        this.blocks(item, marks)
        this.#words.space()
      }
    } else if (element.name === 'figure') this.#figureWords(element, marks)
    else this.blocks(element, marks)
    this.#words.space()
  }

  #code(element: Element, marks: readonly Mark[]): void {
    if (this.#item !== undefined) {
      this.#words.space()
      this.blocks(element, [...marks, { type: 'code' }])
      return this.#words.space()
    }
    this.flush()
    const language = /\blang(?:uage)?-([\w+#-]+)/.exec(findPath(element, 'code')?.attributes['class'] ?? '')?.[1]
    this.#builder.code(textOf(element).replace(/\r\n?/g, '\n'), { language })
  }

  #figure(element: Element, marks: readonly Mark[]): void {
    this.#edge()
    this.#figureWords(element, marks)
    this.#edge()
  }

  /** What stands below a picture says more than its alternative text, which is then left out. */
  #figureWords(element: Element, marks: readonly Mark[]): void {
    const caption = findAll(element, 'figcaption')[0]
    if (caption === undefined || findAll(element, 'table', 'pre', 'p', 'ul', 'ol').length > 0)
      this.blocks(element, marks)
    else this.blocks(caption, marks)
  }

  #image(element: Element, marks: readonly Mark[]): void {
    const text = element.attributes['alt']?.trim() ?? ''
    if (text !== '') this.#words.apart(text, { marks })
  }

  #input(element: Element): void {
    const { type, value, checked } = element.attributes
    if (type === 'checkbox' || type === 'radio') this.#words.run(checked === undefined ? '[ ] ' : '[x] ')
    else if (value !== undefined && ['text', undefined, 'number', 'date', 'email'].includes(type)) {
      this.#words.run(` ${value} `)
    }
  }

  /** An exponent, unless there is more in it than words. */
  #raised(element: Element, marks: readonly Mark[]): void {
    const [only, more] = element.children
    if (only === undefined || isElement(only) || more !== undefined) return this.blocks(element, marks)
    const hasSource = this.#options.hasSource ?? true
    const origin = hasSource ? { source: { start: only.start, end: only.end } } : undefined
    this.#words.raised(only.text, { marks, origin })
  }

  /** An equation: as LaTeX where the page has it so. */
  #math(element: Element, marks: readonly Mark[]): void {
    const [latex] = findAll(element, 'annotation').filter(({ attributes }) => /tex/i.test(attributes['encoding'] ?? ''))
    if (latex === undefined) return this.blocks(element, marks)
    this.#words.run(`$${textOf(latex).trim()}$`, { marks: [{ type: 'formula' }] })
  }
}

/** Items of a list, also of lists that lie in each other without an item between them, and terms with descriptions. */
function flattenItems(list: Element): readonly Element[] {
  return childrenOf(list).flatMap((child) => {
    if (['li', 'dt', 'dd'].includes(child.name)) return [child]
    if (['div', 'ul', 'ol', 'span', 'dl'].includes(child.name) && !isHidden(child)) {
      return child.name === 'div' ? flattenItems(child) : [{ ...child, name: 'li', children: [child] }]
    }
    return []
  })
}

function isHidden({ attributes }: Element): boolean {
  if (attributes['hidden'] !== undefined) return true
  const style = attributes['style']
  return style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style)
}
