import { runLoad } from '../kit/load-options.ts'
import { readCpuMicros } from '../kit/processes.ts'
import { runWrk, type LoadTarget } from '../kit/wrk.ts'
import { largeBody, pacedBody, smallBody, streamBody } from './bodies.ts'
import type { RunningContestant } from './contestants.ts'

/** One thing measured of each contestant in each round. */
export interface Measure {
  readonly name: string
  readonly title: string
  /** Whether it needs the load tool. */
  readonly needsWrk: boolean
  run(contestant: RunningContestant, place: MeasurePlace): Promise<Sample>
}

export interface MeasurePlace {
  /** Core of the load generator (and of the upstream). */
  readonly core: number
  readonly folder: string
  readonly seconds: number
}

/** What one measure of one contestant in one round gave. */
export interface Sample {
  /** Answers per second, for measures that send as fast as they can. */
  readonly perSecond?: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  /** Processor time of the contestant per request. */
  readonly cpuMicros: number | undefined
  readonly errors: number
}

export const measures: readonly Measure[] = [
  throughput('c16', { title: '1 KB request and answer, 16 connections', body: smallBody, connections: 16 }),
  throughput('c128', { title: '1 KB request and answer, 128 connections', body: smallBody, connections: 128 }),
  throughput('stream', { title: 'streams of 50 events at once, 16 connections', body: streamBody, connections: 16 }),
  throughput('body200k', { title: '200 KB request, 1 KB answer, 16 connections', body: largeBody, connections: 16 }),
  latency('latency', { title: '500 requests/s, whole answer', body: smallBody, perSecond: 500, until: 'wholeMs' }),
  latency('firstByte', { title: '500 streams/s, first byte', body: streamBody, perSecond: 500, until: 'firstByteMs' }),
  latency('paced', {
    title: '100 streams/s, an event every 10 ms, first byte',
    body: pacedBody,
    perSecond: 100,
    until: 'firstByteMs',
  }),
]

interface ThroughputOptions {
  readonly title: string
  readonly body: string
  readonly connections: number
}

function throughput(name: string, { title, body, connections }: ThroughputOptions): Measure {
  return {
    name,
    title,
    needsWrk: true,
    async run(contestant, place) {
      const before = readCpu(contestant)
      const result = await runWrk(toTarget(contestant, body), { ...place, connections })
      return {
        perSecond: result.requestsPerSecond,
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
        cpuMicros: perRequest(contestant, before, result.requests),
        errors: result.errors,
      }
    },
  }
}

interface LatencyOptions {
  readonly title: string
  readonly body: string
  readonly perSecond: number
  readonly until: 'wholeMs' | 'firstByteMs'
}

function latency(name: string, { title, body, perSecond, until }: LatencyOptions): Measure {
  return {
    name,
    title,
    needsWrk: false,
    async run(contestant, place) {
      const before = readCpu(contestant)
      const load = { type: 'open', perSecond, seconds: place.seconds, warmUpSeconds: 1 } as const
      const result = await runLoad({ target: toTarget(contestant, body), load }, place)
      return {
        p50Ms: result[until].p50,
        p99Ms: result[until].p99,
        // What warms up is not counted, but it costs.
        cpuMicros: perRequest(contestant, before, result.answered + perSecond),
        errors: result.failed,
      }
    },
  }
}

export function toTarget(contestant: RunningContestant, body: string): LoadTarget {
  return { port: contestant.port, path: contestant.path, headers: contestant.headers, body }
}

function readCpu(contestant: RunningContestant): number | undefined {
  return contestant.process === undefined ? undefined : readCpuMicros(contestant.process.pid)
}

function perRequest(contestant: RunningContestant, before: number | undefined, requests: number): number | undefined {
  const after = readCpu(contestant)
  return before === undefined || after === undefined || requests === 0 ? undefined : (after - before) / requests
}
