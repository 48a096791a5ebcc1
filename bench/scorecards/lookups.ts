import { runLookups } from '../../test/kit/lookups/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

/** What calls are charged whose end nobody saw: cut by clients that leave and by servers that die, asked about later. */
export const scorecard: Scorecard = {
  name: 'lookups',
  purpose: "each call that was cut short counts once, at its vendor's figure where it tells one, else at its estimate",
  async run({ seed, size = 24, print }): Promise<Measurement> {
    const onHistory = (number: number, faults: readonly string[]): void => {
      print(`history ${number}: ${faults.length === 0 ? 'as promised' : faults.join('; ')}`)
    }
    const figures = await runLookups({ seed, histories: size, atOnce: 4, onHistory })
    return {
      figures: { ...figures },
      promised: { histories: ['=', size], faults: ['=', 0], told: ['>=', size] },
      unmeasured: [],
    }
  },
}
