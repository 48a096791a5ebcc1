import { at, generate } from '../ridge.ts'
import type { Member, MemberContext } from './member.ts'

export interface ProfileOptions {
  readonly seasonsMax: number
  /** How much of the distance between the newest values and the profile is left after each step. */
  readonly persistence: number
}

/** The median of the last few seasons at each phase, moved to the level of the newest values, which fades. */
export function createProfile({ series, seasons }: MemberContext, options: ProfileOptions): Member {
  const long = seasons.at(-1) ?? 1
  const short = seasons[0] ?? 1
  return {
    name: 'profile of seasons',
    fit: (start, horizon) =>
      start < long
        ? undefined
        : (end) => {
            const count = Math.min(options.seasonsMax, Math.floor(end / long))
            const values = new Float64Array(count)
            const profileAt = (phase: number): number => {
              for (let back = 0; back < count; back++) values[back] = at(series, end - long * (back + 1) + phase)
              return medianOf(values)
            }
            let gap = 0
            let weights = 0
            for (let back = 0; back < short; back++) {
              const weight = 0.9 ** back
              gap += weight * (at(series, end - 1 - back) - profileAt(long - 1 - (back % long)))
              weights += weight
            }
            gap /= weights
            return generate(horizon, (ahead) => profileAt(ahead % long) + gap * options.persistence ** (ahead + 1))
          },
  }
}

/** Of a list that is reordered. Insertion: the lists are short, and no other way is as fast for those. */
export function medianOf(values: Float64Array): number {
  for (let index = 1; index < values.length; index++) {
    const value = at(values, index)
    let place = index
    for (; place > 0 && at(values, place - 1) > value; place--) values[place] = at(values, place - 1)
    values[place] = value
  }
  return (at(values, values.length >> 1) + at(values, (values.length - 1) >> 1)) / 2
}
