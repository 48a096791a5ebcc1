import { runBoundaries } from '../../test/kit/ledger/boundaries.ts'
import { countFaults, runHistory, runKills, runOverlap, runPace, runPairs } from '../../test/kit/ledger/runs.ts'
import { withPostgres } from '../kit/postgres.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const operations = 1_000_000
const kills = 20

/** Whether the books are right whatever happens, whether a budget is used to its end, and what that costs. */
export const scorecard: Scorecard = {
  name: 'ledger',
  purpose:
    'random histories beside a reference, deaths at every write, one short budget for many, and what holding costs',
  async run({ seed, print }): Promise<Measurement> {
    const history = await runHistory({ operations, seed })
    print(
      `${history.operations} operations, ${Math.round(history.perSecond)} a second, ${history.audit.transfers} transfers`,
    )
    const boundaries = await runBoundaries({ seed, step: 1 })
    print(`${boundaries.kills} deaths, one at each write: ${boundaries.isComplete ? 'all of them' : 'not all of them'}`)
    for (const [name, count] of boundaries.covered) print(`  ${name}: ${count}`)
    const killed = await runKills({ seed, kills })
    print(`${killed.kills} deaths of two processes that spent one budget`)
    const overlaps = await Promise.all([0, 1, 2].map((part) => runOverlap({ requests: 400, seed: seed + part })))
    const used = overlaps.map(({ spent, limit }) => spent / limit)
    print(`400 overlapping requests: ${used.map((share) => share.toFixed(4)).join(', ')} of the budget used`)
    const pace = await runPace({ perSecond: 1_000, seconds: 5 })
    const pairsPerSecond = await measurePostgres()
    const none = ['=', 0] as const
    return {
      figures: {
        operations: history.operations,
        differences: history.differences + history.unequal,
        operationFaults: countFaults(history.audit),
        writeBoundaries: boundaries.kills,
        writeBoundaryKinds: boundaries.covered.size,
        writeBoundariesLeft: boundaries.isComplete ? 0 : 1,
        writeBoundaryFaults: boundaries.faults,
        writeBoundaryPhantoms: Number(boundaries.phantoms),
        writeBoundaryOverspend: Number(boundaries.overspend),
        writeBoundaryUnbooked: Number(boundaries.unbooked),
        kills: killed.kills,
        killFaults: killed.faults,
        phantomHolds: Number(killed.phantoms),
        overspend: Number(killed.overspend),
        unbooked: Number(killed.unbooked),
        overlapOverspend: Math.max(0, ...overlaps.map(({ spent, limit }) => spent - limit)),
        overlapUsedLeast: Math.min(...used),
        pairP50Ms: pace.p50Ms,
        pairP99Ms: pace.p99Ms,
        pairCpuMicroseconds: pace.cpuAddedMicroseconds,
        ...(pairsPerSecond === undefined ? {} : { postgresPairsPerSecond: pairsPerSecond }),
      },
      promised: {
        operations: ['>=', 1_000_000],
        differences: none,
        operationFaults: none,
        writeBoundariesLeft: none,
        writeBoundaryFaults: none,
        writeBoundaryPhantoms: none,
        writeBoundaryOverspend: none,
        writeBoundaryUnbooked: none,
        killFaults: none,
        phantomHolds: none,
        overspend: none,
        unbooked: none,
        overlapOverspend: none,
        overlapUsedLeast: ['>=', 0.95],
        pairP99Ms: ['<=', 1],
        postgresPairsPerSecond: ['>=', 2_000],
      },
      unmeasured: pairsPerSecond === undefined ? ['postgresPairsPerSecond'] : [],
    }
  },
}

/** Four processes on one real server on loopback; `undefined` where it cannot be started. */
function measurePostgres(): Promise<number | undefined> {
  return withPostgres(({ url }) => runPairs({ url: `${url}/postgres`, processes: 4, ms: 5_000 }))
}
