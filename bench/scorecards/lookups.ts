import { runLookups, type LookupFigures } from '../../test/kit/lookups/index.ts'
import { withPostgres } from '../kit/postgres.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

/** What calls are charged whose end nobody saw: cut by clients that leave and by servers that die, asked about later. */
export const scorecard: Scorecard = {
  name: 'lookups',
  purpose: "each call that was cut short counts once, at its vendor's figure where it tells one, else at its estimate",
  async run({ seed, size = 24, print }): Promise<Measurement> {
    const run = (engine: string, createUrl?: () => Promise<string>): Promise<LookupFigures> =>
      runLookups({
        seed,
        histories: size,
        atOnce: 4,
        ...(createUrl === undefined ? {} : { createUrl }),
        onHistory: (number, faults) =>
          print(`${engine}, history ${number}: ${faults.length === 0 ? 'as promised' : faults.join('; ')}`),
      })
    const embedded = await run('SQLite')
    const served = await withPostgres((server) => {
      let count = 0
      return run('PostgreSQL', async () => {
        const name = `history_${++count}`
        await server.createDatabase(name)
        return `${server.url}/${name}`
      })
    })
    const kept = { histories: ['=', size], faults: ['=', 0], told: ['>=', size] } as const
    const postgres = toPostgres({ ...served })
    return {
      figures: { ...embedded, ...postgres },
      promised: { ...kept, ...toPostgres(kept) },
      unmeasured: served === undefined ? Object.keys(toPostgres(kept)) : [],
    }
  },
}

function toPostgres<T>(figures: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [`postgres.${name}`, figure]))
}
