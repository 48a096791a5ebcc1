import { z } from 'zod'

/** Which of two ways to estimate comes nearer to what was told later. */
export interface Rivalry {
  /** A truth, and what each of the two had said of it. */
  note(told: number, own: number, other: number): void
  /** Whether the first of the two does worse by more than a hundredth, over the last ten or so; false before there are eight. */
  isLost(): boolean
  state(): RivalryState
}

export const rivalrySchema = z.strictObject({
  rounds: z.int().min(0),
  own: z.number().min(0).max(1),
  other: z.number().min(0).max(1),
})

export type RivalryState = Readonly<z.infer<typeof rivalrySchema>>

const newShare = 0.1
const roundsMin = 8
const worse = 0.01

export function createRivalry(state?: RivalryState): Rivalry {
  let { rounds, own: ownMiss, other: otherMiss } = state ?? { rounds: 0, own: 0, other: 0 }
  const missOf = (told: number, said: number): number => Math.min(1, Math.abs(said - told) / Math.max(1, told))
  return {
    note(told, own, other) {
      rounds += 1
      const share = Math.max(newShare, 1 / rounds)
      ownMiss += share * (missOf(told, own) - ownMiss)
      otherMiss += share * (missOf(told, other) - otherMiss)
    },
    isLost: () => rounds >= roundsMin && ownMiss > otherMiss + worse,
    state: () => ({ rounds, own: ownMiss, other: otherMiss }),
  }
}
