import { at, generate } from '../ridge.ts'
import type { Member, MemberContext } from './member.ts'

/** The last season again, moved by a share of what it lies above the one before. */
export function createSeasonalLast({ series, seasons }: MemberContext, share: number): Member {
  const season = seasons.at(-1) ?? 1
  return {
    name: share === 0 ? 'last season' : 'last season and its growth',
    fit: (start, horizon) =>
      start < (share === 0 ? 1 : 2) * season
        ? undefined
        : (origin) => {
            const growth = share === 0 ? 0 : share * growthOf(series, origin, season)
            return generate(horizon, (ahead) => at(series, origin - season + (ahead % season)) + growth)
          },
  }
}

function growthOf(series: Float64Array, origin: number, season: number): number {
  let growth = 0
  for (let t = origin - season; t < origin; t++) growth += (at(series, t) - at(series, t - season)) / season
  return growth
}

/** The last value: of what walks about, nothing better is known. */
export function createLast({ series }: MemberContext): Member {
  return {
    name: 'last value',
    fit: (_end, horizon) => (origin) => new Float64Array(horizon).fill(at(series, origin - 1)),
  }
}
