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

/** An instant as ISO 8601 writes it, as people do: `2024-01-31 08:30:00`. */
export function showInstant(instant: string): string {
  return instant.replace('T', ' ').replace(/\.0+$|Z$/, '')
}

/** A span of time, which goes on beyond a day: `30:15:00`. */
export function showSpan(seconds: number): string {
  const whole = Math.round(Math.abs(seconds))
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60]
  return `${seconds < 0 ? '-' : ''}${parts.map((part) => String(part).padStart(2, '0')).join(':')}`
}

/** A truth as spreadsheets show it. */
export function showTruth(value: string): string {
  return value === '' ? '' : value === '1' || value.toLowerCase() === 'true' ? 'TRUE' : 'FALSE'
}
