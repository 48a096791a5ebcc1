import { hash } from 'node:crypto'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import { createTurns } from '../../core/turns.ts'
import type { Store } from '../../store/index.ts'
import { rowPrints, type Prints, type PrintScheme } from './prints.ts'
import { createMarkRows, type MarkRow, type MarkRows } from './store.ts'

/** The record of generated texts: keeps fingerprints, and knows a text again that is given back, edited or not. */
export interface MarkRecord {
  readonly scheme: string
  /** Returns at once; what it cannot keep up with is passed over and counted. */
  keep(made: Omit<MarkRow, 'words' | 'prints'>, text: string): void
  /** Cost: one look-up for each 200 fingerprints of the text. Rejects with the reason of the signal once it is aborted. */
  detect(tenant: string, text: string, signal?: AbortSignal): Promise<Detection>
  /** Lets go of what is older than it may be. Happens by itself once an hour. */
  sweep(): Promise<number>
  /** Everything kept before can be detected. */
  flush(): Promise<void>
  stats(): { readonly kept: number; readonly passedOver: number }
  close(): void
}

export interface Detection {
  /**
   * `generated`: it shares so much with a text on record that it is that text, edited or not · `possible`: less, as after heavy
   * edits, but also as texts on one subject do · `unknown`: too little · `too-short`: nothing can be said.
   */
  readonly verdict: 'generated' | 'possible' | 'unknown' | 'too-short'
  readonly words: number
  /** Best first. */
  readonly matches: readonly Match[]
}

export interface Match {
  readonly call: string
  readonly model: string
  readonly useCase: string | undefined
  readonly atMs: number
  /** Fingerprints shared, leaving out those that many texts have. */
  readonly shared: number
  /** Of the fingerprints of the text asked about, 0…1. */
  readonly share: number
}

export interface MarkRecordDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly log: EventLog
  /** Read at each use. */
  readonly config: () => { readonly wordsMin: number; readonly days: number }
  readonly secret: () => string
  readonly scheme?: PrintScheme
}

/** Chosen on one half of the data of the scorecard `marks`, whose figures are of the other half. */
const generatedFrom = { shared: 10, share: 0.1 }
const possibleFrom = { shared: 5, share: 0.04 }
/** Fingerprints that more texts have than these are turns of phrase. */
const commonFrom = 4
const wordsAskedMin = 40
const waitingMax = 256
const printsAskedMax = 2_000
const matchesMax = 10
const sweepMs = 3_600_000
const sweepRowsMax = 500
const dayMs = 86_400_000

export function createMarkRecord(deps: MarkRecordDeps): MarkRecord {
  const { clock, log, config, scheme = rowPrints } = deps
  const rows = createMarkRows(deps.store)
  const turns = createTurns(clock)
  let waiting = 0
  let kept = 0
  let passedOver = 0
  let turn: Promise<void> = Promise.resolve()
  const keyOf = (tenant: string): string => hash('sha256', `${deps.secret()}\n${scheme.id}\n${tenant}`)
  const timer = setInterval(() => {
    record.sweep().catch((thrown: unknown) => {
      log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'old marks could not be deleted')
    })
  }, sweepMs).unref()

  async function write(made: Omit<MarkRow, 'words' | 'prints'>, text: string): Promise<void> {
    const { words, prints } = await turns.run(scheme.read(text, keyOf(made.tenant)))
    if (words < config().wordsMin) return
    await rows.add({ ...made, words, prints: prints.length }, prints)
    kept += 1
  }

  const record: MarkRecord = {
    scheme: scheme.id,
    keep(made, text) {
      if (waiting >= waitingMax) {
        passedOver += 1
        return
      }
      waiting += 1
      turn = turn
        .then(() => write(made, text))
        .catch((thrown: unknown) => {
          passedOver += 1
          log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'a mark could not be kept')
        })
        .finally(() => {
          waiting -= 1
        })
    },
    detect: async (tenant, text, signal) =>
      detect(rows, tenant, await turns.run(scheme.read(text, keyOf(tenant)), signal)),
    async sweep() {
      const beforeMs = Math.trunc(clock.now()) - config().days * dayMs
      let deleted = 0
      for (;;) {
        const count = await rows.deleteBefore(beforeMs, sweepRowsMax)
        deleted += count
        if (count < sweepRowsMax) return deleted
      }
    },
    flush: () => turn,
    stats: () => ({ kept, passedOver }),
    close: () => clearInterval(timer),
  }
  return record
}

async function detect(rows: MarkRows, tenant: string, read: Prints): Promise<Detection> {
  const { words, prints } = read
  if (words < wordsAskedMin) return { verdict: 'too-short', words, matches: [] }
  const asked = prints.slice(0, printsAskedMax)
  const best = [...countShared(await rows.findShared(tenant, asked))]
    .filter(([, shared]) => reaches(shared, asked.length, possibleFrom))
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, matchesMax)
  const calls = best.map(([call]) => call)
  const found = new Map((await rows.find(tenant, calls)).map((row) => [row.call, row]))
  const matches = best.flatMap(([call, shared]): readonly Match[] => {
    const row = found.get(call)
    if (row === undefined) return []
    const { model, use_case: useCase, at_ms: atMs } = row
    return [{ call, model, useCase: useCase ?? undefined, atMs, shared, share: shared / asked.length }]
  })
  const isGenerated = matches.some(({ shared }) => reaches(shared, asked.length, generatedFrom))
  return { verdict: isGenerated ? 'generated' : matches.length > 0 ? 'possible' : 'unknown', words, matches }
}

function reaches(shared: number, asked: number, from: { readonly shared: number; readonly share: number }): boolean {
  return shared >= from.shared && shared / asked >= from.share
}

/** How many fingerprints each text shares, those left out that many texts have. */
function countShared(rows: readonly { readonly call: string; readonly print: number }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [, sharers] of Map.groupBy(rows, ({ print }) => print)) {
    if (sharers.length >= commonFrom) continue
    for (const { call } of sharers) counts.set(call, (counts.get(call) ?? 0) + 1)
  }
  return counts
}
