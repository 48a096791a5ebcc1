import { findHeadingLevel, isTitleName } from '../office/style-names.ts'
import { childrenOf, findPath, type Element } from '../../reading/index.ts'

/** What a style says of its paragraphs, its ancestors included. */
export interface ParagraphStyle {
  readonly name: string
  /** 1…9; `undefined` for what is no heading. */
  readonly headingLevel: number | undefined
  readonly isTitle: boolean
  readonly isCode: boolean
  readonly numbering: NumberingUse | undefined
}

export interface NumberingUse {
  readonly numId: string
  readonly level: number
}

export interface Styles {
  find(id: string | undefined): ParagraphStyle
}

interface RawStyle {
  readonly name: string
  readonly basedOn: string | undefined
  readonly properties: Element | undefined
}

const plain: ParagraphStyle = {
  name: '',
  headingLevel: undefined,
  isTitle: false,
  isCode: false,
  numbering: undefined,
}

/** Longest chain of styles that is followed; they may go in circles. */
const ancestorsMax = 20

export function readStyles(root: Element | undefined): Styles {
  const raw = new Map<string, RawStyle>()
  let standard: string | undefined
  for (const style of childrenOf(findPath(root, 'w:styles'), 'w:style')) {
    const id = style.attributes['w:styleId'] ?? ''
    const isParagraph = (style.attributes['w:type'] ?? 'paragraph') === 'paragraph'
    if (isParagraph && style.attributes['w:default'] === '1') standard = id
    raw.set(id, {
      name: valueOf(style, 'w:name') ?? id,
      basedOn: valueOf(style, 'w:basedOn'),
      properties: findPath(style, 'w:pPr'),
    })
  }
  const known = new Map<string, ParagraphStyle>()
  return {
    find(id = standard) {
      if (id === undefined) return plain
      const before = known.get(id)
      if (before !== undefined) return before
      const style = resolveStyle(raw, id)
      known.set(id, style)
      return style
    },
  }
}

/** The value of a property: `<w:name w:val="…"/>`. */
export function valueOf(element: Element | undefined, ...path: readonly string[]): string | undefined {
  return findPath(element, ...path)?.attributes['w:val']
}

/** The numbering that properties of a paragraph ask for. */
export function readNumberingUse(properties: Element | undefined): Partial<NumberingUse> | undefined {
  const use = findPath(properties, 'w:numPr')
  if (use === undefined) return undefined
  const numId = valueOf(use, 'w:numId')
  const level = valueOf(use, 'w:ilvl')
  return { ...(numId === undefined ? {} : { numId }), ...(level === undefined ? {} : { level: Number(level) || 0 }) }
}

function resolveStyle(raw: ReadonlyMap<string, RawStyle>, id: string): ParagraphStyle {
  const chain: RawStyle[] = []
  for (let next: string | undefined = id; next !== undefined && chain.length < ancestorsMax; ) {
    const style = raw.get(next)
    if (style === undefined) break
    chain.push(style)
    next = style.basedOn
  }
  const names = [id, ...chain.map((style) => style.name)]
  let outline: number | undefined
  let numId: string | undefined
  let level: number | undefined
  for (const { properties } of chain) {
    outline ??= readOutline(properties)
    const use = readNumberingUse(properties)
    numId ??= use?.numId
    level ??= use?.level
  }
  return {
    name: chain[0]?.name ?? id,
    headingLevel: findHeadingLevel(names) ?? outline,
    isTitle: isTitleName(names),
    isCode: names.some((name) =>
      /^(source ?code|code( ?block)?|html preformatted|preformatted( text)?|listing)$/i.test(name),
    ),
    numbering: numId === undefined ? undefined : { numId, level: level ?? 0 },
  }
}

/** 1…9 for the outline levels 0…8 that make a heading. */
export function readOutline(properties: Element | undefined): number | undefined {
  const text = valueOf(properties, 'w:outlineLvl')
  const level = text === undefined ? Number.NaN : Number(text)
  return level >= 0 && level <= 8 ? level + 1 : undefined
}
