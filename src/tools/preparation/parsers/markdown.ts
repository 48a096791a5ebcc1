import { decodeText } from '../reading/index.ts'
import { isBlank, readLines, type Line } from './lines.ts'
import type { SourceFile } from '../preparation.ts'
import { toNotices } from './notices.ts'
import { wholePage, type Block, type BlockKind, type Canonical, type Section, type Span } from './parser.ts'

/**
 * Markdown, read line by line for what chunks need: headings, tables, lists, code, paragraphs (CommonMark and the tables
 * of GitHub). The canonical text is the source text, so that every offset is one into the file. Linear in the size of
 * the file, whatever is nested in what.
 */
export function readMarkdown(file: SourceFile): Canonical {
  const decoded = decodeText(file)
  const { text } = decoded
  const frontMatter = readFrontMatter(text)
  const sections = new Scanner(text, frontMatter.end).scan()
  const title = frontMatter.title ?? sections.find((section) => section.level === 1)?.headings.at(-1)
  const metadata = frontMatter.end === 0 ? undefined : { start: 0, end: frontMatter.end }
  const pages = wholePage(text)
  return { text, title, metadata, sections, pages, origins: [], marks: [], notices: toNotices(decoded) }
}

/** A longer line is no heading, whatever it begins with, and no row of a table's head. */
const headingLengthMax = 200
const tableHeadLengthMax = 2_000

