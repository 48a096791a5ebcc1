import type { Passage } from '../../core/ports.ts'

/** Where a quote stands: in which passage, and at which span of the passage's text. */
export interface QuotePlace {
  /** Index into the passages. */
  readonly passage: number
  readonly start: number
  readonly end: number
  /** Letter by letter, or folded; absent when nothing was quoted. */
  readonly verdict?: 'exact' | 'folded'
}

/** A shorter quote, folded, proves nothing. */
const quoteLengthMin = 2

/**
 * Finds a quote in the passage it names: letter by letter, else with case, width, blanks, quotation marks and emphasis
 * folded; else letter by letter in another passage, for models that miscount. `undefined` when it stands nowhere.
 */
export function findQuote(passages: readonly Passage[], named: number, quote: string): QuotePlace | undefined {
  const wanted = quote.trim()
  const folded = fold(wanted)
  if (folded.text.length < quoteLengthMin) return undefined
  const text = passages[named]?.text
  if (text !== undefined) {
    const exact = findExact(text, wanted)
    if (exact !== undefined) return { passage: named, ...exact, verdict: 'exact' }
    const span = findFolded(text, folded.text)
    if (span !== undefined) return { passage: named, ...span, verdict: 'folded' }
  }
  for (const [passage, other] of passages.entries()) {
    const span = passage === named ? undefined : findExact(other.text, wanted)
    if (span !== undefined) return { passage, ...span, verdict: 'exact' }
  }
  return undefined
}

interface Span {
  readonly start: number
  readonly end: number
}

function findExact(text: string, quote: string): Span | undefined {
  const start = text.indexOf(quote)
  return start < 0 ? undefined : { start, end: start + quote.length }
}

function findFolded(text: string, quote: string): Span | undefined {
  const folded = fold(text)
  const at = folded.text.indexOf(quote)
  const start = folded.starts[at]
  const end = folded.ends[at + quote.length - 1]
  return at < 0 || start === undefined || end === undefined ? undefined : { start, end }
}

interface Folded {
  readonly text: string
  /** For each unit of the folded text, where the character it came from begins and ends. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

function fold(text: string): Folded {
  let folded = ''
  const starts: number[] = []
  const ends: number[] = []
  // A character with its marks is folded as one, so that a span never begins or ends inside it.
  for (const { 0: character, index } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gsu)) {
    const plain = character
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s*_`]+/g, '')
      .replace(/[“”„«»「」『』]/g, '"')
      .replace(/[‘’‚]/g, "'")
      .replace(/[‐‑‒–—−]/g, '-')
    for (let unit = 0; unit < plain.length; unit++) {
      starts.push(index)
      ends.push(index + character.length)
    }
    folded += plain
  }
  return { text: folded, starts, ends }
}
