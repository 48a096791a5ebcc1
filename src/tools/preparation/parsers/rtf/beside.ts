import { toInline, type CanonicalBuilder, type Inline } from '../../canonical/index.ts'
import { toComment } from '../office/comments.ts'
import type { Capture } from './state.ts'

/** Keeps what stands beside the text until its end: notes and comments, then heads and feet of pages, each once. */
export class Beside {
  readonly #notes: string[] = []
  readonly #furniture = new Map<string, Inline>()
  #footnotes = 0

  /** What stands in the text for the next footnote: `[^1]`. */
  reference(): string {
    return `[^${++this.#footnotes}]`
  }

  take({ kind, label, date, paragraphs }: Capture, author: string): void {
    const text = paragraphs.map((inline) => inline.text.replaceAll('\n', ' ')).join(' ')
    if (text === '') return
    if (kind === 'note') this.#notes.push(`${label}: ${text}`)
    else if (kind === 'comment') this.#notes.push(toComment({ author, date, text }))
    else for (const inline of paragraphs) this.#furniture.set(inline.text, inline)
  }

  write(builder: CanonicalBuilder): void {
    for (const note of this.#notes) builder.paragraph(toInline(note), { kind: 'note' })
    for (const inline of this.#furniture.values()) builder.paragraph(inline, { kind: 'furniture' })
  }
}

/** A moment as Word packs it (minute, hour, day, month, years since 1900). */
export function toDate(packed: number): string {
  const [minute, hour, day, month] = [packed & 63, (packed >> 6) & 31, (packed >> 11) & 31, (packed >> 16) & 15]
  const year = 1_900 + ((packed >> 20) & 511)
  if (!Number.isInteger(packed) || day < 1 || month < 1 || month > 12 || hour > 23 || minute > 59) return ''
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00`
}
