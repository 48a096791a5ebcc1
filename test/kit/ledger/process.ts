/**
 * A process of its own that works on a ledger: `node process.ts '{"mode": …}'`.
 * `history`: a short history of operations, which kills itself before the statement numbered `fault` of its transactions.
 * `spend`: holds and settles until it is killed, or for `ms`; says how many pairs it did.
 */
import { CompiledQuery, type KyselyPlugin } from 'kysely'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createSystemClock } from '../../../src/core/time.ts'
import { createLedger } from '../../../src/investment/ledger/index.ts'
import { createHistory } from '../../../src/investment/ledger/testing.ts'
import type { Store } from '../../../src/store/index.ts'
import { createSpender, tenant } from './spender.ts'

export interface ProcessOptions {
  readonly mode: 'history' | 'spend'
  readonly folder: string
  readonly url?: string
  readonly seed: number
  readonly fault?: number
  readonly operations?: number
  readonly ms?: number
}

if (process.argv[2] !== undefined) {
  const options = JSON.parse(process.argv[2]) as ProcessOptions // written by the kit
  if (options.mode === 'history') await runHistory(options)
  else await runSpending(options)
}

async function runHistory({ folder, seed, fault = Infinity, operations = 12 }: ProcessOptions): Promise<void> {
  const spender = await createSpender({ folder })
  const clock = createSystemClock()
  const ledger = createLedger({ store: withFault(spender.store, fault), clock, batchMax: 1 })
  const accounts = (await ledger.read({ tenant })).map(({ id }) => id)
  const next = createHistory({ random: createSeededRandom(seed), accounts, owner: `p${seed}`, prefix: `p${seed}_` })
  for (let step = 0; step < operations; step++) await ledger.run(next(clock.now()))
  await spender.close()
  process.stdout.write('whole\n')
}

/** The same store, which dies before the statement of that number: a fault point at every write boundary. */
function withFault(store: Store, fault: number): Store {
  let count = 0
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      count += 1
      if (count >= fault) process.kill(process.pid, 'SIGKILL')
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return {
    ...store,
    transaction: (work) =>
      store.transaction(async (sql) => {
        const done = await work(sql.withPlugin(plugin))
        await sql.withPlugin(plugin).executeQuery(CompiledQuery.raw('select 1')) // a boundary before the commit too
        return done
      }),
  }
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
