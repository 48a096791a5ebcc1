import type * as Htmlparser from 'htmlparser2'
import { loadPackage } from '../../../core/packages.ts'
import { limitDepth } from './depth.ts'

/** An element of XML or HTML. Places are UTF-16 offsets into the markup, end exclusive. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Node[]
  readonly start: number
  readonly end: number
}

export interface TextNode {
  readonly name: undefined
  readonly text: string
  readonly start: number
  readonly end: number
}

export type Node = Element | TextNode

export interface Markup {
  /** An element without a name that holds all. */
  readonly root: Element
  /** Elements that lay deeper than allowed; they were taken up by the deepest ones that are. */
  readonly flattened: number
}

export interface MarkupOptions {
  readonly dialect: 'xml' | 'html'
  /** Deepest nesting that is kept. */
  readonly depthMax: number
  /** More nodes than this throw `TooManyNodes`. */
  readonly nodesMax: number
  /** Elements that are not kept: each is handed over when it is whole, and its nodes no longer count. */
  readonly taken?: TakenElements | undefined
}

export interface TakenElements {
  readonly name: string
  /** `above` are the elements that it lies in, outermost first; they are still being read. */
  readonly take: (element: Element, above: readonly Element[]) => void
}

export class TooManyNodes extends Error {}

interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Node[]
  readonly start: number
  end: number
}

/**
 * Reads markup into a tree in linear time, however it is nested. Entities are only those that XML or HTML have: what a
 * document declares is never expanded, and nothing is fetched.
 */
export function readMarkup(given: string, options: MarkupOptions): Markup {
  const { source, isCut } = limitDepth(given, options.dialect)
  const root: Open = { name: '', attributes: {}, children: [], start: 0, end: source.length }
  const stack: Open[] = [root]
  let above = 0 // open elements deeper than kept
  let flattened = 0
  let nodes = 0
  const prefixes = new Map<string, string>()
  const taking = new Taking(options.taken)
  const count = (): void => {
    nodes++
    if (nodes > options.nodesMax) throw new TooManyNodes(`more than ${options.nodesMax} nodes`)
  }
  const { Parser } = loadPackage<typeof Htmlparser>('htmlparser2')
  const parser: Htmlparser.Parser = new Parser(
    {
      onopentag(given, attributes) {
        if (stack.length > options.depthMax) {
          above++
          flattened++
          return
        }
        count()
        if (options.dialect === 'xml') learnPrefixes(prefixes, attributes)
        const isUsual = prefixes.size === 0
        const element: Open = {
          name: isUsual ? given : rename(prefixes, given),
          attributes: isUsual ? attributes : renameAll(prefixes, attributes),
          children: [],
          start: parser.startIndex,
          end: parser.endIndex + 1,
        }
        stack.at(-1)?.children.push(element)
        stack.push(element)
        taking.open(element, nodes)
      },
      onclosetag() {
        if (above > 0) {
          above--
          return
        }
        const closed = stack.length > 1 ? stack.pop() : undefined
        if (closed === undefined) return
        closed.end = parser.endIndex + 1
        nodes = taking.close(closed, stack) ?? nodes
      },
      ontext(text) {
        const parent = stack.at(-1)
        const before = parent?.children.at(-1)
        if (before?.name === undefined && before !== undefined && before.end === parser.startIndex) {
          const joined = { ...before, text: before.text + text, end: parser.endIndex + 1 }
          parent?.children.splice(-1, 1, joined)
          return
        }
        count()
        parent?.children.push({ name: undefined, text, start: parser.startIndex, end: parser.endIndex + 1 })
      },
    },
    { xmlMode: options.dialect === 'xml', decodeEntities: true, recognizeSelfClosing: options.dialect === 'xml' },
  )
  parser.end(source)
  return { root, flattened: flattened + (isCut ? 1 : 0) }
}

/** Elements that are handed over, not kept; of those that lie in each other, the outermost. */
class Taking {
  readonly #taken: TakenElements | undefined
  #outermost: Open | undefined
  #nodesBefore = 0

  constructor(taken: TakenElements | undefined) {
    this.#taken = taken
  }