const patterns = {
  fence: /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|>)[ \t]+)*(`{3,}|~{3,})([^\n]*)$/,
  heading: /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/,
  underline: /^ {0,3}(=+|-+)[ \t]*$/,
  rule: /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/,
  delimiter: /^[ \t]*(?=[^\n]*-)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/,
  item: /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/,
  quote: /^ {0,3}>/,
  indented: /^(?: {4}| {0,3}\t)/,
  html: /^ {0,3}<(?:[!?]|\/?[a-z][a-z0-9-]*(?:[\s/>]|$))/i,
  /** HTML that ends a paragraph: the blocks of CommonMark's kinds 1 to 6. */
  htmlBlock:
    /^ {0,3}<(?:[!?]|\/?(?:address|article|aside|base|blockquote|body|caption|center|col|colgroup|d[dlt]|details|dialog|dir|div|fieldset|figcaption|figure|footer|form|frame|h[1-6r]|head|header|html|iframe|legend|li|link|main|menu|nav|ol|optgroup|option|p|param|pre|script|search|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|title|tr|track|ul)(?:[\s/>]|$))/i,
}

type OpenKind = 'paragraph' | 'list' | 'quote' | 'table' | 'code' | 'indented' | 'html'

interface OpenBlock {
  readonly kind: OpenKind
  readonly start: number
  readonly cuts: number[]
  readonly header: Block['header']
  end: number
}

/** Holds the state of one reading: the section and the block that are open. */
class Scanner {
  readonly #text: string
  readonly #lines: readonly Line[]
  readonly #sections: Section[] = []
  #section: { level: number; headings: readonly string[]; heading: Span | undefined; blocks: Block[] }
  /** The open headings' titles, by level. */
  #trail: readonly (string | undefined)[] = []
  #block: OpenBlock | undefined
  /** The line that ends the open block when only one line does: a closing fence, the end of a comment. */
  #ending: ((line: string) => boolean) | undefined

  constructor(text: string, from: number) {
    this.#text = text
    this.#lines = readLines(text, from)
    this.#section = { level: 0, headings: [], heading: undefined, blocks: [] }
  }

  scan(): readonly Section[] {
    for (const [index, line] of this.#lines.entries()) this.#read(line, this.#lines[index + 1])
    this.#closeBlock()
    this.#sections.push(this.#section)
    return this.#sections
  }

  #read(line: Line, next: Line | undefined): void {
    if (this.#ending !== undefined) {
      this.#extend(line)
      if (this.#ending(line.text)) this.#closeBlock()
    } else if (isBlank(line.text)) this.#closeBlock()
    else if (this.#block?.kind === 'html') this.#extend(line)
    else if (!this.#readFence(line) && !this.#readHeading(line)) this.#readBlock(line, next)
  }

  #readFence(line: Line): boolean {
    const [, fence = '', info = ''] = patterns.fence.exec(line.text) ?? []
    if (fence === '' || (fence.startsWith('`') && info.includes('`'))) return false
    this.#open('code', line)
    this.#ending = (text) => {
      const closing = text.replace(/^[ \t>]+/, '').trimEnd()
      return closing.length >= fence.length && closing === fence.slice(0, 1).repeat(closing.length)
    }
    return true
  }

  #readHeading(line: Line): boolean {
    const [marker, hashes, rest = ''] = patterns.heading.exec(line.text) ?? []
    if (marker !== undefined && hashes !== undefined && line.text.length <= headingLengthMax) {
      this.#closeBlock()
      this.#openSection(hashes.length, rest.replace(/(?:^|[ \t]+)#+[ \t]*$/, ''), line)
      return true
    }
    const block = this.#block
    if (block?.kind !== 'paragraph' || block.end - block.start > headingLengthMax) return false
    const underline = patterns.underline.exec(line.text)?.[1]
    if (underline === undefined) return false
    this.#block = undefined
    const title = this.#text.slice(block.start, block.end)
    this.#openSection(underline.startsWith('=') ? 1 : 2, title, { start: block.start, end: line.end })
    return true
  }

  #readBlock(line: Line, next: Line | undefined): void {
    const isIndented = patterns.indented.test(line.text)
    if (this.#block?.kind === 'indented' && !isIndented) this.#closeBlock()
    const kind = this.#block?.kind
    if (isIndented && (kind === undefined || kind === 'indented')) {
      if (kind === undefined) this.#open('indented', line)
      else this.#extend(line)
    } else if (patterns.rule.test(line.text)) {
      this.#open('html', line)
      this.#closeBlock()
    } else if (kind === 'table') this.#extend(line)
    else if (next !== undefined && isTableStart(line, next)) this.#openTable(line, next)
    else if (kind !== 'list' && patterns.item.test(line.text)) this.#open('list', line)
    else if (kind !== 'quote' && kind !== 'list' && patterns.quote.test(line.text)) this.#open('quote', line)
    else if (patterns.htmlBlock.test(line.text) || (kind === undefined && patterns.html.test(line.text)))
      this.#openHtml(line)
    else if (kind === undefined) this.#open('paragraph', line)
    else this.#extend(line)
  }

  #openTable(header: Line, delimiter: Line): void {
    const text = toPlainText(header.text.replace(/^[ \t]*\||\|[ \t]*$/g, '').replace(/\|/g, ' · '))
    this.#open('table', header, { text, end: delimiter.next })
  }

  #openHtml(line: Line): void {
    this.#open('html', line)
    const [, opening = ''] = /^ {0,3}<(!--|pre|script|style|textarea)/i.exec(line.text) ?? []
    if (opening === '') return
    const closing = opening === '!--' ? '-->' : `</${opening.toLowerCase()}>`
    this.#ending = (text) => text.toLowerCase().includes(closing)
    if (this.#ending(line.text)) this.#closeBlock()
  }

  #open(kind: OpenKind, line: Line, header?: Block['header']): void {
    this.#closeBlock()
    this.#block = { kind, start: line.start, end: line.end, cuts: [], header }
  }

  #extend(line: Line): void {
    const block = this.#block
    if (block === undefined) return this.#open('paragraph', line)
    const isRow = block.kind === 'table' && line.start > (block.header?.end ?? 0)
    const isItem = block.kind === 'list' && patterns.item.test(line.text)
    if (isRow || isItem || block.kind === 'code' || block.kind === 'indented') block.cuts.push(line.start)
    block.end = line.end
  }

  #closeBlock(): void {
    if (this.#block !== undefined) {
      const { start, end, cuts, header } = this.#block
      const kind: BlockKind = this.#block.kind === 'indented' ? 'code' : this.#block.kind
      this.#section.blocks.push({ start, end, kind, cuts, header })
    }
    this.#block = undefined
    this.#ending = undefined
  }

  #openSection(level: number, title: string, span: Span): void {
    this.#sections.push(this.#section)
    this.#trail = [...Array.from({ length: level - 1 }, (_, above) => this.#trail[above]), toPlainText(title)]
    const headings = this.#trail.flatMap((heading) => (heading === undefined || heading === '' ? [] : [heading]))
    this.#section = { level, headings, heading: { start: span.start, end: span.end }, blocks: [] }
  }
}

function isTableStart(header: Line, delimiter: Line): boolean {
  if (header.text.length > tableHeadLengthMax || delimiter.text.length > tableHeadLengthMax) return false
  return header.text.includes('|') && delimiter.text.includes('|') && patterns.delimiter.test(delimiter.text)
}

/** The metadata at the head of a file, between lines of `---`: where it ends, and the title it states. */
function readFrontMatter(text: string): { readonly end: number; readonly title: string | undefined } {
  const head = text.slice(0, 65_536)
  const match = /^---[ \t]*\r?\n(?=[\w-]+[ \t]*:)([\s\S]*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m.exec(head)
  if (match?.index !== 0) return { end: 0, title: undefined }
  const title = /^title[ \t]*:[ \t]*(["']?)(.+?)\1[ \t]*$/m.exec(match[1] ?? '')?.[2]
  return { end: match[0].length, title: title?.trim() }
}

/** The words of a line without their markup. */
function toPlainText(inline: string): string {
  return inline
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/(\*\*|__|~~|`+)(.+?)\1/g, '$2')
    .replace(/(^|\W)[*_](\S.*?)[*_](?=\W|$)/g, '$1$2')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}
