import { setTimeout as sleep } from 'node:timers/promises'
import { toPlatformError } from '../../../core/errors.ts'
import type { Ids } from '../../../core/ids.ts'
import type { EventLog } from '../../../core/ports.ts'
import type { Clock } from '../../../core/time.ts'
import { toPlanKey } from './prompt.ts'
import { createRuns, type Runs } from '../runs.ts'
import { createContextRows, type DueEntry, type Plan } from './store.ts'
import { eraseEntry, writeEntry, type WritingParts } from './writing.ts'

export interface RunParts extends Omit<WritingParts, 'isClosed'> {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: EventLog
  /** What can be found in a collection has changed. */
  readonly changed: (collection: number) => Promise<void>
}

/** A run whose process has not been heard of for so long is another's. */
const leaseMs = 20_000
const beatMs = 5_000
/** How often a process looks whether another has left something. */
const idleMs = 1_000

/** Writes what collections lack, in the background: one run for each at a time, of all processes on one database. */
export function createContextRuns(parts: RunParts): Runs<Pick<Plan, 'collection'>> {
  return createRuns({
    keyOf: ({ collection }) => collection,
    async work({ collection }, signal) {
      const writing = { ...parts, isClosed: () => signal.aborted }
      await writeMissing(writing, { collection, lease: new Lease(parts, collection), signal })
    },
    list: () => createContextRows(parts.store.sql).listPlans(),
    what: 'plans of contexts',
    log: parts.log,
  })
}

/** The right to be the one at work on a collection, as long as this process lives. */
class Lease {
  readonly #parts: RunParts
  readonly #collection: number
  readonly #owner: string
  #beat: NodeJS.Timeout | undefined

  constructor(parts: RunParts, collection: number) {
    this.#parts = parts
    this.#collection = collection
    this.#owner = parts.ids.create('job')
  }

  async take(): Promise<boolean> {
    const nowMs = Math.trunc(this.#parts.clock.now())
    const claim = { collection: this.#collection, owner: this.#owner, nowMs, untilMs: nowMs + leaseMs }
    const isTaken = await createContextRows(this.#parts.store.sql).claim(claim)
    if (isTaken) this.#beat ??= setInterval(() => void this.take().catch(() => undefined), beatMs).unref()
    return isTaken
  }

  async release(): Promise<void> {
    clearInterval(this.#beat)
    this.#beat = undefined
    await createContextRows(this.#parts.store.sql).release(this.#collection, this.#owner)
  }
}

type Writing = RunParts & WritingParts

interface Run {
  readonly collection: number
  readonly lease: Lease
  readonly signal: AbortSignal
}

/** Never rejects: what went wrong stands in the plan, and the next run tries again. */
async function writeMissing(parts: Writing, run: Run): Promise<void> {
  const { collection, lease, signal } = run
  const rows = createContextRows(parts.store.sql)
  try {
    for (;;) {
      const plan = await rows.findPlan(collection)
      if (plan === undefined || signal.aborted) return
      if (await lease.take()) break
      // Another process is at work; what it leaves is done here.
      if ((await findNext(parts, plan, 0)) === undefined) return
      await sleep(idleMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
    await handleAll(parts, run)
  } catch (thrown) {
    if (signal.aborted) return
    const { code, message } = toPlatformError(thrown)
    parts.log.warn({ collection, code, reason: message }, 'contexts of passages could not be written')
    await rows.updatePlan(collection, { fault: code }).catch(() => undefined) // the store itself may be the trouble
  } finally {
    await lease.release().catch(() => undefined) // it ends by itself
  }
}

async function handleAll(parts: Writing, { collection, lease, signal }: Run): Promise<void> {
  const rows = createContextRows(parts.store.sql)
  let after = 0
  for (;;) {
    const plan = await rows.findPlan(collection)
    if (plan === undefined || signal.aborted || !(await lease.take())) return
    const entry = await findNext(parts, plan, after)
    if (entry === undefined) {
      if (plan.state === 'removing') await rows.deleteRemoved(collection)
      else await rows.updatePlan(collection, { fault: null })
      return
    }
    after = entry.number
    const hasChanged = plan.state === 'removing' ? await eraseEntry(parts, entry) : await writeEntry(parts, plan, entry)
    if (hasChanged) await parts.changed(collection)
  }
}

function findNext({ store }: Writing, plan: Plan, after: number): Promise<DueEntry | undefined> {
  const rows = createContextRows(store.sql)
  if (plan.state === 'removing') return rows.findHandled(plan.collection, after)
  return rows.findDue(plan.collection, { after, key: toPlanKey(plan.model) })
}
