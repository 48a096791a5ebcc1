import { runCrash } from '../../test/kit/crash.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const kills = 50

/** What the record of a server is worth that is killed fifty times under load. */
export const scorecard: Scorecard = {
  name: 'crash',
  purpose: `each answered request is on record once after ${kills} times kill -9 under load, and the database opens clean`,
  async run({ seed, print }): Promise<Measurement> {
    const onKill = (kill: number, answered: number): void => {
      if (kill % 10 === 0) print(`${kill} kills, ${answered} requests answered`)
    }
    const { integrity, exitCode, auditFindings, ...figures } = await runCrash({ kills, seed, connections: 16, onKill })
    const none = ['=', 0] as const
    return {
      figures: {
        ...figures,
        auditFindings: auditFindings.length,
        damagedDatabases: integrity === 'ok' ? 0 : 1,
        uncleanStops: exitCode === 0 ? 0 : 1,
      },
      promised: {
        kills: ['=', kills],
        answered: ['>=', 1_000],
        missing: none,
        doubled: none,
        wrongCosts: none,
        interruptedWithFigures: none,
        unrecorded: none,
        leftovers: none,
        unsealed: none,
        auditFindings: none,
        damagedDatabases: none,
        uncleanStops: none,
      },
      unmeasured: [],
    }
  },
}
