import type { Clock } from '../../src/core/time.ts'
import type { Measurement } from './report.ts'

/** One promise measured on real data. A file of `bench/scorecards/` exports one of these as `scorecard`. */
export interface Scorecard {
  /** The same as the file's name. */
  readonly name: string
  /** One sentence: what is measured, on what data. */
  readonly purpose: string
  /** A data set that is missing makes its keys `unmeasured`; it is no reason to throw. */
  run(options: ScorecardOptions): Promise<Measurement>
}

export interface ScorecardOptions {
  /** Absolute path of the folder of data sets; it may not exist. */
  readonly dataFolder: string
  /** Seed of every random choice, so that a run can be repeated. */
  readonly seed: number
  readonly clock: Clock
  /** How many cases to draw where the scorecard draws them; its own number when absent. */
  readonly size?: number | undefined
  /** For people: tables and progress. The report itself is printed by the runner. */
  readonly print: (line: string) => void
}
