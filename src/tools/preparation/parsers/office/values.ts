/** A value as people see it in a cell. */
export interface Shown {
  readonly text: string
  /** That its format states: `%`, `€`. */
  readonly unit: string | undefined
}

/** Signs of money that are units of a number wherever they stand in its format. */
export const money = /[$€£¥₩₹₽₺₫฿₴₦₱]|CHF|RMB|USD|EUR|GBP|JPY|CNY|HKD|TWD|NT\$|HK\$|US\$|元|円|圓/

/** As many digits as the number has, at most the fifteen that spreadsheets keep. */
export function plainNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  const text = String(Number(value.toPrecision(15)))
  return /e/.test(text) && Math.abs(value) < 1e21 && Math.abs(value) > 1e-7
    ? value.toFixed(15).replace(/0+$/, '')
    : text
}