  open(element: Open, nodes: number): void {
    if (this.#outermost !== undefined || element.name !== this.#taken?.name) return
    this.#outermost = element
    this.#nodesBefore = nodes - 1
  }

  /** Nodes that there are without it, when this was one. */
  close(closed: Open, above: readonly Open[]): number | undefined {
    if (closed !== this.#outermost) return undefined
    this.#outermost = undefined
    above.at(-1)?.children.pop()
    this.#taken?.take(closed, above)
    return this.#nodesBefore
  }
}

/** The usual prefixes of namespaces, by what their addresses end with (strict and transitional ones differ before that). */
const usualPrefixes: readonly (readonly [ending: RegExp, prefix: string])[] = [
  [/\/wordprocessingml\/(?:2006\/)?main$/, 'w:'],
  [/\/spreadsheetml\/(?:2006\/)?main$/, ''],
  [/\/presentationml\/(?:2006\/)?main$/, 'p:'],
  [/\/drawingml\/(?:2006\/)?main$/, 'a:'],
  [/\/drawingml\/(?:2006\/)?chart$/, 'c:'],
  [/\/drawingml\/(?:2006\/)?diagram$/, 'dgm:'],
  [/\/drawingml\/(?:2006\/)?spreadsheetDrawing$/, 'xdr:'],
  [/\/officeDocument\/(?:2006\/)?relationships$/, 'r:'],
  [/\/officeDocument\/(?:2006\/)?math$/, 'm:'],
  [/\/package\/2006\/relationships$/, ''],
  [/:opendocument:xmlns:text:1\.0$/, 'text:'],
  [/:opendocument:xmlns:table:1\.0$/, 'table:'],
  [/:opendocument:xmlns:office:1\.0$/, 'office:'],
  [/:opendocument:xmlns:style:1\.0$/, 'style:'],
  [/:opendocument:xmlns:drawing:1\.0$/, 'draw:'],
  [/:opendocument:xmlns:chart:1\.0$/, 'chart:'],
  [/:opendocument:xmlns:presentation:1\.0$/, 'presentation:'],
  [/:opendocument:xmlns:svg-compatible:1\.0$/, 'svg:'],
  [/:opendocument:xmlns:xsl-fo-compatible:1\.0$/, 'fo:'],
  [/:opendocument:xmlns:manifest:1\.0$/, 'manifest:'],
  [/^http:\/\/www\.w3\.org\/1999\/xhtml$/, ''],
]

/** Notes prefixes that a document uses instead of the usual ones. */
function learnPrefixes(prefixes: Map<string, string>, attributes: Readonly<Record<string, string>>): void {
  for (const [name, address] of Object.entries(attributes)) {
    if (!name.startsWith('xmlns')) continue
    const own = name === 'xmlns' ? '' : `${name.slice('xmlns:'.length)}:`
    const usual = usualPrefixes.find(([ending]) => ending.test(address))?.[1]
    if (usual !== undefined && usual !== own) prefixes.set(own, usual)
    else if (prefixes.has(own)) prefixes.delete(own)
  }
}

function rename(prefixes: ReadonlyMap<string, string>, name: string): string {
  const colon = name.indexOf(':') + 1
  const usual = prefixes.get(name.slice(0, colon))
  return usual === undefined ? name : usual + name.slice(colon)
}

/** Attributes without a prefix have no namespace, whatever the default one is. */
function renameAll(
  prefixes: ReadonlyMap<string, string>,
  attributes: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const isRenamed = (name: string): boolean => name.includes(':') && prefixes.has(name.slice(0, name.indexOf(':') + 1))
  if (!Object.keys(attributes).some(isRenamed)) return attributes
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [isRenamed(name) ? rename(prefixes, name) : name, value]),
  )
}

export function isElement(node: Node | undefined): node is Element {
  return node?.name !== undefined
}

/** Elements among the children, of that name when one is given. */
export function childrenOf(element: Element | undefined, name?: string): readonly Element[] {
  return (element?.children ?? []).filter(
    (child): child is Element => isElement(child) && (name === undefined || child.name === name),
  )
}

/** The element at the end of a path of names; the first of each. */
export function findPath(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let found = element
  for (const name of path) {
    found = found?.children.find((child): child is Element => child.name === name)
  }
  return found
}

/** Every element of these names below, in the order of the document; none inside another that is found. */
export function findAll(element: Element | undefined, ...names: readonly string[]): readonly Element[] {
  const found: Element[] = []
  const pending: Node[] = element === undefined ? [] : [...element.children].toReversed()
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (!isElement(node)) continue
    if (names.includes(node.name)) found.push(node)
    else for (let index = node.children.length - 1; index >= 0; index--) pushNode(pending, node.children[index])
  }
  return found
}

function pushNode(pending: Node[], node: Node | undefined): void {
  if (node !== undefined) pending.push(node)
}

/** Whether any node below is such a one, in the order of the document; looks no further than the first. */
export function hasBelow(element: Element, isSought: (node: Node) => boolean): boolean {
  const pending = element.children.toReversed()
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (isSought(node)) return true
    if (!isElement(node)) continue
    for (let index = node.children.length - 1; index >= 0; index--) pushNode(pending, node.children[index])
  }
  return false
}

/** All text below, as it stands. */
export function textOf(node: Node | undefined): string {
  if (node === undefined) return ''
  if (!isElement(node)) return node.text
  const pieces: string[] = []
  const pending: Node[] = [node]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!isElement(next)) pieces.push(next.text)
    else for (let index = next.children.length - 1; index >= 0; index--) pushNode(pending, next.children[index])
  }
  return pieces.join('')
}
