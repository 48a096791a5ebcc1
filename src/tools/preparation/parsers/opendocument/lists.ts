import type { Element } from '../../reading/index.ts'
import { formatNumber, type Label } from '../office/numbers.ts'
import type { ListStyle } from './styles.ts'

/** The numbers of a list, by level from 0. */
type Counts = (number | undefined)[]

/** Counts the items of lists, which go on from one to another when they say so. */
export class ListCounting {
  readonly #byId = new Map<string, Counts>()
  readonly #byStyle = new Map<string, Counts>()

  /** The counts that a list begins with: new ones, or those of the list that it goes on. */
  begin(list: Element, style: string | undefined): Counts {
    const { 'xml:id': id, 'text:continue-list': continued, 'text:continue-numbering': goesOn } = list.attributes
    const before =
      (continued === undefined ? undefined : this.#byId.get(continued)) ??
      (goesOn === 'true' ? this.#byStyle.get(style ?? '') : undefined)
    const counts = before ?? []
    if (id !== undefined) this.#byId.set(id, counts)
    this.#byStyle.set(style ?? '', counts)
    return counts
  }
}

/** Counts one item up and says what stands before it; `undefined` where that is nothing. */
export function nextLabel(counts: Counts, style: ListStyle | undefined, at: ListPlace): Label | undefined {
  const definition = style?.get(at.level + 1)
  counts.length = Math.min(counts.length, at.level + 1)
  counts[at.level] = at.start ?? (counts[at.level] ?? (definition?.start ?? 1) - 1) + 1
  if (definition === undefined || definition.format === undefined) return { text: '', isBullet: true }
  if (definition.format === '') return undefined
  const numbers: string[] = []
  for (let level = Math.max(0, at.level + 1 - definition.shown); level <= at.level; level++) {
    const { format, start = 1 } = style?.get(level + 1) ?? {}
    if (format !== undefined && format !== '') numbers.push(formatNumber(counts[level] ?? start, kindOf(format)))
  }
  return { text: `${definition.prefix}${numbers.join('.')}${definition.suffix}`, isBullet: false }
}

export interface ListPlace {
  /** From 0. */
  readonly level: number
  /** The number that the item says it has. */
  readonly start?: number | undefined
}

/** The kind of number by its first one, which is how OpenDocument names it. */
function kindOf(format: string): string {
  const [first = '1'] = format
  const kinds: Readonly<Record<string, string>> = {
    a: 'lowerLetter',
    A: 'upperLetter',
    i: 'lowerRoman',
    I: 'upperRoman',
    一: 'chineseCounting',
    '①': 'decimalEnclosedCircle',
  }
  return kinds[first] ?? 'decimal'
}
