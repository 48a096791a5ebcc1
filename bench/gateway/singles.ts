import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/core/time.ts'
import { runLoad } from '../kit/load-options.ts'
import { readRssMib } from '../kit/processes.ts'
import { median } from '../kit/report.ts'
import { smallBody } from './bodies.ts'
import type { Contestant, Place, RunningContestant } from './contestants.ts'
import { toTarget, type MeasurePlace } from './measures.ts'

/** Milliseconds from starting the process to its first answered request, each time with an empty data folder. */
export async function measureColdStart(
  contestant: Contestant,
  options: { readonly place: Place; readonly times: number; readonly clock: Clock },
): Promise<number | undefined> {
  const durations: number[] = []
  for (let time = 0; time < options.times; time++) {
    const startedMs = options.clock.monotonicMs()
    const running = await contestant.start(options.place)
    durations.push(options.clock.monotonicMs() - startedMs)
    await running.process?.stop()
  }
  return median(durations)
}

export interface MemoryFigures {
  readonly beforeMib: number | undefined
  readonly afterMib: number | undefined
  readonly failed: number
}

/** Memory after a tenth of the requests, which fill caches and pools, and after all of them. */
export async function measureMemory(
  contestant: RunningContestant,
  place: MeasurePlace,
  count: number,
): Promise<MemoryFigures> {
  const target = toTarget(contestant, smallBody)
  const send = (requests: number): ReturnType<typeof runLoad> =>
    runLoad({ target, load: { type: 'closed', connections: 16, count: requests } }, place)
  const read = (): number | undefined =>
    contestant.process === undefined ? undefined : readRssMib(contestant.process.pid)
  const first = await send(count / 10)
  const beforeMib = read()
  const rest = await send(count)
  return { beforeMib, afterMib: read(), failed: first.failed + rest.failed }
}

/** Requests answered, and how many of them have no row in the store when all is written. */
export interface DurabilityFigures {
  readonly answered: number
  readonly rowsMissing: number
}

/** Sends exactly `count` requests and compares the store before and after. */
export async function measureDurability(
  contestant: RunningContestant,
  place: MeasurePlace,
  count: number,
): Promise<DurabilityFigures | undefined> {
  const before = await countRows(contestant)
  const load = { type: 'closed', connections: 16, count } as const
  const result = await runLoad({ target: toTarget(contestant, smallBody), load }, place)
  const after = await countRows(contestant)
  if (before === undefined || after === undefined) return undefined
  return { answered: result.answered, rowsMissing: result.answered - (after - before) }
}

/** Requests in Strata's database, once no more arrive; `undefined` when there is no database. */
async function countRows(contestant: RunningContestant): Promise<number | undefined> {
  const { dataFolder } = contestant
  const file = dataFolder !== undefined && existsSync(dataFolder) ? findDatabase(dataFolder) : undefined
  if (file === undefined) return undefined
  let last = -1
  for (let tries = 0; tries < 100; tries++) {
    const database = new DatabaseSync(file, { readOnly: true })
    const row = database.prepare("SELECT count(*) AS requests FROM call WHERE kind = 'request'").get()
    database.close()
    const requests = Number(row?.['requests'])
    if (requests === last) return requests
    last = requests
    // Longer than the store takes from journal to database by default (store.foldMs).
    await sleep(500)
  }
  return last
}

function findDatabase(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => file.endsWith('.db'))
  return name === undefined ? undefined : join(folder, name)
}
