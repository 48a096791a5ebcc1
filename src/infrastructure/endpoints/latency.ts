/** How fast an endpoint begins to answer. Milliseconds. */
export interface Latency {
  add(firstByteMs: number): void
  /** Times seen so far. */
  count(): number
  /** Moving average; `undefined` before the first. */
  averageMs(): number | undefined
  /** The average, halved for every 30 s of silence: a slow endpoint gets another chance. 0 before the first. */
  expectedMs(silentMs: number): number
  /** The time not exceeded by that share of the last 256. */
  quantile(share: number): number | undefined
}

/** Weight of the newest time in the moving average. */
const newestShare = 0.2
const fadeHalfMs = 30_000
const samplesMax = 256

export function createLatency(): Latency {
  const samples: number[] = []
  let seen = 0
  let average: number | undefined
  return {
    add(firstByteMs) {
      average = average === undefined ? firstByteMs : average + newestShare * (firstByteMs - average)
      samples[seen++ % samplesMax] = firstByteMs
    },
    count: () => seen,
    averageMs: () => average,
    expectedMs: (silentMs) => (average ?? 0) * 0.5 ** (silentMs / fadeHalfMs),
    quantile(share) {
      const sorted = samples.toSorted((left, right) => left - right)
      return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    },
  }
}
