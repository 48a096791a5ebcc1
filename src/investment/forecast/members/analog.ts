import { at, generate } from '../ridge.ts'
import type { Member, MemberContext } from './member.ts'

/** What followed when the last season looked most like this one: a weighted mean of the closest past windows, levels aligned. */
export function createAnalog({ series, seasons }: MemberContext, neighbours: number): Member | undefined {
  const season = seasons[0] ?? 1
  const long = seasons.at(-1) ?? 1
  if (season < 4) return undefined
  return {
    name: 'closest past windows',
    fit: (start, horizon) =>
      start / season < 2 * neighbours + 1
        ? undefined
        : (end) => {
            const windows = findWindows(series, { end, season })
            const nearest = windows.toSorted((left, right) => left.distance - right.distance).slice(0, neighbours)
            const level = meanOf(series, end - season, end)
            return generate(horizon, (ahead) => {
              let sum = 0
              let weights = 0
              for (const window of nearest) {
                let index = window.end + ahead
                while (index >= end) index -= long
                if (index < 0) continue
                const weight = 1 / (window.distance + 1e-9)
                sum += weight * (at(series, index) - window.level)
                weights += weight
              }
              return level + (weights > 0 ? sum / weights : 0)
            })
          },
  }
}

interface Window {
  readonly end: number
  readonly level: number
  readonly distance: number
}

function findWindows(series: Float64Array, place: { end: number; season: number }): readonly Window[] {
  const { end, season } = place
  const level = meanOf(series, end - season, end)
  const windows: Window[] = []
  for (let stop = end - season; stop >= season; stop -= season) {
    const own = meanOf(series, stop - season, stop)
    let distance = 0
    for (let index = 0; index < season; index++) {
      const gap = at(series, stop - season + index) - own - (at(series, end - season + index) - level)
      distance += gap * gap * (index / season + 0.2) // What lies closer to the origin counts more.
    }
    windows.push({ end: stop, level: own, distance })
  }
  return windows
}

function meanOf(series: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let t = from; t < to; t++) sum += at(series, t)
  return sum / (to - from)
}
