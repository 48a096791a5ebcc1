import { runResidency } from '../../test/kit/residency/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const requestsDefault = 100_000

/** Whether data ever leaves the regions it is allowed in. */
export const scorecard: Scorecard = {
  name: 'residency',
  purpose: `nothing reaches an endpoint outside its regions, in ${requestsDefault} requests (--size N) through random trees whose endpoints fail at random; half of the worlds also ask who runs an endpoint, under which law, and what shows it`,
  async run({ seed, size, print }): Promise<Measurement> {
    const requests = size ?? requestsDefault
    const onWorld = (done: number): void => {
      if (done % 10_000 === 0) print(`${done} requests`)
    }
    const figures = await runResidency({ requests, seed, requestsPerWorld: 200, onWorld })
    const none = ['=', 0] as const
    return {
      figures: { ...figures },
      promised: {
        requests: ['=', requests],
        arrivals: ['>=', requests / 5],
        sovereignArrivals: ['>=', requests / 50],
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
