import { hash } from 'node:crypto'
import type { Config, PriceConfig } from '../../config/index.ts'
import { allTime, type TimeWindow } from './catalogue.ts'
import type { PriceTable, TieredDollars } from './price-table.ts'

type PriceRow = Config['investment']['prices'][number]

/** An operator price as the common table. */
export function toTable(price: PriceConfig): PriceTable {
  return {
    input: flat(price.input),
    output: flat(price.output),
    cacheRead: price.cacheRead === undefined ? undefined : flat(price.cacheRead),
    cacheWrite5m: price.cacheWrite5m === undefined ? undefined : flat(price.cacheWrite5m),
    cacheWrite1h: price.cacheWrite1h === undefined ? undefined : flat(price.cacheWrite1h),
    reasoning: undefined,
    perRequest: price.perRequest,
    fees: [],
    modalities: [],
    serviceTiers: {},
  }
}

/** Names a price by its content, so that equal prices have equal versions on every replica: `operator:1f3a09bc`. */
export function toVersion(price: PriceConfig): string {
  const { input, output, cacheRead, cacheWrite5m, cacheWrite1h, perRequest } = price
  const content = JSON.stringify(
    [input, output, cacheRead, cacheWrite5m, cacheWrite1h, perRequest].map((one) => one ?? ''),
  )
  return `operator:${hash('sha256', content, 'hex').slice(0, 8)}`
}

/** The first row in force for the model, and for how long no other row can be. */
export function findRow(
  rows: readonly PriceRow[],
  query: { readonly vendor: string | undefined; readonly model: string; readonly atMs: number },
): { readonly row: PriceRow | undefined; readonly window: TimeWindow } {
  const candidates = rows.filter((row) => matches(row, query.vendor, query.model))
  const edges = candidates.flatMap((row) => {
    const { fromMs, untilMs } = toWindow(row)
    return [fromMs, untilMs]
  })
  const row = candidates.find((candidate) => {
    const { fromMs, untilMs } = toWindow(candidate)
    return fromMs <= query.atMs && query.atMs < untilMs
  })
  const window = {
    fromMs: Math.max(allTime.fromMs, ...edges.filter((edge) => edge <= query.atMs)),
    untilMs: Math.min(allTime.untilMs, ...edges.filter((edge) => edge > query.atMs)),
  }
  return { row, window }
}

function matches(row: PriceRow, vendor: string | undefined, model: string): boolean {
  if (row.vendor !== undefined && row.vendor !== vendor) return false
  return row.model.endsWith('*') ? model.startsWith(row.model.slice(0, -1)) : model === row.model
}

function toWindow(row: PriceRow): TimeWindow {
  return {
    fromMs: row.from === undefined ? allTime.fromMs : Date.parse(row.from),
    untilMs: row.to === undefined ? allTime.untilMs : Date.parse(row.to),
  }
}

function flat(base: string): TieredDollars {
  return { base, tiers: [] }
}
