/**
 * How many spreads an interval reaches to each side: quantiles of Student's t with 5 degrees of freedom, times a factor, both
 * chosen on held-out tails of the training part of M4 hourly, where intervals of 50, 80, 90, 95 and 99 % needed 0.65, 1.35,
 * 1.8, 2.25 and 3.6 spreads.
 */
export const degreesOfFreedom = 5
export const spreadFactor = 0.875
/** Trials of a short series are few and alike: what is added to the reach of its intervals, over its length. */
const shortnessFactor = 8

export function reachOf(level: number, length: number): number {
  return spreadFactor * quantileOfT(level) * (1 + shortnessFactor / length)
}

/** The t within which |T| lies with probability `level`, for five degrees of freedom: its distribution has a closed form. */
function quantileOfT(level: number): number {
  const share = (angle: number): number =>
    (2 / Math.PI) * (angle + Math.sin(angle) * (Math.cos(angle) + (2 / 3) * Math.cos(angle) ** 3))
  let low = 0
  let high = Math.PI / 2
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2
    if (share(middle) < level) low = middle
    else high = middle
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan(low)
}
