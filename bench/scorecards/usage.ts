import { runUsage } from '../../test/kit/usage/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const bodiesEach = 2_000

/** Whether what an answer used, and what it costs, is what was used and what it costs. */
export const scorecard: Scorecard = {
  name: 'usage',
  purpose: `known usage written in every form of every dialect, ${bodiesEach} bodies each, read back whole and cut at every byte, priced beside the catalogue`,
  run({ seed, print }): Promise<Measurement> {
    const faults: string[] = []
    const figures = runUsage({ seed, bodiesEach, cutEvery: 200, onFault: (fault) => faults.push(fault) })
    for (const fault of faults.slice(0, 5)) print(fault)
    const none = ['=', 0] as const
    return Promise.resolve({
      figures: { ...figures },
      promised: {
        bodies: ['>=', bodiesEach * 30],
        wrong: none,
        cutsWrong: none,
        compared: ['>=', 10_000],
        differing: none,
      },
      unmeasured: [],
    })
  },
}
