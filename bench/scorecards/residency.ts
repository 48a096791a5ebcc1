import { runResidency } from '../../test/kit/residency/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const requests = 100_000

/** Whether data ever leaves the regions it is allowed in. */
export const scorecard: Scorecard = {
  name: 'residency',
  purpose: `nothing reaches an endpoint outside its regions, in ${requests} requests through random trees whose endpoints fail at random`,
  async run({ seed, print }): Promise<Measurement> {
    const onWorld = (done: number): void => {
      if (done % 10_000 === 0) print(`${done} requests`)
    }
    const figures = await runResidency({ requests, seed, requestsPerWorld: 200, onWorld })
    const none = ['=', 0] as const
    return {
      figures: { ...figures },
      promised: {
        requests: ['=', requests],
        arrivals: ['>=', requests / 4],
        outside: none,
        strays: none,
        foreignCredentials: none,
        withoutDispatch: none,
        withoutIntent: none,
        aboveCallsMax: none,
      },
      unmeasured: [],
    }
  },
}
