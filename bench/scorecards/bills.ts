import { runBills, runBillsInStore } from '../../test/kit/bills/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const histories = 100_000
const storedHistories = 500

/** Whether bills come to what was used, whatever happens to the news of it. */
export const scorecard: Scorecard = {
  name: 'bills',
  purpose: `${histories} histories of copied, shuffled, late and lost events against a reference that shares no code, ${storedHistories} of them through the database`,
  async run({ seed, print }): Promise<Measurement> {
    const faults: string[] = []
    const onFault = (fault: string): void => void faults.push(fault)
    const onHistory = (done: number): void => {
      if (done % 10_000 === 0) print(`${done} histories`)
    }
    const pure = runBills({ histories, seed, onFault, onHistory })
    const stored = await runBillsInStore({ histories: storedHistories, seed: seed + 1, onFault })
    for (const fault of faults.slice(0, 10)) print(fault)
    const none = ['=', 0] as const
    return {
      figures: {
        ...pure,
        ...Object.fromEntries(Object.entries(stored).map(([key, value]) => [`stored.${key}`, value])),
      },
      promised: {
        histories: ['=', histories],
        adjustments: ['>=', histories],
        wrongTotals: none,
        wrongSums: none,
        wrongHashes: none,
        orderMatters: none,
        'stored.histories': ['=', storedHistories],
        'stored.failedWrites': ['>=', storedHistories / 4],
        'stored.wrongTotals': none,
        'stored.wrongSums': none,
        'stored.wrongHashes': none,
      },
      unmeasured: [],
    }
  },
}
