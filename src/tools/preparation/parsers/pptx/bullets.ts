import { childrenOf, findAll, findPath, type Element } from '../../reading/index.ts'
import { formatNumber } from '../office/numbers.ts'

/** How a paragraph of a slide begins. */
export type Bullet =
  | { readonly type: 'none' }
  | { readonly type: 'bullet' }
  | { readonly type: 'number'; readonly scheme: string; readonly startAt: number }

/** Where bullets are defined for a shape, the nearest first: elements with `a:lvl1pPr` to `a:lvl9pPr`. */
export type StyleChain = readonly Element[]

/** What the paragraph says itself, else the nearest style that says something of its level. */
export function findBullet(paragraph: Element, level: number, chain: StyleChain): Bullet {
  const own = readBullet(findPath(paragraph, 'a:pPr'))
  if (own !== undefined) return own
  for (const style of chain) {
    const bullet = readBullet(findPath(style, `a:lvl${level + 1}pPr`))
    if (bullet !== undefined) return bullet
  }
  return { type: 'none' }
}

export function levelOf(paragraph: Element): number {
  const level = Number(findPath(paragraph, 'a:pPr')?.attributes['lvl'] ?? 0)
  return Number.isInteger(level) && level >= 0 && level <= 8 ? level : 0
}

/** The number of an item as its scheme writes it: `1.`, `b)`, `IV.`, `一.`. */
export function formatItem(count: number, scheme: string): string {
  const kind = kindsOfNumbers.find(([beginning]) => scheme.startsWith(beginning))?.[1] ?? 'decimal'
  const number = formatNumber(count, kind)
  if (scheme.endsWith('ParenBoth')) return `(${number})`
  return scheme.endsWith('ParenR') ? `${number})` : `${number}.`
}

/** How schemes begin, with the name that Word has for their kind of number. */
const kindsOfNumbers: readonly (readonly [beginning: string, kind: string])[] = [
  ['alphaLc', 'lowerLetter'],
  ['alphaUc', 'upperLetter'],
  ['romanLc', 'lowerRoman'],
  ['romanUc', 'upperRoman'],
  ['ea1', 'chineseCounting'],
]

/** The styles that hold for a placeholder: its own, those of its like in the layout and the master, the master's. */
export function styleChain(shape: Element, parents: readonly (Element | undefined)[]): StyleChain {
  const place = placeholderOf(shape)
  const chain: Element[] = []
  const add = (style: Element | undefined): void => {
    if (style !== undefined) chain.push(style)
  }
  add(findPath(shape, 'p:txBody', 'a:lstStyle'))
  if (place === undefined) return chain
  for (const like of findLikes(shape, parents)) add(findPath(like, 'p:txBody', 'a:lstStyle'))
  const master = parents.at(-1)
  const kind = /title/i.test(place.type) ? 'p:titleStyle' : isBody(place.type) ? 'p:bodyStyle' : 'p:otherStyle'
  add(findAll(master, kind)[0])
  return chain
}

/** The placeholders of layout and master that a placeholder of a slide takes its looks and its place from. */
export function findLikes(shape: Element, parents: readonly (Element | undefined)[]): readonly Element[] {
  const place = placeholderOf(shape)
  if (place === undefined) return []
  return parents.flatMap((parent) =>
    findAll(parent, 'p:sp')
      .filter((other) => isLike(place, placeholderOf(other)))
      .slice(0, 1),
  )
}

export interface Placeholder {
  readonly type: string
  readonly index: string | undefined
}

/** `undefined` for a shape that is no placeholder. */
export function placeholderOf(shape: Element): Placeholder | undefined {
  const [properties] = childrenOf(shape)
  const found = findPath(properties, 'p:nvPr', 'p:ph')
  return found === undefined ? undefined : { type: found.attributes['type'] ?? 'obj', index: found.attributes['idx'] }
}

function isLike(place: Placeholder, other: Placeholder | undefined): boolean {
  if (other === undefined) return false
  if (place.index !== undefined && place.index === other.index) return true
  return place.type === other.type || (isBody(place.type) && isBody(other.type))
}

function isBody(type: string): boolean {
  return type === 'body' || type === 'obj'
}

function readBullet(properties: Element | undefined): Bullet | undefined {
  for (const { name, attributes } of childrenOf(properties)) {
    if (name === 'a:buNone') return { type: 'none' }
    if (name === 'a:buChar' || name === 'a:buBlip') return { type: 'bullet' }
    if (name === 'a:buAutoNum') {
      return {
        type: 'number',
        scheme: attributes['type'] ?? 'arabicPeriod',
        startAt: Number(attributes['startAt'] ?? 1),
      }
    }
  }
  return undefined
}
