import { InlineBuilder, type Inline } from '../../canonical/index.ts'
import type { FontLook } from './drawing.ts'
import type { Line } from './layout.ts'
import { isDense } from './words.ts'

/** What holds in a whole document: how large its text is, how far apart its lines, which sizes its headings have. */
export interface Measures {
  readonly bodySize: number
  /** Distance of lines of one paragraph, in heights of letters. */
  readonly leading: number
  /** Sizes of headings, the largest first. */
  readonly headingSizes: readonly number[]
  readonly looks: ReadonlyMap<string, FontLook>
}

/** Looks at lines page by page, and says at the end what holds of all. */
export class Measuring {
  readonly #sizes = new Map<number, number>()
  readonly #titleSizes = new Set<number>()
  readonly #steps: number[] = []

  add(lines: readonly Line[]): void {
    for (const [index, line] of lines.entries()) {
      const size = roundSize(line.size)
      this.#sizes.set(size, (this.#sizes.get(size) ?? 0) + line.text.length)
      if (isTitleLike(line.text)) this.#titleSizes.add(line.size)
      const step = ((lines[index + 1]?.box[1] ?? 0) - line.box[1]) / line.size
      if (step > 0.9 && step < 2.5 && this.#steps.length < 50_000) this.#steps.push(step)
    }
  }

  done(looks: Measures['looks']): Measures {
    const bodySize = [...this.#sizes].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 10
    const leading = this.#steps.toSorted((a, b) => a - b)[Math.floor(this.#steps.length / 3)] ?? 1.2
    const large = [...this.#titleSizes].filter((size) => isLarge({ size }, { bodySize }))
    const headingSizes = [...new Set(large.map(roundSize))].toSorted((a, b) => b - a)
    return { bodySize, leading, headingSizes, looks }
  }
}

/** 1…6 when a line is a heading: larger than the text, or bold and alone. */
export function headingLevel(
  line: Line,
  around: { readonly isAlone: boolean },
  measures: Measures,
): number | undefined {
  if (!isTitleLike(line.text)) return undefined
  const { headingSizes } = measures
  if (isLarge(line, measures))
    return Math.min(6, headingSizes.indexOf(roundSize(line.size)) + 1 || headingSizes.length + 1)
  const isBold = measures.looks.get(line.font)?.isBold === true
  const isFull = line.size >= measures.bodySize * 0.95
  const isShort =
    line.text.length <= (findMarker(line.text) === undefined ? 90 : 60) && !/[?？。.!;；,，]$/.test(line.text)
  return isBold && isFull && isShort && around.isAlone ? Math.min(6, headingSizes.length + 1) : undefined
}

export function isCode(line: Line, { looks }: Measures): boolean {
  return looks.get(line.font)?.isMonospaced === true
}

/** Whether a line goes on the paragraph that the one before it is of. */
export function goesOn(before: Line, line: Line, { leading }: Measures): boolean {
  if (Math.abs(before.size - line.size) > line.size * 0.12) return false
  const step = line.box[1] - before.box[1]
  const isEnded = /[.!?:;。！？：；”"]$/.test(before.text)
  // The top of the next column: the paragraph goes on unless its last line has ended.
  if (step < -line.size * 3) return !isEnded && /^[\p{Ll}\p{Script=Han}]/u.test(line.text)
  if (step > line.size * Math.max(leading * 1.3, leading + 0.35) || step < -line.size) return false
  const indent = line.box[0] - before.box[0]
  if (indent > line.size * 0.8 && indent < line.size * 6) return false
  const [left, right] = before.column
  return !(isEnded && before.box[2] < right - (right - left) * 0.15)
}

/** Lines as the words of one block: parted words joined, blanks where the script has them, each with its box. */
export function joinLines(lines: readonly Line[], from = 0): Inline {
  const words = new InlineBuilder()
  for (const [index, line] of lines.entries()) {
    const text = index === 0 ? line.text.slice(from) : line.text
    const next = lines[index + 1]?.text ?? ''
    const isParted = /[\p{L}]-$/u.test(text) && /^\p{Ll}/u.test(next)
    words.run(isParted ? text.slice(0, -1) : text, { origin: { box: line.box } })
    if (!isParted && !(isDense(text.slice(-1)) && isDense(next.slice(0, 1)))) words.space()
  }
  return words.build()
}

export interface Marker {
  /** As it is written in a list: `-`, `3.`, `- (a)`. */
  readonly text: string
  /** Characters of the line that it takes. */
  readonly length: number
}

/** How a line begins that is an item of a list. */
export function findMarker(text: string): Marker | undefined {
  const bullet = /^(?:[•▪▫◦●○■□►➢✓✔☐☑☒\ue000-\uf8ff·‣⁃]|[–—-](?=\s))\s*/u.exec(text)
  if (bullet !== null) return { text: '-', length: bullet[0].length }
  const number = /^(\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)/.exec(text)
  if (number === null) return undefined
  const label = number[1] ?? ''
  return { text: /^\d+[.)]$/.test(label) ? label : `- ${label}`, length: number[0].length }
}

export function isLarge(line: Pick<Line, 'size'>, { bodySize }: Pick<Measures, 'bodySize'>): boolean {
  return line.size >= bodySize * 1.12 && line.size >= bodySize + 0.8
}

/** Words, not too many, and no sentence. */
function isTitleLike(text: string): boolean {
  if (text.length > 160 || !/\p{L}/u.test(text)) return false
  return !/[,;，；]$/.test(text) && !(/[.。]$/.test(text) && text.length > 60)
}

function roundSize(size: number): number {
  return Math.round(size * 2) / 2
}
