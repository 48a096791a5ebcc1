import { isJsonObject } from '../../../core/json.ts'
import { stateAll, toRaw, type Signal } from './signal.ts'

/**
 * The TDM Reservation Protocol (W3C community group): `1` reserves text and data mining, which is training here and grounding; `0` does
 * not. A policy says under which conditions it may be had.
 */
export function toReservation(
  value: string | number | undefined,
  policy: string | undefined,
  scope: Signal['scope'],
): readonly Signal[] {
  const text = String(value ?? '').trim()
  if (text !== '1' && text !== '0') return []
  const raw = toRaw(`tdm-reservation: ${text}${policy === undefined ? '' : `\ntdm-policy: ${policy}`}`)
  return [{ kind: 'tdmrep', scope, raw, statements: stateAll(['ground', 'train'], text === '0') }]
}

const entriesMax = 1_000

/** `/.well-known/tdmrep.json`: the first entry whose location holds the path. */
export function readTdmrep(text: string, path: string): readonly Signal[] {
  const entries = parseEntries(text).slice(0, entriesMax)
  const entry = entries.find(({ location }) => matchesLocation(location, path))
  if (entry === undefined) return []
  return toReservation(
    entry.reservation,
    entry.policy,
    entry.location === '/' || entry.location === '/*' ? 'site' : 'path',
  )
}

interface TdmrepEntry {
  readonly location: string
  readonly reservation: number | string | undefined
  readonly policy: string | undefined
}

function parseEntries(text: string): readonly TdmrepEntry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  return (Array.isArray(value) ? (value as readonly unknown[]) : []).flatMap((entry) => {
    if (!isJsonObject(entry) || typeof entry['location'] !== 'string') return []
    const reservation = entry['tdm-reservation']
    const policy = entry['tdm-policy']
    return [
      {
        location: entry['location'],
        reservation: typeof reservation === 'number' || typeof reservation === 'string' ? reservation : undefined,
        policy: typeof policy === 'string' ? policy : undefined,
      },
    ]
  })
}

/** A path, or a beginning of one that `*` follows. */
function matchesLocation(location: string, path: string): boolean {
  const [start = '', end] = location.split('*')
  if (end === undefined) return path === location || path.startsWith(location.endsWith('/') ? location : `${location}/`)
  return path.startsWith(start) && path.slice(start.length).endsWith(end)
}
