import type { Guard } from './guard.ts'
import { mergeReplacements, type Replacement } from './rewriting.ts'
import type { Finding, Scan } from './scan.ts'

/** A guard that reads along, and where it says what it finds. */
export interface Reader {
  readonly guard: Guard
  /** Throws when the guard blocks. */
  readonly found: (findings: readonly Finding[]) => void
  /** Measures and bounds the time that `work` takes; `undefined` when the guard has failed and is open. */
  readonly within: <T>(work: () => T) => T | undefined
}

/**
 * One text on its way out, read along by guards. What a guard that blocks or rewrites has not decided on is held back, so that
 * nothing of a finding gets out however the text is parted; a guard that observes holds nothing.
 */
export class Window {
  readonly #readers: readonly Reader[]
  #scans: readonly { readonly reader: Reader; readonly scan: Scan; readonly from: number }[]
  #held = ''
  #heldAt = 0
  #replacements: readonly Replacement[] = []
  #growth = 0
  readonly #shifts: { readonly at: number; readonly growth: number }[] = []
  #isCut = false

  constructor(readers: readonly Reader[]) {
    this.#readers = readers
    this.#scans = this.#openScans()
  }

  /** The text ends here, whatever still comes. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** What can be let out now. Throws GUARD_REFUSED or GUARD_FAILED. */
  read(text: string): string {
    if (this.#isCut) return ''
    this.#held += text
    let safe = this.#heldAt + this.#held.length
    for (const { reader, scan, from } of this.#scans) {
      const findings = reader.within(() => scan.read(text))
      if (findings === undefined) continue // It has failed and is open.
      this.#take(reader, findings, from)
      if (reader.guard.does !== 'observe') safe = Math.min(safe, from + scan.safe)
    }
    return this.#release(safe)
  }

  /** What was held back, now that nothing follows. */
  end(): string {
    for (const { reader, scan, from } of this.#scans) this.#take(reader, reader.within(() => scan.end()) ?? [], from)
    return this.#isCut ? '' : this.#release(this.#heldAt + this.#held.length)
  }

  /** The same, where more text will follow that does not continue this one. */
  pause(): string {
    const text = this.end()
    this.#scans = this.#openScans()
    return text
  }

  /** Where an offset of the text that came lies in the text that went out. */
  toOut(offset: number): number {
    return offset + (this.#shifts.findLast(({ at }) => at <= offset)?.growth ?? 0)
  }

  #openScans() {
    const from = this.#heldAt + this.#held.length
    return this.#readers.flatMap((reader) => {
      const { look } = reader.guard
      return look.type === 'scan' ? [{ reader, scan: look.scanner.open(), from }] : []
    })
  }

  #take({ guard, found }: Reader, findings: readonly Finding[], from: number): void {
    if (findings.length === 0) return
    found(findings)
    if (guard.does !== 'rewrite') return
    const added = findings.map((finding) => ({
      start: from + finding.start,
      end: from + finding.end,
      mark: guard.markOf(finding),
    }))
    this.#replacements = mergeReplacements([...this.#replacements, ...added])
  }

  #release(safe: number): string {
    // A place that is to be replaced goes as a whole.
    const isEndless = (end: number): boolean => end === Number.POSITIVE_INFINITY
    const parted = this.#replacements.find(({ start, end }) => end > safe && (start < safe || isEndless(end)))
    const until = parted === undefined ? safe : Math.min(safe, parted.start)
    let out = ''
    for (const { start, end, mark } of this.#replacements) {
      if (end > until) break
      out += this.#cutHeld(start) + mark
      this.#cutHeld(end)
      this.#growth += mark.length - (end - start)
      this.#shifts.push({ at: end, growth: this.#growth })
    }
    out += this.#cutHeld(until)
    this.#replacements = this.#replacements.filter(({ end }) => end > until)
    if (parted !== undefined && isEndless(parted.end) && until === parted.start) this.#isCut = true
    return out
  }

  #cutHeld(until: number): string {
    const text = this.#held.slice(0, Math.max(0, until - this.#heldAt))
    this.#held = this.#held.slice(text.length)
    this.#heldAt += text.length
    return text
  }
}
