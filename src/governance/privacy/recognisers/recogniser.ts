import type { ScannedText, Span } from '../scanned-text.ts'

/** Finds one kind of personal data, or a few kinds that look alike. One file, one line in the registry. */
export interface Recogniser {
  /** The types it may find. */
  readonly types: readonly string[]
  /**
   * In any order; may overlap. Must take time linear in the length of the text. Where places were looked at that hold nothing it
   * gives `undefined` now and then, so that whoever asks can do something else in between.
   */
  find(text: ScannedText, now: Instant): Iterable<Candidate | undefined>
}

/** What a recogniser may know of the present: nobody was born after it. */
export interface Instant {
  /** Milliseconds UTC. */
  readonly atMs: number
}

export interface Candidate extends Span {
  readonly type: string
  /**
   * How much the form alone tells, 1…4: digits that could be anything 1, a form of its own 2, a form with a check digit 3,
   * one with check digit and parts that must be right 4. Where candidates overlap the stronger one stands.
   */
  readonly strength: 1 | 2 | 3 | 4
  /** 0…1. 0 means: has the form, but its check fails; it is not reported, and nothing weaker is read into its digits. */
  readonly confidence: number
  /** What speaks for it: `form`, `checksum`, `date`, `region`, `context`. */
  readonly why: readonly string[]
}
