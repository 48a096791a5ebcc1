/** A time of day in a zone. Minutes from midnight; `toMinute` before `fromMinute` is of the next day. */
export interface Window {
  readonly fromMinute: number
  readonly toMinute: number
  readonly zone: string
  /** Days on which `fromMinute` falls, Sunday is 0; every day when `undefined`. */
  readonly days: ReadonlySet<number> | undefined
  readonly format: Intl.DateTimeFormat
}

interface WindowConfig {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly zone: string
  readonly days?: readonly string[] | undefined
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const minutesPerDay = 1_440

/** `undefined` when there is no such time zone. */
export function toWindow({ from, to, zone, days }: WindowConfig): Window | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    return {
      fromMinute: from === undefined ? 0 : toMinute(from),
      toMinute: to === undefined ? minutesPerDay : toMinute(to),
      zone,
      days: days === undefined ? undefined : new Set(days.map((day) => dayNames.indexOf(day))),
      format,
    }
  } catch {
    return undefined // Intl throws for a zone it does not know.
  }
}

export function isWithin(window: Window, atMs: number): boolean {
  const parts = Object.fromEntries(window.format.formatToParts(atMs).map(({ type, value }) => [type, value]))
  const day = dayNames.indexOf((parts['weekday'] ?? '').toLowerCase())
  const minute = Number(parts['hour']) * 60 + Number(parts['minute'])
  const isOn = (one: number): boolean => window.days === undefined || window.days.has((one + 7) % 7)
  const { fromMinute, toMinute } = window
  if (fromMinute < toMinute) return isOn(day) && minute >= fromMinute && minute < toMinute
  return (isOn(day) && minute >= fromMinute) || (isOn(day - 1) && minute < toMinute)
}

function toMinute(time: string): number {
  const [hours, minutes] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}
