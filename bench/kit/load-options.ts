import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runPinned } from './processes.ts'
import type { LoadTarget } from './wrk.ts'

export interface LoadOptions {
  readonly target: LoadTarget
  readonly load: Load
}

export type Load =
  /** A constant rate, whatever comes back; what is sent in `warmUpSeconds` before is not counted. */
  | { readonly type: 'open'; readonly perSecond: number; readonly seconds: number; readonly warmUpSeconds: number }
  /** So many requests, each connection one at a time. */
  | { readonly type: 'closed'; readonly connections: number; readonly count: number }

export interface LoadResult {
  readonly answered: number
  /** Not answered with 2xx. */
  readonly failed: number
  readonly durationMs: number
  /** To the first byte of the body. */
  readonly firstByteMs: Quantiles
  /** To the last byte. */
  readonly wholeMs: Quantiles
  /** How late the requests of an open loop were sent: what the generator itself could not keep up with. */
  readonly lateMs: Quantiles
}

export interface Quantiles {
  readonly p50: number | undefined
  readonly p90: number | undefined
  readonly p99: number | undefined
  readonly max: number | undefined
}

/** Runs the load generator in its own process on one core. */
export async function runLoad(
  options: LoadOptions,
  place: { readonly core: number; readonly folder: string },
): Promise<LoadResult> {
  const path = join(place.folder, 'load.json')
  writeFileSync(path, JSON.stringify(options))
  const script = resolve(import.meta.dirname, 'load.ts')
  return JSON.parse(await runPinned(place.core, [process.execPath, script, path])) as LoadResult // what load.ts prints
}
