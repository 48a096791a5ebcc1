import { runNetwork } from '../../test/kit/network/index.ts'
import type { Measurement } from '../kit/report.ts'
import { readRoutingSet } from '../kit/routing-sets.ts'
import type { Scorecard } from '../kit/scorecard.ts'
import { measureCascade } from './network/cascade.ts'
import { measureVotes } from './network/votes.ts'

const trees = 100_000

/** What networks of models never do, and what voting and cascades save. */
export const scorecard: Scorecard = {
  name: 'network',
  purpose: `${trees} random trees over upstreams that fail; votes of simulated samples; a cascade over the recorded answers of GSM8K`,
  async run(options): Promise<Measurement> {
    const { seed, print, dataFolder } = options
    const onTrees = (done: number): void => {
      if (done % 10_000 === 0) print(`${done} trees`)
    }
    const laws = await runNetwork({ trees, seed, requestsPerTree: 1, onTrees })
    const votes = await measureVotes(options)
    const gsm8k = readRoutingSet(dataFolder, 'gsm8k')
    const cascade = gsm8k === undefined ? undefined : await measureCascade(gsm8k, options)
    const none = ['=', 0] as const
    return {
      figures: { ...laws, ...votes, ...cascade },
      promised: {
        trees: ['=', trees],
        budgetsExceeded: none,
        regionsLeft: none,
        callsUncancelled: none,
        deadlocks: none,
        worstCaseBroken: none,
        lateSends: none,
        unexpected: none,
        'vote.strong.samplesShare': ['<=', 1 / 3],
        'vote.strong.accuracyLost': ['<=', 0.005],
        'cascade.accuracyGained': ['>=', 0],
        'cascade.strongShare': ['<=', 0.55],
      },
      unmeasured: cascade === undefined ? ['cascade.accuracyGained', 'cascade.strongShare'] : [],
    }
  },
}
