import type { Pieces } from '../../core/turns.ts'
import { foldText } from './fold.ts'
import { createTableHeads, hasMarkNear, type TableHeads } from './table-heads.ts'

/** Digits with single separators between them: a group for each stretch of digits alone. */
export interface DigitRun {
  readonly groups: readonly DigitGroup[]
}

export interface DigitGroup {
  readonly start: number
  readonly end: number
}

/** A text as recognisers read it. Offsets are UTF-16 code units of `original` and of `folded` alike. */
export interface ScannedText {
  readonly original: string
  readonly folded: string
  /** Every run of digits that touches no letter, in order. */
  readonly digitRuns: readonly DigitRun[]
  /** Whether a word of the pattern stands before or behind the span, on the same or the neighbouring lines, or heads its column. */
  isNear(span: Span, words: RegExp): boolean
  /** Whether a word of the pattern stands before the span, or heads its column. */
  isAfter(span: Span, words: RegExp): boolean
  /** Whether Han characters, or their punctuation, stand around the span. */
  isAmongHan(span: Span): boolean
}

/** UTF-16 code units, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export function spanOf(match: RegExpExecArray): Span {
  return { start: match.index, end: match.index + match[0].length }
}

/** How far words of context may stand before and behind what they speak of, in code units. */
const beforeMax = 56
const behindMax = 24

export function* readText(original: string): Pieces<ScannedText> {
  const folded = foldText(original)
  const digitRuns = yield* findDigitRuns(folded)
  let heads: TableHeads | undefined
  /** A label close by as words: `bank_card` and `bankCard` are two. */
  const isSaid = (words: RegExp, said: string): boolean => {
    if (words.test(said)) return true
    const label = said.slice(-labelMax)
    return joined.test(label) && words.test(label.replace(/_/g, ' ').replace(/([a-z])(?=[A-Z])/g, '$1 '))
  }
  const isHead = (words: RegExp, at: number): boolean => {
    if (!hasMarkNear(original, at)) return false
    heads ??= createTableHeads(original)
    const head = heads.headOf(at)
    return head !== '' && isSaid(words, head.trim())
  }
  return {
    original,
    folded,
    digitRuns,
    isNear: ({ start, end }, words) =>
      isSaid(words, folded.slice(Math.max(0, start - beforeMax), start)) ||
      words.test(folded.slice(end, end + behindMax)) ||
      isHead(words, start),
    isAfter: ({ start }, words) =>
      words.test(folded.slice(Math.max(0, start - beforeMax), start)) || isHead(words, start),
    isAmongHan: ({ start, end }) =>
      han.test(original.slice(Math.max(0, start - beforeMax), start)) || han.test(original.slice(end, end + behindMax)),
  }
}

const joined = /[a-z][A-Z]|[a-zA-Z]_[a-zA-Z]/
const labelMax = 24
const han = /[\u3001-\u303f\u3400-\u9fff\uff01-\uff1f]/

/** A run longer than this is no number of anybody: a table, a dump. It is parted here so that the work stays linear. */
const groupsMax = 64

function* findDigitRuns(text: string): Pieces<readonly DigitRun[]> {
  const runs: DigitRun[] = []
  let groups: DigitGroup[] = []
  const close = (): void => {
    if (groups.length > 0) runs.push({ groups })
    groups = []
  }
  for (let start = 0; start < text.length; start++) {
    if (!isDigitUnit(text.charCodeAt(start))) continue
    let end = start + 1
    while (isDigitUnit(text.charCodeAt(end))) end++
    const last = groups.at(-1)
    if (last !== undefined && (start - last.end > 1 || !isSeparator(text.charCodeAt(last.end)))) close()
    if (groups.length === groupsMax) close()
    if (isWordUnit(text.charCodeAt(start - 1)) || isWordUnit(text.charCodeAt(end))) close()
    else groups.push({ start, end })
    start = end
    yield
  }
  close()
  return runs
}

function isDigitUnit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

function isSeparator(unit: number): boolean {
  return unit === 0x20 || unit === 0x2d
}

/** Letters and digits of ASCII: what makes a number part of a longer name. `user_13800138000` is still a number. */
export function isWordUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
}

/**
 * `length` letters and digits from `start` on, single spaces and hyphens between them passed over; `undefined` when
 * something else comes first or a letter or digit follows.
 */
export function readGrouped(
  text: string,
  start: number,
  length: number,
): { readonly value: string; readonly end: number } | undefined {
  let value = ''
  let index = start
  while (value.length < length) {
    const unit = text.charCodeAt(index)
    if (isWordUnit(unit)) value += text.charAt(index)
    else if (!isSeparator(unit) || !isWordUnit(text.charCodeAt(index + 1))) return undefined
    index++
  }
  return isWordUnit(text.charCodeAt(index)) ? undefined : { value, end: index }
}

/** Neighbouring groups of a run with `from` to `to` digits together, for each place where they begin. */
export function* joinGroups(
  text: ScannedText,
  run: DigitRun,
  digits: { readonly from: number; readonly to: number },
): Generator<JoinedGroups> {
  const { groups } = run
  let all: string | undefined
  let before = 0 // digits of the run in front of the first group
  for (let first = 0; first < groups.length; first++) {
    let size = 0
    for (let last = first; last < groups.length; last++) {
      const group = groups[last]
      if (group === undefined) break
      size += sizeOf(group)
      if (size > digits.to) break
      if (size < digits.from) continue
      all ??= text.folded.slice(groups[0]?.start, groups.at(-1)?.end).replaceAll(/[ -]/g, '')
      yield new GroupsOfRun(groups, { first, last }, all.slice(before, before + size))
    }
    before += sizeOf(groups[first] ?? nothing)
  }
}

const nothing: DigitGroup = { start: 0, end: 0 }

export interface JoinedGroups extends Span {
  readonly value: string
  readonly sizes: readonly number[]
  /** Nothing of the run is left over. */
  readonly isWhole: boolean
}

/** A table of numbers has some for each of its digits, and nearly none is looked at further than its value. */
class GroupsOfRun implements JoinedGroups {
  readonly start: number
  readonly end: number
  readonly value: string
  readonly isWhole: boolean
  readonly #groups: readonly DigitGroup[]
  readonly #first: number
  readonly #last: number

  constructor(
    groups: readonly DigitGroup[],
    { first, last }: { readonly first: number; readonly last: number },
    value: string,
  ) {
    this.start = groups[first]?.start ?? 0
    this.end = groups[last]?.end ?? 0
    this.value = value
    this.isWhole = first === 0 && last === groups.length - 1
    this.#groups = groups
    this.#first = first
    this.#last = last
  }

  get sizes(): readonly number[] {
    return this.#groups.slice(this.#first, this.#last + 1).map(sizeOf)
  }
}

function sizeOf(group: DigitGroup): number {
  return group.end - group.start
}
