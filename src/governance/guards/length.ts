import type { Finding, Scan, Scanner } from './scan.ts'

/** Finds what is beyond a length: one finding without an end. */
export function createLengthScanner(charactersMax: number): Scanner {
  return { open: () => new LengthScan(charactersMax) }
}

class LengthScan implements Scan {
  readonly #charactersMax: number
  #length = 0

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  get safe(): number {
    return Math.min(this.#length, this.#charactersMax)
  }

  read(text: string): readonly Finding[] {
    const before = this.#length
    this.#length += text.length
    const isFirst = before <= this.#charactersMax && this.#length > this.#charactersMax
    return isFirst ? [{ start: this.#charactersMax, end: Number.POSITIVE_INFINITY, what: 'too-long' }] : []
  }

  end(): readonly Finding[] {
    return []
  }
}
