import { findDates } from '../../../core/dates.ts'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'

/** A question as its writer meant it. */
export interface ParsedQuery {
  /** What passages are ranked by: the words, and those of the phrases. */
  readonly text: string
  /** Stand in every passage. */
  readonly phrases: readonly string[]
  /** Stand in none. */
  readonly excluded: readonly string[]
  readonly filters: readonly Filter[]
}

/** What a document must be; `isExcluded` turns it round. Instants are milliseconds UTC. */
export type Filter =
  | { readonly field: 'title' | 'source' | 'type' | 'language'; readonly value: string; readonly isExcluded: boolean }
  | { readonly field: 'before' | 'after'; readonly atMs: number; readonly value: string }

/** More operators of one kind than this are refused. */
const operatorsMax = 16

const fields: ReadonlyMap<string, Filter['field']> = new Map([
  ['title', 'title'],
  ['标题', 'title'],
  ['標題', 'title'],
  ['source', 'source'],
  ['来源', 'source'],
  ['來源', 'source'],
  ['type', 'type'],
  ['类型', 'type'],
  ['類型', 'type'],
  ['language', 'language'],
  ['lang', 'language'],
  ['语言', 'language'],
  ['語言', 'language'],
  ['before', 'before'],
  ['早于', 'before'],
  ['早於', 'before'],
  ['after', 'after'],
  ['晚于', 'after'],
  ['晚於', 'after'],
])

/** An operator stands at the beginning or after a blank: `-`, then a field with its colon, then a quoted phrase or a word. */
const operator = new RegExp(
  `(?<=^|\\s)(-)?(?:(${[...fields.keys()].join('|')})[:：])?(?:"([^"]+)"|＂([^＂]+)＂|([^\\s"＂]+))(?=\\s|$)`,
  'giu',
)

/**
 * Reads `"a phrase"`, `-word`, `-"a phrase"` and `field:value`. What is no operator is words: an unknown field, a lonely quotation
 * mark, a minus before a digit. Throws INVALID_REQUEST for a date that is none, and for too many operators.
 */
export function parseQuery(query: string): ParsedQuery {
  const phrases: string[] = []
  const excluded: string[] = []
  const filters: Filter[] = []
  const text = query.replaceAll(operator, (...match: readonly (string | undefined)[]) => {
    const [whole = '', minus, name, ascii, wide, bare] = match
    const quoted = ascii ?? wide
    const value = (quoted ?? bare ?? '').trim()
    if (!/[\p{L}\p{N}]/u.test(value)) return whole
    const field = name === undefined ? undefined : fields.get(name.toLowerCase())
    if (field !== undefined) filters.push(toFilter(field, value, minus !== undefined))
    else if (minus !== undefined) {
      if (quoted === undefined && !/^\p{L}/u.test(value)) return whole
      excluded.push(value)
    } else if (quoted !== undefined) {
      phrases.push(value)
      return value
    } else return whole
    return ' '
  })
  for (const list of [phrases, excluded, filters]) {
    if (list.length > operatorsMax)
      throw refuse(`a query has at most ${operatorsMax} phrases, exclusions and filters each`)
  }
  return { text: text.trim(), phrases, excluded, filters }
}

/** A question of words alone. */
export function toPlainQuery(query: string): ParsedQuery {
  return { text: query, phrases: [], excluded: [], filters: [] }
}

/** As answers say it. */
export function describeQuery({ text, phrases, excluded, filters }: ParsedQuery): JsonObject {
  return {
    words: text,
    phrases,
    excluded,
    filters: filters.map((filter) => ({
      field: filter.field,
      value: filter.value,
      excluded: 'isExcluded' in filter && filter.isExcluded,
    })),
  }
}

function toFilter(field: Filter['field'], value: string, isExcluded: boolean): Filter {
  if (field !== 'before' && field !== 'after') return { field, value, isExcluded }
  const atMs = toInstant(value)
  if (atMs === undefined || isExcluded) {
    throw refuse(`${field}: takes a day, a month or a year, such as 2024-05-31, 2024-05 or 2024, and no minus`)
  }
  return { field, atMs, value }
}

/** The beginning of a day, a month or a year, UTC. */
function toInstant(value: string): number | undefined {
  const [, year, month] = /^(\d{4})(?:[-/.年](\d{1,2})月?|年)?$/u.exec(value) ?? []
  if (year !== undefined) {
    const number = Number(month ?? 1)
    return number >= 1 && number <= 12 ? Date.UTC(Number(year), number - 1) : undefined
  }
  const [found] = findDates(value)
  if (found === undefined || found.start > 0 || found.end + Number(value.endsWith('日')) !== value.length)
    return undefined
  const [full, at] = [found.date, (from: number, to: number) => Number(found.date.slice(from, to))]
  const atMs = Date.UTC(at(0, 4), at(4, 6) - 1, at(6, full.length))
  return new Date(atMs).getUTCDate() === at(6, full.length) ? atMs : undefined // 31 April is none
}

function refuse(statement: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', statement, { param: 'query' })
}
