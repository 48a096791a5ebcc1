/** One case as a choice between two models: the predicted gain of the strong one, and how good each really was. */
export interface Routed {
  readonly gains: ArrayLike<number>
  readonly weak: ArrayLike<number>
  readonly strong: ArrayLike<number>
}

export interface RoutingFigures {
  /** Average performance gap recovered: 0 is the weak model, 1 the strong; chance has 0.5. */
  readonly apgr: number
  /** Per cent of calls of the strong model with which half, and 80 %, of the gap between the two is recovered. */
  readonly cpt50: number
  readonly cpt80: number
}

/**
 * As RouteLLM's `evaluate.py` computes them (arXiv 2406.18665): eleven thresholds at the deciles of the gains; the area
 * under quality against the share of strong calls, over that between the two models; linear interpolation of the share.
 */
export function measureRouting({ gains, weak, strong }: Routed): RoutingFigures {
  const count = gains.length
  const sorted = Float64Array.from(gains).sort()
  const weakMean = meanOf(weak)
  const strongMean = meanOf(strong)
  const points = Array.from({ length: 11 }, (_, step) => {
    const edge = quantile(sorted, step / 10)
    let calls = 0
    let quality = 0
    for (let row = 0; row < count; row++) {
      const gain = gains[row] ?? 0
      const isStrong = step === 10 ? gain > edge : gain >= edge
      calls += Number(isStrong)
      quality += (isStrong ? strong[row] : weak[row]) ?? 0
    }
    return { share: (100 * calls) / count, quality: quality / count }
  }).toSorted((one, other) => one.share - other.share)
  let area = 0
  let width = 0
  for (const [place, point] of points.slice(1).entries()) {
    const former = points[place]
    if (former === undefined) continue
    const step = (point.share - former.share) / 100
    area += (step * (point.quality + former.quality)) / 2
    width += step
  }
  const gap = strongMean - weakMean
  return {
    apgr: (area - weakMean * width) / (gap * width),
    cpt50: findShare(points, weakMean + 0.5 * gap),
    cpt80: findShare(points, weakMean + 0.8 * gap),
  }
}

interface Point {
  readonly share: number
  readonly quality: number
}

/** As `numpy.interp(quality, qualities, shares)`. */
function findShare(points: readonly Point[], quality: number): number {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return Number.NaN
  if (quality <= first.quality) return first.share
  if (quality >= last.quality) return last.share
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.quality ?? 0) <= quality) low = middle + 1
    else high = middle
  }
  const before = points[low - 1] ?? first
  const after = points[low] ?? last
  const rise = after.quality - before.quality
  return rise === 0 ? before.share : before.share + ((after.share - before.share) * (quality - before.quality)) / rise
}

/** Linear interpolation between the values in order, as `numpy.quantile` and `pandas.qcut` have it. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const low = Math.floor(place)
  const lower = sorted[low] ?? Number.NaN
  const upper = sorted[Math.min(sorted.length - 1, low + 1)] ?? Number.NaN
  return lower + (upper - lower) * (place - low)
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let row = 0; row < values.length; row++) sum += values[row] ?? 0
  return sum / values.length
}
