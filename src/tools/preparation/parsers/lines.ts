/** One line of a text: where it begins, where it ends without its line break, and where the next begins. */
export interface Line {
  readonly start: number
  readonly end: number
  readonly next: number
  readonly text: string
}

/** The lines of a text from an offset on; LF, CRLF and CR end a line. */
export function readLines(text: string, from: number): readonly Line[] {
  const lines: Line[] = []
  let start = from
  for (const { index, 0: lineBreak } of text.slice(from).matchAll(/\r\n|\n|\r/g)) {
    const end = from + index
    lines.push({ start, end, next: end + lineBreak.length, text: text.slice(start, end) })
    start = end + lineBreak.length
  }
  if (start < text.length) lines.push({ start, end: text.length, next: text.length, text: text.slice(start) })
  return lines
}

export function isBlank(text: string): boolean {
  return text.trim() === ''
}
