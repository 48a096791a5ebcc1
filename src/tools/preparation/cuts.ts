import type { Span } from './parsers/index.ts'

/** Length of a span in units of text: a Han character counts as 3, any other as 1. */
export function countUnits(text: string, span: Span): number {
  let units = 0
  for (let offset = span.start; offset < span.end; offset++) {
    const unit = text.charCodeAt(offset)
    if (isHanUnit(unit)) units += 3
    else if (isHighSurrogate(unit)) units += isHanSupplement(unit) ? 3 : 1
    else if (!isLowSurrogate(unit)) units += 1
  }
  return units
}

/**
 * Whether a text may be cut before an offset without breaking a character: not inside a surrogate pair, nor before a
 * combining mark, a variation selector or a skin tone, nor beside a joiner.
 */
function isSafeCut(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return true
  const before = text.charCodeAt(offset - 1)
  const after = text.charCodeAt(offset)
  if (isHighSurrogate(before) && isLowSurrogate(after)) return false
  if (after < 0x300 && before < 0x300) return true // no marks and no joiners down there
  if (before === lineFeed || before === carriageReturn) return true
  if (before === joiner) return false
  return !/^[\p{M}\p{Emoji_Modifier}\u200d]/u.test(String.fromCodePoint(text.codePointAt(offset) ?? 0))
}

/** The nearest offset from there on where a text may be cut, inside the text. */
export function toSafeCut(text: string, offset: number): number {
  let cut = Math.min(Math.max(0, Math.trunc(offset)), text.length)
  while (!isSafeCut(text, cut)) cut++
  return cut
}

/** The span without the blanks around it; empty at its start when it is all blanks. */
export function trimSpan(text: string, span: Span): Span {
  let { start, end } = span
  while (end > start && isBlankAt(text, end - 1)) end--
  while (start < end && isBlankAt(text, start) && isSafeCut(text, start + 1)) start++
  return { start, end }
}

/** The nearest safe cut that leaves at most `unitsMax` in front; the first safe one when a single character is larger. */
export function findCut(text: string, span: Span, unitsMax: number): number {
  let units = 0
  let cut = span.start
  for (let offset = span.start; offset < span.end; ) {
    const length = isHighSurrogate(text.charCodeAt(offset)) && isLowSurrogate(text.charCodeAt(offset + 1)) ? 2 : 1
    units += countUnits(text, { start: offset, end: offset + length })
    if (units > unitsMax && cut > span.start) return cut
    offset += length
    if (isSafeCut(text, offset)) cut = offset
  }
  return span.end
}

/** Where sentences end, Chinese and English: after the mark and what closes with it. */
export const sentenceEnd = /[。！？；!?…]+["'”’」』）)\]]*|\.["'”’)\]]*(?=\s)|[\r\n]{2,}/g

/** Where a long sentence may be parted: after a comma and its kin, and at blanks. */
export const clauseEnd = /[，、：,;:]+|\s+/g

/** Safe cuts inside a span, at the ends of the matches of a pattern. Ascending. */
export function findCuts(text: string, span: Span, pattern: RegExp): readonly number[] {
  const cuts: number[] = []
  for (const { index, 0: match } of text.slice(span.start, span.end).matchAll(pattern)) {
    const cut = span.start + index + match.length
    if (cut < span.end && isSafeCut(text, cut)) cuts.push(cut)
  }
  return cuts
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const joiner = 0x200d

function isBlankAt(text: string, offset: number): boolean {
  const unit = text.charCodeAt(offset)
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || (unit > 0x7f && /\s/.test(text.charAt(offset)))
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** Han in the basic plane: the unified ideographs, extension A, compatibility, 々 and 〇. */
function isHanUnit(unit: number): boolean {
  return (
    (unit >= 0x4e00 && unit <= 0x9fff) ||
    (unit >= 0x3400 && unit <= 0x4dbf) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    unit === 0x3005 ||
    unit === 0x3007
  )
}

/** High surrogates of planes 2 and 3, which hold the other extensions. */
function isHanSupplement(unit: number): boolean {
  return unit >= 0xd840 && unit <= 0xd8bf
}
