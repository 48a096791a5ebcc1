import type { Clock } from '../../src/core/time.ts'
import type { Measurement } from './report.ts'

/** Speed measured against peers in one run. A file `bench/NAME.ts` exports one of these as `benchmark`. */
export interface Benchmark {
  /** The same as the file's name. */
  readonly name: string
  /** One sentence: what is measured, against what. */
  readonly purpose: string
  run(options: BenchmarkOptions): Promise<Measurement>
}

export interface BenchmarkOptions {
  /** How often each measure is taken, interleaved over the contestants. */
  readonly rounds: number
  /** Seconds of one measure of one contestant. */
  readonly seconds: number
  /** Names of contestants or measures to keep; empty keeps all. */
  readonly only: readonly string[]
  /** Whether to take the measures that last minutes. */
  readonly long: boolean
  readonly clock: Clock
  /** For people: tables and progress. The report itself is printed by the runner. */
  readonly print: (line: string) => void
}
