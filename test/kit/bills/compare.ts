import { toFocus, type Invoice } from '../../../src/investment/index.ts'
import { billMonth } from './reference.ts'
import type { World } from './world.ts'

/** Each price of each month over all invoices: what was billed for it and what was adjusted since. */
export function compareTotals(world: World, invoices: readonly Invoice[]): string | undefined {
  for (let month = 0; month < world.months; month++) {
    const expected = billMonth(world.facts, world.prices, month)
    const start = new Date(Date.UTC(2026, month)).toISOString().slice(0, 7)
    for (const [price, cents] of Object.entries(expected)) {
      const billed = invoices
        .flatMap(({ lines }) => lines)
        .filter((line) => line.key.endsWith(`plan/${price}`) && line.period.start.startsWith(start))
        .reduce((sum, { amount }) => sum + toCents(amount), 0n)
      if (billed !== cents) return `${price} of month ${month + 1} came to ${billed} cents instead of ${cents}`
    }
  }
  return undefined
}

/** Whether lines and FOCUS rows add up to what is payable. */
export function addsUp(invoice: Invoice): boolean {
  const payable = toCents(invoice.payable)
  const lines = invoice.lines.reduce((sum, { amount }) => sum + toCents(amount), 0n)
  const rows = toFocus(invoice, { issuer: 'i', provider: 'p' }).reduce(
    (sum, row) => sum + toCents(row.BilledCost ?? ''),
    0n,
  )
  return lines === payable && rows === payable
}

function toCents(amount: string): bigint {
  return BigInt(amount.replace('.', ''))
}
