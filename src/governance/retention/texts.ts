import type { AgedText, AgedTexts, TextPlace } from '../../store/index.ts'
import { toPlatformError } from '../../core/errors.ts'
import { covers, isWithin } from './holds.ts'
import type { RetentionDeps, Sweeping } from './retention.ts'
import type { CallStart, HoldRow, RetentionStore } from './store.ts'

/** How many texts of each set went. */
export type TextsErased = Readonly<Partial<Record<AgedTexts['set'], number>>>

/** Texts of one transaction: bounds how long the place of the writer is held. */
const batchMax = 200
const dayMs = 86_400_000

/** Erases the words that are old enough and not held, set by set. What has gone from a table leaves the disk. */
export async function sweepTexts(deps: RetentionDeps, rows: RetentionStore): Promise<TextsErased> {
  const erased: Partial<Record<AgedTexts['set'], number>> = {}
  for (const texts of deps.texts) {
    if (deps.config().texts[texts.set] === undefined) continue
    let [count, after]: [number, TextPlace] = [0, { tenant: '', id: '' }]
    for (;;) {
      const from = after
      const batch = await rows.exclusively((queries, sql) => sweepBatch({ ...deps, queries, sql }, texts, from))
      if (batch === undefined) break
      count += batch.erased
      after = batch.last
    }
    if (count > 0) await scrub(deps, texts.tables)
    erased[texts.set] = count
  }
  return erased
}

/** They are erased either way; where a reader keeps the log of the database, they leave the disk when it is next cut. */
async function scrub({ store, log }: RetentionDeps, tables: AgedTexts['tables']): Promise<void> {
  await store.scrub(tables).catch((thrown: unknown) => {
    log.warn({ reason: toPlatformError(thrown).message }, 'erased words could not be made to leave the disk yet')
  })
}

async function sweepBatch(
  { queries, sql, clock, audit, config }: Sweeping,
  texts: AgedTexts,
  after: TextPlace,
): Promise<{ readonly erased: number; readonly last: TextPlace } | undefined> {
  const days = config().texts[texts.set]
  if (days === undefined) return undefined
  const atMs = Math.trunc(clock.now())
  const aged = await texts.list(sql, { beforeMs: atMs - days * dayMs, after, limit: batchMax })
  const last = aged.at(-1)
  if (last === undefined) return undefined
  const holds = await queries.listInForce()
  const starts = holds.length === 0 ? new Map<string, CallStart>() : await queries.listStarts(aged)
  const due = aged.filter((text) => !holds.some((hold) => coversText(hold, text, starts)))
  if (due.length > 0) await texts.erase(sql, due, atMs)
  for (const [tenant, own] of Map.groupBy(due, (text) => text.tenant)) {
    const ids = own.map(({ id }) => id)
    await audit.act(tenant, { act: 'retention.erase', set: texts.set, texts: own.length, ids }, sql)
  }
  return { erased: due.length, last }
}

/**
 * Words are held with each call that they were said in. Where none of these is on record (any more), they are held by
 * the time at which they were kept, and by a hold of any use case: what cannot be told apart is kept.
 */
function coversText(hold: HoldRow, text: AgedText, starts: ReadonlyMap<string, CallStart>): boolean {
  if (hold.tenant !== text.tenant) return false
  const known = text.calls.flatMap((call) => starts.get(`${text.tenant} ${call}`) ?? [])
  if (known.length < text.calls.length || known.length === 0) {
    if (isWithin(hold, text.keptAtMs)) return true
  }
  return known.some((start) => covers(hold, text.tenant, start))
}
