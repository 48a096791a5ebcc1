/** A place in a text; UTF-16 units, end exclusive. Never the text itself: findings stand in logs and reports. */
export interface Finding {
  readonly start: number
  readonly end: number
  /** The kind of what was found: `openai-key`, `override`. */
  readonly what: string
}

/**
 * Reads one text as it comes. However the text is parted, the findings are the same. They come in order, do not overlap, and
 * come as soon as nothing that follows can change them.
 */
export interface Scan {
  read(text: string): readonly Finding[]
  /** What is left, now that nothing follows. */
  end(): readonly Finding[]
  /** No finding that is still to come begins before this offset. */
  readonly safe: number
}

export interface Scanner {
  open(): Scan
}

/** All findings of a text at hand. */
export function scanText(scanner: Scanner, text: string): readonly Finding[] {
  const scan = scanner.open()
  return [...scan.read(text), ...scan.end()]
}
