import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPort, type Place, type RunningContestant } from '../gateway/contestants.ts'
import type { BenchmarkOptions } from './benchmark.ts'
import { startPinned } from './processes.ts'

/** Of the load and of the upstream; the gateway has the other one to itself. */
export const loadCore = 0
const gatewayCore = 1
const settleMs = 400

/** Where a benchmark's gateways stand, beside an upstream that answers. */
export interface Stage extends Place {
  /** Whoever is in it when the work ends is ended with it. */
  readonly running: RunningContestant[]
}

/** Does the work beside the mock upstream, with a folder of its own that is gone afterwards. */
export async function withUpstream<T>(
  { print }: Pick<BenchmarkOptions, 'print'>,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  if (availableParallelism() < 2) print('fewer than two cores: load and gateway share one, figures say little')
  const folder = mkdtempSync(join(tmpdir(), 'strata-bench-'))
  const upstream = startPinned({
    core: loadCore,
    command: [process.execPath, join(import.meta.dirname, 'mock.ts')],
    logPath: join(folder, 'upstream.log'),
  })
  const running: RunningContestant[] = []
  try {
    return await work({ upstreamPort: await readPort(upstream), core: gatewayCore, folder, running })
  } finally {
    for (const contestant of running) await contestant.process?.stop()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Until what a sample has left to do is done, above all what is to be folded (store.foldMs): its processor time belongs to the sample. */
export function settle(): Promise<void> {
  return sleep(settleMs)
}
