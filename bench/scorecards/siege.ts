import { examples, findInconsistencies, fuzz, startFullHouse, type Fuzzed } from '../../test/kit/all-routes/index.ts'
import { withPostgres } from '../kit/postgres.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const roundsDefault = 60

/** What every route answers to requests of which anything may be wrong, and what is left behind. */
export const scorecard: Scorecard = {
  name: 'siege',
  purpose: `every route, ${roundsDefault} times each on SQLite and on PostgreSQL, with one change made by chance: no 5xx, errors as promised, books right`,
  run: measureSiege,
}

async function measureSiege({ seed, size, print }: ScorecardOptions): Promise<Measurement> {
  const rounds = size ?? roundsDefault
  const embedded = await besiege({ seed, rounds, print, name: 'SQLite', store: {} })
  const served = await withPostgres(async (server) => {
    await server.createDatabase('siege')
    const store = { url: `${server.url}/siege` }
    return besiege({ seed: seed + 1, rounds, print, name: 'PostgreSQL', store })
  })
  const all = served === undefined ? [embedded] : [embedded, served]
  const sum = (of: (each: Besieged) => number): number => all.reduce((total, each) => total + of(each), 0)
  return {
    figures: {
      requests: sum(({ fuzzed }) => fuzzed.requests),
      accepted: sum(({ fuzzed }) => fuzzed.byClass['2'] ?? 0),
      refused: sum(({ fuzzed }) => fuzzed.byClass['4'] ?? 0),
      faults: sum(({ fuzzed }) => fuzzed.faults.length),
      inconsistencies: sum(({ inconsistencies }) => inconsistencies.length),
      openAfter: sum(({ open }) => open),
      rssGrownMib: Math.max(...all.map(({ rssGrownMib }) => rssGrownMib)),
    },
    promised: { faults: ['=', 0], inconsistencies: ['=', 0], openAfter: ['=', 0] },
    unmeasured: served === undefined ? ['PostgreSQL'] : [],
  }
}

interface Besieged {
  readonly fuzzed: Fuzzed
  readonly inconsistencies: readonly string[]
  readonly open: number
  readonly rssGrownMib: number
}

interface Siege {
  readonly name: string
  readonly seed: number
  readonly rounds: number
  readonly store: { readonly url?: string }
  readonly print: (line: string) => void
}

async function besiege({ name, seed, rounds, store, print }: Siege): Promise<Besieged> {
  const house = await startFullHouse(['azurite'], { store })
  try {
    const [tenant] = house.tenants
    if (tenant === undefined) throw new Error('the house has a tenant')
    await house.run(
      tenant,
      examples.filter(({ ends }) => ends !== true),
    )
    const before = process.memoryUsage.rss()
    const onRound = (round: number, { requests, faults }: Fuzzed): void => {
      if (round % 20 === 19) print(`${name}: ${requests} requests, ${faults.length} faults`)
    }
    const fuzzed = await fuzz(house, tenant, { seed, rounds, onRound })
    const rssGrownMib = (process.memoryUsage.rss() - before) / 2 ** 20
    const inconsistencies = await findInconsistencies(house)
    for (const line of [...fuzzed.faults, ...inconsistencies]) print(line)
    return { fuzzed, inconsistencies, open: house.strata.open, rssGrownMib }
  } finally {
    await house.close()
  }
}
