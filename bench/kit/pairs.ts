/** Where the median lies with 95 %, by the order of the values alone: the normal approximation to the sign test. */
export function toInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((left, right) => left - right)
  const width = 0.98 * Math.sqrt(sorted.length)
  const low = Math.max(0, Math.floor(sorted.length / 2 - width))
  const high = Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + width) - 1)
  return [sorted[low] ?? Number.NaN, sorted[high] ?? Number.NaN]
}

export function toPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
