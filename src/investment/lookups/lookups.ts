import type { Config } from '../../config/index.ts'
import type { EventLog, Price } from '../../core/ports.ts'
import type { LookupAnswer, LookupQuestion } from '../../core/ports-lookups.ts'
import type { Clock } from '../../core/time.ts'
import type { Usage } from '../../core/usage.ts'
import type { Store } from '../../store/index.ts'
import { createLookupStore, type LookupStore, type OpenLookup } from './store.ts'

/** Asks vendors what calls used whose end nobody saw, and corrects what they were charged. */
export interface Lookups {
  /** Looks for what is due again and again. */
  start(): void
  /** Everything that is due now, once. */
  run(): Promise<LookedUp>
  /** Breaks off what is under way; it is asked again later. */
  close(): Promise<void>
}

export interface LookedUp {
  /** Calls of which the vendor said what they used. */
  readonly found: number
  /** Calls that will be asked about again. */
  readonly postponed: number
  /** Calls whose estimate stays. */
  readonly givenUp: number
}

export interface LookupsDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly log: EventLog
  readonly config: Config['investment']['lookups']
  readonly ask: (question: LookupQuestion, signal: AbortSignal) => Promise<LookupAnswer>
  readonly findPrice: (call: Pick<OpenLookup, 'endpoint' | 'vendorModel' | 'startedAtMs'>) => Price | undefined
  /** Told of trees that have corrections, so that what was charged for them is corrected; may be told of one again. */
  readonly correct: (tenant: string, rootIds: readonly string[]) => Promise<unknown>
}

const pageCalls = 64
const parallelMax = 4
const hourMs = 3_600_000
const pauseMsMax = 6 * hourMs
/** Longer than a question may take: who has not come back by then has died, and another may ask. */
const leaseMs = 60_000

export function createLookups(deps: LookupsDeps): Lookups {
  const { clock, log, config } = deps
  const store = createLookupStore(deps.store)
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<LookedUp> | undefined

  async function pass(): Promise<LookedUp> {
    const found = { found: 0, postponed: 0, givenUp: 0 }
    for (;;) {
      const due = await store.listDue(Math.trunc(clock.now()), config.delayMs, pageCalls)
      for (let at = 0; at < due.length && !ending.signal.aborted; at += parallelMax) {
        const results = await Promise.all(
          due
            .slice(at, at + parallelMax)
            .map((call) => settleSafely({ ...deps, queue: store, signal: ending.signal }, call)),
        )
        for (const result of results) if (result !== 'left') found[result]++
      }
      if (due.length < pageCalls || ending.signal.aborted) break
    }
    if (found.found + found.givenUp > 0) log.info({ ...found }, 'vendors were asked what calls used')
    return found
  }

  function run(): Promise<LookedUp> {
    running ??= pass().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    run,
    start() {
      if (config.windowHours === 0) return
      const look = (): void => {
        run().catch((thrown: unknown) =>
          log.warn({ reason: String(thrown) }, 'calls to ask vendors about were not read'),
        )
      }
      look()
      timer ??= setInterval(look, config.everyMs)
      timer.unref()
    },
    async close() {
      clearInterval(timer)
      ending.abort()
      await running?.catch(() => undefined)
    },
  }
}

interface Settling extends LookupsDeps {
  readonly queue: LookupStore
  readonly signal: AbortSignal
}

/** What goes wrong with one call holds up no other: its turn comes again when its lease is over. */
async function settleSafely(deps: Settling, call: OpenLookup): Promise<keyof LookedUp | 'left'> {
  try {
    return await settle(deps, call)
  } catch (thrown) {
    deps.log.warn({ call: call.callId, reason: String(thrown) }, 'what a vendor says of a call could not be booked')
    return 'left'
  }
}

/** One call. Each step can be repeated, by this process or another, and says the same again. */
async function settle(deps: Settling, call: OpenLookup): Promise<keyof LookedUp | 'left'> {
  const { queue, clock, config, correct } = deps
  const nowMs = Math.trunc(clock.now())
  // Asked only by whoever moved its row: no two processes ask about one call at once.
  if (!(await queue.claim(call, nowMs + leaseMs))) return 'left'
  if (call.state === 'open') {
    if (nowMs > call.startedAtMs + config.windowHours * hourMs) return giveUp(queue, call, call.reason ?? 'too late')
    const answer = await deps.ask(call, deps.signal)
    if (answer.type === 'not-told') return postpone(deps, call, answer.reason)
    const told = { usage: answer.usage, atMs: Math.trunc(clock.now()), ...priceOf(deps, call, answer.usage) }
    if (!(await queue.tell(call, told))) return 'left'
  }
  await correct(call.tenant, [call.rootId])
  await queue.finish(call)
  return 'found'
}

function priceOf(
  { findPrice }: LookupsDeps,
  call: OpenLookup,
  usage: Usage,
): { readonly cost: bigint | undefined; readonly priceVersion: string | undefined } {
  const price = findPrice(call)
  return { cost: price?.cost(usage), priceVersion: price?.version }
}

async function postpone(deps: Settling, call: OpenLookup, reason: string): Promise<keyof LookedUp | 'left'> {
  const { queue, clock, config, signal } = deps
  // The process is ending: whoever looks next asks, as if nobody had.
  if (signal.aborted) {
    await queue.postpone(call, { reason, attempts: call.attempts, nextAtMs: call.nextAtMs })
    return 'left'
  }
  const attempts = call.attempts + 1
  if (attempts >= config.attemptsMax) return giveUp(queue, call, reason)
  const pauseMs = Math.min(Math.max(1, config.delayMs) * 4 ** attempts, pauseMsMax)
  await queue.postpone(call, { reason, attempts, nextAtMs: Math.trunc(clock.now()) + pauseMs })
  return 'postponed'
}

async function giveUp(queue: LookupStore, call: OpenLookup, reason: string): Promise<'givenUp'> {
  await queue.giveUp(call, reason)
  return 'givenUp'
}
