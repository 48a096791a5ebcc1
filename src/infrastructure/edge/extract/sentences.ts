/** A sentence, a list item, a table row or a heading, as a span of UTF-16 units that starts and ends on text. */
export interface Sentence {
  readonly start: number
  readonly end: number
  readonly isHeading: boolean
}

/** Longest sentence, UTF-16 units; what is longer is cut at a comma, a space or between characters. */
const sentenceUnitsMax = 480
/** Shorter lines end a sentence even where no full stop does: titles, addresses, keys with values. */
const wrappedLineUnitsMin = 48

const listMarker =
  /^(?:[ \t>]*(?:[-*+•·]|\(?\d{1,3}[.)、]|[（(]?[一二三四五六七八九十]{1,3}[)）、])(?=[ \t]|[\u0080-\uffff]))+[ \t]*/
const headingMarker = /^[ \t]*#{1,6}[ \t]+/
const quoteMarker = /^[ \t]*(?:>[ \t]?)+/
const tableRule = /^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)*[ \t]*:?-{2,}:?[ \t]*\|?[ \t]*$/
const closers = /[”’"'」』》）)\]】*_]/
/** Words before a full stop that does not end a sentence. */
const abbreviations = new Set(
  'mr mrs ms dr prof sr jr st no nos vs etc inc ltd co corp fig figs eq sec ch vol pp ed eds al cf dept approx e.g i.e u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec'.split(
    ' ',
  ),
)

/**
 * Cuts text into sentences, in order, without overlap. Knows Chinese and Latin full stops, abbreviations, decimals,
 * Markdown headings, lists, tables and wrapped lines; never cuts within a character. Cost: linear.
 */
export function cutSentences(text: string): readonly Sentence[] {
  const sentences: Sentence[] = []
  for (const block of cutBlocks(text)) {
    if (block.isHeading) {
      add(sentences, text, block)
      continue
    }
    let start = block.start
    for (let position = block.start; position < block.end; position++) {
      const mark = readStop(text, position, block.end)
      if (mark === undefined) continue
      position = mark.end - 1
      if (!mark.endsSentence) continue
      addLong(sentences, text, { start, end: mark.end })
      start = mark.end
    }
    addLong(sentences, text, { start, end: block.end })
  }
  return sentences
}

/** Blocks of lines that belong together: a paragraph, a list item with its continuation, one table row, a heading. */
function cutBlocks(text: string): readonly Sentence[] {
  const blocks: Sentence[] = []
  let open: { start: number; end: number } | undefined
  const close = (): void => {
    if (open !== undefined) blocks.push({ ...open, isHeading: false })
    open = undefined
  }
  for (let lineStart = 0; lineStart <= text.length; ) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline < 0 ? text.length : newline
    const line = text.slice(lineStart, lineEnd)
    const heading = headingMarker.exec(line)
    const marker = listMarker.exec(line) ?? quoteMarker.exec(line)
    const isRow = /^[ \t]*\|/.test(line)
    if (heading !== null) {
      close()
      blocks.push({ start: lineStart + heading[0].length, end: lineEnd, isHeading: true })
    } else if (line.trim() === '' || tableRule.test(line)) {
      close()
    } else {
      if (marker !== null || isRow || open === undefined) {
        close()
        open = { start: lineStart + (marker?.[0].length ?? 0), end: lineEnd }
      } else {
        open = { start: open.start, end: lineEnd }
      }
      if (isRow || line.trimEnd().length < wrappedLineUnitsMin) close()
    }
    lineStart = lineEnd + 1
  }
  close()
  return blocks
}

interface Stop {
  /** After the full stop, those that follow it at once, and closing quotes. */
  readonly end: number
  readonly endsSentence: boolean
}

/** The full stop at `position`; `undefined` when there is none. */
function readStop(text: string, position: number, limit: number): Stop | undefined {
  const mark = text[position] ?? ''
  const isWide = '。！？｡'.includes(mark)
  if (!isWide && mark !== '.' && mark !== '!' && mark !== '?') return undefined
  let end = position + 1
  while (end < limit && '。！？｡.!?'.includes(text[end] ?? '')) end++
  while (end < limit && closers.test(text[end] ?? '')) end++
  const ends = isWide || end >= limit || endsHere(text, position, end)
  return { end, endsSentence: ends && isBoundary(text, end) }
}

/** Whether a Latin full stop followed by `after` ends its sentence: a space follows, and no abbreviation or initial precedes. */
function endsHere(text: string, position: number, after: number): boolean {
  const next = text[after] ?? ''
  const isSpace = /\s/.test(next)
  if (!isSpace && !/[\u3040-\u9fff]/.test(next)) return false
  if (text[position] !== '.') return true
  const word = /[\p{L}\p{N}.]*$/u.exec(text.slice(Math.max(0, position - 12), position))?.[0] ?? ''
  if (/^\p{Lu}$/u.test(word) || /(?:^|\.)\p{L}$/u.test(word)) return false
  return !abbreviations.has(word.toLowerCase())
}

function addLong(sentences: Sentence[], text: string, span: { readonly start: number; readonly end: number }): void {
  let start = span.start
  while (span.end - start > sentenceUnitsMax) {
    const cut = findCut(text, start, start + sentenceUnitsMax)
    add(sentences, text, { start, end: cut, isHeading: false })
    start = cut
  }
  add(sentences, text, { start, end: span.end, isHeading: false })
}

/** The best place to cut before `limit`: after the last clause mark, else after the last space, else between characters. */
function findCut(text: string, start: number, limit: number): number {
  const window = text.slice(start + Math.floor((limit - start) / 2), limit)
  const clause = Math.max(...['；', ';', '，', ', ', '、', '|'].map((mark) => window.lastIndexOf(mark)))
  const place = clause >= 0 ? clause : window.lastIndexOf(' ')
  let cut = place >= 0 ? limit - window.length + place + 1 : limit
  while (cut > start + 1 && !isBoundary(text, cut)) cut--
  if (cut > start + 1) return cut
  cut = limit
  while (cut < text.length && !isBoundary(text, cut)) cut++
  return cut
}

/** Whether the text may be cut at `position`: not within a surrogate pair, nor before a mark or joiner. */
function isBoundary(text: string, position: number): boolean {
  if (position <= 0 || position >= text.length) return true
  const before = text.charCodeAt(position - 1)
  const here = text.codePointAt(position) ?? 0
  if (before >= 0xd800 && before <= 0xdbff && here >= 0xdc00 && here <= 0xdfff) return false
  if (before === 0x200d) return false
  return here < 0x300 || !/^[\p{M}\p{Emoji_Modifier}\u200d]/u.test(String.fromCodePoint(here))
}

/** Adds the span without the blanks around it; nothing when only blanks and pipes are left. */
function add(sentences: Sentence[], text: string, span: Sentence): void {
  let { start, end } = span
  while (start < end && isPadding(text, start)) start++
  while (end > start && isPadding(text, end - 1)) end--
  while (start > span.start && !isBoundary(text, start)) start--
  if (/[\p{L}\p{N}]/u.test(text.slice(start, end))) sentences.push({ start, end, isHeading: span.isHeading })
}

function isPadding(text: string, position: number): boolean {
  return /[\s|#]/.test(text[position] ?? '')
}
