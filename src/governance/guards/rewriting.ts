import type { Finding } from './scan.ts'

/** A place in a text with what is put there instead. */
export interface Replacement extends Pick<Finding, 'start' | 'end'> {
  readonly mark: string
}

/** A text with marks in the place of what was found; places that overlap get the first mark. */
export function rewriteText(text: string, replacements: readonly Replacement[]): string {
  let out = ''
  let at = 0
  for (const { start, end, mark } of mergeReplacements(replacements)) {
    out += text.slice(at, start) + mark
    at = Math.min(end, text.length)
  }
  return out + text.slice(at)
}

/** In order, and not overlapping. */
export function mergeReplacements(replacements: readonly Replacement[]): readonly Replacement[] {
  const merged: Replacement[] = []
  for (const next of replacements.toSorted((left, right) => left.start - right.start || right.end - left.end)) {
    const last = merged.at(-1)
    if (last === undefined || next.start >= last.end) merged.push(next)
    else if (next.end > last.end) merged[merged.length - 1] = { ...last, end: next.end }
  }
  return merged
}
