import type { Config } from '../../../src/config/index.ts'
import { configSchema } from '../../../src/config/index.ts'
import { createRootCall, type Call } from '../../../src/core/call.ts'
import { createIds } from '../../../src/core/ids.ts'
import type { DispatchIntent, Price } from '../../../src/core/ports.ts'
import { createSystemRandom } from '../../../src/core/random.ts'
import type { SpendHold, SpendMeasure } from '../../../src/core/spending.ts'
import { createSystemClock } from '../../../src/core/time.ts'
import { readTierChoice } from '../../../src/core/usage-units.ts'
import { createUsage } from '../../../src/core/usage.ts'
import { createSpending, type Spending } from '../../../src/investment/index.ts'
import { createStore, type Store } from '../../../src/store/index.ts'
import { silentLog } from '../silent-log.ts'

/** A process that spends, without a server around it: store, budgets, and calls as the door makes them. */
export interface Spender {
  readonly store: Store
  readonly spending: Spending
  /** Holds and puts the intent on record. Rejects as the gate does. */
  begin(measured: Partial<SpendMeasure>): Promise<Dispatch>
  /** Settles and puts the tree on record. One picodollar a token, and no more output than was allowed. */
  end(dispatch: Dispatch, tokens: { readonly input: number; readonly output: number }): void
  /** A call that no budget limits: its intent and its tree on record. */
  record(): void
  close(): Promise<void>
}

export interface Dispatch {
  readonly call: Call
  readonly hold: SpendHold
}

export const tenant = 't'

/** One picodollar a token, in and out. */
const price: Price = {
  version: 'one each',
  cost: (usage) => BigInt((usage.inputTotal ?? 0) + (usage.outputTotal ?? 0)),
  costMax: ({ input, output }) => BigInt(input + output),
}

const principal = { tenant, keyId: 'k', role: 'member', models: undefined, regions: undefined } as const
const rootOptions = { name: 'm', principal, labels: { allowedRegions: [] }, durationMsMax: 600_000 }
const measure = {
  inputTokensMax: 10,
  inputTokens: 10,
  outputTokensMax: 100,
  outputTokensLimit: undefined,
  tiers: readTierChoice(),
  answers: 1,
  isCountable: false,
}

export async function createSpender(store: Partial<Config['store']> & { readonly folder: string }): Promise<Spender> {
  const clock = createSystemClock()
  const ids = createIds({ clock, random: createSystemRandom() })
  const config = configSchema.parse({ store })
  const opened = await createStore({ config: config.store, clock, log: silentLog })
  const { holds } = config.investment
  const toIntent = ({ id, rootId }: Call): DispatchIntent => ({
    callId: id,
    rootId,
    tenant,
    keyId: 'k',
    endpoint: 'e',
    vendorModel: 'm',
    atMs: clock.now(),
  })
  const spending = await createSpending({ store: opened, ids, clock, log: silentLog, config: () => holds })
  return {
    store: opened,
    spending,
    async begin(measured) {
      const call = createRootCall({ clock, ids }, rootOptions).child({ kind: 'dispatch', name: 'e' })
      const ask = { call, endpoint: 'e', price, measure: () => ({ ...measure, ...measured }) }
      const held = spending.gate.hold(ask)
      const hold = held instanceof Promise ? await held : held
      if (hold === undefined) throw new Error('every call here falls under a budget')
      opened.recorder.intend({ ...toIntent(call), charges: hold.charges })
      return { call, hold }
    },
    end({ call, hold }, { input, output: wanted }) {
      // An endpoint keeps the bound that a short budget has set.
      const output = Math.min(wanted, hold.outputTokensCap ?? Infinity)
      const usage = createUsage({ inputTotal: input, outputTotal: output })
      const cost = BigInt(input + output)
      const charges = hold.settle({ usage, cost, isSent: true, isAnswered: true, countedTokens: output })
      call.end({ status: 'ok', usage, cost, charges })
      opened.recorder.settle(call.facts)
    },
    record() {
      const call = createRootCall({ clock, ids }, rootOptions).child({ kind: 'dispatch', name: 'e' })
      opened.recorder.intend(toIntent(call))
      const usage = createUsage({ inputTotal: 10, outputTotal: 5 })
      call.end({ status: 'ok', usage, cost: 15n })
      opened.recorder.settle(call.facts)
    },
    async close() {
      spending.close()
      await opened.close()
    },
  }
}
