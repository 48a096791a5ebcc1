/**
 * A process of its own that works on a ledger: `node process.ts '{"mode": …}'`. `fault-points.ts` has it die at a write.
 * `history`: a short history of operations. `paced`: some calls under a budget.
 * `spend`: holds and settles until it is killed, or for `ms`; says how many pairs it did.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createSystemClock } from '../../../src/core/time.ts'
import { createLedger } from '../../../src/investment/ledger/index.ts'
import { createHistory } from '../../../src/investment/ledger/testing.ts'
import { createSpender, tenant } from './spender.ts'

export interface ProcessOptions {
  readonly mode: 'history' | 'paced' | 'spend'
  readonly folder: string
  readonly url?: string
  readonly seed: number
  readonly operations?: number
  readonly ms?: number
}

if (process.argv[2] !== undefined) {
  const options = JSON.parse(process.argv[2]) as ProcessOptions // written by the kit
  if (options.mode === 'history') await runHistory(options)
  else if (options.mode === 'paced') await runPaced(options)
  else await runSpending(options)
}

async function runHistory({ folder, seed, operations = 12 }: ProcessOptions): Promise<void> {
  const spender = await createSpender({ folder })
  const clock = createSystemClock()
  const ledger = createLedger({ store: spender.store, clock, batchMax: 1 })
  // Those of the kit alone: corrections of a history go past limits, and the budget of the calls is to keep its own.
  const accounts = (await ledger.read({ tenant })).filter(({ budget }) => /^b\d+$/.test(budget)).map(({ id }) => id)
  const next = createHistory({ random: createSeededRandom(seed), accounts, owner: `p${seed}`, prefix: `p${seed}_` })
  for (let step = 0; step < operations; step++) await ledger.run(next(clock.now()))
  await spender.close()
  process.stdout.write('whole\n')
}

/** Holds, extends, settles and leaves open, slowly enough for the thread behind to keep up; then ends in peace. */
async function runPaced({ folder, seed, operations = 10 }: ProcessOptions): Promise<void> {
  const random = createSeededRandom(seed)
  const spender = await createSpender({ folder, foldMs: 5 })
  for (let step = 0; step < operations; step++) {
    const dispatch = await spender.begin({}).catch(() => undefined)
    if (dispatch !== undefined && random.next() < 0.8)
      spender.end(dispatch, { input: 10, output: Math.floor(random.next() * 100) })
    await sleep(8)
    if (step % 4 === 3) await spender.spending.budgets.list(tenant) // gives back what is in reserve
  }
  await spender.close()
  process.stdout.write('whole\n')
}

async function runSpending({ folder, url, seed, ms }: ProcessOptions): Promise<void> {
  const random = createSeededRandom(seed)
  const spender = await createSpender({ folder, ...(url === undefined ? {} : { url }), foldMs: 20 })
  const untilMs = performance.now() + (ms ?? Infinity)
  let pairs = 0
  process.stdout.write('ready\n')
  while (performance.now() < untilMs) {
    for (let index = 0; index < 20; index++) {
      const dispatch = await spender.begin({}).catch(() => undefined)
      if (dispatch === undefined) continue
      // Some are under way when the process dies.
      if (random.next() < 0.02 && ms === undefined) continue
      spender.end(dispatch, { input: 10, output: Math.floor(random.next() * 100) })
      pairs += 1
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await spender.close()
  process.stdout.write(`${pairs}\n`)
}
