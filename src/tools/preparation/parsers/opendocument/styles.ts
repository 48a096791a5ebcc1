import type { RunStyle } from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, type Element } from '../../reading/index.ts'
import { countOf, levelsMax, startOf } from './counts.ts'

/** What the styles of a document say of its paragraphs, its words and its lists. */
export interface Styles {
  /** A style with its ancestors; one that nobody has written says nothing. */
  find(family: Family, name: string | undefined): Style
  /** The levels of a list, by number from 1. */
  findList(name: string | undefined): ListStyle | undefined
  /** How headings are numbered. */
  readonly outline: ListStyle | undefined
}

export type Family = 'paragraph' | 'text' | 'section' | 'table' | 'table-row' | 'graphic' | 'drawing-page'

export interface Style {
  /** Its own name and those of its ancestors. */
  readonly names: readonly string[]
  readonly marks: NonNullable<RunStyle['marks']>
  readonly isHidden: boolean
  readonly isRaised: boolean
  readonly list: string | undefined
}

export type ListStyle = ReadonlyMap<number, ListLevel>

export interface ListLevel {
  /** `undefined` for bullets, empty for what has no number. */
  readonly format: string | undefined
  readonly prefix: string
  readonly suffix: string
  readonly start: number
  /** Of how many levels numbers are shown. */
  readonly shown: number
}

/** Longest chain of styles that is followed; they may go in circles. */
const ancestorsMax = 20

const families: ReadonlySet<string> = new Set<Family>([
  'paragraph',
  'text',
  'section',
  'table',
  'table-row',
  'graphic',
  'drawing-page',
])

/** Reads what stands in any of the parts; of two styles with one name the first counts. */
export function readStyles(parts: readonly (Element | undefined)[]): Styles {
  const raw = new Map<string, Element>()
  const lists = new Map<string, ListStyle>()
  let outline: ListStyle | undefined
  for (const part of parts) {
    for (const style of findAll(part, 'style:style', 'text:list-style', 'text:outline-style')) {
      const name = style.attributes['style:name'] ?? ''
      if (style.name === 'text:outline-style') outline ??= readLevels(style)
      else if (style.name === 'text:list-style') {
        if (!lists.has(name)) lists.set(name, readLevels(style))
      } else {
        const key = `${style.attributes['style:family']} ${name}`
        if (families.has(style.attributes['style:family'] ?? '') && !raw.has(key)) raw.set(key, style)
      }
    }
  }
  const known = new Map<string, Style>()
  return {
    outline,
    findList: (name) => (name === undefined ? undefined : lists.get(name)),
    find(family, name = '') {
      const key = `${family} ${name}`
      const before = known.get(key)
      if (before !== undefined) return before
      const style = resolve(raw, family, name)
      known.set(key, style)
      return style
    },
  }
}

function resolve(raw: ReadonlyMap<string, Element>, family: Family, name: string): Style {
  const names: string[] = []
  const chain: Element[] = []
  for (let next = name; next !== '' && chain.length < ancestorsMax; ) {
    const style = raw.get(`${family} ${next}`)
    names.push(next)
    if (style === undefined) break
    chain.push(style)
    next = style.attributes['style:parent-style-name'] ?? ''
  }
  const property = (of: string, key: string): string | undefined => {
    for (const style of chain) {
      const value = findPath(style, of)?.attributes[key]
      if (value !== undefined) return value
    }
    return undefined
  }
  const text = (key: string): string | undefined => property('style:text-properties', key)
  const struck = text('style:text-line-through-style') ?? text('style:text-line-through-type')
  return {
    names,
    marks: [
      ...(isBold(text('fo:font-weight')) ? [{ type: 'strong' as const }] : []),
      ...(/italic|oblique/.test(text('fo:font-style') ?? '') ? [{ type: 'emphasis' as const }] : []),
      ...(struck !== undefined && struck !== 'none' ? [{ type: 'strike' as const }] : []),
    ],
    isHidden:
      text('text:display') === 'none' ||
      property('style:section-properties', 'text:display') === 'none' ||
      property('style:drawing-page-properties', 'presentation:visibility') === 'hidden' ||
      property('style:table-properties', 'table:display') === 'false',
    isRaised: /^(?:super|[1-9]\d*%)/.test(text('style:text-position') ?? ''),
    list: chain.map(({ attributes }) => attributes['style:list-style-name']).find((each) => each !== undefined),
  }
}

function isBold(weight: string | undefined): boolean {
  return weight === 'bold' || Number(weight) >= 600
}

function readLevels(list: Element): ListStyle {
  const levels = new Map<number, ListLevel>()
  for (const level of childrenOf(list)) {
    const { name, attributes } = level
    const isNumber = name === 'text:list-level-style-number' || name === 'text:outline-level-style'
    levels.set(countOf(level, 'text:level', levelsMax), {
      format: isNumber ? (attributes['style:num-format'] ?? '') : undefined,
      prefix: attributes['style:num-prefix'] ?? '',
      suffix: attributes['style:num-suffix'] ?? '',
      start: startOf(level) ?? 1,
      shown: countOf(level, 'text:display-levels', levelsMax),
    })
  }
  return levels
}
